"""pyzmtp.cli.trace.text: lines for people."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import (
    Closed,
    Content,
    Ended,
    Frame,
    Listening,
    Message,
    Opened,
    Record,
    Side,
    Unreachable,
)
from pyzmtp.cli.trace.text import TextPrinter
from pyzmtp.constants import SocketType
from tests import vectors
from tests.cli.trace.helpers import (
    CURVE_HANDSHAKE,
    PLAIN,
    REQ_REP,
    C,
    Part,
    T,
    curve_message,
    decode,
    handshake,
)
from tests.helpers import command, greeting, message


def lines_of(records: Iterable[Record], with_wire: bool = False) -> list[str]:
    printer = TextPrinter(with_wire)
    return [line.plain for record in records for line in printer.lines(record)]


def shown(parts: Iterable[Part], with_wire: bool = False) -> list[str]:
    """The lines of a conversation, without the margin of the time."""
    records = [Record(0.0, each.said, 1, each.side, each.socket_type) for each in decode(parts)]
    return [line[24:] for line in lines_of(records, with_wire)]


def test_a_whole_conversation() -> None:
    parts = [*REQ_REP, (C, message(b"", b"hello")), (T, message(b"", b"w\n", b"x" * 300))]
    assert shown(parts) == [
        "1 ->         greeting   ZMTP 3.1, NULL",
        "1 <-         greeting   ZMTP 3.1, NULL",
        "1 <- REP     READY      Socket-Type REP",
        "1 -> REQ     READY      Socket-Type REQ, Identity (empty)",
        "1 -> REQ     message    2 frames, 5 bytes",
        "                        MORE            0  (empty)",
        '                                        5  "hello"',
        "1 <- REP     message    3 frames, 302 bytes",
        "                        MORE            0  (empty)",
        '                        MORE            2  "w\\n"',
        f'                        LONG          300  "{"x" * 64}"...',
    ]


def test_times() -> None:
    def record(at: float) -> Record:
        return Record(at, Opened("127.0.0.1:1"), 12)

    assert lines_of([record(0.25), record(0.2501), record(12.5), record(1234567.0)]) == [
        "  0.250000             12            opened     by 127.0.0.1:1",
        "  0.250100  +0.000100  12            opened     by 127.0.0.1:1",
        " 12.500000 +12.249900  12            opened     by 127.0.0.1:1",
        "1234567.000000 +1234554.500000  12            opened     by 127.0.0.1:1",
    ]


def test_the_beginning() -> None:
    content = Listening("tcp://127.0.0.1:5555", "ipc:///run/x", 1000.0)
    assert lines_of([Record(0.0, content)]) == [
        "listening at tcp://127.0.0.1:5555, target ipc:///run/x"
    ]


@pytest.mark.parametrize(
    ("content", "side", "line"),
    [
        (Opened(""), None, "           opened"),
        (Unreachable("it is refused."), None, "           unreachable target: it is refused."),
        (Ended("", 0), C, "->         ended"),
        (Ended("lost.", 0), T, "<-         ended      lost."),
        (Ended("lost.", 7), T, "<-         ended      lost., 7 bytes passed undecoded"),
        (Ended("", 7), T, "<-         ended      7 bytes passed undecoded"),
        (
            Closed(1.5, {C: 1, T: 0}, {C: 0, T: 2}, {C: 10, T: 20}),
            None,
            "           closed     after 1.500000 s; -> 1 message, 10 bytes; "
            "<- 2 sealed frames, 20 bytes",
        ),
    ],
)
def test_what_becomes_of_connections(content: Content, side: Side | None, line: str) -> None:
    [found] = lines_of([Record(0.0, content, 1, side)])
    assert found[26:] == line


def test_plain() -> None:
    assert shown(PLAIN)[2:] == [
        '1 ->         HELLO      user "u", password hidden',
        "1 <-         WELCOME",
        "1 -> PUSH    INITIATE   Socket-Type PUSH",
        "1 <- PULL    READY      Socket-Type PULL",
        '1 -> PUSH    message    5 bytes, "hello"',
    ]


def test_curve() -> None:
    parts = [*CURVE_HANDSHAKE, (C, curve_message(3, 5)), (T, vectors.ERROR_400)]
    assert shown(parts)[2:7] == [
        "1 ->         HELLO      194 bytes, nonce 1",
        "1 <-         WELCOME    160 bytes",
        "1 ->         INITIATE   20 bytes sealed, nonce 2",
        "1 <-         READY      20 bytes sealed, nonce 1",
        "1 ->         MESSAGE    5 bytes sealed, nonce 3",
    ]


def test_topics_and_groups() -> None:
    parts = [
        *handshake("SUB", "PUB"),
        (C, vectors.SUBSCRIBE_AB + vectors.MESSAGE_CANCEL_C + vectors.SUBSCRIBE_ALL),
        (T, message(b"AB", b"1") + message(b"AB 2")),
    ]
    assert shown(parts)[4:] == [
        '1 -> SUB     SUBSCRIBE  "AB"',
        '1 -> SUB     CANCEL     "C", as a message',
        "1 -> SUB     SUBSCRIBE  (empty)",
        '1 <- PUB     message    topic "AB", 2 frames, 3 bytes',
        '                        MORE            2  "AB"',
        '                                        1  "1"',
        '1 <- PUB     message    4 bytes, topic "AB 2"',
    ]
    assert shown([*handshake("DISH", "RADIO"), (C, vectors.JOIN)])[-1] == (
        '1 -> DISH    JOIN       "grp"'
    )


def test_heartbeats() -> None:
    parts = [
        *handshake("PUSH", "PULL"),
        (C, vectors.PING_TTL),
        (T, vectors.PONG),
        (C, vectors.PING_CONTEXT),
        (T, vectors.PONG_CONTEXT),
        (T, vectors.PONG),
    ]
    assert shown(parts)[4:] == [
        "1 -> PUSH    PING       time to live 2.5 s",
        "1 <- PULL    PONG       round trip 1000.000 ms",
        '1 -> PUSH    PING       time to live 0 s, context "ctx"',
        '1 <- PULL    PONG       round trip 1000.000 ms, context "ctx"',
        "1 <- PULL    PONG",
        "                        !! PONG to no PING with this context "
        '(RFC 37, "Connection Heartbeating")',
    ]


def test_refusals() -> None:
    both = [(C, greeting()), (T, greeting())]
    assert shown([*both, (T, vectors.ERROR_400)])[-1] == (
        '1 <-         ERROR      "400", an authentication failure (RFC 27)'
    )
    assert shown([*both, (T, command(b"ERROR", b"\x04\x1b[2J"))])[-1] == (
        "1 <-         ERROR      1b 5b 32 4a"
    )


def test_other_commands() -> None:
    parts = [
        *handshake("PUSH", "PULL"),
        (C, command(b"NOISE", b"\x00") + command(b"QUIET") + vectors.EMPTY_COMMAND),
        (T, command(b"WELCOME", b"late")),
    ]
    assert shown(parts)[4:] == [
        "1 -> PUSH    NOISE      00",
        "1 -> PUSH    QUIET      (empty)",
        "1 -> PUSH    command    (empty)",
        "                        !! malformed unnamed command: the body holds no whole name "
        '(RFC 37, "Formal Grammar")',
        "1 <- PULL    WELCOME    4 bytes",
        '                        !! WELCOME behind the handshake (RFC 37, "Formal Grammar")',
    ]


def test_old_versions() -> None:
    parts = [
        (C, vectors.SIGNATURE + b"\x01\x05\x00\x03xyz"),
        (T, vectors.SIGNATURE + b"\x03\x06\x00\x00"),
    ]
    assert shown(parts) == [
        "1 -> DEALER  greeting   ZMTP 2.0, socket type DEALER",
        '1 -> DEALER  identity   "xyz", ZMTP 2.0',
        "1 <- ROUTER  greeting   ZMTP 2.0, socket type ROUTER",
        "1 <- ROUTER  identity   (empty), ZMTP 2.0",
    ]


def test_a_server() -> None:
    data = bytearray(greeting(b"PLAIN"))
    data[32] = 1
    assert shown([(T, bytes(data))]) == ["1 <-         greeting   ZMTP 3.1, PLAIN, as server"]


def test_what_is_no_zmtp() -> None:
    assert shown([(C, b"GET / HTTP/1.1\r\n")]) == [
        "1 ->         undecoded  all that this side says from here on",
        "                        !! no ZMTP: it begins with b'GET / HTTP' "
        '(RFC 37, "Formal Grammar")',
    ]


def test_the_wire() -> None:
    parts = [*handshake("PUSH", "PULL"), (C, message(b"hi"))]
    assert shown(parts, with_wire=True)[-2:] == [
        '1 -> PUSH    message    2 bytes, "hi"',
        "                        00 02 68 69",
    ]
    assert shown(parts, with_wire=True)[1] == (
        "                        ff 00 00 00 00 00 00 00 01 7f 03 01 4e 55 4c 4c .. (64 bytes)"
    )


def test_of_many_frames_the_rest_is_counted() -> None:
    parts = [*handshake("PUSH", "PULL"), (C, message(*[b"x"] * 33))]
    assert shown(parts)[-1] == "                        and 1 frame more"
    parts = [*handshake("PUSH", "PULL"), (C, message(*[b"x"] * 34))]
    assert shown(parts)[-1] == "                        and 2 frames more"


def test_colours_tell_the_sides_apart_and_what_is_wrong() -> None:
    printer = TextPrinter()
    said = Message((Frame((), Preview(1, b"x")),), 1, 1, wire=Preview(3, b"\0\1x"))
    styles = {
        side: {str(span.style) for line in printer.lines(Record(0.0, said, 1, side, SocketType.PUSH))
               for span in line.spans}
        for side in Side
    }  # fmt: skip
    assert styles == {C: {"dim", "bold cyan"}, T: {"dim", "bold green"}}
    [wrong] = [each.said for each in decode([(C, b"GET / HTTP/1.1\r\n")])]
    *_, fault = printer.lines(Record(0.0, wrong, 1, C))
    assert str(fault.style) == "bold red"
