"""ZMTP over a websocket (RFC 45, ZWS 2.0), without I/O: :class:`WebsocketConnection`.

There is no greeting, for the upgrade has agreed on all that it says; each frame is a websocket
message of its own, whose first byte holds the flags. So the engine of a plain connection does the
work. It is given a greeting to read, its own is kept from the peer, and between it and the transport
frames change their heads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import evolve
from wsproto.frame_protocol import CloseReason, Frame, FrameProtocol, Opcode, ParseFailed

from pyzmtp.authentication import Verdict
from pyzmtp.constants import COMMAND, LONG, MAX_COMMAND, MORE
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.engine.websocket_upgrade import WebsocketUpgrade
from pyzmtp.errors import (
    CommandTooLarge,
    FrameTooLarge,
    FramingError,
    ProtocolError,
    UpgradeFailed,
    WebsocketClosed,
)
from pyzmtp.peer import Peer
from pyzmtp.wire.greeting import encode_rest, encode_signature
from pyzmtp.wire.hot import encode_frame
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["WebsocketConnection"]

#: The flags byte of RFC 45.
_MORE: Final = 0x01
_COMMAND: Final = 0x02

#: Of version 3.0, whose peers take subscriptions as messages, as ZWS does; the mechanism follows.
_GREETING: Final = encode_signature(b"") + b"\x03\x00"
_GREETING_SIZE: Final = 64
_PING: Final = b"\x04PING"


class WebsocketConnection:
    """The protocol engine of one connection over a websocket; see :class:`Connection`.

    Heartbeats are the websocket's own PING and PONG, as in libzmq: they carry no time to live.
    """

    __slots__ = (
        "_buffer",
        "_fault",
        "_frames",
        "_greeting_left",
        "_max_handshake_size",
        "_max_message_size",
        "_mechanism",
        "_pong",
        "_upgrade",
        "_zmtp",
        "attention",
        "error",
        "more",
        "peer",
        "question",
    )

    def __init__(
        self,
        settings: ConnectionSettings,
        now: float,
        address: str,
        peer_address: str,
        incoming: bool,
        host: str,
        path: str,
    ) -> None:
        self.attention = True
        self.more = False
        self.peer: Peer | None = None
        self.error: ProtocolError | None = None
        self.question: tuple[bytes, ...] | None = None
        # There is one version of ZWS, and none to fall back to.
        mechanism = self._mechanism = settings.mechanism()
        settings = evolve(
            settings, mechanism=lambda: mechanism, min_version=(3, 0), seals_pings=False
        )
        self._zmtp = Connection(settings, now, address, peer_address, incoming)
        self._upgrade = WebsocketUpgrade(incoming, host, path, mechanism.name)
        self._frames = FrameProtocol(client=not incoming, extensions=[])
        self._buffer = bytearray()  # what has come of a websocket message
        self._fault: ProtocolError | None = None  # to be told when all before it is delivered
        self._pong: bytes | None = None  # at most one waits: RFC 6455, 5.5.3 allows that
        self._greeting_left = _GREETING_SIZE  # bytes of our own greeting that nobody gets
        self._max_message_size = settings.max_message_size
        self._max_handshake_size = settings.max_handshake_size

    # What drives the connection

    def receive_data(self, data: bytes, now: float, limit: int) -> list[Message]:
        """See :meth:`Connection.receive_data`."""
        zmtp = self._zmtp
        messages: list[Message] = []
        try:
            if not self._upgrade.done:
                data = self._upgrade.feed(data)
                self.attention = True
                if self._upgrade.done:
                    # Who is the server, a subprotocol does not say.
                    rest = encode_rest(self._mechanism.name, False)[1:]
                    zmtp.receive_data(_GREETING + rest, now, 0)
            if self._upgrade.done:
                if data:
                    zmtp.excuse(now)  # whatever it is, it is a sign of life
                messages = zmtp.receive_data(self._read(data, now), now, limit)
        except UpgradeFailed as error:
            zmtp.reject(error)
        if self._fault is not None and not zmtp.more:
            zmtp.reject(self._fault)
        self._look()
        return messages

    def next_deadline(self) -> float | None:
        """See :meth:`Connection.next_deadline`."""
        return self._zmtp.next_deadline()

    def handle_timer(self, now: float) -> None:
        """See :meth:`Connection.handle_timer`."""
        self._zmtp.handle_timer(now)
        self._look()

    def excuse(self, now: float) -> None:
        """See :meth:`Connection.excuse`."""
        self._zmtp.excuse(now)

    def moved(self, now: float) -> None:
        """See :meth:`Connection.moved`."""
        self._zmtp.moved(now)

    def answer(self, verdict: Verdict, now: float) -> None:
        """See :meth:`Connection.answer`."""
        self._zmtp.answer(verdict, now)
        self._look()

    def transport_lost(self) -> None:
        """See :meth:`Connection.transport_lost`."""
        self._zmtp.transport_lost()
        self._look()

    def reject(self, error: ProtocolError) -> None:
        """See :meth:`Connection.reject`."""
        self._zmtp.reject(error)
        self._look()

    def _look(self) -> None:
        """Show what the engine below shows."""
        zmtp = self._zmtp
        self.more = zmtp.more or (self._asks_anew and zmtp.error is None)
        self.peer, self.error = zmtp.peer, zmtp.error
        self.question = zmtp.question
        if zmtp.attention and (self._upgrade.done or self.error is not None):
            self.attention = True

    @property
    def _asks_anew(self) -> bool:
        """Whether there is a question that the owner has not heard of: it comes first, and the peer's
        bytes wait.
        """
        return self._zmtp.question is not self.question

    # What comes in

    def _read(self, data: bytes, now: float) -> bytes:
        """The frames in ``data``, under the heads of ZMTP; not those of the handshake."""
        if self._fault is not None:
            return b""
        frames: list[bytes] = []
        self._frames.receive_bytes(data)
        received = self._frames.received_frames()
        try:
            while not self._asks_anew and (frame := next(received, None)) is not None:
                self._take(frame, frames, now)
        except ParseFailed as error:
            self._fault = FramingError(f"not a websocket frame: {error}")
        except ProtocolError as error:
            self._fault = error
        return b"".join(frames)

    def _take(self, frame: Frame, frames: list[bytes], now: float) -> None:
        payload = frame.payload
        if frame.opcode is Opcode.PING:
            assert isinstance(payload, bytes | bytearray)
            self._pong = bytes(payload)
            self.attention = True
        elif frame.opcode is Opcode.CLOSE:
            assert isinstance(payload, tuple)
            raise WebsocketClosed(*payload)
        elif frame.opcode is Opcode.BINARY:
            assert isinstance(payload, bytes | bytearray)
            self._buffer += payload
            finished = frame.frame_finished and frame.message_finished
            self._check(finished)
            if finished:
                flags = self._buffer[0]
                body = bytes(memoryview(self._buffer)[1:])
                frames.append(encode_frame(_to_zmtp(flags), body))
                if self._zmtp.peer is None:  # at once, for other limits hold behind the handshake
                    self._zmtp.receive_data(frames.pop(), now, 0)
                self._buffer = bytearray()
        elif frame.opcode is not Opcode.PONG:
            raise FramingError("a text message, where ZWS has binary ones")

    def _check(self, finished: bool) -> None:
        """Refuse what has come of a websocket message, if it cannot become a frame."""
        if not self._buffer:
            if finished:
                raise FramingError("a websocket message without its flags byte")
            return
        flags = self._buffer[0]
        if flags > _MORE | _COMMAND:
            raise FramingError(f"reserved bits are set in the flags byte 0x{flags:02x}")
        size = len(self._buffer) - 1
        limit = self._max_message_size
        if self._zmtp.peer is None:
            allowed = self._max_handshake_size
            limit = min(self._mechanism.max_command or allowed, allowed)
            if size > limit:
                raise CommandTooLarge(self._mechanism.expected, size, limit)
        elif flags & _COMMAND:
            limit = MAX_COMMAND
        elif self._mechanism.cipher is not None and limit:  # commands are sealed as well
            limit = max(limit, MAX_COMMAND) + self._mechanism.cipher.overhead
        if 0 < limit < size:
            raise FrameTooLarge(size, limit)

    # What comes out

    def data_to_send(self, now: float) -> bytes:
        """See :meth:`Connection.data_to_send`. The last of it is a CLOSE, if there is an error."""
        self.attention = False
        output = bytearray(self._upgrade.output)
        self._upgrade.output = b""
        if not self._upgrade.done:
            return bytes(output)
        data = self._zmtp.data_to_send(now)
        kept = min(self._greeting_left, len(data))
        self._greeting_left -= kept
        for flags, body in _split(data[kept:]):
            if flags & COMMAND and body.startswith(_PING):
                output += self._frames.ping()
            else:
                output += self._encode(flags, body)
        if self._pong is not None:
            output += self._frames.pong(self._pong)
            self._pong = None
        if self.error is not None:
            code: int | None = CloseReason.PROTOCOL_ERROR
            if isinstance(self.error, WebsocketClosed):
                code = self.error.code
                if code == CloseReason.NO_STATUS_RCVD:
                    code = None
            output += self._frames.close(code)
        return bytes(output)

    def encode(self, messages: list[Outgoing], limit: int) -> tuple[list[bytes], int]:
        """See :meth:`Connection.encode`."""
        pieces, count = self._zmtp.encode(messages, limit)
        self._look()
        frames = _split(b"".join(pieces))
        return [b"".join(self._encode(flags, body) for flags, body in frames)], count

    def _encode(self, flags: int, body: bytes) -> bytes:
        """One frame as a websocket message."""
        head = (_MORE if flags & MORE else 0) | (_COMMAND if flags & COMMAND else 0)
        return bytes(self._frames.send_data(bytes((head,)) + body))


def _to_zmtp(flags: int) -> int:
    """The flags byte of RFC 45 as that of RFC 37."""
    return (MORE if flags & _MORE else 0) | (COMMAND if flags & _COMMAND else 0)


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The flags and the body of each frame in our own bytes, which are whole frames."""
    position = 0
    while position < len(data):
        flags = data[position]
        start = position + (9 if flags & LONG else 2)
        position = start + int.from_bytes(data[position + 1 : start], "big")
        yield flags, data[start:position]
