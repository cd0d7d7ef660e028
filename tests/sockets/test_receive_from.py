"""receive_from(): a message is of the peer that sent it, whoever came in its place since."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    DealerSocket,
    PairSocket,
    PullSocket,
    ReceivingSocket,
    ReqSocket,
    RouterSocket,
    SubSocket,
)
from pyzmtp.peer import Peer
from pyzmtp.testing import RawListener, RawPeer

from .world import World, hello, message

KINDS: dict[str, tuple[type[ReceivingSocket], str]] = {
    "pull": (PullSocket, "PUSH"),
    "dealer": (DealerSocket, "DEALER"),
    "pair": (PairSocket, "PAIR"),
    "sub": (SubSocket, "PUB"),
    "router": (RouterSocket, "DEALER"),
}


class Stage:
    """A connecting socket whose peers come one after the other."""

    def __init__(self, world: World, socket: Any, peer_type: str) -> None:
        self.world, self.socket, self.peer_type = world, socket, peer_type
        self.listener: RawListener = world.network.raw_listen()
        if isinstance(socket, SubSocket):
            socket.subscribe(b"")
        socket.connect(f"tcp://127.0.0.1:{self.listener.port}")
        world.settle()

    @property
    def now(self) -> RawPeer:
        """The peer that is there now."""
        return self.listener.peers[-1]

    def come(self, *messages: bytes) -> Peer:
        """A peer comes, and sends something."""
        self.now.send(hello(self.peer_type) + b"".join(map(message, messages)))
        self.world.settle()
        [peer] = self.socket.peers
        assert isinstance(peer, Peer)
        return peer

    def leave(self) -> None:
        """It leaves, and its place is taken by one that has said nothing yet."""
        self.now.close()
        self.world.advance(1)

    def received(self) -> list[tuple[Peer, bytes]]:
        """Who sent what, as far as it can be received now."""
        taken = []
        while self.socket._pattern.readable:
            peer, frames = self.world.run(self.socket.receive_from())
            taken.append((peer, frames[-1]))
        return taken


@pytest.fixture(params=KINDS)
def stage(request: pytest.FixtureRequest, world: World) -> Any:
    kind, peer_type = KINDS[request.param]
    stage = Stage(world, world.make(kind), peer_type)
    yield stage
    stage.listener.close()


def test_one_that_left_is_still_named_when_another_came(stage: Stage) -> None:
    first = stage.come(b"1", b"2")
    stage.leave()
    second = stage.come()
    assert first is not second
    assert stage.received() == [(first, b"1"), (first, b"2")]


def test_each_of_several_that_came_and_went(stage: Stage) -> None:
    first = stage.come(b"1", b"2")
    stage.leave()
    second = stage.come(b"3")
    stage.leave()
    silent = stage.come()
    stage.leave()
    last = stage.come(b"4", b"5", b"6")
    assert len({first, second, silent, last}) == 4
    expected = [(first, b"1"), (first, b"2"), (second, b"3")]
    assert stage.received() == [*expected, (last, b"4"), (last, b"5"), (last, b"6")]
    stage.now.send(message(b"7"))
    stage.world.settle()
    assert stage.received() == [(last, b"7")]


def test_some_that_were_received_before_the_next_came(stage: Stage) -> None:
    first = stage.come(b"1", b"2", b"3")
    peer, _ = stage.world.run(stage.socket.receive_from())
    assert peer is first
    stage.leave()
    second = stage.come(b"4")
    peer, _ = stage.world.run(stage.socket.receive_from())
    assert peer is first
    stage.leave()
    third = stage.come(b"5")
    assert stage.received() == [(first, b"3"), (second, b"4"), (third, b"5")]


def test_batches_keep_the_count(stage: Stage) -> None:
    stage.come(b"1", b"2", b"3")
    stage.leave()
    second = stage.come(b"4", b"5")
    taken = stage.world.run(stage.socket.receive_batch(4))
    assert [frames[-1] for frames in taken] == [b"1", b"2", b"3", b"4"]
    assert stage.received() == [(second, b"5")]
    stage.now.send(message(b"6"))
    stage.world.settle()
    assert stage.received() == [(second, b"6")]


def test_whole_batches_keep_the_count(stage: Stage) -> None:
    stage.come(b"1", b"2", b"3")
    stage.leave()
    second = stage.come(b"4", b"5")
    assert len(stage.world.run(stage.socket.receive_batch())) == 5
    stage.now.send(message(b"6"))
    stage.world.settle()
    assert stage.received() == [(second, b"6")]
    stage.leave()
    third = stage.come(b"7")
    assert stage.received() == [(third, b"7")]


def test_batches_of_one_among_several_peers(world: World) -> None:
    """Two connections at a time, so that no batch is a pipe's whole inbox."""
    pull = world.make(PullSocket)
    stages = [Stage(world, pull, "PUSH") for _ in range(2)]
    named: dict[bytes, str] = {}
    for turn in range(3):
        for line, each in enumerate(stages):
            bodies = [b"%d.%d.%d" % (line, turn, number) for number in range(2)]
            each.now.send(hello("PUSH") + b"".join(map(message, bodies)))
            world.settle()
            peers = {peer.peer_address: peer for peer in pull.peers}
            transport: Any = each.now.transport
            here = transport.getHost()
            for body in bodies:
                named[body] = peers[f"{here.host}:{here.port}"].address
            if turn < 2:
                each.leave()
    while pull.stats.receive_queue:
        peer, [body] = world.run(pull.receive_from())
        assert peer.address == named[body]
    for each in stages:
        each.listener.close()


def test_a_reply_is_of_who_gave_it(world: World) -> None:
    req = world.make(ReqSocket)
    stage = Stage(world, req, "REP")
    first = stage.come()
    req.try_send(b"x")
    world.settle()
    stage.now.send(message(b"", b"reply"))
    world.settle()
    stage.leave()
    second = stage.come()
    assert second is not first
    assert stage.received() == [(first, b"reply")]
    stage.listener.close()


def test_who_waits_for_the_next_gets_its_sender(stage: Stage) -> None:
    stage.come(b"1")
    stage.leave()
    waiting = stage.socket.receive_from(), stage.socket.receive_from()
    second = stage.come(b"2")
    assert stage.world.run(waiting[1])[0] is second
    assert stage.world.run(waiting[0])[0] is not second
