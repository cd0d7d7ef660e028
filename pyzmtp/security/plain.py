"""A name and a password: :class:`PlainServer`, :class:`PlainClient`."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from pyzmtp.authentication import (
    AuthenticationRequest,
    Check,
    Grant,
    Refusal,
    Verdict,
    ZapHandler,
)
from pyzmtp.errors import OptionError
from pyzmtp.mechanisms.base import Properties
from pyzmtp.mechanisms.plain import (
    MAX_PLAIN_CREDENTIAL,
    PlainClientMechanism,
    PlainServerMechanism,
)
from pyzmtp.security.keys import Text
from pyzmtp.security.policy import SecretPolicy, check_of, domain_of

__all__ = ["Passwords", "PlainClient", "PlainServer"]


class PlainServer(SecretPolicy):
    """Lets in who knows a password (ZMQ_PLAIN_SERVER). Nothing is encrypted: use it over TLS only.

    ``check``: a mapping of names to passwords, a callable (see :data:`Check`), or :data:`ZAP`. The user
    id of a peer that a mapping lets in is its name.
    """

    mechanism = "PLAIN"
    needs_check = True

    def __init__(
        self,
        check: Mapping[str, Text] | Mapping[bytes, Text] | Check | ZapHandler | None = None,
        *,
        domain: str | None = None,
    ) -> None:
        self.domain = domain_of(domain)
        self.check = Passwords(check) if isinstance(check, Mapping) else check_of(check)

    def new_mechanism(self, properties: Properties, domain: str) -> PlainServerMechanism:
        """See :class:`Policy`."""
        return PlainServerMechanism(properties)

    def __repr__(self) -> str:
        return f"PlainServer(domain={self.domain!r})"


class PlainClient(SecretPolicy):
    """Says a name and a password (ZMQ_PLAIN_USERNAME, ZMQ_PLAIN_PASSWORD), each at most 255 bytes."""

    mechanism = "PLAIN"
    domain = None
    check = None
    needs_check = False

    def __init__(self, username: Text, password: Text) -> None:
        self._username = _credential("username", username)
        self._password = bytearray(_credential("password", password))

    def new_mechanism(self, properties: Properties, domain: str) -> PlainClientMechanism:
        """See :class:`Policy`."""
        return PlainClientMechanism(properties, self._username, self._password)

    def __repr__(self) -> str:
        return f"PlainClient(username={self._username!r})"


class Passwords(SecretPolicy):
    """Decides by a table of names and passwords."""

    def __init__(self, passwords: Mapping[str, Text] | Mapping[bytes, Text]) -> None:
        self._passwords = {
            _name(name): _credential("password", password) for name, password in passwords.items()
        }

    def __call__(self, request: AuthenticationRequest) -> Verdict:
        known = self._passwords.get(request.username)
        # It takes as long as its second argument is: that must be the one that the peer knows anyhow.
        right = hmac.compare_digest(known if known is not None else b"", request.password)
        if known is None or not right:
            return Refusal(reason="no such name and password")
        return Grant(request.username.decode())


def _name(name: object) -> bytes:
    """A name that can be a user id. Raises :exc:`OptionError`."""
    encoded = _credential("username", name)
    try:
        encoded.decode()
    except UnicodeDecodeError:
        problem = "it is to be UTF-8, as it becomes the user id"
        raise OptionError("username", "(not shown)", problem) from None
    return encoded


def _credential(what: str, value: object) -> bytes:
    """Bytes of a name or password. Raises :exc:`OptionError`, which never shows a value."""
    try:
        encoded = value.encode() if isinstance(value, str) else value
    except UnicodeEncodeError:
        encoded = None
    if not isinstance(encoded, bytes) or len(encoded) > MAX_PLAIN_CREDENTIAL:
        problem = f"it takes a str or bytes of at most {MAX_PLAIN_CREDENTIAL} bytes"
        raise OptionError(what, "(secret)", problem)
    return encoded
