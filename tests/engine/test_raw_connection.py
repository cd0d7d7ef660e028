"""A connection without a protocol (ZMTP.md 7.8; libzmq's raw_engine, raw_decoder, raw_encoder)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.engine.interfaces import Engine
from pyzmtp.engine.raw_connection import RawConnection
from pyzmtp.errors import RoutingIdInUse
from pyzmtp.wire.message import Outgoing

from ..helpers import PLENTY, greeting, joined, ready

#: What libzmq reads at a time, as it was seen with 100,000 bytes in one write.
_CHUNK = 8192


@pytest.fixture
def connection() -> RawConnection:
    return RawConnection("tcp://127.0.0.1:5555", "127.0.0.1:40123", True)


def received(connection: Engine, data: bytes, limit: int = PLENTY) -> list[bytes]:
    """The chunks of one call."""
    return [chunk for [chunk] in connection.receive_data(data, 0.0, limit)]


# At the beginning


def test_it_is_ready_at_once_and_has_nothing_to_say(connection: RawConnection) -> None:
    assert connection.attention
    assert connection.peer is not None
    assert connection.data_to_send(0.0) == b""
    assert not connection.attention
    assert connection.error is None


def test_its_peer_is_known_by_its_place_only() -> None:
    peer = RawConnection("ipc:///run/x", "/run/y", False).peer
    assert peer is not None
    assert (peer.address, peer.peer_address, peer.incoming) == ("ipc:///run/x", "/run/y", False)
    assert (peer.version, peer.mechanism, peer.socket_type) == ((0, 0), "", None)
    assert (peer.routing_id, peer.user_id, dict(peer.metadata)) == (b"", None, {})


def test_it_waits_for_nothing(connection: RawConnection) -> None:
    assert connection.next_deadline() is None
    connection.data_to_send(0.0)
    connection.handle_timer(1e9)
    connection.excuse(1e9)
    connection.moved(1e9)
    assert connection.next_deadline() is None
    assert connection.error is None
    assert not connection.attention


# What comes in


def test_a_chunk_is_a_message(connection: RawConnection) -> None:
    assert connection.receive_data(b"GET / HTTP/1.1\r\n", 0.0, PLENTY) == [[b"GET / HTTP/1.1\r\n"]]
    assert connection.receive_data(b"\r\n", 0.0, PLENTY) == [[b"\r\n"]]
    assert not connection.more


def test_bytes_of_zmtp_are_bytes_as_any_others(connection: RawConnection) -> None:
    data = greeting() + ready()
    assert received(connection, data) == [data]
    assert connection.error is None


def test_nothing_is_no_chunk(connection: RawConnection) -> None:
    assert received(connection, b"") == []
    assert not connection.more


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (1, [1]),
        (_CHUNK - 1, [_CHUNK - 1]),
        (_CHUNK, [_CHUNK]),
        (_CHUNK + 1, [_CHUNK, 1]),
        (100_000, [_CHUNK] * 12 + [1696]),  # as libzmq gave it
    ],
)
def test_a_chunk_has_8192_bytes_at_the_most(
    connection: RawConnection, size: int, sizes: list[int]
) -> None:
    assert [len(chunk) for chunk in received(connection, bytes(size))] == sizes


def test_beyond_the_limit_bytes_wait(connection: RawConnection) -> None:
    data = bytes(range(250)) * 100
    assert received(connection, data, 0) == []
    assert connection.more
    assert received(connection, b"", -3) == []
    assert received(connection, b"", 1) == [data[:_CHUNK]]
    assert connection.more
    assert received(connection, b"", 3) == [
        data[_CHUNK : 2 * _CHUNK],
        data[2 * _CHUNK : 3 * _CHUNK],
        data[3 * _CHUNK :],
    ]
    assert not connection.more


def test_what_arrives_while_bytes_wait_comes_after_them(connection: RawConnection) -> None:
    assert received(connection, b"a" * (_CHUNK + 1), 1) == [b"a" * _CHUNK]
    assert received(connection, b"b", 0) == []
    assert received(connection, b"c") == [b"abc"]


@given(st.lists(st.tuples(st.binary(max_size=20_000), st.integers(0, 3)), max_size=20))
def test_every_byte_arrives_once_and_in_its_place(steps: list[tuple[bytes, int]]) -> None:
    connection = RawConnection("", "", True)
    seen = b""
    for data, limit in steps:
        chunks = received(connection, data, limit)
        assert len(chunks) <= limit
        assert all(0 < len(chunk) <= _CHUNK for chunk in chunks)
        seen += b"".join(chunks)
    seen += b"".join(received(connection, b""))
    assert seen == b"".join(data for data, _ in steps)
    assert not connection.more


# What goes out


def test_bodies_are_joined_with_nothing_between_them(connection: RawConnection) -> None:
    messages: list[Outgoing] = [[b"GET / "], [b"HTTP/1.1\r\n"], [b"\r\n"]]
    assert joined(connection.encode(messages, 65536)) == (b"GET / HTTP/1.1\r\n\r\n", 3)
    assert len(messages) == 3


def test_one_write_takes_about_the_limit_and_at_least_one_message(
    connection: RawConnection,
) -> None:
    assert joined(connection.encode([[b"abc"], [b"def"], [b"ghi"]], 4)) == (b"abcdef", 2)
    assert joined(connection.encode([[bytes(1000)], [b"x"]], 10)) == (bytes(1000), 1)
    assert joined(connection.encode([], 10)) == (b"", 0)


# The end


def test_after_the_transport_is_lost_nothing_comes(connection: RawConnection) -> None:
    received(connection, b"waiting", 0)
    connection.transport_lost()
    assert not connection.more
    assert received(connection, b"late") == []
    assert connection.error is None


def test_its_owner_can_end_it_once(connection: RawConnection) -> None:
    connection.data_to_send(0.0)
    first = RoutingIdInUse(b"A")
    connection.reject(first)
    connection.reject(RoutingIdInUse(b"B"))
    assert connection.attention
    assert connection.error is first
    assert connection.data_to_send(0.0) == b""
    assert received(connection, b"late") == []


def test_what_is_over_is_not_rejected_any_more(connection: RawConnection) -> None:
    connection.transport_lost()
    connection.reject(RoutingIdInUse(b"A"))
    assert connection.error is None
