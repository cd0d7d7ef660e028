"""pyzmtp.cli.trace.traffic: messages and commands, and where they go wrong."""

from __future__ import annotations

import pytest

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import (
    Command,
    Frame,
    Membership,
    Message,
    Ping,
    Pong,
    Subscription,
    Undecoded,
)
from tests import vectors
from tests.cli.trace.helpers import C, Part, T, decode, handshake, last, problems
from tests.helpers import command, frame, greeting, message, ready

PUSH_PULL = handshake("PUSH", "PULL")
SUB_PUB = handshake("SUB", "PUB")
DISH_RADIO = handshake("DISH", "RADIO")
REQ_REP = handshake("REQ", "REP")


def whole(data: bytes) -> Preview:
    return Preview(len(data), data)


class TestMessages:
    @pytest.mark.parametrize(("vector", "frames"), vectors.MESSAGES, ids=str)
    def test_their_frames(self, vector: vectors.Vector, frames: list[bytes]) -> None:
        said = last([*PUSH_PULL, (C, vector.data)], limit=1000).said
        assert isinstance(said, Message)
        assert [each.body for each in said.frames] == [whole(each) for each in frames]
        assert (said.count, said.size) == (len(frames), sum(map(len, frames)))
        assert said.wire == Preview(len(vector.data), vector.data[:16])
        assert said.faults == ()

    def test_their_flags(self) -> None:
        said = last([*PUSH_PULL, (C, message(b"a", b"b" * 300, b"c"))], limit=2).said
        assert isinstance(said, Message)
        assert said.frames == (
            Frame(("MORE",), whole(b"a")),
            Frame(("MORE", "LONG"), Preview(300, b"bb")),
            Frame((), whole(b"c")),
        )

    def test_of_many_frames_the_first_are_told(self) -> None:
        said = last([*PUSH_PULL, (C, message(*[b"xy"] * 1000))]).said
        assert isinstance(said, Message)
        assert (len(said.frames), said.count, said.size) == (32, 1000, 2000)

    def test_nothing_is_shown_of_them_if_that_is_asked(self) -> None:
        said = last([*PUSH_PULL, (C, message(b"secret"))], limit=0).said
        assert isinstance(said, Message)
        assert said.frames[0].body == Preview(6, b"")

    def test_a_message_is_told_when_its_last_frame_is_whole(self) -> None:
        data = message(b"one", b"two")
        before = len(decode([*PUSH_PULL, (C, data[:-1])]))
        assert before == len(decode(PUSH_PULL))
        assert len(decode([*PUSH_PULL, (C, data[:-1]), (C, data[-1:])])) == before + 1

    def test_a_command_between_its_frames(self) -> None:
        ping, both = decode([*PUSH_PULL, (C, vectors.PING_BETWEEN_FRAMES)])[-2:]
        assert isinstance(ping.said, Ping)
        assert isinstance(both.said, Message)
        assert [each.body for each in both.said.frames] == [whole(b"a"), whole(b"b")]
        assert both.said.wire == whole(b"\x01\x01a\x00\x01b")

    @pytest.mark.parametrize(
        ("client", "target", "data", "problem"),
        [
            ("PULL", "PUSH", message(b"x"), "a message from a PULL"),
            ("GATHER", "SCATTER", message(b"x"), "a message from a GATHER"),
            ("DISH", "RADIO", message(b"g", b"x"), "a message from a DISH"),
            ("SUB", "PUB", message(b"x"), "a message from a SUB"),
            ("SUB", "PUB", message(b"\x01x", b"y"), "a message from a SUB"),
            ("XSUB", "XPUB", message(b"x"), None),
            ("CLIENT", "SERVER", message(b"a", b"b"), "a message of 2 frames from a CLIENT"),
            ("CLIENT", "SERVER", message(b"a"), None),
            ("CHANNEL", "CHANNEL", message(b"", b"b"), "a message of 2 frames from a CHANNEL"),
            ("SCATTER", "GATHER", message(b"", b"b"), "a message of 2 frames from a SCATTER"),
            ("PEER", "PEER", message(b"", b"b"), "a message of 2 frames from a PEER"),
            ("RADIO", "DISH", message(b"x"), "a RADIO's message of 1 frames, not 2"),
            ("RADIO", "DISH", message(b"g", b"x"), None),
            ("REQ", "REP", message(b"x"), "no empty frame before the data, as REQ and REP have it"),
            ("REQ", "REP", message(b"", b"x"), None),
            ("REQ", "REP", message(b"\0\0\0\1", b"", b"x"), None),
            ("REQ", "REP", message(b""), "no empty frame before the data, as REQ and REP have it"),
            (
                "DEALER",
                "REP",
                message(b"x"),
                "no empty frame before the data, as REQ and REP have it",
            ),
            ("DEALER", "REP", message(b"", b"x"), None),
            ("DEALER", "REP", message(*[b"id"] * 40, b"", b"x"), None),
            (
                "ROUTER",
                "REQ",
                message(b"x"),
                "no empty frame before the data, as REQ and REP have it",
            ),
            ("DEALER", "ROUTER", message(b"x"), None),
            ("PAIR", "PAIR", message(b"x"), None),
        ],
    )
    def test_what_a_socket_type_does_not_send(
        self, client: str, target: str, data: bytes, problem: str | None
    ) -> None:
        expected = [] if problem is None else [problem]
        assert problems([*handshake(client, target), (C, data)]) == expected

    def test_a_type_that_is_not_known_may_send_anything(self) -> None:
        parts = [(C, greeting()), (T, greeting()), (T, ready("PUSH")), (C, vectors.READY_NOTHING)]
        assert last([*parts, (C, message(b"x", b"y"))]).problems == []


