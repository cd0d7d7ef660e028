"""A connection that ends while it still had something to seal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.errors import CryptographicError, FramingError
from pyzmtp.mechanisms.base import Frame
from pyzmtp.mechanisms.null import NullMechanism

from ..sockets.world import hello, short


class _Once:
    """A cipher that changes nothing, and seals nothing after it was wiped."""

    overhead = 1
    wiped = False

    def seal(self, frames: Iterable[Frame]) -> Iterator[tuple[bytes, bytes]]:
        for flags, body in frames:
            if self.wiped:
                raise CryptographicError("MESSAGE")
            yield bytes((flags,)), body

    def open(self, sealed: Iterable[Sequence[bytes]]) -> Iterator[Frame]:
        for [body] in sealed:
            yield body[0], body[1:]

    def wipe(self) -> None:
        self.wiped = True


def _connection(seals_pings: bool = True) -> Connection:
    def mechanism() -> NullMechanism:
        made = NullMechanism([("Socket-Type", b"PAIR")])
        made.cipher = _Once()
        return made

    kept = ConnectionSettings(
        SocketType.PAIR, mechanism, heartbeat_interval=1.0, seals_pings=seals_pings
    )
    connection = Connection(kept, 0.0)
    connection.receive_data(hello("PAIR"), 0.0, 1)
    assert connection.peer is not None
    connection.data_to_send(0.0)
    return connection


_SEALED_PING = short(0, b"\x04\x04PING\x00\x00x")


def test_a_pong_is_sealed() -> None:
    connection = _connection()
    connection.receive_data(_SEALED_PING, 0.5, 1)
    assert connection.data_to_send(0.5) == short(0, b"\x04\x04PONGx")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_ping_is_sealed_or_not(sealed: bool) -> None:
    connection = _connection(sealed)
    connection.handle_timer(1.0)
    ping = b"\x04PING\x00\x00"
    assert connection.data_to_send(1.0) == (short(0, b"\x04" + ping) if sealed else short(4, ping))


def test_a_pong_that_was_not_sent_yet_is_never_sent() -> None:
    connection = _connection()
    connection.handle_timer(1.0)  # and a PING, too
    connection.receive_data(_SEALED_PING + b"\x08\x00", 1.0, 1)
    assert isinstance(connection.error, FramingError)
    assert connection.data_to_send(1.0) == b""
