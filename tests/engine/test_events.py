"""Events: values that name what happened, and libzmq's number for it."""

from __future__ import annotations

import attrs
import pytest

from pyzmtp.constants import SocketType
from pyzmtp.engine import events
from pyzmtp.errors import (
    CommandError,
    HandshakeTimeout,
    IncompatibleSocketType,
    MechanismMismatch,
    MetadataError,
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
