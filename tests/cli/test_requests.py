"""Commands that ask, and commands that answer; on hosts in memory."""

from __future__ import annotations

from typing import Any

from pyzmtp import ClientSocket, DealerSocket, PairSocket, RepSocket, ReqSocket
from tests.cli.stage import (
    DONE,
    FAILED,
    HERE,
    TIMEOUT,
    FakeProcesses,
    MemorySink,
    MemorySource,
    Stage,
)
from tests.sockets.world import World


class TestRequests:
    def test_each_is_answered_before_the_next(self, stage: Stage, world: World) -> None:
        rep = world.make(RepSocket)
        world.run(rep.bind(HERE))
        rep.serve(lambda request: [b"you said", *request])
        req = stage.start("req", "-c", HERE, "a", "b\tc")
        assert stage.end(req) == DONE
        assert req.lines == ["you said\ta", "you said\tb\tc"]

    def test_no_reply_in_time(self, stage: Stage, world: World) -> None:
        rep = world.make(RepSocket)
        world.run(rep.bind(HERE))
        req = stage.start("req", "-c", HERE, "a", "-t", "2")
        assert stage.end(req) == TIMEOUT
        assert req.said == ["no message arrived within 2.0 s"]

    def test_a_server_that_is_lost(self, stage: Stage, world: World) -> None:
        rep = world.make(RepSocket)
        world.run(rep.bind(HERE))
        req = stage.start("req", "-c", HERE, "a")
        world.until(lambda: rep.readable)
        rep.close(0)
        assert stage.end(req) == FAILED
        assert any("was lost before the reply came" in line for line in req.said)

    def test_so_many_of_them(self, stage: Stage, world: World) -> None:
        rep = world.make(RepSocket)
        world.run(rep.bind(HERE))
        rep.serve(lambda request: request)
        req = stage.start("req", "-c", HERE, "a", "--repeat", "-n", "3", "-i", "1")
        assert stage.end(req) == DONE
        assert req.lines == ["a"] * 3


