"""What commands send, when, and to whom; on hosts in memory."""

from __future__ import annotations

from pyzmtp import DishSocket, GatherSocket, PullSocket, SubSocket
from tests.cli.stage import DONE, FAILED, HERE, TIMEOUT, UNSENT, MemorySource, Stage
from tests.sockets.world import World


class TestSending:
    def test_the_messages_that_were_given(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        source = MemorySource(b"not read")
        push = stage.start("push", "-c", HERE, "one", "a\tb", "", stdin=source)
        assert stage.end(push) == DONE
        assert world.drain(pull) == [[b"one"], [b"a", b"b"], [b""]]
        assert (push.said, push.stdout.writes, source.reads) == ([], [], 0)

    def test_lines_of_the_input(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        push = stage.start("push", f">{HERE}", stdin=MemorySource(b"on", b"e\n\ntwo\nlast"))
        assert stage.end(push) == DONE
        assert world.drain(pull) == [[b"one"], [b""], [b"two"], [b"last"]]

    def test_again_and_again(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        push = stage.start("push", "-c", HERE, "a", "b", "--repeat", "-n", "5")
        assert stage.end(push) == DONE
        assert world.drain(pull) == [[b"a"], [b"b"], [b"a"], [b"b"], [b"a"]]

    def test_no_more_than_so_many(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        push = stage.start("push", "-c", HERE, "-n", "2", stdin=MemorySource(b"a\nb\nc\n"))
        assert stage.end(push) == DONE
        assert world.drain(pull) == [[b"a"], [b"b"]]

    def test_at_an_interval_after_a_delay(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        began = world.network.seconds()
        push = stage.start("push", "-c", HERE, "x", "--repeat", "-n", "3", "-i", "2", "-d", "1")
        came = []
        for _ in range(12):
            came += [world.network.seconds() - began for _ in world.drain(pull)]
            world.advance(0.5)
        assert came == [1.0, 3.0, 5.0]
        assert stage.end(push) == DONE

    def test_the_clock_goes_on_while_a_message_waits(self, stage: Stage, world: World) -> None:
        push = stage.start("push", "-b", HERE, "x", "--repeat", "-n", "4", "-i", "1")
        world.advance(3.5)
        pull = world.make(PullSocket)
        world.run(pull.connect(HERE))
        # The first came at once, and so do the three that are late: no ticks are lost.
        assert world.drain(pull) == [[b"x"]] * 4
        assert stage.end(push) == DONE

    def test_a_prefix_stands_in_front(self, stage: Stage, world: World) -> None:
        sub = world.make(SubSocket)
        sub.subscribe(b"wea")
        world.run(sub.bind(HERE))
        pub = stage.start("pub", "-c", HERE, "-T", "weather\\x00", "sunny")
        assert stage.end(pub) == DONE
        assert world.drain(sub) == [[b"weather\0", b"sunny"]]

    def test_what_is_sent_can_be_changed_and_dropped(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        expression = "None if message == [b'no'] else [*message, str(len(message[0]))]"
        push = stage.start(
            "push", "-c", HERE, "-E", expression, stdin=MemorySource(b"no\nyes\nno\n")
        )
        assert stage.end(push) == DONE
        assert world.drain(pull) == [[b"yes", b"3"]]

    def test_an_expression_that_fails_ends_it(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        push = stage.start("push", "-c", HERE, "-E", "1/0", "x")
        assert stage.end(push) == FAILED
        assert push.said == ["--send-eval: ZeroDivisionError: division by zero"]

    def test_to_several_addresses(self, stage: Stage, world: World) -> None:
        pulls = [world.make(PullSocket) for _ in range(2)]
        addresses = [world.bind(pull) for pull in pulls]
        push = stage.start("push", f">{addresses[0]}", "a", "b", "-c", addresses[1])
        assert stage.end(push) == DONE
        assert [world.drain(pull) for pull in pulls] == [[[b"a"]], [[b"b"]]]

    def test_what_nobody_takes_is_told(self, stage: Stage) -> None:
        push = stage.start("push", "-c", HERE, "a", "b", "-o", "linger=2")
        assert stage.end(push) == UNSENT
        refused = f"cannot connect to {HERE}: Connection was refused by other side"
        assert push.said[0].startswith(refused)
        assert push.said[-1].startswith(f"2 messages were not sent: {refused}")
        assert len(push.said) == 2, "the same trouble is told once"

    def test_whoever_does_not_take_it_in_time(self, stage: Stage) -> None:
        push = stage.start("push", "-b", HERE, "a", "-t", "3")
        assert stage.end(push) == TIMEOUT
        assert push.said == ["no peer could take the message within 3.0 s"]

    def test_of_the_input_no_more_is_read_than_the_socket_takes(
        self, stage: Stage, world: World
    ) -> None:
        source = MemorySource(*[b"%d\n" % number * 10 for number in range(20)])
        push = stage.start("push", "-c", HERE, "-o", "send_hwm=25", stdin=source)
        # The third chunk of ten holds the message that has to wait.
        assert source.reads == 3
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        world.advance(1)
        assert len(world.drain(pull)) == 200
        assert stage.end(push) == DONE

    def test_what_is_no_message_ends_it_after_those_before(
        self, stage: Stage, world: World
    ) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        source = MemorySource(b'["a"]\n["b"]\n[5]\n["c"]\n')
        push = stage.start("push", "-c", HERE, "-f", "json", stdin=source)
        assert stage.end(push) == FAILED
        assert world.drain(pull) == [[b"a"], [b"b"]]
        assert push.said[0].startswith("message 3 of the input: a frame is a string")

    def test_who_types_may_correct_himself(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        source = MemorySource(b"[5]\n", b'["a"]\n', interactive=True)
        push = stage.start("push", "-c", HERE, "-f", "json", stdin=source)
        assert stage.end(push) == DONE
        assert world.drain(pull) == [[b"a"]]
        assert len(push.said) == 1

    def test_an_input_that_cannot_be_read(self, stage: Stage, world: World) -> None:
        pull = world.make(PullSocket)
        world.run(pull.bind(HERE))
        source = MemorySource(b"a\n", OSError(5, "Input/output error"))
        push = stage.start("push", "-c", HERE, stdin=source)
        assert stage.end(push) == FAILED
        assert push.said == ["standard input: Input/output error"]
        assert world.drain(pull) == [[b"a"]]

    def test_a_message_of_too_many_frames_ends_it_after_those_before(
        self, stage: Stage, world: World
    ) -> None:
        gather = world.make(GatherSocket)
        world.run(gather.bind(HERE))
        source = MemorySource(b"a\nb\tc\nd\n")
        scatter = stage.start("scatter", "-c", HERE, stdin=source)
        assert stage.end(scatter) == FAILED
        assert world.drain(gather) == [[b"a"]]
        assert scatter.said == ["on a SCATTER socket a message has one frame, not 2"]

    def test_a_peer_that_nobody_knows(self, stage: Stage, world: World) -> None:
        source = MemorySource(b"x\thello\n")
        router = stage.start("router", "-b", HERE, stdin=source)
        assert stage.end(router) == FAILED
        assert router.said == ["no peer has the routing id b'x'"]


class TestAnAudience:
    def test_the_first_message_waits_for_a_subscriber(self, stage: Stage, world: World) -> None:
        pub = stage.start("pub", "-b", HERE, "x")
        world.advance(5)
        assert pub.outcome.pending
        assert pub.said == ["waiting for subscribers, 1 of them (--wait 0 does not wait)"]
        sub = world.make(SubSocket)
        sub.subscribe(b"")
        world.run(sub.connect(HERE))
        assert world.drain(sub) == [[b"x"]]
        assert stage.end(pub) == DONE

    def test_no_more_is_read_before(self, stage: Stage) -> None:
        source = MemorySource(b"x\n", b"y\n")
        stage.start("pub", "-b", HERE, stdin=source)
        assert source.reads == 1

    def test_where_there_is_nothing_to_say_nobody_is_waited_for(self, stage: Stage) -> None:
        pub = stage.start("pub", "-b", HERE, stdin=MemorySource(b""))
        assert stage.end(pub) == DONE
        assert pub.said == []

    def test_nobody_is_waited_for(self, stage: Stage) -> None:
        pub = stage.start("pub", "-b", HERE, "x", "--wait", "0")
        assert stage.end(pub) == DONE

    def test_in_vain(self, stage: Stage) -> None:
        pub = stage.start("pub", "-b", HERE, "x", "-t", "3")
        assert stage.end(pub) == TIMEOUT
        assert pub.said[-1] == "nobody was there within 3.0 s"

    def test_members_of_a_group(self, stage: Stage, world: World) -> None:
        radio = stage.start("radio", "-b", HERE, "-g", "g", "x")
        dish = world.make(DishSocket)
        world.run(dish.connect(HERE))
        world.advance(2)
        assert radio.said == ["waiting for members of a group, 1 of them (--wait 0 does not wait)"]
        dish.join(b"g")
        assert world.drain(dish) == [[b"g", b"x"]]
        assert stage.end(radio) == DONE

    def test_peers(self, stage: Stage, world: World) -> None:
        push = stage.start("push", "-b", HERE, "a", "b", "--wait", "2")
        pulls = [world.make(PullSocket) for _ in range(2)]
        world.run(pulls[0].connect(HERE))
        world.advance(2)
        assert world.drain(pulls[0]) == []
        world.run(pulls[1].connect(HERE))
        world.settle()
        assert sorted(world.drain(pulls[0]) + world.drain(pulls[1])) == [[b"a"], [b"b"]]
        assert stage.end(push) == DONE
