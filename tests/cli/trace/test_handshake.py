"""pyzmtp.cli.trace.handshake: NULL, PLAIN and CURVE, and where they go wrong."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from pyzmtp.cli.trace.decoder import Decoder
from pyzmtp.cli.trace.json_lines import json_line
from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import (
    Command,
    Hello,
    Message,
    Metadata,
    Record,
    Refusal,
    Sealed,
    Undecoded,
)
from pyzmtp.cli.trace.text import TextPrinter
from pyzmtp.constants import SocketType
from tests import vectors
from tests.cli.trace.helpers import (
    CURVE_HANDSHAKE,
    CURVE_HELLO,
    CURVE_INITIATE,
    CURVE_READY,
    CURVE_WELCOME,
    HELLO,
    INITIATE,
    PLAIN,
    REQ_REP,
    WELCOME,
    C,
    Part,
    Seen,
    T,
    curve_message,
    decode,
    handshake,
    last,
    problems,
)
from tests.helpers import command, frame, greeting, message, properties, ready

BOTH = [(C, greeting()), (T, greeting())]
BOTH_PLAIN = [(C, greeting(b"PLAIN")), (T, greeting(b"PLAIN"))]
BOTH_CURVE = [(C, greeting(b"CURVE")), (T, greeting(b"CURVE"))]


def shown(seen: list[Seen]) -> str:
    """All that a user sees of it, in every form."""
    printer = TextPrinter(with_wire=True)
    records = [Record(0.0, each.said, 1, each.side, each.socket_type) for each in seen]
    lines = [line.plain for record in records for line in printer.lines(record)]
    return "\n".join([*lines, *(json_line(record, with_wire=True) for record in records)])


class TestNull:
    def test_ready(self) -> None:
        seen = last([*BOTH, (C, vectors.READY_DEALER_ABC)])
        assert isinstance(seen.said, Metadata)
        assert (seen.said.name, seen.said.size) == ("READY", len(vectors.READY_DEALER_ABC) - 8)
        assert seen.said.properties == {
            "Socket-Type": Preview(6, b"DEALER"),
            "Identity": Preview(3, b"abc"),
        }
        assert seen.said.wire == Preview(46, vectors.READY_DEALER_ABC[:16])
        assert seen.socket_type is SocketType.DEALER
        assert seen.problems == []

    def test_a_value_is_shown_as_far_as_is_asked_for(self) -> None:
        data = ready("PUSH", (b"X-long", b"y" * 100))
        said = last([*BOTH, (C, data)], limit=8).said
        assert isinstance(said, Metadata)
        assert said.properties["X-long"] == Preview(100, b"y" * 8)

    def test_names_count_in_any_case(self) -> None:
        data = command(b"READY", properties([(b"socket-TYPE", b"PUSH")]))
        assert last([*BOTH, (C, data)]).socket_type is SocketType.PUSH

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (vectors.READY_WITHOUT_TYPE, "READY without Socket-Type"),
            (vectors.READY_NOTHING, "READY without Socket-Type"),
            (vectors.READY_LOWER_VALUE, "the Socket-Type b'push' is unknown"),
            (vectors.READY_FLAGS_00, "a handshake command without the COMMAND flag"),
            (vectors.READY_FLAGS_05, "a command with the MORE flag"),
            (vectors.READY_LOWER_CASE, "ready where READY should be"),
            (vectors.BAD_IDENTITIES[0].data, "an Identity of 256 bytes, at most 255 allowed"),
            (vectors.BAD_IDENTITIES[2].data, "the Identity begins with a zero byte"),
            (WELCOME, "WELCOME where READY should be"),
        ],
    )
    def test_what_is_wrong_with_it(self, data: bytes, problem: str) -> None:
        seen = last([*BOTH, (C, data)])
        assert seen.problems[0] == problem
        assert seen.said.faults[0].rule.startswith("RFC 37")

    @pytest.mark.parametrize("vector", vectors.BAD_READIES, ids=str)
    def test_bad_metadata(self, vector: vectors.Vector) -> None:
        seen = last([*BOTH, (C, vector.data)])
        assert type(seen.said) is Command
        [problem] = seen.problems
        assert problem.startswith("malformed READY command: ")

    def test_reserved_bits(self) -> None:
        seen = last([*BOTH, (C, vectors.READY_FLAGS_FC)])
        assert isinstance(seen.said, Undecoded)

    def test_types_that_cannot_talk(self) -> None:
        one, other = decode(handshake("REQ", "PUB"))[-2:]
        assert one.problems == []
        assert other.problems == ["a PUB socket cannot talk to a REQ socket"]
        assert other.said.faults[0].rule == 'RFC 37, "The Socket-Type Property"'

    def test_ready_twice(self) -> None:
        seen = last([*handshake("PUSH", "PULL"), (C, ready("PUSH"))])
        assert seen.problems == ["READY behind the handshake"]

    @pytest.mark.parametrize(("data", "reason"), vectors.ERRORS, ids=str)
    def test_error(self, data: vectors.Vector, reason: str) -> None:
        seen = last([*BOTH, (T, data.data)])
        assert isinstance(seen.said, Refusal)
        assert (seen.said.reason, seen.problems) == (reason, [])

    @pytest.mark.parametrize("vector", vectors.BAD_ERRORS, ids=str)
    def test_bad_errors(self, vector: vectors.Vector) -> None:
        assert problems([*BOTH, (T, vector.data)]) == [
            "malformed ERROR command: the reason is cut short"
        ]

    @pytest.mark.parametrize("data", [vectors.NAME_TOO_LONG, vectors.EMPTY_COMMAND])
    def test_a_command_without_a_name(self, data: bytes) -> None:
        seen = last([*BOTH, (C, data)])
        assert seen.said == Command(
            "", len(data) - 2, wire=Preview(len(data), data[:2]), faults=seen.said.faults
        )
        assert seen.problems == ["malformed unnamed command: the body holds no whole name"]

    def test_a_message_before_ready(self) -> None:
        seen = last([*BOTH, (C, message(b"too early"))])
        assert isinstance(seen.said, Message)
        assert seen.problems == ["a message before the handshake is over"]

    def test_behind_which_the_handshake_may_go_on(self) -> None:
        parts = [*BOTH, (C, message(b"too", b"early") + ready("PUSH")), (T, ready("PULL"))]
        seen = decode([*parts, (C, message(b"in time"))])
        assert [each.problems for each in seen[2:]] == [
            ["a message before the handshake is over"],
            [],
            [],
            [],
        ]
        early = seen[2].said
        assert isinstance(early, Message)
        assert [each.body for each in early.frames] == [Preview(3, b""), Preview(5, b"")]

    def test_commands_without_end_cost_nothing(self) -> None:
        client, _ = Decoder.pair(64)
        list(client.feed(greeting(), 0.0))
        tracemalloc.start()
        for _ in range(20_000):
            assert len(list(client.feed(command(b"X" * 200), 0.0))) == 1
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size < 1 << 17

    def test_a_message_before_the_others_ready(self) -> None:
        """libzmq closes the connection (ZMTP.md 4)."""
        parts = [*BOTH, (C, ready("PUSH") + message(b"1")), (T, ready("PULL")), (C, message(b"2"))]
        [early] = problems(parts)
        assert early == "it comes before the other side's part of the handshake"

    def test_which_zmtp_3_0_allows(self) -> None:
        old = greeting(version=(3, 0))
        parts = [(C, old), (T, greeting()), (C, ready("PUSH") + message(b"1"))]
        assert problems(parts) == []

    def test_a_ready_that_is_too_long_to_be_looked_at(self) -> None:
        seen = last([*BOTH, (C, ready("PUSH", (b"X", bytes(1 << 17))))])
        assert type(seen.said) is Command
        assert (seen.said.name, seen.problems) == ("READY", [])
        assert seen.said.size > 1 << 17


class TestPlain:
    def test_all_of_it(self) -> None:
        seen = decode(PLAIN)
        assert [(each.side, each.said.kind) for each in seen] == [
            (C, "greeting"), (T, "greeting"), *[(C, "command"), (T, "command")] * 2, (C, "message")
        ]  # fmt: skip
        hello, welcome, initiate, ready_ = (each.said for each in seen[2:6])
        assert isinstance(hello, Hello)
        assert (hello.user, hello.size) == (Preview(1, b"u"), 5)
        assert type(welcome) is Command
        assert isinstance(initiate, Metadata)
        assert isinstance(ready_, Metadata)
        assert problems(PLAIN) == []

    SECRET = b"correct horse"

    @pytest.mark.parametrize(
        "data",
        [
            command(b"HELLO", b"\x05admin\x0d" + SECRET),
            command(b"HELLO", b"\x05admin\x0e" + SECRET),  # cut short
            command(b"HELLO", b"\x05admin\x0c" + SECRET),  # bytes behind it
            command(b"HELLO", b"\x05admin" + SECRET),  # no length
            command(b"HELLO", SECRET),
            command(b"hello", b"\x05admin\x0d" + SECRET),
            command(b"LOGIN", SECRET),
            frame(0x00, b"\x05HELLO\x05admin\x0d" + SECRET),  # without the COMMAND flag
            frame(0x00, b"\x05hello\x05admin\x0d" + SECRET),
            frame(0x04, b"\xffHELLO\x05admin\x0d" + SECRET),  # no whole name
            frame(0x00, SECRET),
            frame(0x04, SECRET),
            message(b"too early", SECRET),
            message(b"too early") + frame(0x00, b"\x05HELLO\x05admin\x0d" + SECRET),
            command(b"HELLO", b"\x05admin\x0d" + SECRET) * 2,
            command(b"READY", b"\x05admin\x0d" + SECRET) * 2,
        ],
    )
    @pytest.mark.parametrize("mechanism", [b"PLAIN", b"GSSAPI", b"NULL"])
    @pytest.mark.parametrize("size", [1, 10, None])
    def test_a_password_is_never_shown(
        self, data: bytes, mechanism: bytes, size: int | None
    ) -> None:
        both = [(C, greeting(mechanism)), (T, greeting(mechanism))]
        seen = decode([*both, (C, data)], size, limit=4096)
        assert len(seen) > 2
        assert_hidden(self.SECRET, shown(seen))

    def test_nor_is_it_behind_the_handshake(self) -> None:
        late = command(b"HELLO", b"\x05admin\x0d" + self.SECRET)
        seen = decode([*PLAIN, (C, late)])
        assert seen[-1].problems == ["HELLO behind the handshake"]
        assert_hidden(self.SECRET, shown(seen))

    def test_nor_when_nothing_is_understood_any_more(self) -> None:
        late = b"\xf8" + command(b"HELLO", b"\x05admin\x0d" + self.SECRET)
        assert_hidden(self.SECRET, shown(decode([*BOTH_PLAIN, (C, late)])))

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (
                command(b"HELLO", b"\x01u\x03pw"),
                "malformed HELLO command: the password is cut short",
            ),
            (command(b"HELLO", b"\x01"), "malformed HELLO command: the name is cut short"),
            (command(b"HELLO"), "malformed HELLO command: the name is cut short"),
            (
                command(b"HELLO", b"\x01u\x02pwx"),
                "malformed HELLO command: there are bytes behind the password",
            ),
            (INITIATE, "INITIATE where HELLO or WELCOME should be"),
            (vectors.PING, "PING where HELLO or WELCOME should be"),
        ],
    )
    def test_what_is_wrong_with_hello(self, data: bytes, problem: str) -> None:
        seen = last([*BOTH_PLAIN, (C, data)])
        assert seen.problems[0] == problem
        assert seen.said.faults[0].rule == 'RFC 24, "Implementation"'

    @pytest.mark.parametrize(
        ("parts", "expected"),
        [
            ([(C, HELLO), (T, HELLO)], "both sides are clients"),
            ([(T, WELCOME)], "WELCOME before the other side's HELLO"),
            ([(C, HELLO + INITIATE)], "INITIATE before the other side's WELCOME"),
            (
                [(C, HELLO), (T, WELCOME + ready("PULL"))],
                "READY before the other side's INITIATE",
            ),
            ([(C, HELLO), (T, ready("PULL"))], "READY where HELLO or WELCOME should be"),
            ([(C, HELLO), (T, command(b"WELCOME", b"x"))], "WELCOME has data"),
            ([(C, HELLO), (C, vectors.ERROR_400)], "ERROR from a client"),
            ([(C, HELLO), (C, HELLO)], "HELLO where INITIATE should be"),
        ],
    )  # fmt: skip
    def test_the_order_of_things(self, parts: list[Part], expected: str) -> None:
        assert problems([*BOTH_PLAIN, *parts]) == [expected]

    def test_error_in_either_spelling(self) -> None:
        right, wrong = (
            last([*BOTH_PLAIN, (C, HELLO), (T, data)])
            for data in (vectors.ERROR_400, vectors.ERROR_OF_PLAIN)
        )
        assert isinstance(right.said, Refusal)
        assert isinstance(wrong.said, Refusal)
        assert (right.said.reason, right.problems) == ("400", [])
        assert (wrong.said.reason, wrong.problems) == (
            "400",
            ["ERROR is spelt ^RROR, as libzmq does"],
        )


class TestCurve:
    def test_all_of_it(self) -> None:
        parts = [
            *CURVE_HANDSHAKE,
            (C, curve_message(3, 5)),
            (T, curve_message(2, 300)),
            (C, curve_message(7, 0, flags=0x04)),
        ]
        assert problems(parts) == []
        sealed = [each.said for each in decode(parts)[2:]]
        assert [
            (each.name, each.payload, each.nonce) for each in sealed if isinstance(each, Sealed)
        ] == [
            ("HELLO", None, 1),
            ("WELCOME", None, None),
            ("INITIATE", 20, 2),
            ("READY", 20, 1),
            ("MESSAGE", 5, 3),
            ("MESSAGE", 300, 2),
            ("MESSAGE", 0, 7),
        ]
        assert all(each.size == len(data) - 2 - 1 - len(each.name)
                   for each, (_, data) in zip(sealed[:2], CURVE_HANDSHAKE[2:4], strict=True)
                   if isinstance(each, Sealed))  # fmt: skip

    @pytest.mark.parametrize(
        ("parts", "problem"),
        [
            ([(C, command(b"HELLO", bytes(193)))], "HELLO of 199 bytes, not 200"),
            ([(C, command(b"HELLO", bytes(195)))], "HELLO of 201 bytes, not 200"),
            ([(C, command(b"HELLO", b"\x02\x00" + bytes(192)))], "CurveZMQ 2.0, not 1.0"),
            (
                [(C, CURVE_HELLO), (T, command(b"WELCOME", bytes(159)))],
                "WELCOME of 167 bytes, not 168",
            ),
            (
                [(C, CURVE_HELLO), (T, CURVE_WELCOME), (C, command(b"INITIATE", bytes(247)))],
                "INITIATE of 256 bytes, not 257 or more",
            ),
            ([*CURVE_HANDSHAKE[2:5], (T, command(b"READY"))], "READY of 6 bytes, not 30 or more"),
            ([(C, CURVE_INITIATE)], "INITIATE where HELLO or WELCOME should be"),
            ([(T, CURVE_READY)], "READY where HELLO or WELCOME should be"),
        ],
    )
    def test_what_is_wrong_with_the_handshake(self, parts: list[Part], problem: str) -> None:
        seen = last([*BOTH_CURVE, *parts])
        assert seen.problems == [problem]
        assert seen.said.faults[0].rule == 'RFC 26, "CurveZMQ Commands"'

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (curve_message(2, 5), "the nonce 2 comes after 2"),
            (curve_message(0, 5), "the nonce 0 comes after 2"),
            (curve_message(3, -1), "MESSAGE of 32 bytes, not 33 or more"),
            (message(b"in the clear"), "no MESSAGE behind the handshake"),
            (vectors.PING, "no MESSAGE behind the handshake"),
            (vectors.ERROR_400, "no MESSAGE behind the handshake"),
        ],
    )
    def test_what_is_wrong_behind_it(self, data: bytes, problem: str) -> None:
        assert problems([*CURVE_HANDSHAKE, (C, data)]) == [problem]

    def test_a_nonce_that_comes_again(self) -> None:
        again = curve_message(9, 5) * 2 + curve_message(10, 1)
        assert problems([*CURVE_HANDSHAKE, (C, again)]) == ["the nonce 9 comes after 9"]

    def test_a_refusal_is_in_the_clear(self) -> None:
        seen = last([*CURVE_HANDSHAKE[:5], (T, vectors.ERROR_400)])
        assert isinstance(seen.said, Refusal)
        assert seen.problems == []


class TestOthers:
    """A mechanism that the trace does not know, such as GSSAPI: only names and sizes are told."""

    PARTS = (
        (C, greeting(b"GSSAPI")),
        (T, greeting(b"GSSAPI")),
        (C, command(b"INITIATE", b"\0\0\0\x04abcd")),
        (T, command(b"INITIATE", b"\0\0\0\x04efgh")),
        (C, command(b"READY", b"sealed")),
        (T, command(b"READY", b"sealed too")),
    )

    def test_names_and_sizes(self) -> None:
        seen = decode(self.PARTS)[2:]
        assert [
            (each.said.name, each.said.size, each.said.payload)
            for each in seen
            if isinstance(each.said, Sealed)
        ] == [("INITIATE", 8, None), ("INITIATE", 8, None), ("READY", 6, None), ("READY", 10, None)]
        assert_hidden(b"abcd", shown(seen))
        assert_hidden(b"sealed", shown(seen))

    def test_messages_of_a_mechanism_that_seals_them_or_does_not(self) -> None:
        seen = decode(
            [*self.PARTS, (C, frame(0x00, b"\x07MESSAGE" + bytes(30))), (C, message(b"x"))]
        )
        sealed, clear = seen[-2:]
        assert isinstance(sealed.said, Sealed)
        assert (sealed.said.name, sealed.said.size) == ("MESSAGE", 30)
        assert isinstance(clear.said, Message)


def assert_hidden(secret: bytes, text: str) -> None:
    """Nothing of ``text`` tells a part of the secret, as text or in hexadecimal."""
    compact = text.replace(" ", "")
    for start in range(len(secret) - 3):
        part = secret[start : start + 4]
        assert part.decode() not in text
        assert part.hex() not in compact


def test_a_secret_would_be_found() -> None:
    with pytest.raises(AssertionError):
        assert_hidden(b"secret", "see the cret")
    with pytest.raises(AssertionError):
        assert_hidden(b"secret", json.dumps({"wire": b"xsecr".hex(" ")}))


def test_the_greeting_of_the_second_speaks_of_the_first() -> None:
    """In :data:`REQ_REP` nothing is wrong: whole, byte by byte, and as libzmq stages it."""
    for size in (None, 1, 10):
        assert [each.problems for each in decode(REQ_REP, size)] == [[]] * 4