class TestReplies:
    def ask(self, stage: Stage, *requests: list[bytes]) -> list[list[bytes]]:
        """Send requests one after the other, and return the replies."""
        world = stage.world
        req = world.make(ReqSocket)
        world.run(req.connect(HERE))
        return [world.run(req.request(request), 5) for request in requests]

    def test_given_in_turn(self, stage: Stage) -> None:
        rep = stage.start("rep", "-b", HERE, "one", "two\tx", "-n", "3")
        assert self.ask(stage, [b"a"], [b"b", b"c"], [b"d"]) == [[b"one"], [b"two", b"x"], [b"one"]]
        assert stage.end(rep) == DONE
        assert rep.lines == ["a", "b\tc", "d"]

    def test_typed(self, stage: Stage, world: World) -> None:
        source = MemorySource(ends=False)
        rep = stage.start("rep", "-b", HERE, stdin=source)
        req = world.make(ReqSocket)
        world.run(req.connect(HERE))
        assert source.reads == 0
        reply = req.request(b"what?")
        world.settle()
        assert rep.lines == ["what?"]
        source.type(b"that\n")
        assert world.run(reply) == [b"that"]
        reply = req.request(b"and then?")
        reply.addErrback(lambda failure: None)
        world.settle()
        source.type(b"")
        assert stage.end(rep) == DONE

    def test_an_echo(self, stage: Stage, world: World) -> None:
        rep = stage.start("rep", "-b", HERE, "--echo", "-n", "2")
        assert self.ask(stage, [b"a", b""], [b"b"]) == [[b"a", b""], [b"b"]]
        assert stage.end(rep) == DONE
        assert rep.lines == ["a\t", "b"]

    def test_an_expression_answers(self, stage: Stage, world: World) -> None:
        rep = stage.start("rep", "-b", HERE, "--echo", "-e", "message[0][::-1]", "-q")
        assert self.ask(stage, [b"abc"]) == [[b"cba"]]
        assert rep.stdout.writes == []

    def test_no_answer_is_told_and_the_next_may_come(self, stage: Stage, world: World) -> None:
        expression = "1/0 if message == [b'bad'] else None if message == [b'none'] else message"
        rep = stage.start("rep", "-b", HERE, "--echo", "-e", expression)
        req = world.make(ReqSocket, req_relaxed=True, req_correlate=True)
        world.run(req.connect(HERE))
        for request in (b"bad", b"none", b"good"):
            world.run(req.send(request))
            world.settle()
        assert world.run(req.receive()) == [b"good"]
        assert rep.said == ["no answer: --eval: ZeroDivisionError: division by zero"]
        assert rep.lines == ["good"]

    def test_a_command_answers(self, stage: Stage, world: World) -> None:
        processes = FakeProcesses(lambda data: (data.upper() + b"\n", 0))
        reactor = world.network.reactor()
        reactor.spawnProcess = processes.spawn  # type: ignore[attr-defined]
        stage.start("rep", "-b", HERE, "-x", "shout", on=reactor)
        assert self.ask(stage, [b"a", b"b"], [b"line\n"]) == [[b"A", b"B"], [b"LINE\n"]]
        assert processes.commands == ["shout"] * 2

    def test_a_command_that_fails_answers_what_it_said(self, stage: Stage, world: World) -> None:
        reactor = world.network.reactor()
        processes = FakeProcesses(lambda data: (b"", 7))
        reactor.spawnProcess = processes.spawn  # type: ignore[attr-defined]
        rep = stage.start("rep", "-b", HERE, "-x", "fail", on=reactor)
        assert self.ask(stage, [b"a"]) == [[b""]]
        assert rep.said == ["fail: it exited with 7"]

    def test_a_command_ends_with_the_program(self, stage: Stage, world: World) -> None:
        reactor = world.network.reactor()
        processes = FakeProcesses()
        reactor.spawnProcess = processes.spawn  # type: ignore[attr-defined]
        rep = stage.start("rep", "-b", HERE, "-x", "sleep", on=reactor)
        req = world.make(ReqSocket)
        world.run(req.connect(HERE))
        req.request(b"a").addErrback(lambda failure: None)
        world.settle()
        rep.cancel()
        world.advance(0)
        assert processes.killed == ["sleep"]

    def test_an_answer_in_another_format(self, stage: Stage, world: World) -> None:
        reactor = world.network.reactor()
        answers = iter([(b'["a","b"]\n', 0), (b"nonsense", 0)])
        processes = FakeProcesses(lambda data: next(answers))
        reactor.spawnProcess = processes.spawn  # type: ignore[attr-defined]
        rep = stage.start("rep", "-b", HERE, "-x", "c", "-f", "json", on=reactor)
        assert self.ask(stage, [b"x"]) == [[b"a", b"b"]]
        req = world.make(ReqSocket)
        world.run(req.connect(HERE))
        req.request(b"y").addErrback(lambda failure: None)
        world.settle()
        assert rep.said[0].startswith("no answer: it is no JSON")

    def test_a_router_answers_whoever_asked(self, stage: Stage, world: World) -> None:
        reactor = world.network.reactor()
        seen: list[bytes] = []

        def shout(data: bytes) -> tuple[bytes, int]:
            seen.append(data)
            return data.upper(), 0

        reactor.spawnProcess = FakeProcesses(shout).spawn  # type: ignore[attr-defined]
        stage.start("router", "-b", HERE, "-x", "shout", on=reactor)
        assert self.ask(stage, [b"a"]) == [[b"A"]]
        dealer = world.make(DealerSocket)
        world.run(dealer.connect(HERE))
        dealer.try_send([b"b", b"c"])
        assert world.drain(dealer) == [[b"B", b"C"]]
        assert seen == [b"a", b"b\tc"]

    def test_a_peer_that_has_left_gets_no_answer(self, stage: Stage, world: World) -> None:
        slow = MemorySink()
        slow.slow = True
        router = stage.start("router", "-b", HERE, "--echo", stdout=slow)
        dealer = world.make(DealerSocket, routing_id=b"one")
        world.run(dealer.connect(HERE))
        dealer.try_send(b"a")
        world.settle()
        world.run(dealer.close(0), 1)
        world.settle()
        slow.take()
        world.settle()
        assert router.said == ["no answer: no peer has the routing id b'one'"]
        assert router.outcome.pending

    def test_bytes_are_echoed_and_notices_are_not(self, stage: Stage, world: World) -> None:
        stage.start("stream", "-b", HERE, "--echo", "-q")
        peer = world.network.raw_connect(5000)
        peer.send(b"hello")
        world.settle()
        assert peer.take() == b"hello"
        assert peer.closed is None

    def test_others_that_go_both_ways(self, stage: Stage, world: World) -> None:
        kinds: dict[str, Any] = {
            "pair": PairSocket,
            "dealer": DealerSocket,
            "server": ClientSocket,
        }
        for name, kind in kinds.items():
            running = stage.start(name, "-b", HERE, "--echo")
            other = world.make(kind)
            world.run(other.connect(HERE))
            other.try_send(b"x")
            assert world.drain(other) == [[b"x"]]
            running.cancel()
            world.advance(0)
            assert not running.outcome.pending
