"""How an HTTP connection becomes a websocket that carries ZWS 2.0 (RFC 6455, section 4; RFC 45).

HTTP and the keys are wsproto's, an optional library. What it leaves to its user is here: how long a
head may be, and to fail in one way whatever a peer sends.
"""

from __future__ import annotations

from typing import Final

from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, Event, RejectConnection, Request
from wsproto.handshake import H11Handshake
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from pyzmtp.errors import UpgradeFailed

__all__ = ["WebsocketUpgrade", "subprotocol"]

#: Bytes in the head of the request or of the response (libzmq: WS_BUFFER_SIZE).
_MAX_HEAD: Final = 8192
#: With what a head begins, so that noise is known by its first bytes.
_REQUEST: Final = b"GET "
_RESPONSE: Final = b"HTTP/1.1 "
_END: Final = b"\r\n\r\n"
_REFUSAL: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def subprotocol(mechanism: bytes) -> str:
    """The name of ZMTP with a mechanism over a websocket.

    libzmq's other name for NULL, bare ``ZWS2.0``, goes without metadata.
    """
    return f"ZWS2.0/{mechanism.decode('ascii')}"


class WebsocketUpgrade:
    """One side's part in the upgrade of one connection, without I/O.

    ``mechanism``: the name of the only one that it agrees to.

    :ivar output: what is to be sent; its owner takes it from here.
    :ivar done: whether both sides have agreed.
    """

    def __init__(self, incoming: bool, host: str, path: str, mechanism: bytes = b"NULL") -> None:
        self.output = b""
        self.done = False
        self._incoming = incoming
        self._subprotocol = subprotocol(mechanism)
        self._head = b""
        side = ConnectionType.SERVER if incoming else ConnectionType.CLIENT
        self._handshake = H11Handshake(side)
        if not incoming:
            request = Request(host=host, target=path, subprotocols=[self._subprotocol])
            self.output = self._handshake.send(request)

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return those behind the head, once :attr:`done`. Raises :exc:`UpgradeFailed`."""
        try:
            return self._feed(data)
        except UpgradeFailed:
            if self._incoming:
                self.output = _REFUSAL
            raise

    def _feed(self, data: bytes) -> bytes:
        searched = max(0, len(self._head) - len(_END))
        self._head += data
        start = _REQUEST if self._incoming else _RESPONSE
        if not start.startswith(self._head[: len(start)]):
            raise UpgradeFailed(f"it began with {self._head[:10]!r}")
        end = self._head.find(_END, searched)
        if end > _MAX_HEAD or (end < 0 and len(self._head) > _MAX_HEAD):
            raise UpgradeFailed(f"a head of more than {_MAX_HEAD} bytes")
        if end < 0:
            return b""
        end += len(_END)
        head, rest = self._head[:end], self._head[end:]
        self._head = b""
        try:
            self._handshake.receive_data(head)
            for event in self._handshake.events():
                self._take(event)
        except (RemoteProtocolError, LocalProtocolError, ValueError) as error:
            # ValueError: what should be ASCII and is not.
            raise UpgradeFailed(str(error)) from error
        if not self.done:
            raise UpgradeFailed("it did not answer the upgrade")
        return rest

    def _take(self, event: Event) -> None:
        if isinstance(event, Request):
            if self._subprotocol not in event.subprotocols:
                offered = ", ".join(event.subprotocols) or "no subprotocol"
                raise UpgradeFailed(f"it offers {offered}, not {self._subprotocol}")
            accept = AcceptConnection(subprotocol=self._subprotocol)
            self.output = self._handshake.send(accept)
            self.done = True
        elif isinstance(event, AcceptConnection):
            if event.subprotocol != self._subprotocol:
                raise UpgradeFailed(
                    f"it chose no subprotocol, where {self._subprotocol} was offered"
                )
            self.done = True
        elif isinstance(event, RejectConnection):
            raise UpgradeFailed(f"it answered with the HTTP status {event.status_code}")
