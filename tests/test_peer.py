"""Who is at the other end."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from pyzmtp.constants import SocketType
from pyzmtp.peer import Peer


def _peer(**fields: Any) -> Peer:
    needed = {
        "address": "tcp://127.0.0.1:5555",
        "peer_address": "127.0.0.1:40123",
        "incoming": True,
        "version": (3, 1),
        "mechanism": "NULL",
    }
    return Peer(**{**needed, **fields})


def test_a_peer_has_said_nothing_that_it_was_not_made_with() -> None:
    peer = _peer()
    assert peer.address == "tcp://127.0.0.1:5555"
    assert peer.peer_address == "127.0.0.1:40123"
    assert peer.incoming is True
    assert peer.version == (3, 1)
    assert peer.mechanism == "NULL"
    assert (peer.socket_type, peer.routing_id, peer.user_id) == (None, b"", None)
    assert dict(peer.metadata) == {}


def test_a_peer_keeps_all_that_it_said() -> None:
    peer = _peer(
        socket_type=SocketType.DEALER,
        routing_id=b"me",
        user_id="joe",
        metadata={"X-key": b"value"},
    )
    assert peer.socket_type is SocketType.DEALER
    assert peer.routing_id == b"me"
    assert peer.user_id == "joe"
    assert dict(peer.metadata) == {"X-key": b"value"}


def test_two_peers_that_look_alike_are_two() -> None:
    first, second = _peer(), _peer()
    assert first != second
    assert len({first, second}) == 2


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(Peer)])
def test_a_peer_cannot_be_changed(field: str) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(_peer(), field, None)


def test_metadata_can_be_read_and_not_changed() -> None:
    said = {"X-key": b"value"}
    peer = _peer(metadata=said)
    with pytest.raises(TypeError):
        peer.metadata["X-key"] = b"other"  # type: ignore[index]
    said["X-key"] = b"other"
    assert peer.metadata["X-key"] == b"value"


def test_a_changed_copy_keeps_the_rest() -> None:
    peer = attrs.evolve(_peer(metadata={"X-key": b"value"}), routing_id=b"drawn")
    assert peer.routing_id == b"drawn"
    assert dict(peer.metadata) == {"X-key": b"value"}
