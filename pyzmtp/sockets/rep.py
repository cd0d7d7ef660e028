"""The REP socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.constants import SocketType
from pyzmtp.errors import SocketClosed
from pyzmtp.net.outcome import as_deferred
from pyzmtp.patterns.rep import RepPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.validators import check_callable
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = ["Handler", "RepSocket"]

#: Makes the reply to a request: at once, or later.
Handler = Callable[[Message], Sendable | Awaitable[Sendable]]

_log = Logger(namespace="pyzmtp")


class RepSocket(SendingSocket, ReceivingSocket):
    """Receives requests from its peers in turn, and sends each its reply (ZMQ_REP).

    :meth:`serve` does both. With :meth:`receive` and :meth:`send` they have to alternate, else
    :exc:`WrongState` is raised.
    """

    socket_type = SocketType.REP
    _pattern_class = RepPattern
    _pattern: RepPattern

    def skip_reply(self) -> None:
        """Leave the request that was received last without a reply, and be ready for the next."""
        self._pattern.skip_reply()

    def serve(self, handler: Handler) -> Deferred[None]:
        """Answer each request with what ``handler(request)`` returns, or its Deferred or coroutine.

        A handler that fails is logged, and its request goes without a reply: say in your protocol
        what an error looks like. One request at a time is handled, as REP demands; a DEALER or
        ROUTER can do more. Fires when the socket is closed, ends when it is cancelled.
        """
        check_callable(handler)
        service = _Service(self, self._receive_without_limit, handler)
        service.work = Deferred.fromCoroutine(service.run())
        service.work.addBoth(service.finish)
        return service.done


class _Service:
    """One :meth:`RepSocket.serve`."""

    work: Deferred[None]

    def __init__(
        self, rep: RepSocket, receive: Callable[[], Deferred[Message]], handler: Handler
    ) -> None:
        self.done: Deferred[None] = Deferred(self._cancel)
        self._rep = rep
        self._receive = receive
        self._handler = handler
        self._cancelled = False

    async def run(self) -> None:
        """Answer requests until the end."""
        while not self._cancelled:
            try:
                request = await self._receive()
            except SocketClosed:
                return
            try:
                reply: Any = self._handler(request)
                later = as_deferred(reply)
                if later is not None:
                    reply = await later
                if not self._rep.closed:
                    await self._rep.send(reply)
            except Exception:
                self._rep.skip_reply()
                if not self._cancelled:
                    _log.failure("the handler of a request failed; the peer gets no reply")

    def finish(self, result: Failure | None) -> None:
        """The end has come: by close(), by cancellation, or because somebody else receives too."""
        if self.done.called:
            return  # cancelled from within the handler
        if isinstance(result, Failure) and not self._cancelled:
            self.done.errback(result)
        else:
            self.done.callback(None)

    def _cancel(self, done: Deferred[None]) -> None:
        self._cancelled = True
        self.work.cancel()
