"""The stage for tests of the protocol: a socket over a transport that a test plays with."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from ..sockets.plain_transport import PlainTransport, To
from ..sockets.world import World


class Stage:
    """A socket whose only connection runs over a :class:`PlainTransport`."""

    def __init__(self, world: World, kind: type[Any], **options: Any) -> None:
        self.world = world
        self.reactor: Any = world.network.reactor()
        self.socket = world.make(kind, on=self.reactor, reconnect_interval=None, **options)
        self.transport = PlainTransport()
        endpoint = To(self.transport)
        self.socket.connect(endpoint)
        self.protocol = endpoint.protocol

    def lose(self, error: BaseException | None = None) -> None:
        """The transport is gone."""
        self.protocol.connectionLost(Failure(error or ConnectionDone()))
