"""What commands show of what they receive; on hosts in memory."""

from __future__ import annotations

from pyzmtp import PubSocket, PullSocket, PushSocket, RadioSocket, ScatterSocket
from pyzmtp.testing import Conditions
from tests.cli.stage import DONE, FAILED, HERE, TIMEOUT, MemorySink, MemorySource, Stage
from tests.sockets.world import World


class TestReceiving:
    def test_messages_are_written(self, stage: Stage, world: World) -> None:
        pull = stage.start("pull", "-b", HERE)
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.send_batch([[b"one"], [b"a", b"\0"], [b""]])
        world.settle()
        assert pull.stdout.data == b"one\na\t\0\n\n"
        assert pull.outcome.pending
        pull.cancel()
        world.advance(0)
        assert not pull.outcome.pending

    def test_so_many_of_them(self, stage: Stage, world: World) -> None:
        pull = stage.start("pull", "-b", HERE, "-n", "100")
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.send_batch([[b"%d" % number] for number in range(200)])
        assert stage.end(pull) == DONE
        assert pull.lines == [str(number) for number in range(100)]
        assert pull.said == []

    def test_in_vain(self, stage: Stage) -> None:
        pull = stage.start("pull", "-b", HERE, "-t", "3")
        assert stage.end(pull) == TIMEOUT
        assert pull.said == ["no message arrived within 3.0 s"]

    def test_on_a_terminal_text_is_made_harmless(self, stage: Stage, world: World) -> None:
        shown = MemorySink(interactive=True)
        pull = stage.start("pull", "-b", HERE, "-n", "1", stdout=shown)
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.try_send([b"\x1b[2J", b"C:\\x\xff"])
        assert stage.end(pull) == DONE
        assert shown.data == b"\\x1b[2J\tC:\\x\\xff\n"

    def test_nothing_is_received_while_the_output_is_slow(self, stage: Stage, world: World) -> None:
        slow = MemorySink()
        slow.slow = True
        world.network.conditions = Conditions(buffer=1000)
        stage.start("pull", "-b", HERE, "-o", "receive_hwm=10", stdout=slow)
        push = world.make(PushSocket, send_hwm=10)
        world.run(push.connect(HERE))
        sent = 0
        while push.try_send(b"x" * 1000):
            sent += 1
            world.settle()
        assert len(slow.writes) == 1
        # What waits: in both sockets, in one batch, and in what the network holds.
        assert sent < 150
        slow.slow = False
        slow.take()
        world.settle()
        assert slow.data.count(b"\n") == sent

    def test_whoever_reads_has_had_enough(self, stage: Stage, world: World) -> None:
        closed = MemorySink()
        pull = stage.start("pull", "-b", HERE, stdout=closed)
        closed.error = BrokenPipeError()
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.try_send(b"x")
        assert stage.end(pull) == DONE
        assert pull.said == []

    def test_that_is_noticed_without_a_message(self, stage: Stage, world: World) -> None:
        closed = MemorySink()
        pull = stage.start("pull", "-b", HERE, stdout=closed)
        world.advance(3)
        assert pull.outcome.pending
        closed.gone = True
        assert stage.end(pull, 1) == DONE

    def test_an_output_that_cannot_be_written(self, stage: Stage, world: World) -> None:
        full = MemorySink()
        full.error = OSError(28, "No space left on device")
        pull = stage.start("pull", "-b", HERE, stdout=full)
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.try_send(b"x")
        assert stage.end(pull) == FAILED
        assert pull.said == ["standard output: No space left on device"]

    def test_quietly(self, stage: Stage, world: World) -> None:
        sink = MemorySink()
        sink.gone = True
        pull = stage.start("pull", "-b", HERE, "-q", "-n", "1", stdout=sink)
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        world.advance(2)
        push.try_send(b"x")
        assert stage.end(pull) == DONE
        assert sink.writes == []

    def test_what_is_received_can_be_changed_and_dropped(self, stage: Stage, world: World) -> None:
        expression = "message[0].upper() if message[1:] else None"
        pull = stage.start("pull", "-b", HERE, "-n", "2", "-e", expression)
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.send_batch([[b"a"], [b"b", b"c"], [b"d"], [b"e", b"f"], [b"g", b"h"]])
        assert stage.end(pull) == DONE
        assert pull.lines == ["B", "E"]

    def test_until_the_last_peer_has_left(self, stage: Stage, world: World) -> None:
        pull = stage.start("pull", "-b", HERE, "--transient")
        pushes = [world.make(PushSocket) for _ in range(2)]
        for push in pushes:
            world.run(push.connect(HERE))
        pushes[0].send_batch([b"a"] * 100)
        world.run(pushes[0].close(), 1)
        world.settle()
        assert pull.outcome.pending
        pushes[1].try_send(b"b")
        world.run(pushes[1].close(), 1)
        assert stage.end(pull) == DONE
        assert sorted(pull.lines) == ["a"] * 100 + ["b"]

    def test_what_the_last_peer_has_sent_is_written_first(self, stage: Stage, world: World) -> None:
        slow = MemorySink()
        slow.slow = True
        pull = stage.start("pull", "-b", HERE, "--transient", stdout=slow)
        push = world.make(PushSocket)
        world.run(push.connect(HERE))
        push.send_batch([b"%d" % number for number in range(200)])
        world.settle()
        world.run(push.close(), 1)
        world.settle()
        assert pull.outcome.pending
        slow.slow = False
        slow.take()
        assert stage.end(pull) == DONE
        assert len(pull.lines) == 200

    def test_a_sender_whose_last_peer_has_left(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        source = MemorySource(b"a\n", ends=False)
        push = stage.start("push", "-c", HERE, "--transient", stdin=source)
        world.until(lambda: bool(pull.peers))
        assert world.drain(pull) == [[b"a"]]
        world.run(pull.close(0), 1)
        assert stage.end(push) == DONE

    def test_topics(self, stage: Stage, world: World) -> None:
        sub = stage.start("sub", "-b", HERE, "-T", "a", "-T", "\\x00b")
        pub = world.make(PubSocket)
        world.run(pub.connect(HERE))
        world.run(pub.wait_subscribed(b"\0b"))
        pub.send_batch([b"ax", b"b", b"\0bx", b"x"])
        world.settle()
        assert sub.stdout.data == b"ax\n\0bx\n"

    def test_without_topics_all_is_wanted(self, stage: Stage, world: World) -> None:
        sub = stage.start("sub", "-b", HERE, "-n", "1")
        pub = world.make(PubSocket)
        world.run(pub.connect(HERE))
        world.run(pub.wait_subscribed(b""))
        pub.try_send(b"x")
        assert stage.end(sub) == DONE
        assert sub.lines == ["x"]

    def test_groups(self, stage: Stage, world: World) -> None:
        dish = stage.start("dish", "-b", HERE, "-g", "one", "-g", "two", "-n", "2")
        radio = world.make(RadioSocket)
        world.run(radio.connect(HERE))
        world.run(radio.wait_joined(b"two"))
        for group in (b"one", b"none", b"two"):
            radio.try_send([group, b"x"])
        assert stage.end(dish) == DONE
        assert dish.lines == ["one\tx", "two\tx"]

    def test_one_frame_after_the_other(self, stage: Stage, world: World) -> None:
        gather = stage.start("gather", "-b", HERE, "-n", "1")
        scatter = world.make(ScatterSocket)
        world.run(scatter.connect(HERE))
        scatter.try_send(b"x")
        assert stage.end(gather) == DONE
        assert gather.lines == ["x"]
