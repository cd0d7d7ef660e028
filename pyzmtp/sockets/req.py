"""The REQ socket."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime

from pyzmtp.constants import SocketType
from pyzmtp.errors import PeerLost, RequestTimeout, WrongState
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.req import ReqPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import Sendable

__all__ = ["ReqSocket", "check_timeout", "limit_time"]


def check_timeout(timeout: object) -> None:
    """Raise :exc:`TypeError` or :exc:`ValueError` for what is no time to wait."""
    if timeout is None:
        return
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):
        raise TypeError(f"a timeout is seconds as a number, not {type(timeout).__name__}")
    if not timeout >= 0:
        raise ValueError(f"a timeout is seconds from 0 up, not {timeout}")


def limit_time(
    reply: Deferred[Message], timeout: float | None, reactor: IReactorTime
) -> Deferred[Message]:
    """``reply``, cancelled and failed with :exc:`RequestTimeout` after ``timeout`` seconds."""

    def time_out(_: object, seconds: float) -> None:
        raise RequestTimeout(seconds)

    if timeout is not None:
        reply.addTimeout(timeout, reactor, time_out)
    return reply


class ReqSocket(SendingSocket, ReceivingSocket):
    """Sends a request to one of its peers in turn, and receives the reply (ZMQ_REQ).

    :meth:`request` does both. With :meth:`send` and :meth:`receive` they have to alternate, else
    :exc:`WrongState` is raised. For many requests at a time there is :class:`pyzmtp.Requester`.
    """

    socket_type = SocketType.REQ
    _pattern_class = ReqPattern
    _pattern: ReqPattern

    def __init__(
        self, reactor: Reactor, options: SocketOptions | None = None, **overrides: Any
    ) -> None:
        super().__init__(reactor, options, **overrides)
        self._requesting = False
        self._lost = False  # the connection that the request went to, while it was being written
        self._pattern.on_asked_lost = self._asked_lost

    def request(self, message: Sendable, timeout: float | None = None) -> Deferred[Message]:
        """Send a request; fires with the reply.

        Fails with :exc:`RequestTimeout` after ``timeout`` seconds, and with :exc:`PeerLost` as soon
        as the connection that carries the request is lost. After that, or after a cancellation, the
        socket is ready for the next request. A request that was not sent yet never will be; for one
        that was, the connection is closed and made anew, so that a late reply cannot be taken for
        the next one's - unless ``req_correlate`` tells them apart. With a ``routing_id`` it has to, for
        by that a ROUTER finds the new connection with an old reply.
        """
        check_timeout(timeout)
        if self._requesting:
            return fail(WrongState("a request is under way; for several at a time use Requester"))
        if self._sends:
            return fail(WrongState("a send() is waiting"))
        try:
            self._pattern.check_send()
        except WrongState as error:
            return fail(error)
        self._requesting = True
        self._lost = False
        reply = Deferred.fromCoroutine(self._request(message))
        return limit_time(reply, timeout, self._core.reactor)

    async def _request(self, message: Sendable) -> Message:
        try:
            await self.send(message)
            if self._lost:
                raise PeerLost("the peer that was asked")
            return await self.receive()
        except BaseException:
            self._abandon()
            raise
        finally:
            self._requesting = False

    def _abandon(self) -> None:
        pipe = self._pattern.abandon()
        if pipe is not None and pipe.link is not None:
            pipe.link.reset()

    def _asked_lost(self) -> None:
        # libzmq: after a reconnection the reply may still come, so a plain receive() goes on waiting.
        self._lost = True
        if self._requesting or self._pattern.asked is None:
            lost = PeerLost("the peer that was asked")
            for pending in list(self._receives):  # not those that come of telling these
                if self._receives.pop(pending, pending) is None:
                    pending.fail(lost)
