"""pyzmtp.cli.trace.json_lines: records for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from pyzmtp.cli.trace import json_lines, records
from pyzmtp.cli.trace.json_lines import json_line
from pyzmtp.cli.trace.records import Closed, Content, Ended, Listening, Opened, Record, Unreachable
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
from tests.helpers import command, message

DOCUMENT = Path(__file__).parents[3] / "docs" / "trace.md"


def value_of(record: Record, with_wire: bool = False) -> dict[str, Any]:
    line = json_line(record, with_wire)
    assert "\n" not in line
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


def last(parts: list[Part], with_wire: bool = False) -> dict[str, Any]:
    """The last thing of a conversation, without what all have."""
    seen = decode(parts)[-1]
    value = value_of(Record(0.5, seen.said, 1, seen.side, seen.socket_type), with_wire)
    assert (value.pop("at"), value.pop("connection")) == (0.5, 1)
    return value


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (
            Record(0.0, Listening("tcp://127.0.0.1:1", "ipc:///x", 1234.5)),
            {
                "at": 0.0,
                "type": "listening",
                "address": "tcp://127.0.0.1:1",
                "target": "ipc:///x",
                "since": 1234.5,
            },
        ),
        (
            Record(0.1234567, Opened("127.0.0.1:1"), 3),
            {"at": 0.123457, "connection": 3, "type": "opened", "address": "127.0.0.1:1"},
        ),
        (Record(0.0, Opened(""), 3), {"at": 0.0, "connection": 3, "type": "opened"}),
        (
            Record(0.0, Unreachable("no."), 3),
            {"at": 0.0, "connection": 3, "type": "unreachable", "problem": "no."},
        ),
        (
            Record(0.0, Ended("", 0), 3, T),
            {"at": 0.0, "connection": 3, "from": "target", "type": "ended", "undecoded": 0},
        ),
        (
            Record(0.0, Closed(1.5, {C: 1, T: 0}, {C: 0, T: 2}, {C: 3, T: 4}), 3),
            {
                "at": 0.0,
                "connection": 3,
                "type": "closed",
                "seconds": 1.5,
                "messages": {"client": 1, "target": 0},
                "sealed": {"client": 0, "target": 2},
                "bytes": {"client": 3, "target": 4},
            },
        ),
    ],
)
def test_what_becomes_of_connections(record: Record, value: dict[str, Any]) -> None:
    assert value_of(record) == value


PUSH_PULL = [*handshake("PUSH", "PULL")]
EMPTY = {"size": 0, "text": ""}


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        (
            [(C, vectors.GREETING)],
            {"from": "client", "type": "greeting", "version": "3.1", "mechanism": "NULL"},
        ),
        (
            [*REQ_REP],
            {
                "from": "client",
                "socket_type": "REQ",
                "type": "command",
                "name": "READY",
                "size": 35 - 3,
                "properties": {"Socket-Type": {"size": 3, "text": "REQ"}, "Identity": EMPTY},
            },
        ),
        (
            [*PLAIN][:3],
            {
                "from": "client",
                "type": "command",
                "name": "HELLO",
                "size": 5,
                "user": {"size": 1, "text": "u"},
            },
        ),
        (
            [*REQ_REP, (C, message(b"", b"\xff" * 300))],
            {
                "from": "client",
                "socket_type": "REQ",
                "type": "message",
                "frames": [
                    {"flags": ["MORE"], "size": 0, "text": ""},
                    {"flags": ["LONG"], "size": 300, "hex": "ff" * 64, "cut": True},
                ],
                "count": 2,
                "size": 300,
            },
        ),
        (
            [*handshake("SUB", "PUB"), (C, vectors.MESSAGE_AB)],
            {
                "from": "client",
                "socket_type": "SUB",
                "type": "command",
                "name": "SUBSCRIBE",
                "size": 2,
                "topic": {"size": 2, "text": "AB"},
                "as_message": True,
            },
        ),
        (
            [*PUSH_PULL, (C, vectors.PING), (T, vectors.PONG)],
            {
                "from": "target",
                "socket_type": "PULL",
                "type": "command",
                "name": "PONG",
                "size": 0,
                "context": EMPTY,
                "round_trip": 1.0,
            },
        ),
        (
            [*PUSH_PULL, (C, vectors.PING)],
            {
                "from": "client",
                "socket_type": "PUSH",
                "type": "command",
                "name": "PING",
                "size": 2,
                "ttl": 0.0,
                "context": EMPTY,
            },
        ),
        (
            [*CURVE_HANDSHAKE, (C, curve_message(3, 0))],
            {
                "from": "client",
                "type": "command",
                "name": "MESSAGE",
                "size": 25,
                "payload": 0,
                "nonce": 3,
            },
        ),
        (
            [(C, vectors.SIGNATURE + b"\x01\x05"), (T, vectors.SIGNATURE + b"\x01\xc8")],
            {
                "from": "target",
                "type": "greeting",
                "version": "2.0",
                "socket_type": "200",
                "faults": [
                    {
                        "problem": "the socket type 200 is unknown",
                        "rule": 'RFC 15, "Formal Grammar"',
                    }
                ],
            },
        ),
        (
            [(C, vectors.SIGNATURE + b"\x01\x05")],
            {
                "from": "client",
                "type": "greeting",
                "version": "2.0",
                "socket_type": "DEALER",
            },
        ),
        (
            [*PUSH_PULL, (C, command(b"NOISE", b"\x00"))],
            {
                "from": "client",
                "socket_type": "PUSH",
                "type": "command",
                "name": "NOISE",
                "size": 1,
                "data": {"size": 1, "hex": "00"},
            },
        ),
    ],
)  # fmt: skip
def test_what_sides_say(parts: list[Part], value: dict[str, Any]) -> None:
    assert last(parts) == value


def test_the_wire_is_in_it_if_that_is_asked() -> None:
    parts = [*PUSH_PULL, (C, message(b"hi"))]
    assert last(parts, with_wire=True)["wire"] == "00026869"
    assert "wire" not in last(parts)


def test_all_fields_are_documented() -> None:
    """In the table of docs/trace.md, by the name of each kind of record."""
    documented: dict[str, set[str]] = {}
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            for kind in re.findall(r"`(\w+)`", cells[0]):
                documented.setdefault(kind, set()).update(re.findall(r"`(\w+)`", cells[1]))
    expected: dict[str, set[str]] = {}
    for name in records.__all__:
        kind = getattr(records, name)
        if isinstance(kind, type) and issubclass(kind, Content) and hasattr(kind, "kind"):
            fields = {field.name for field in attrs.fields(kind)} - {"faults", "wire"}
            expected.setdefault(kind.kind, set()).update(fields)
    assert {kind: documented.get(kind) for kind in expected} == expected
    assert documented["dropped"] == {"lines"}
    assert documented["any"] == {
        "at", "connection", "from", "socket_type", "type", "faults", "wire"
    }  # fmt: skip
    assert json_lines.__doc__ is not None
    assert "docs/trace.md" in json_lines.__doc__
