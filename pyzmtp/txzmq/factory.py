"""What txZMQ's connections have in common: :class:`ZmqFactory`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, gatherResults

from pyzmtp.errors import WrongState
from pyzmtp.sockets.base import Socket
from twisted import internet

if TYPE_CHECKING:
    from pyzmtp.txzmq.connection import ZmqConnection

__all__ = ["ZmqFactory"]


class _InstalledReactor:
    """The reactor of the process, on which txZMQ always runs.

    It is looked for and not imported, which would install one: that is the program's to choose. Raises
    :exc:`WrongState` if none is installed.
    """

    def __get__(self, instance: object, owner: type) -> Any:
        reactor = getattr(internet, "reactor", None)
        if reactor is None:
            raise WrongState(
                "no reactor is installed yet: import Twisted's, or pass one to ZmqFactory()"
            )
        return reactor


class ZmqFactory:
    """Knows the reactor, and all connections that are made with it.

    ``reactor``: the one to run on; by default that which is installed, as with txZMQ.

    :ivar ioThreads: without effect, there are no threads.
    :ivar lingerPeriod: milliseconds that closed connections may go on sending; -1: as many as they need.
    :ivar connections: those that are open; ``None`` after :meth:`shutdown`.
    """

    reactor: Any = _InstalledReactor()
    ioThreads = 1
    lingerPeriod = 100
    trigger: Any = None

    def __init__(self, reactor: Any = None) -> None:
        if reactor is not None:
            self.reactor = reactor
        self.connections: set[ZmqConnection] | None = set()
        self._sockets: set[Socket] = set()

    def __repr__(self) -> str:
        return "ZmqFactory()"

    def shutdown(self) -> Deferred[None]:
        """Close all connections.

        Fires when nothing of them is left in the reactor. (txZMQ blocks instead, and returns nothing:
        a trial test case should return this from ``tearDown``.)
        """
        for connection in list(self.connections or ()):
            connection.shutdown()
        self.connections = None
        trigger, self.trigger = self.trigger, None
        if trigger is not None:
            with suppress(ValueError):  # it is the trigger that calls
                self.reactor.removeSystemEventTrigger(trigger)
        closing = gatherResults([socket.close() for socket in list(self._sockets)])
        return closing.addCallback(lambda _: None)

    def registerForShutdown(self) -> None:
        """Have :meth:`shutdown` called when the reactor stops, which waits for it."""
        self.trigger = self.reactor.addSystemEventTrigger("during", "shutdown", self.shutdown)

    # What connections tell

    def opened(self, connection: ZmqConnection, socket: Socket) -> None:
        """A connection has been made. Raises :exc:`WrongState` after :meth:`shutdown`."""
        if self.connections is None:
            raise WrongState("the factory was shut down")
        self.connections.add(connection)
        self._sockets.add(socket)

    def closed(self, connection: ZmqConnection, socket: Socket) -> Deferred[None]:
        """A connection has been shut down; fires when nothing of it is left in the reactor."""
        if self.connections is not None:
            self.connections.discard(connection)
        return socket.close().addCallback(lambda _: self._sockets.discard(socket))
