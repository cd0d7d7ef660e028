"""Asking a ZAP handler (RFC 27): :func:`ask_zap`."""

from __future__ import annotations

import secrets
from typing import Final

from twisted.internet.defer import Deferred

from pyzmtp.authentication import (
    DENIED,
    FAILED,
    TEMPORARY,
    AuthenticationRequest,
    Grant,
    Refusal,
    Verdict,
)
from pyzmtp.authentication import ZAP as _ZAP
from pyzmtp.constants import SocketType
from pyzmtp.engine.events import Disconnected, Event
from pyzmtp.errors import (
    AuthenticationUnavailable,
    IncompatibleSocketType,
    MetadataError,
    SocketClosed,
    ZapError,
)
from pyzmtp.net.inproc import is_bound
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.wire.message import Message
from pyzmtp.wire.metadata import decode_properties

__all__ = ["GRANTED", "ZAP_ADDRESS", "ZAP_VERSION", "ask_zap", "decode_reply", "request_of"]

ZAP_ADDRESS: Final = _ZAP.value
ZAP_VERSION: Final = b"1.0"
#: RFC 27, "Status codes": the peer may come in.
GRANTED: Final = 200

#: libzmq: the same for every request, each of which has a pipe of its own.
_REQUEST_ID: Final = b"1"
_STATUSES: Final = {str(code).encode(): code for code in (GRANTED, TEMPORARY, DENIED, FAILED)}
_HANDLERS: Final = frozenset({SocketType.REP, SocketType.ROUTER})
_WRONG_HANDLER: Final = "the ZAP handler is no REP or ROUTER socket"
_OPTIONS: Final = SocketOptions(send_hwm=0, receive_hwm=0)

#: What is being asked, by the routing id under which it is. An :class:`Authenticator` learns so which
#: connection it is about, and can end that later.
_asked: Final[dict[bytes, AuthenticationRequest]] = {}


def request_of(routing_id: bytes) -> AuthenticationRequest | None:
    """What the peer of this ``routing_id`` is asking a ZAP handler, if it is one of our sockets."""
    return _asked.get(routing_id)


def ask_zap(
    reactor: Reactor, strict: bool, request: AuthenticationRequest, *credentials: bytes
) -> Deferred[Verdict]:
    """Ask the handler at ``inproc://zeromq.zap.01`` of ``reactor`` whether a peer may come in.

    ``credentials`` are told behind those of the request.

    Without a handler nobody may; but under NULL everybody, if ``strict`` is false. Fails with
    :exc:`AuthenticationUnavailable`, also if the handler goes away; :exc:`ZapError` for a reply that
    is against RFC 27. Cancelling it leaves nothing behind.
    """
    return Deferred.fromCoroutine(_ask(reactor, strict, request, credentials))


async def _ask(
    reactor: Reactor, strict: bool, request: AuthenticationRequest, credentials: tuple[bytes, ...]
) -> Verdict:
    from pyzmtp.sockets.dealer import DealerSocket  # which can be asked for itself

    if not is_bound(reactor, ZAP_ADDRESS):
        if request.mechanism == "NULL" and not strict:
            return Grant()
        raise AuthenticationUnavailable("there is no ZAP handler")
    name = b"zap-" + secrets.token_bytes(16)
    dealer = DealerSocket(reactor, _OPTIONS, routing_id=name)

    def end_with_link(event: Event) -> None:
        if isinstance(event, Disconnected):
            dealer.close(linger=0)

    _asked[name] = request
    try:
        handler = await dealer.connect(ZAP_ADDRESS)
        if handler.socket_type not in _HANDLERS:
            raise AuthenticationUnavailable(_WRONG_HANDLER)
        dealer.on_event(end_with_link)
        await dealer.send([*_encode_request(request), *credentials])
        reply = await dealer.receive()
    except IncompatibleSocketType:
        raise AuthenticationUnavailable(_WRONG_HANDLER) from None
    except SocketClosed:
        raise AuthenticationUnavailable("the ZAP handler has gone away") from None
    finally:
        del _asked[name]
        dealer.close(linger=0)
    return decode_reply(reply)


def _encode_request(request: AuthenticationRequest) -> Message:
    return [
        b"",
        ZAP_VERSION,
        _REQUEST_ID,
        request.domain.encode("utf-8"),
        request.address.encode("utf-8", "backslashreplace"),
        request.routing_id,
        request.mechanism.encode("ascii"),
        *request.credentials,
    ]


def decode_reply(reply: Message) -> Verdict:
    """What a handler says. Raises :exc:`ZapError` with the fault that libzmq would find first."""
    if len(reply) != 7:
        raise ZapError(f"it has {len(reply)} frames, not 7", 0x20000001)
    delimiter, version, request_id, status, text, user_id, metadata = reply
    if delimiter:
        raise ZapError("its first frame is not empty", 0x20000000)
    if version != ZAP_VERSION:
        raise ZapError("its version is not 1.0", 0x20000003)
    if request_id != _REQUEST_ID:
        raise ZapError("it is for another request", 0x20000002)
    if status not in _STATUSES:
        raise ZapError("its status is none that there is", 0x20000004)
    try:
        properties = decode_properties(metadata, "the ZAP reply")
    except MetadataError as error:
        raise ZapError(error.problem, 0x20000005) from None
    code = _STATUSES[status]
    if code != GRANTED:
        return Refusal(code, text.decode("utf-8", "backslashreplace"))
    return Grant(user_id.decode("utf-8", "backslashreplace"), properties)
