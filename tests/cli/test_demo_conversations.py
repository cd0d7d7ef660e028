"""What the sockets of the demo say, between whom, and how a pyzmtp socket says it."""

from __future__ import annotations

import json
from collections import deque

import pytest

from pyzmtp.cli.demo.conversations import (
    CONVERSATIONS,
    EXCERPTS,
    SYNC,
    AwaitSubscriber,
    Conversation,
    Expect,
    Send,
    Step,
    Subscribe,
    plain_program,
)
from pyzmtp.cli.demo.plan import LIBZMQ, PYZMTP, TRANSPORTS, plan
from pyzmtp.cli.demo.sides import Mismatch, play
from tests.cli.helpers import finish


class TestConversations:
    @pytest.mark.parametrize("conversation", [*CONVERSATIONS, *EXCERPTS])
    def test_what_one_side_sends_the_other_expects(self, conversation: Conversation) -> None:
        """Routing ids go and come, topics are filtered; everything else arrives as it was sent."""
        one, other = conversation.roles
        for sender, receiver in ((one, other), (other, one)):
            sent = [step.message for step in sender.program if isinstance(step, Send)]
            expected = [step.message for step in receiver.program if isinstance(step, Expect)]
            topics = [step.topic for step in receiver.program if isinstance(step, Subscribe)]
            if sender.socket_type == "ROUTER":
                sent = [message[1:] for message in sent]
            if receiver.socket_type == "ROUTER":
                expected = [message[1:] for message in expected]
            if topics:
                sent = [each for each in sent if each[0].startswith(topics[0])]
                assert SYNC[0].startswith(topics[0])
            assert sent == expected

    def test_the_four_patterns_are_there(self) -> None:
        names = ["REQ/REP", "PUB/SUB", "PUSH/PULL", "DEALER/ROUTER"]
        assert [each.name for each in CONVERSATIONS] == names
        assert [each.name for each in EXCERPTS] == names

    def test_every_conversation_compares_messages_on_the_receiving_sides(self) -> None:
        assert [each.messages for each in EXCERPTS] == [2, 1, 1, 2]
        assert all(each.messages >= 50 for each in CONVERSATIONS)

    def test_frames_at_the_edges_are_among_them(self) -> None:
        sizes = {
            len(frame)
            for step in CONVERSATIONS[2].roles[0].program
            if isinstance(step, Expect)
            for frame in step.message
        }
        assert {0, 1, 255, 256, 65536} <= sizes

    def test_a_program_survives_json(self) -> None:
        steps: list[Step] = [
            Subscribe(b"\x00t"),
            AwaitSubscriber(b"t"),
            Send((b"\xff", b"")),
            Expect((b"x",)),
        ]
        assert json.loads(json.dumps(plain_program(steps))) == [
            ["subscribe", "\x00t"],
            ["beat", ["weather.sync"]],
            ["send", ["\xff", ""]],
            ["expect", ["x"]],
        ]


class TestPlan:
    def test_each_role_is_bound_and_connected_by_each(self) -> None:
        meetings = plan(CONVERSATIONS, TRANSPORTS, with_libzmq=True)
        assert len(meetings) == 4 * 2 * (2 + 4)
        seen = {
            (each.binds.socket_type, each.bound_by, each.connects.socket_type, each.connected_by)
            for each in meetings
            if each.conversation.name == "PUSH/PULL"
        }
        assert seen == {
            (binds, bound_by, connects, connected_by)
            for binds, connects in (("PUSH", "PULL"), ("PULL", "PUSH"))
            for bound_by, connected_by in (
                (PYZMTP, PYZMTP),
                (PYZMTP, LIBZMQ),
                (LIBZMQ, PYZMTP),
            )
        }

    def test_without_libzmq(self) -> None:
        meetings = plan(CONVERSATIONS, ["tcp"], with_libzmq=False)
        assert len(meetings) == 4 * 2
        assert not any(each.with_libzmq for each in meetings)


class FakeSocket:
    """Records what is done to it, and receives what it was given."""

    def __init__(self, *incoming: tuple[bytes, ...]) -> None:
        self.incoming = deque(incoming)
        self.done: list[tuple[str, object]] = []

    async def send(self, message: object) -> None:
        self.done.append(("send", message))

    async def receive(self) -> list[bytes]:
        return list(self.incoming.popleft())

    def subscribe(self, topic: bytes) -> None:
        self.done.append(("subscribe", topic))

    async def wait_subscribed(self, topic: bytes) -> None:
        self.done.append(("wait_subscribed", topic))


class TestPlay:
    def test_every_step(self) -> None:
        socket = FakeSocket((b"a", b""))
        steps: list[Step] = [
            Subscribe(b"t"),
            AwaitSubscriber(b"t"),
            Send((b"m",)),
            Expect((b"a", b"")),
        ]
        finish(play(socket, "SUB", steps, lambda: None))
        assert socket.done == [("subscribe", b"t"), ("wait_subscribed", b"t"), ("send", (b"m",))]

    def test_a_publisher_that_tries_to_be_heard_is_told_so(self) -> None:
        heard: list[bool] = []
        socket = FakeSocket(SYNC, SYNC, (b"weather.1",))
        finish(play(socket, "SUB", [Expect((b"weather.1",))], lambda: heard.append(True)))
        assert heard == [True, True]

    def test_another_message_is_a_mismatch(self) -> None:
        with pytest.raises(Mismatch) as caught:
            finish(play(FakeSocket((b"x" * 99,)), "PULL", [Expect((b"a", b"b"))], lambda: None))
        assert str(caught.value) == (
            "PULL expected [b'a', b'b'] and received [b'xxxxxxxxxxxxxxxx'... (99 bytes)]"
        )
