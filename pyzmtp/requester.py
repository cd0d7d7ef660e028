"""Many requests at a time: :class:`Requester`."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Any

from twisted.internet.defer import Deferred, fail

from pyzmtp.constants import SocketType
from pyzmtp.errors import PeerLost, SocketClosed
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.dealer import DealerPattern
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.req import check_timeout, limit_time
from pyzmtp.wire.hot import to_message
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = ["Requester"]


class _Request:
    """A request whose reply is still to come."""

    __slots__ = ("message", "pipe", "reply")

    def __init__(self, message: Message, reply: Deferred[Message]) -> None:
        self.message = message  # as it is queued: number, empty frame, body
        self.reply = reply
        self.pipe: Pipe | None = None  # who has it; nobody yet, while all peers are full


class Requester(Socket):
    """Sends any number of requests over one DEALER, and brings each its own reply.

    Each request carries a number before the empty frame, which REP sockets, and ROUTERs that return
    the envelope as they should, send back with the reply. Requests go to the peers in turn.
    """

    socket_type = SocketType.DEALER
    _pattern_class = DealerPattern
    _pattern: DealerPattern

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._next = secrets.randbits(64)
        self._requests: dict[bytes, _Request] = {}
        self._unsent: OrderedDict[_Request, None] = OrderedDict()
        self._pattern.on_readable = self._take_replies
        self._pattern.on_writable = self._send_unsent
        self._pattern.on_lost = self._lost

    def request(self, message: Sendable, timeout: float | None = None) -> Deferred[Message]:
        """Send a request; fires with the reply.

        Fails with :exc:`RequestTimeout` after ``timeout`` seconds, and with :exc:`PeerLost` as soon
        as the connection to the peer that has the request is lost. After that, or after a
        cancellation, a request that was not sent yet never will be, and a late reply is dropped.
        """
        frames = to_message(message)
        check_timeout(timeout)
        if self.closed:
            return fail(SocketClosed())
        self._next = (self._next + 1) % 2**64
        number = self._next.to_bytes(8, "big")
        reply: Deferred[Message] = Deferred(lambda _: self._give_up(number))
        request = _Request([number, b"", *frames], reply)
        self._requests[number] = request
        self._send(request)
        return limit_time(reply, timeout, self._core.reactor)

    @property
    def pending(self) -> int:
        """How many requests have no reply yet."""
        return len(self._requests)

    def _send(self, request: _Request) -> None:
        self._unsent[request] = None
        self._send_unsent()

    def _send_unsent(self) -> None:
        while self._unsent:
            pipe = self._pattern.next_pipe()
            if pipe is None:
                return
            request, _ = self._unsent.popitem(last=False)
            request.pipe = pipe
            self._pattern.try_send(request.message)

    def _take_replies(self) -> None:
        while self._pattern.readable:
            pipe, message = self._pattern.take()
            request = self._requests.get(message[0])
            # Only who was asked may answer: numbers can be guessed.
            if request is None or request.pipe is not pipe or len(message) < 3 or message[1]:
                self._pattern.dropped_received += 1
            else:
                del self._requests[message[0]]
                request.reply.callback(message[2:])

    def _give_up(self, number: bytes) -> None:
        request = self._requests.pop(number, None)
        if request is None:
            return  # it has been answered, or given up, this very moment
        if request.pipe is None:
            del self._unsent[request]
        else:
            request.pipe.withdraw(request.message)

    def _lost(self, pipe: Pipe) -> None:
        """A connection is gone: what it carried gets no reply, what still waited for it may."""
        queued = {id(message) for message in pipe.outbox}
        for number, request in list(self._requests.items()):
            if request.pipe is not pipe or number not in self._requests:
                continue  # whoever was told of the loss may have given up others
            if id(request.message) not in queued:
                del self._requests[number]
                request.reply.errback(PeerLost(pipe.peer.address if pipe.peer else "a peer"))
            elif not pipe.attached:
                pipe.withdraw(request.message)
                request.pipe = None
                self._send(request)

    def _waiting_to_send(self) -> int:
        return len(self._unsent)

    def _stop_waiting(self) -> None:
        super()._stop_waiting()
        self._unsent.clear()
        while self._requests:  # one by one: whoever is told may cancel the others
            _, request = self._requests.popitem()
            request.reply.errback(SocketClosed())
