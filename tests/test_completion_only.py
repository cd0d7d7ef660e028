"""The strict reactor of ``tests.reactors``: it refuses what IOCP does not have, and hides what is below."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.interfaces import (
    IReactorFDSet,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IReactorUNIX,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, ServerFactory

from pyzmtp import PairSocket

from .reactors.completion_only import CompletionOnlyReactor, DescriptorWanted
from .sockets.world import World


@pytest.fixture
def reactor(world: World) -> Any:
    return CompletionOnlyReactor(world.network.reactor())


@pytest.mark.parametrize("name", sorted(IReactorFDSet.names()))
def test_it_watches_no_descriptors(reactor: Any, name: str) -> None:
    arguments = [object()] if name.endswith(("Reader", "Writer")) else []
    with pytest.raises(DescriptorWanted, match=name):
        getattr(reactor, name)(*arguments)
    assert reactor.refused == [name]
    assert not IReactorFDSet.providedBy(reactor)


def test_it_offers_what_the_real_one_has(reactor: Any, world: World) -> None:
    for interface in (IReactorTCP, IReactorTime, IReactorUNIX, IReactorPluggableNameResolver):
        assert interface.providedBy(reactor)
    without = CompletionOnlyReactor(world.network.reactor(tcp_only=True))
    assert not IReactorUNIX.providedBy(without)


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_sockets_talk_over_it(reactor: Any, world: World, transport: str) -> None:
    one = world.make(PairSocket, on=reactor)
    other = world.make(PairSocket, on=reactor)
    world.link(one, other, transport)
    for source, target in ((one, other), (other, one)):
        world.run(source.send([b"frame", bytes(100_000)]))
        assert world.run(target.receive()) == [b"frame", bytes(100_000)]
    assert world.run(one.close()) is None
    world.settle()
    assert other.peers == ()
    assert reactor.refused == []


def test_of_a_transport_only_what_its_interfaces_name_can_be_seen(
    reactor: Any, world: World
) -> None:
    made: list[Any] = []

    class Watching(Protocol):
        def connectionMade(self) -> None:
            made.append(self.transport)

    port = reactor.listenTCP(0, ServerFactory.forProtocol(Watching), interface="127.0.0.1")
    client = world.make(PairSocket)
    client.connect(f"tcp://127.0.0.1:{port.getHost().port}")
    world.settle()
    [transport] = made
    assert ITCPTransport.providedBy(transport)
    transport.setTcpNoDelay(True)
    for hidden in ("fileno", "doRead", "startReading", "reactor"):
        with pytest.raises(AttributeError, match=hidden):
            getattr(transport, hidden)
    with pytest.raises(AttributeError, match="socket"):
        _ = port.socket
    transport.abortConnection()
    world.settle()
    assert world.run(port.stopListening()) is None
