"""The REP socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.constants import SocketType
from pyzmtp.errors import SocketClosed
from pyzmtp.patterns.rep import RepPattern
from pyzmtp.sockets.receiver import ReceivingSocket, as_deferred
from pyzmtp.sockets.sender import Sendable, SendingSocket
from pyzmtp.wire.message import Message

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

    def serve(self, handler: Handler) -> Deferred[None]:
        """Answer each request with what ``handler(request)`` returns, or its Deferred or coroutine.

        A handler that fails is logged, and its request goes without a reply: say in your protocol
        what an error looks like. One request at a time is handled, as REP demands; a DEALER or
        ROUTER can do more. Fires when the socket is closed, ends when it is cancelled.
        """
        served = Deferred.fromCoroutine(self._serve_requests(handler))
        served.addErrback(_only_cancelled)
        return served

    async def _serve_requests(self, handler: Handler) -> None:
        while not self.closed:
            try:
                request = await self.receive()
            except SocketClosed:
                return
            try:
                reply: Any = handler(request)
                later = as_deferred(reply)
                if later is not None:
                    reply = await later
                if not self.closed:
                    await self.send(reply)
            except CancelledError:
                self._pattern.skip_reply()
                raise
            except Exception:
                _log.failure("the handler of a request failed; the peer gets no reply")
                self._pattern.skip_reply()


def _only_cancelled(failure: Failure) -> None:
    if not isinstance(failure.value, CancelledError):
        failure.raiseException()
