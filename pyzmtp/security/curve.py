"""Keys for both sides, and all traffic encrypted: :class:`CurveServer`, :class:`CurveClient`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from pyzmtp.authentication import (
    AuthenticationRequest,
    Check,
    Grant,
    Refusal,
    Verdict,
    ZapHandler,
)
from pyzmtp.errors import OptionError
from pyzmtp.mechanisms.base import Mechanism, Properties
from pyzmtp.security.keys import (
    KeyPair,
    Text,
    curve_keypair,
    key_bytes,
    real_key,
    sodium,
    user_id_of,
)
from pyzmtp.security.policy import SecretPolicy, check_of, domain_of
from pyzmtp.wire.z85 import z85_encode

__all__ = ["ALLOW_ANY", "Allow", "AnyClient", "CurveClient", "CurveServer"]


class AnyClient(Enum):
    """What to give as ``allow`` to let any key in."""

    #: Traffic is encrypted, and clients know that the server is the right one, but not the reverse.
    ALLOW_ANY = "any client"


ALLOW_ANY: Final = AnyClient.ALLOW_ANY

#: Who may come in, as :class:`CurveServer` takes it.
Allow = Mapping[Text, str] | Iterable[Text] | Check | ZapHandler | AnyClient


class CurveServer(SecretPolicy):
    """Lets in who owns an allowed key, and encrypts all traffic (RFC 26; ZMQ_CURVE_SERVER).

    Keys are 32 bytes, or 40 characters of Z85. ``secret_key`` is the server's own
    (ZMQ_CURVE_SECRETKEY); clients have to know its public key. ``allow``: a collection of the public
    keys of clients, a mapping of these to user ids, a callable (see :data:`Check`), :data:`ZAP`, or
    :data:`ALLOW_ANY`. The user id of a client in a collection is its key in Z85. A collection is
    copied: what changes in it later has no effect.

    Raises :exc:`OptionError` for what is no key, :exc:`LibraryMissing` without PyNaCl.
    """

    mechanism = "CURVE"
    needs_check = True

    def __init__(
        self, secret_key: Text, allow: Allow | None = None, *, domain: str | None = None
    ) -> None:
        self._secret_key = bytearray(real_key("secret_key", secret_key))
        self._public_key = sodium().crypto_scalarmult_base(bytes(self._secret_key))
        self.domain = domain_of(domain)
        self.check = _check_of(allow)

    @property
    def public_key(self) -> str:
        """The key that clients have to know, in Z85."""
        return z85_encode(self._public_key)

    def new_mechanism(self, properties: Properties, domain: str) -> Mechanism:
        """See :class:`Policy`."""
        from pyzmtp.mechanisms.curve_server import CurveServerMechanism

        return CurveServerMechanism(properties, self._public_key, self._secret_key)

    def __repr__(self) -> str:
        return f"CurveServer(public_key={self.public_key!r}, domain={self.domain!r})"


class CurveClient(SecretPolicy):
    """Talks to the server that owns ``server_key``, and to no other (RFC 26; ZMQ_CURVE_SERVERKEY).

    Keys are 32 bytes, or 40 characters of Z85. ``key_pair``: who we are, a public key and the secret
    key that belongs to it (ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY); without it a pair is drawn,
    for servers that let anybody in.

    Raises :exc:`OptionError` for what is no key and for a pair that does not belong together,
    :exc:`LibraryMissing` without PyNaCl.
    """

    mechanism = "CURVE"
    domain = None
    check = None
    needs_check = False

    def __init__(
        self, server_key: Text, key_pair: KeyPair | tuple[Text, Text] | None = None
    ) -> None:
        self._server_key = real_key("server_key", server_key)
        bindings = sodium()
        public, secret = curve_keypair() if key_pair is None else _two_keys(key_pair)
        self._public_key = key_bytes("key_pair", public)
        self._secret_key = bytearray(real_key("key_pair", secret))
        if bindings.crypto_scalarmult_base(bytes(self._secret_key)) != self._public_key:
            problem = "the public key does not belong to the secret key: it is (public, secret)"
            raise OptionError("key_pair", "(not shown)", problem)

    @property
    def public_key(self) -> str:
        """The key that the server knows us by, in Z85."""
        return z85_encode(self._public_key)

    def new_mechanism(self, properties: Properties, domain: str) -> Mechanism:
        """See :class:`Policy`."""
        from pyzmtp.mechanisms.curve_client import CurveClientMechanism

        return CurveClientMechanism(
            properties, self._server_key, self._public_key, self._secret_key
        )

    def __repr__(self) -> str:
        server_key = z85_encode(self._server_key)
        return f"CurveClient(server_key={server_key!r}, public_key={self.public_key!r})"


class _Keys:
    """Decides by a table of public keys and user ids."""

    def __init__(self, user_ids: Iterable[tuple[object, object]]) -> None:
        self._grants = {
            key_bytes("allow", key): Grant(user_id_of("allow", user_id))
            for key, user_id in user_ids
        }

    def __call__(self, request: AuthenticationRequest) -> Verdict:
        return self._grants.get(request.public_key) or Refusal(reason="no such key")


def _allow_any(request: AuthenticationRequest) -> Verdict:
    """Whoever it is."""
    return Grant()


def _check_of(allow: object) -> Check | ZapHandler | None:
    """Who decides. Raises :exc:`OptionError`, :exc:`TypeError`."""
    if isinstance(allow, AnyClient):
        return _allow_any
    if isinstance(allow, Mapping):
        return _Keys(allow.items())
    if isinstance(allow, Text | KeyPair):
        raise TypeError(f"allow is a collection of public keys, not one {type(allow).__name__}")
    if isinstance(allow, Iterable) and not callable(allow) and not isinstance(allow, ZapHandler):
        keys = [key_bytes("allow", key) for key in allow]
        return _Keys((key, z85_encode(key)) for key in keys)
    return check_of(allow)


def _two_keys(pair: object) -> tuple[object, object]:
    """The items of a pair, which are not shown if they are not two."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise OptionError("key_pair", "(not shown)", "it takes (public, secret)")
    return pair[0], pair[1]
