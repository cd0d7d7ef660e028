"""txZMQ's REQ and REP: a DEALER and a ROUTER, with an id before each request and its reply.

On the wire a request is ``[id, b"", *parts]``, and so is its reply.
"""

from __future__ import annotations

import uuid
import warnings
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from pyzmtp.constants import SocketType
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.dealer import DealerSocket
from pyzmtp.sockets.req import check_timeout
from pyzmtp.txzmq.connection import ZmqConnection, ZmqEndpoint
from pyzmtp.txzmq.factory import ZmqFactory
from pyzmtp.wire.message import Message
from pyzmtp.wire.sendable import BytesLike

__all__ = [
    "ZmqREPConnection",
    "ZmqREQConnection",
    "ZmqRequestTimeoutError",
    "ZmqXREPConnection",
    "ZmqXREQConnection",
]

_log = Logger(namespace="pyzmtp")


class ZmqRequestTimeoutError(Exception):
    """No reply came in time. Its argument is the id of the request."""


class _RequestSocket(DealerSocket):
    """A DEALER that can take requests back."""

    def withdraw(self, messageId: bytes) -> None:
        """Forget a request that is still queued: who comes back late shall not find old ones."""
        for pipe in self._pipes():
            for message in pipe.outbox:
                if isinstance(message, list) and message[0] == messageId:
                    pipe.withdraw(message)
                    return


class ZmqREQConnection(ZmqConnection):
    """Sends any number of requests at a time, and brings each its reply.

    :ivar defaultRequestTimeout: seconds that :meth:`sendMsg` waits unless it is told otherwise; ``None``:
        for ever.
    :ivar UUID_POOL_GEN_SIZE: how many ids are drawn at a time.
    """

    socketType = SocketType.DEALER
    defaultRequestTimeout: float | None = None
    UUID_POOL_GEN_SIZE = 5

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._requests: dict[bytes, tuple[Deferred[Message], IDelayedCall | None]] = {}
        self._uuids: list[bytes] = []
        super().__init__(*args, **kwargs)

    def _makeSocket(self, kind: type[Socket]) -> Socket:
        return super()._makeSocket(_RequestSocket if kind is DealerSocket else kind)

    def _getNextId(self) -> bytes:
        """An id that no other request has; it may be overridden."""
        if not self._uuids:
            self._uuids = [uuid.uuid4().bytes for _ in range(self.UUID_POOL_GEN_SIZE)]
        return self._uuids.pop()

    def _releaseId(self, messageId: bytes) -> None:
        """The id may be used again."""
        if len(self._uuids) < 2 * self.UUID_POOL_GEN_SIZE:
            self._uuids.append(messageId)

    def sendMsg(
        self, *messageParts: BytesLike, timeout: float | None = None
    ) -> Deferred[list[bytes]]:
        """Send a request; fires with the frames of the reply.

        Fails with :exc:`ZmqRequestTimeoutError` after ``timeout`` seconds. After that, and after a
        cancellation, a request that was not sent yet never will be (txZMQ sends it all the same), and
        a late reply is dropped. Raises what :meth:`send` raises.
        """
        check_timeout(timeout)
        messageId = self._getNextId()
        reply: Deferred[Message] = Deferred(lambda _: self._cancel(messageId))
        self._requests[messageId] = reply, None
        try:
            self.send([messageId, b"", *messageParts])
        except BaseException:
            del self._requests[messageId]
            raise
        seconds = self.defaultRequestTimeout if timeout is None else timeout
        if seconds is not None and self.factory is not None and not reply.called:
            timer = self.factory.reactor.callLater(seconds, self._timeoutRequest, messageId)
            self._requests[messageId] = reply, timer
        return reply

    def _take(self, messageId: bytes) -> Deferred[Message] | None:
        """Who waits for a reply, and has it or waits no longer from now on."""
        reply, timer = self._requests.pop(messageId, (None, None))
        if timer is not None and timer.active():
            timer.cancel()
        return reply

    def _cancel(self, messageId: bytes) -> None:
        self._take(messageId)
        if isinstance(self.socket, _RequestSocket):
            self.socket.withdraw(messageId)

    def _timeoutRequest(self, messageId: bytes) -> None:
        reply, _ = self._requests[messageId]
        self._cancel(messageId)
        reply.errback(ZmqRequestTimeoutError(messageId))

    def shutdown(self) -> Deferred[None]:
        """Close the connection. Requests that have a time limit have reached it now."""
        closed = super().shutdown()
        for messageId in list(self._requests):
            # Whoever is told may cancel others.
            if messageId in self._requests and self._requests[messageId][1] is not None:
                self._timeoutRequest(messageId)
        return closed

    def messageReceived(self, message: Message) -> None:
        """Bring a reply to who asked; one that nobody waits for is dropped."""
        reply = self._take(message[0])
        if reply is not None:
            self._releaseId(message[0])
            reply.callback(message[2:])


class ZmqREPConnection(ZmqConnection):
    """Receives requests, from txZMQ's REQ as from others; a subclass overrides :meth:`gotMessage`."""

    socketType = SocketType.ROUTER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._routingInfo: dict[bytes, Message] = {}
        super().__init__(*args, **kwargs)

    def reply(self, messageId: bytes, *messageParts: BytesLike) -> None:
        """Reply to the request of that id. Raises :exc:`KeyError` if there is none, or no more."""
        routingInfo = self._routingInfo.pop(messageId)
        self.send([*routingInfo, messageId, b"", *messageParts])

    def messageReceived(self, message: Message) -> None:
        """Note where the request came from, and pass it on to :meth:`gotMessage`.

        What stands before the empty frame is its envelope, and the last part of that its id. A message
        without an empty frame is no request: it is dropped, and logged.
        """
        if b"" not in message[1:]:
            _log.warn("dropped a message that is no request: it has no empty frame")
            return
        empty = message.index(b"", 1)
        messageId = message[empty - 1]
        self._routingInfo[messageId] = message[: empty - 1]
        self.gotMessage(messageId, *message[empty + 1 :])

    def gotMessage(self, messageId: bytes, *messageParts: bytes) -> None:
        """A request has come; to be overridden, with a call of :meth:`reply` at any time.

        What it raises is logged.
        """
        raise NotImplementedError(self)


class ZmqXREPConnection(ZmqREPConnection):
    """The deprecated name, and way to make, a :class:`ZmqREPConnection`."""

    def __init__(self, factory: ZmqFactory, *endpoints: ZmqEndpoint) -> None:
        _deprecated("ZmqXREPConnection", "ZmqREPConnection or ZmqRouterConnection")
        super().__init__(factory)
        self.addEndpoints(endpoints)


class ZmqXREQConnection(ZmqREQConnection):
    """The deprecated name, and way to make, a :class:`ZmqREQConnection`."""

    def __init__(self, factory: ZmqFactory, *endpoints: ZmqEndpoint) -> None:
        _deprecated("ZmqXREQConnection", "ZmqREQConnection or ZmqDealerConnection")
        super().__init__(factory)
        self.addEndpoints(endpoints)


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(f"{name} is deprecated: use {instead}", DeprecationWarning, stacklevel=3)
