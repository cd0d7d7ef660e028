"""Who wants in, and the answer: the values that mechanisms, policies and ZAP handlers exchange."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, Final, NoReturn

from attrs import field, frozen
from attrs.validators import in_, instance_of

from pyzmtp.constants import PROPERTY_NAME_CHARACTERS

__all__ = [
    "DENIED",
    "FAILED",
    "TEMPORARY",
    "ZAP",
    "AuthenticationRequest",
    "Check",
    "Grant",
    "Refusal",
    "Verdict",
    "ZapHandler",
]

#: RFC 27, "Status codes": try again later; do not try again; it is our own fault.
TEMPORARY: Final = 300
DENIED: Final = 400
FAILED: Final = 500


def _do_nothing(reason: str) -> None:
    """The connection is not there yet, or no more."""


async def _nobody(request: AuthenticationRequest, *credentials: bytes) -> Verdict:
    """There is no socket that could ask."""
    return Refusal(FAILED, "there is no ZAP handler")


@frozen(eq=False, slots=True, weakref_slot=True)
class AuthenticationRequest:
    """A peer that asks to be let in. It lives as long as the peer's connection.

    :ivar mechanism: ``"NULL"``, ``"PLAIN"``, ``"CURVE"``.
    :ivar domain: the ZAP domain of the policy, or of the socket.
    :ivar address: where the peer is, as ZAP has it: an IP address without port, or for ``ipc://``
        ``localhost:uid:gid:pid``.
    :ivar routing_id: of the socket that is asked, not the peer's (as in libzmq).
    :ivar credentials: the frames that ZAP would carry (RFC 27, "Mechanisms and credentials"): none
        under NULL, user and password under PLAIN, the client's 32 bytes of public key under CURVE.
    :ivar certificate: the peer's certificate in DER, if the connection runs over TLS, the peer has proved
        to own it, and the trust roots of the endpoint vouch for it; else ``None``.
    :ivar revoke: call it with a reason, at any later time, to close the peer's connection.
    :ivar ask_zap: call it with this request to have the reactor's ZAP handler decide; what it returns
        is to be awaited. Without a handler the peer is refused. What else is given, as ``bytes``, are
        frames of credentials behind the request's own.
    """

    mechanism: str
    domain: str = ""
    address: str = ""
    routing_id: bytes = b""
    credentials: tuple[bytes, ...] = field(default=(), repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    revoke: Callable[[str], None] = field(default=_do_nothing, repr=False)
    ask_zap: Callable[..., Awaitable[Verdict]] = field(default=_nobody, repr=False)

    @property
    def username(self) -> bytes:
        """The user's name under PLAIN, else nothing."""
        return self.credentials[0] if self.mechanism == "PLAIN" else b""

    @property
    def password(self) -> bytes:
        """The password under PLAIN, else nothing."""
        return self.credentials[1] if self.mechanism == "PLAIN" else b""

    @property
    def public_key(self) -> bytes:
        """The client's long-term key under CURVE, 32 bytes, which it has proved to own; else nothing."""
        return self.credentials[0] if self.mechanism == "CURVE" else b""

    def __reduce__(self) -> NoReturn:
        raise TypeError("an AuthenticationRequest holds secrets, and is neither pickled nor copied")


def _properties(metadata: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """A copy. Raises :exc:`TypeError`, :exc:`ValueError` for what can be no metadata (RFC 37)."""
    properties = dict(metadata)
    for name, value in properties.items():
        if not isinstance(name, str) or not isinstance(value, bytes):
            raise TypeError("metadata are a mapping of str to bytes")
        if not 0 < len(name) < 256 or not PROPERTY_NAME_CHARACTERS.issuperset(name.encode()):
            raise ValueError("a property's name is 1 to 255 letters, digits, -, _, . and +")
    if len({name.lower() for name in properties}) < len(properties):
        raise ValueError("two properties' names differ in case only")
    return properties


@frozen
class Grant:
    """The peer is let in (status 200).

    :ivar user_id: who it is; becomes :attr:`Peer.user_id`.
    :ivar metadata: what else is known of it; becomes a part of :attr:`Peer.metadata`, above what the
        peer says itself. ``User-Id``, ``Peer-Address``, ``Socket-Type``, ``Identity`` and what begins
        with two underscores is dropped.

    Raises :exc:`TypeError`, :exc:`ValueError`.
    """

    user_id: str = field(default="", validator=instance_of(str))
    metadata: Mapping[str, bytes] = field(factory=dict, converter=_properties)


@frozen
class Refusal:
    """The peer is not let in.

    :ivar status: 400: it need not come again as it is; 300: not now; 500: we could not find out.
    :ivar reason: for our own side's log and events. The peer is told the status only.
    """

    status: int = field(default=DENIED, validator=in_((TEMPORARY, DENIED, FAILED)))
    reason: str = field(default="", validator=instance_of(str))


Verdict = Grant | Refusal

#: What decides: it is given the request, and returns a :class:`Grant` or :class:`Refusal`, or ``True``,
#: ``False`` or a user id that is not empty; or a Deferred or coroutine of one of these. Whatever else it
#: does refuses.
Check = Callable[[AuthenticationRequest], Any]


class ZapHandler(Enum):
    """What to give as ``check`` or ``allow`` to have a ZAP handler decide."""

    #: The one at ``inproc://zeromq.zap.01`` of the socket's reactor (RFC 27).
    ZAP = "inproc://zeromq.zap.01"


ZAP: Final = ZapHandler.ZAP