class TestTopics:
    @pytest.mark.parametrize("kind", ["PUB", "XPUB", "RADIO"])
    def test_the_first_frame_is_the_topic(self, kind: str) -> None:
        other = "DISH" if kind == "RADIO" else "SUB"
        said = last([*handshake(other, kind), (T, message(b"weather.oslo", b"-3"))]).said
        assert isinstance(said, Message)
        assert said.topic == whole(b"weather.oslo")

    def test_others_have_none(self) -> None:
        said = last([*PUSH_PULL, (C, message(b"x"))]).said
        assert isinstance(said, Message)
        assert said.topic is None

    @pytest.mark.parametrize(
        ("data", "name", "topic", "as_message"),
        [
            (vectors.SUBSCRIBE_AB, "SUBSCRIBE", b"AB", False),
            (vectors.CANCEL_C, "CANCEL", b"C", False),
            (vectors.SUBSCRIBE_ALL, "SUBSCRIBE", b"", False),
            (vectors.MESSAGE_AB, "SUBSCRIBE", b"AB", True),
            (vectors.MESSAGE_CANCEL_C, "CANCEL", b"C", True),
            (vectors.MESSAGE_ALL, "SUBSCRIBE", b"", True),
        ],
    )
    @pytest.mark.parametrize("kind", ["SUB", "XSUB"])
    def test_subscriptions_in_both_forms(
        self, kind: str, data: bytes, name: str, topic: bytes, as_message: bool
    ) -> None:
        seen = last([*handshake(kind, "XPUB"), (C, data)])
        said = seen.said
        assert isinstance(said, Subscription)
        assert (said.name, said.topic, said.as_message) == (name, whole(topic), as_message)
        assert said.size == len(topic)
        assert said.wire == Preview(len(data), data[:16])
        assert seen.problems == []

    def test_a_long_topic(self) -> None:
        said = last([*SUB_PUB, (C, command(b"SUBSCRIBE", b"t" * 5000))]).said
        assert isinstance(said, Subscription)
        assert said.topic == Preview(5000, b"t" * 64)

    def test_a_subscription_of_somebody_else(self) -> None:
        seen = last([*PUSH_PULL, (C, vectors.SUBSCRIBE_AB)])
        assert seen.problems == ["SUBSCRIBE from a PUSH"]
        assert seen.said.faults[0].rule == 'RFC 37, "The Publish-Subscribe Pattern"'
        said = last([*PUSH_PULL, (C, vectors.MESSAGE_AB)]).said
        assert isinstance(said, Message), "the other form is a message like any"


class TestGroups:
    @pytest.mark.parametrize(("data", "name"), [(vectors.JOIN, "JOIN"), (vectors.LEAVE, "LEAVE")])
    def test_join_and_leave(self, data: bytes, name: str) -> None:
        seen = last([*DISH_RADIO, (C, data)])
        assert isinstance(seen.said, Membership)
        assert (seen.said.name, seen.said.group, seen.problems) == (name, whole(b"grp"), [])

    @pytest.mark.parametrize("group", [b"g" * 256, b"a\0b"])
    def test_what_is_no_group(self, group: bytes) -> None:
        assert problems([*DISH_RADIO, (C, command(b"JOIN", group))]) == [
            "a group is at most 255 bytes, none of them zero"
        ]

    def test_somebody_else(self) -> None:
        assert problems([*SUB_PUB, (C, vectors.JOIN)]) == ["JOIN from a SUB"]


