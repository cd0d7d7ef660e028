"""Events: values that name what happened, and libzmq's number for it."""

from __future__ import annotations

import attrs
import pytest

from pyzmtp.constants import SocketType
from pyzmtp.engine import events
from pyzmtp.errors import (
    AuthenticationFailed,
    CommandError,
    CommandTooLarge,
    HandshakeTimeout,
    IncompatibleSocketType,
    MechanismMismatch,
    MetadataError,
    PeerRefused,
    UnexpectedCommand,
)
from pyzmtp.peer import Peer

ADDRESS = "tcp://127.0.0.1:5555"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MechanismMismatch("NULL", "CURVE"), 0x11000002),  # ZMTP.md 1.6
        (UnexpectedCommand("PING", "READY"), 0x10000001),  # 4
        (CommandError("ERROR", "short"), 0x10000015),
        (CommandError("unnamed", "short"), 0x10000011),
        (MetadataError("READY", "short"), 0x10000018),  # 3.1
        (IncompatibleSocketType(SocketType.PUSH, "SUB"), 0x10000018),
        (HandshakeTimeout(30.0), 0),
        (ConnectionResetError(), 0),
    ],
    ids=repr,
)
def test_a_failed_handshake_tells_libzmqs_number(error: Exception, code: int) -> None:
    event = events.HandshakeFailed(ADDRESS, "127.0.0.1:40123", error)
    assert event.libzmq_code == code
    assert (event.address, event.peer_address, event.error) == (ADDRESS, "127.0.0.1:40123", error)


def test_all_events_are_exported_share_a_base_and_cannot_be_changed() -> None:
    classes = [getattr(events, name) for name in events.__all__]
    subclasses = {events.Event, *events.Event.__subclasses__()}
    assert set(classes) == subclasses
    for cls in classes:
        assert attrs.fields(cls)[0].name == "address"
        event = cls(ADDRESS, *[None] * (len(attrs.fields(cls)) - 1))
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            event.address = "elsewhere"


def test_events_compare_by_what_they_say_and_peers_by_who_they_are() -> None:
    peer = Peer(ADDRESS, "127.0.0.1:40123", True, (3, 1), "NULL")
    twin = attrs.evolve(peer)
    assert events.HandshakeSucceeded(ADDRESS, peer) == events.HandshakeSucceeded(ADDRESS, peer)
    assert events.HandshakeSucceeded(ADDRESS, peer) != events.HandshakeSucceeded(ADDRESS, twin)
    connected: events.Event = events.Connected(ADDRESS, "a")
    assert connected != events.Accepted(ADDRESS, "a")


#: PARITY: the events of zmq.h, and who stands for them here. HANDSHAKE_FAILED_* are told apart below.
NUMBERS = {
    0x0001: "Connected",
    0x0002: "ConnectDelayed",
    0x0004: "ConnectRetried",
    0x0008: "Listening",
    0x0010: "BindFailed",
    0x0020: "Accepted",
    0x0040: "AcceptFailed",
    0x0080: "Closed",
    0x0100: "CloseFailed",
    0x0200: "Disconnected",
    0x0400: "MonitorStopped",
    0x1000: "HandshakeSucceeded",
}


def test_every_event_of_libzmq_is_there() -> None:
    for number, name in NUMBERS.items():
        cls = getattr(events, name)
        event = cls(ADDRESS, *[None] * (len(attrs.fields(cls)) - 1))
        assert event.libzmq_event == number
        assert f"0x{number:04x}" in str(events.__doc__)
    others = set(events.__all__) - set(NUMBERS.values())
    assert others == {"Event", "HandshakeFailed", "MessagesDropped"}
    assert events.MessagesDropped(ADDRESS, 1, OSError(), True).libzmq_event == 0


@pytest.mark.parametrize(
    ("error", "number", "code"),
    [
        (ConnectionResetError(), 0x0800, 0),
        (HandshakeTimeout(30.0), 0x0800, 0),
        (UnexpectedCommand("PING", "READY"), 0x2000, 0x10000001),
        (AuthenticationFailed(400, "", "PLAIN", "tcp://x"), 0x4000, 400),
        (PeerRefused("Get lost"), 0x0800, 0),
    ],
    ids=repr,
)
def test_the_three_ways_to_fail_a_handshake_are_told_apart(
    error: Exception, number: int, code: int
) -> None:
    event = events.HandshakeFailed(ADDRESS, "127.0.0.1:40123", error)
    assert (event.libzmq_event, event.libzmq_code) == (number, code)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("MESSAGE", 0x10000012),
        ("HELLO", 0x10000013),
        ("INITIATE", 0x10000014),
        ("ERROR", 0x10000015),
        ("READY", 0x10000016),
        ("WELCOME", 0x10000017),
        ("unnamed", 0x10000011),
    ],
)
def test_malformed_commands_have_a_number_each(command: str, code: int) -> None:
    assert CommandError(command, "short").libzmq_code == code
    assert UnexpectedCommand(command, "READY").libzmq_code == 0x10000001


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("HELLO", 0x10000013),
        ("WELCOME", 0x11000001),
        ("INITIATE", 0x10000014),
        ("READY", 0x10000016),
        ("nothing", 0),
    ],
)
def test_commands_of_the_wrong_size_have_the_numbers_of_libzmq(command: str, code: int) -> None:
    assert CommandTooLarge(command, 4000, 300).libzmq_code == code
