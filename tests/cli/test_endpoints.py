"""Where commands listen and connect, what they tell of it, and how they end; on hosts in memory."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import PubSocket, PullSocket, PushSocket, SubSocket
from pyzmtp.testing import Conditions
from tests.cli.stage import DONE, FAILED, HERE, UNSENT, USAGE, MemorySource, Stage
from tests.sockets.world import World


class TestEndpoints:
    def test_the_real_address_is_told(self, stage: Stage, world: World) -> None:
        pull = stage.start("pull", "-b", "tcp://127.0.0.1:5000-5010", "-b", HERE[:-1] + "5")
        assert pull.said == ["listening at tcp://127.0.0.1:5000"]
        other = stage.start("pull", "-b", "tcp://127.0.0.1:5000-5010")
        assert other.said == ["listening at tcp://127.0.0.1:5001"]

    def test_an_address_in_use(self, stage: Stage, world: World) -> None:
        world.run(world.make(PullSocket).bind(HERE))
        pull = stage.start("pull", "-b", HERE)
        assert stage.end(pull) == FAILED
        assert pull.said == [f"{HERE} is in use"]

    @pytest.mark.parametrize("way", ["-b", "-c"])
    def test_no_address(self, stage: Stage, way: str) -> None:
        pull = stage.start("pull", way, "foo://x")
        assert stage.end(pull) == USAGE
        assert "there is no transport 'foo'" in pull.said[0]

    def test_an_option_that_does_nothing(self, stage: Stage) -> None:
        pull = stage.start("pull", "-b", HERE, "-o", "router_mandatory=yes")
        assert stage.end(pull) == USAGE
        assert pull.said == ["the option router_mandatory does nothing on a PULL socket"]

    def test_a_peer_of_a_wrong_type(self, stage: Stage, world: World) -> None:
        world.run(world.make(PubSocket).bind(HERE))
        pull = stage.start("pull", "-c", HERE)
        assert stage.end(pull) == FAILED
        assert pull.said == [f"{HERE}: a PULL socket cannot talk to a 'PUB' socket"]

    def test_another_peer_may_do(self, stage: Stage, world: World) -> None:
        world.run(world.make(PubSocket).bind(HERE))
        push = world.make(PushSocket)
        address = world.bind(push)
        pull = stage.start("pull", "-c", HERE, "-c", address)
        world.until(lambda: bool(push.peers))
        push.try_send(b"x")
        world.settle()
        assert pull.lines == ["x"]

    def test_a_transport_that_this_system_has_not(self, stage: Stage, world: World) -> None:
        reactor = world.network.reactor(tcp_only=True)
        pull = stage.start("pull", "-c", "ipc:///x", on=reactor)
        assert stage.end(pull) == FAILED
        assert "IReactorUNIX" in pull.said[0]

    def test_who_is_there_already_is_not_waited_for(self, stage: Stage, world: World) -> None:
        source = MemorySource(ends=False)
        push = stage.start("push", "-b", HERE, "--wait", "1", stdin=source)
        pull = world.make(PullSocket)
        world.run(pull.connect(HERE))
        world.settle()
        source.type(b"x\n")
        assert world.drain(pull) == [[b"x"]]
        assert push.said == []

    def test_no_retries(self, stage: Stage) -> None:
        pull = stage.start("pull", "-c", HERE, "-o", "reconnect_interval=none")
        assert stage.end(pull) == FAILED
        assert pull.said[0].startswith(f"cannot connect to {HERE}")

    def test_everything_is_told_to_those_who_want_it(self, stage: Stage, world: World) -> None:
        pull = stage.start("pull", "-b", HERE, "-v")
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        world.settle()
        world.run(push.close(), 1)
        world.settle()
        pull.cancel()
        world.advance(0)
        begins = [line.partition(" 127.0.0.1:")[0] for line in pull.said]
        assert begins == [
            f"listening at {HERE}",
            f"{HERE}: a connection from",
            f"{HERE}:",
            f"{HERE}:",
        ]
        assert pull.said[2].endswith("is PUSH (ZMTP 3.1, NULL)")
        assert "has left" in pull.said[3]

    def test_trouble_is_told_anew_after_a_peer(self, stage: Stage, world: World) -> None:
        pull = stage.start("pull", "-c", HERE)
        world.advance(5)
        assert len(pull.said) == 1
        push = world.make(PushSocket)
        world.run(push.bind(HERE))
        world.until(lambda: bool(push.peers))
        world.run(push.close(0), 1)
        world.advance(5)
        texts = [line.partition(":")[0] for line in pull.said[1:]]
        assert texts == ["tcp", "cannot connect to tcp"]

    def test_what_is_dropped_is_told_to_those_who_want_it(self, stage: Stage, world: World) -> None:
        world.network.conditions = Conditions(buffer=1000)
        source = MemorySource((b"x" * 5000 + b"\n") * 100, ends=False)
        push = stage.start("push", "-b", HERE, "-v", stdin=source)
        pull = world.make(PullSocket, receive_hwm=1)
        world.run(pull.connect(HERE))
        world.settle()
        world.run(pull.close(0), 1)
        world.settle()
        assert any("messages were not sent" in line for line in push.said)

    def test_interrupted_it_lingers_and_then_does_not(self, stage: Stage, world: World) -> None:
        source = MemorySource(b"a\nb\n", ends=False)
        push = stage.start("push", "-c", HERE, "-o", "linger=60", stdin=source)
        push.cancel()
        world.advance(10)
        assert push.outcome.pending
        push.cancel()
        world.advance(0)
        assert isinstance(push.outcome.error, CancelledError)
        assert push.said[-1].startswith("2 messages were not sent: cannot connect")

    def test_while_it_lingers_it_is_enough_to_interrupt_once(
        self, stage: Stage, world: World
    ) -> None:
        push = stage.start("push", "-c", HERE, "a", "-o", "linger=60")
        world.advance(10)
        assert push.outcome.pending
        push.cancel()
        world.advance(0)
        assert push.status == UNSENT

    def test_interrupted_it_sends_what_it_has(self, stage: Stage, world: World) -> None:
        source = MemorySource(b"a\nb\n", ends=False)
        push = stage.start("push", "-c", HERE, "-o", "linger=60", stdin=source)
        push.cancel()
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        world.advance(1)
        assert world.drain(pull) == [[b"a"], [b"b"]]
        assert isinstance(push.outcome.error, CancelledError)

    def test_a_subscriber_that_leaves_misses_nothing_that_was_promised(
        self, stage: Stage, world: World
    ) -> None:
        world.network.conditions = Conditions(buffer=1000)
        source = MemorySource(ends=False)
        pub = stage.start("pub", "-b", HERE, stdin=source)
        sub = world.make(SubSocket, receive_hwm=1)
        sub.subscribe(b"")
        world.run(sub.connect(HERE))
        world.settle()
        source.type(b"x" * 3000 + b"\n" + b"y" * 3000 + b"\n")
        world.settle()
        world.run(sub.close(0), 1)
        world.settle()
        source.type(b"")
        assert stage.end(pub) == DONE
        assert pub.said == []