class TestHeartbeats:
    @pytest.mark.parametrize(
        ("data", "ttl", "context"),
        [
            (vectors.PING, 0.0, b""),
            (vectors.PING_TTL, 2.5, b""),
            (vectors.PING_MAX_TTL, 6553.5, b""),
            (vectors.PING_CONTEXT, 0.0, b"ctx"),
            (vectors.PING_16, 0.0, b"0123456789abcdef"),
        ],
    )
    def test_ping(self, data: bytes, ttl: float, context: bytes) -> None:
        seen = last([*PUSH_PULL, (C, data)])
        assert isinstance(seen.said, Ping)
        assert (seen.said.ttl, seen.said.context, seen.problems) == (ttl, whole(context), [])

    def test_pong_tells_the_round_trip(self) -> None:
        # The time is the number of the part.
        parts = [(C, vectors.PING), (T, message(b"x")), (T, message(b"x")), (T, vectors.PONG)]
        seen = last([*handshake("PAIR", "PAIR"), *parts])
        assert isinstance(seen.said, Pong)
        assert (seen.said.round_trip, seen.said.context, seen.problems) == (3.0, whole(b""), [])

    def test_contexts_tell_them_apart(self) -> None:
        parts = [
            (C, vectors.PING_16),
            (C, vectors.PING_CONTEXT),
            (T, vectors.PONG_CONTEXT),
            (T, vectors.PONG_16),
        ]
        pongs = [each.said for each in decode([*PUSH_PULL, *parts])[-2:]]
        assert [each.round_trip for each in pongs if isinstance(each, Pong)] == [1.0, 3.0]

    def test_of_equal_ones_the_first_is_answered_first(self) -> None:
        parts = [(C, vectors.PING), (C, vectors.PING), (T, vectors.PONG), (T, vectors.PONG)]
        pongs = [each.said for each in decode([*PUSH_PULL, *parts])[-2:]]
        assert [each.round_trip for each in pongs if isinstance(each, Pong)] == [2.0, 2.0]

    @pytest.mark.parametrize(
        ("parts", "problem"),
        [
            ([(C, vectors.PONG)], "PONG to no PING with this context"),
            ([(T, vectors.PING), (T, vectors.PONG)], "PONG to no PING with this context"),
            ([(C, vectors.PING_CONTEXT), (T, vectors.PONG)], "PONG to no PING with this context"),
            ([(C, vectors.PING_17)], "a PING with a context of 17 bytes, at most 16 allowed"),
            ([(C, vectors.SHORT_PINGS[0].data)], "PING without its time to live"),
            ([(C, vectors.SHORT_PINGS[1].data)], "PING without its time to live"),
        ],
    )
    def test_what_is_wrong(self, parts: list[Part], problem: str) -> None:
        seen = last([*PUSH_PULL, *parts])
        assert seen.problems == [problem]
        assert seen.said.faults[0].rule == 'RFC 37, "Connection Heartbeating"'

    def test_a_context_that_libzmq_cuts_is_answered_as_it_is_cut(self) -> None:
        seen = last([*PUSH_PULL, (C, vectors.PING_17), (T, vectors.PONG_16)])
        assert isinstance(seen.said, Pong)
        assert (seen.said.round_trip, seen.problems) == (1.0, [])

    def test_libzmqs_leak_is_seen(self) -> None:
        """It answers a short PING with bytes of its own memory (ZMTP.md 3.4)."""
        parts = [(C, vectors.SHORT_PINGS[0].data), (T, vectors.LEAKED_PONG)]
        assert problems([*PUSH_PULL, *parts])[-1] == "PONG to no PING with this context"

    def test_a_flood_is_forgotten(self) -> None:
        flood = [(C, vectors.PING_CONTEXT), (C, vectors.PING * 64), (T, vectors.PONG_CONTEXT)]
        assert problems([*PUSH_PULL, *flood]) == ["PONG to no PING with this context"]


class TestOtherCommands:
    def test_an_unknown_one_is_shown(self) -> None:
        seen = last([*PUSH_PULL, (C, command(b"NOISE", b"\x00\x01"))])
        assert type(seen.said) is Command
        assert (seen.said.name, seen.said.data, seen.problems) == ("NOISE", whole(b"\x00\x01"), [])

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (vectors.NAME_TOO_LONG, "malformed unnamed command: the body holds no whole name"),
            (vectors.EMPTY_COMMAND, "malformed unnamed command: the body holds no whole name"),
            (command(b"TO GO"), "the command name b'TO GO' has other characters than letters"),
            (
                command(b"\x1b[31m"),
                "the command name b'\\x1b[31m' has other characters than letters",
            ),
            (vectors.COMMAND_MORE, "a command with the MORE flag"),
            (command(b"WELCOME"), "WELCOME behind the handshake"),
        ],
    )
    def test_what_is_wrong(self, data: bytes, problem: str) -> None:
        assert last([*PUSH_PULL, (C, data)]).problems[0] == problem

    def test_a_name_cannot_reach_the_terminal(self) -> None:
        said = last([*PUSH_PULL, (C, command(b"\x1b[31m"))]).said
        assert isinstance(said, Command)
        assert said.name == "\\x1b[31m"


def test_behind_what_cannot_be_understood_the_rest_is_counted() -> None:
    parts = [
        (C, message(b"good") + vectors.RESERVED_BITS),
        (C, message(b"more")),
        (T, vectors.PING),
    ]
    good, end, ping = decode([*PUSH_PULL, *parts])[-3:]
    assert isinstance(good.said, Message)
    assert isinstance(end.said, Undecoded)
    assert end.said.wire == Preview(len(vectors.RESERVED_BITS), b"")
    assert end.problems == ["reserved bits are set in the flags byte 0xf8"]
    assert isinstance(ping.said, Ping), "the other side is understood"


def test_frames_that_are_none_of_a_message_are_not_mixed_up() -> None:
    data = frame(0x01, b"a") + vectors.PONG + frame(0x00, b"b")
    assert [each.said.kind for each in decode([*REQ_REP, (C, data)])[-2:]] == ["command", "message"]
