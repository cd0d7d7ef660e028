"""Commands that send and receive at a time; on hosts in memory."""

from __future__ import annotations

from pyzmtp import (
    ChannelSocket,
    DealerSocket,
    PairSocket,
    RouterSocket,
    ServerSocket,
    SubSocket,
    XPubSocket,
)
from tests.cli.stage import DONE, FAILED, HERE, TIMEOUT, MemorySource, Stage
from tests.sockets.world import World


class TestBothWays:
    def test_what_is_typed_and_what_is_said(self, stage: Stage, world: World) -> None:
        source = MemorySource(ends=False)
        pair = stage.start("pair", "-b", HERE, stdin=source)
        other = world.make(PairSocket)
        world.run(other.connect(HERE))
        source.type(b"hello\n")
        assert world.drain(other) == [[b"hello"]]
        other.try_send([b"hi", b"there"])
        world.settle()
        assert pair.lines == ["hi\tthere"]
        source.type(b"")
        other.try_send(b"still here")
        world.settle()
        assert pair.lines[1:] == ["still here"]
        pair.cancel()
        world.advance(0)
        assert not pair.outcome.pending

    def test_enough_was_received(self, stage: Stage, world: World) -> None:
        router = world.make(RouterSocket)
        world.run(router.bind(HERE))
        dealer = stage.start("dealer", "-c", HERE, "-n", "2", "ask", "-o", "routing_id=me")
        world.until(lambda: router.readable)
        assert world.drain(router) == [[b"me", b"ask"]]
        router.send_batch([[b"me", b"1"], [b"me", b"2"], [b"me", b"3"]])
        assert stage.end(dealer) == DONE
        assert dealer.lines == ["1", "2"]

    def test_only_to_send(self, stage: Stage, world: World) -> None:
        other = world.make(DealerSocket)
        world.run(other.bind(HERE))
        dealer = stage.start("dealer", "-c", HERE, "-w", "-n", "1", "a", "b")
        assert stage.end(dealer) == DONE
        assert world.drain(other) == [[b"a"]]

    def test_only_to_receive(self, stage: Stage, world: World) -> None:
        source = MemorySource(b"not read")
        dealer = stage.start("dealer", "-b", HERE, "-r", "-n", "1", stdin=source)
        other = world.make(DealerSocket)
        world.run(other.connect(HERE))
        other.try_send(b"x")
        assert stage.end(dealer) == DONE
        assert source.reads == 0

    def test_a_failure_to_send_ends_both(self, stage: Stage, world: World) -> None:
        channel = stage.start("channel", "-b", HERE, stdin=MemorySource(b"a\tb\n"))
        other = world.make(ChannelSocket)
        other.connect(HERE)
        assert stage.end(channel) == FAILED
        assert channel.said == ["on a CHANNEL socket a message has one frame, not 2"]

    def test_a_failure_to_receive_ends_both(self, stage: Stage) -> None:
        source = MemorySource(ends=False)
        pair = stage.start("pair", "-b", HERE, "-t", "2", stdin=source)
        assert stage.end(pair) == TIMEOUT

    def test_subscriptions_are_shown(self, stage: Stage, world: World) -> None:
        xpub = stage.start(
            "xpub", "-b", HERE, "-f", "quoted", "-T", "t", stdin=MemorySource(b"m\n")
        )
        sub = world.make(SubSocket)
        sub.subscribe(b"t")
        world.run(sub.connect(HERE))
        assert world.drain(sub) == [[b"t", b"m"]]
        assert xpub.lines == ["\\x01t"]

    def test_subscriptions_are_sent(self, stage: Stage, world: World) -> None:
        xpub = world.make(XPubSocket)
        world.run(xpub.bind(HERE))
        source = MemorySource(b"\\x01b\n", ends=False)
        xsub = stage.start("xsub", "-c", HERE, "-T", "a", "-f", "quoted", "-n", "1", stdin=source)
        world.until(lambda: xpub.stats.receive_queue == 2)
        assert sorted(world.drain(xpub)) == [[b"\x01a"], [b"\x01b"]]
        xpub.try_send([b"b", b"x"])
        assert stage.end(xsub) == DONE
        assert xsub.lines == ["b\tx"]

    def test_peers_of_a_router_are_named(self, stage: Stage, world: World) -> None:
        source = MemorySource(ends=False)
        router = stage.start("router", "-b", HERE, "-T", "one", stdin=source)
        dealer = world.make(DealerSocket, routing_id=b"one")
        world.run(dealer.connect(HERE))
        dealer.try_send(b"hello")
        world.settle()
        assert router.lines == ["one\thello"]
        source.type(b"you\n")
        assert world.drain(dealer) == [[b"you"]]

    def test_plain_bytes(self, stage: Stage, world: World) -> None:
        stream = stage.start("stream", "-b", HERE, "-f", "hex")
        peer = world.network.raw_connect(5000)
        peer.send(b"GET /")
        world.settle()
        [came, said] = stream.lines
        assert came.endswith("\t")
        assert said == f"{came}{b'GET /'.hex()}"

    def test_a_server_and_its_client(self, stage: Stage, world: World) -> None:
        server = world.make(ServerSocket)
        world.run(server.bind(HERE))
        client = stage.start("client", "-c", HERE, "ask")
        world.until(lambda: server.readable)
        [[routing_id, request]] = world.drain(server)
        assert request == b"ask"
        server.try_send([routing_id, b"told"])
        assert stage.end(client) == DONE
        assert client.lines == ["told"]
