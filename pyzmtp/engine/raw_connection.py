"""A connection that carries bytes as they are, for STREAM: :class:`RawConnection`."""

from __future__ import annotations

from typing import Final

from pyzmtp.authentication import Verdict
from pyzmtp.errors import ProtocolError
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["RawConnection"]

#: Bytes in one chunk at the most: what libzmq reads at a time (in_batch_size in its options.hpp).
#: So ``receive_hwm`` bounds the same memory as there, however much the transport delivers at once.
_CHUNK: Final = 8192


class RawConnection:
    """An :class:`~pyzmtp.engine.interfaces.Engine` without a protocol: there is no greeting and no
    handshake, and no bytes of its own. It is ready at once.

    A message that is received is a chunk of one byte to 8192; where one ends and the next begins means
    nothing. Messages that are sent leave as the bytes of their frames, with nothing between them.
    """

    __slots__ = (
        "_closed",
        "_position",
        "_unread",
        "attention",
        "error",
        "more",
        "peer",
        "question",
    )

    def __init__(self, address: str, peer_address: str, incoming: bool) -> None:
        self.attention = True
        self.more = False
        self.peer: Peer | None = Peer(address, peer_address, incoming, version=(0, 0), mechanism="")
        self.error: ProtocolError | None = None
        self._unread = b""
        self._position = 0  # where in it the next chunk begins
        self.question: tuple[bytes, ...] | None = None
        self._closed = False

    def receive_data(self, data: bytes, now: float, limit: int) -> list[Message]:
        """Return what arrived in chunks, at most ``limit``; while :attr:`more` is set, call again."""
        if self._closed:
            return []
        if data:
            self._unread = self._unread[self._position :] + data
            self._position = 0
        start, end = self._position, len(self._unread)
        stop = min(end, start + max(0, limit) * _CHUNK)
        chunks = [
            [self._unread[begin : min(begin + _CHUNK, stop)]]
            for begin in range(start, stop, _CHUNK)
        ]
        self.more = stop < end
        self._position = stop if self.more else 0
        if not self.more:
            self._unread = b""
        return chunks

    def next_deadline(self) -> float | None:
        """There is none."""
        return None

    def handle_timer(self, now: float) -> None:
        """Nothing is waited for."""

    def excuse(self, now: float) -> None:
        """Nothing is held against the peer."""

    def moved(self, now: float) -> None:
        """Nothing depends on it."""

    def answer(self, verdict: Verdict, now: float) -> None:
        """Nothing was asked."""

    def transport_lost(self) -> None:
        """The transport is gone."""
        self._close()

    def reject(self, error: ProtocolError) -> None:
        """End the connection for a reason that only its owner can know, such as a taken routing id."""
        if not self._closed:
            self.error = error
            self.attention = True
            self._close()

    def data_to_send(self, now: float) -> bytes:
        """Nothing. Clears :attr:`attention`."""
        self.attention = False
        return b""

    def encode(self, messages: list[Outgoing], limit: int) -> tuple[list[bytes], int]:
        """Join messages from the front of ``messages``, up to about ``limit`` bytes."""
        bodies: list[bytes] = []
        size = count = 0
        for message in messages:
            assert isinstance(message, list)  # commands are for peers that speak ZMTP
            bodies += message
            size += sum(map(len, message))
            count += 1
            if size >= limit:
                break
        return [b"".join(bodies)], count

    def _close(self) -> None:
        self._closed = True
        self.more = False
        self._unread = b""
        self._position = 0
