"""A port on a UNIX socket that somebody else made: :class:`AdoptedUNIXPort`."""

from __future__ import annotations

import socket

from twisted.internet import tcp, unix
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure

__all__ = ["AdoptedUNIXPort"]


class AdoptedUNIXPort(unix.Port):
    """Accepts connections at a listening socket, whose path is its maker's.

    Twisted's own port for this opens the path to everybody, which only its owner may do. In the end it
    removes the path, and shuts the socket down for all who share it: systemd, for one.
    """

    _shouldShutdown = False

    def __init__(self, reactor: object, handle: socket.socket, factory: ServerFactory) -> None:
        super().__init__(handle.getsockname(), factory, reactor=reactor)
        self._handle = handle

    def startListening(self) -> None:
        tcp._reservedFD.reserve()  # as every port of Twisted, for the day when descriptors run out
        assert self.factory is not None
        self.factory.doStart()
        self.connected = True
        self.socket = self._handle
        self.fileno = self._handle.fileno  # type: ignore[method-assign]  # Twisted deletes it again
        self.numberAccepts = 100  # Twisted's number
        unix.Port.startReading(self)

    def connectionLost(self, reason: Failure) -> None:
        tcp.Port.connectionLost(self, reason)
