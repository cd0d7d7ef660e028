"""pyzmtp.cli.trace.tracing: what a relay sees becomes records, in their order, with their times."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.task import Clock

from pyzmtp.cli.trace.records import (
    Closed,
    Ended,
    Greeting,
    Listening,
    Message,
    Metadata,
    Opened,
    Pong,
    Record,
    Sealed,
    Side,
    Unreachable,
)
from pyzmtp.cli.trace.tracing import Trace
from pyzmtp.constants import SocketType
from tests import vectors
from tests.cli.trace.helpers import (
    CURVE_HANDSHAKE,
    C,
    T,
    curve_message,
    handshake,
)
from tests.helpers import message, ready

CLIENT = IPv4Address("TCP", "127.0.0.1", 50000)
OURS = IPv4Address("TCP", "127.0.0.1", 5555)


class Traced:
    """A trace with a clock, and the records that come of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000.0)
        self.records: list[Record] = []
        self.trace = Trace(self.clock.seconds, self.records.append, 64)

    def take(self) -> list[Record]:
        taken, self.records[:] = list(self.records), []
        return taken


def test_times_count_from_the_beginning() -> None:
    traced = Traced()
    traced.trace.begin("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556")
    traced.clock.advance(0.5)
    watch = traced.trace.watch(1, CLIENT, OURS)
    traced.clock.advance(0.25)
    watch.heard(C, vectors.GREETING + vectors.READY_PUSH)
    listening, opened, greeting, ready_ = traced.take()
    assert listening == Record(
        0.0, Listening("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556", 1000.0)
    )
    assert opened == Record(0.5, Opened("127.0.0.1:50000"), 1)
    assert isinstance(greeting.content, Greeting)
    assert (greeting.at, greeting.connection, greeting.side, greeting.socket_type) == (
        0.75,
        1,
        Side.CLIENT,
        None,
    )
    assert isinstance(ready_.content, Metadata)
    assert (ready_.at, ready_.socket_type) == (0.75, SocketType.PUSH)


def test_a_client_without_an_address() -> None:
    traced = Traced()
    traced.trace.watch(1, UNIXAddress(None), UNIXAddress("/run/x"))
    assert traced.take() == [Record(0.0, Opened(""), 1)]


def test_connections_are_apart() -> None:
    traced = Traced()
    one, two = (traced.trace.watch(number, CLIENT, OURS) for number in (1, 2))
    one.heard(C, vectors.GREETING[:40])
    two.heard(C, vectors.GREETING)
    one.heard(C, vectors.GREETING[40:])
    assert [record.connection for record in traced.take()] == [1, 2, 2, 1]


def test_what_one_side_says_may_explain_what_the_other_said() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    watch.heard(T, vectors.SIGNATURE)
    traced.take()
    watch.heard(C, vectors.UNVERSIONED_NO_ID)
    assert [(record.side, record.content.kind) for record in traced.take()] == [
        (C, "identity"),
        (T, "identity"),
    ]


def test_a_round_trip_is_measured_between_chunks() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    for side, data in handshake("PUSH", "PULL"):
        watch.heard(side, data)
    watch.heard(C, vectors.PING)
    traced.clock.advance(0.125)
    watch.heard(T, vectors.PONG)
    pong = traced.take()[-1].content
    assert isinstance(pong, Pong)
    assert pong.round_trip == 0.125


def test_what_passed_is_told_in_the_end() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    passed = dict.fromkeys(Side, 0)
    for side, data in (*handshake("PUSH", "PULL"), (C, message(b"a", b"b") + message(b"c"))):
        watch.heard(side, data)
        passed[side] += len(data)
    traced.clock.advance(2.0)
    traced.take()
    watch.ended(C, "")
    watch.ended(T, "Connection lost.")
    watch.closed()
    one, other, closed = traced.take()
    assert one == Record(2.0, Ended("", 0), 1, C)
    assert other == Record(2.0, Ended("Connection lost.", 0), 1, T)
    assert closed == Record(2.0, Closed(2.0, {C: 2, T: 0}, {C: 0, T: 0}, passed), 1)


def test_what_is_sealed_is_counted_apart() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    for side, data in (*CURVE_HANDSHAKE, (C, curve_message(3, 5) + curve_message(4, 5))):
        watch.heard(side, data)
    assert isinstance(traced.take()[-1].content, Sealed)
    watch.closed()
    closed = traced.take()[-1].content
    assert isinstance(closed, Closed)
    assert (closed.messages, closed.sealed) == ({C: 0, T: 0}, {C: 2, T: 0})


def test_an_end_in_the_middle_is_marked_once() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    watch.heard(C, vectors.GREETING + ready("PUSH")[:5])
    traced.take()
    watch.ended(C, "")
    watch.ended(C, "Connection lost.")
    first, second = (record.content for record in traced.take())
    assert [fault.problem for fault in first.faults] == [
        "the end came behind 3 of 26 bytes of a frame's body"
    ]
    assert second == Ended("Connection lost.", 0)


def test_what_passed_undecoded_is_counted() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    watch.heard(C, b"GET / HTTP/1.1\r\n")
    watch.heard(C, b"\r\n")
    watch.ended(C, "")
    assert traced.take()[-1].content == Ended("", 18)


def test_a_target_that_is_down() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    watch.unreachable("Connection refused.")
    assert traced.take()[-1] == Record(0.0, Unreachable("Connection refused."), 1)


def test_a_message_of_a_type_that_is_told_in_the_same_chunk() -> None:
    traced = Traced()
    watch = traced.trace.watch(1, CLIENT, OURS)
    watch.heard(T, vectors.GREETING + ready("SUB"))
    watch.heard(C, vectors.GREETING + ready("PUB") + message(b"topic", b"x"))
    said = traced.take()[-1]
    assert isinstance(said.content, Message)
    assert said.socket_type is SocketType.PUB
    assert said.content.topic is not None
