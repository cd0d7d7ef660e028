"""Frames of ZMTP 2.0 and later.

* Nothing is raised; what is wrong is kept, and is a ``ProtocolError``.
* Whole, byte by byte and in pieces the same messages, commands and error come out in the same order,
  and the pure and the compiled decoder agree in every call.
* They are what RFC 37 has at those places; what was read is what is written, but for long heads.
* No more memory is taken than what arrived needs: never what a head announces.

Input: the limits, how many messages are taken at a time, then the frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Final

from attrs import frozen

from fuzz.feeding import IMPLEMENTATIONS, ways
from fuzz.reader import Reader
from pyzmtp.errors import FrameTooLarge, FramingError, ProtocolError, UnexpectedCommand
from tests.implementations import PURE

BASE: Final = 8_000
MAX_SIZE: Final = 4096

_LARGEST_FRAME: Final = 2**62


@frozen
class Limits:
    """What a decoder is told."""

    max_command_size: int = 64 * 1024
    max_message_size: int = 0
    max_message_parts: int = 0
    commands_only: bool = False

    def apply(self, decoder: Any) -> None:
        """Tell a decoder."""
        decoder.max_command_size = self.max_command_size
        decoder.max_message_size = self.max_message_size
        decoder.max_message_parts = self.max_message_parts
        decoder.commands_only = self.commands_only


_LIMITS: Final = (
    Limits(),
    Limits(max_command_size=16, commands_only=True),
    Limits(max_command_size=40, max_message_size=300, max_message_parts=3),
    Limits(max_message_size=255, max_message_parts=1),
)
_ROOMS: Final = (1000, 1, 2, 3)

#: A message, the body of a command, or an error.
Result = list[bytes] | bytes | tuple[type[ProtocolError], str]


def new_decoder(kind: Any, limits: Limits) -> Any:
    """A decoder under ``limits``."""
    decoder = kind(limits.max_command_size)
    limits.apply(decoder)
    return decoder


def read(decoder: Any, chunks: list[bytes], room: int) -> Iterator[list[Result]]:
    """What comes of each call that the chunks make necessary."""
    for chunk in chunks:
        data, again = chunk, True
        while again:
            messages = decoder.feed(data, room)
            data = b""
            results: list[Result] = list(messages)
            assert len(messages) <= room
            if decoder.command is not None:
                results.append(decoder.command)
            again = decoder.command is not None or (len(messages) == room and decoder.pending)
            if decoder.error is not None:
                results.append((type(decoder.error), str(decoder.error)))
                yield results
                return
            yield results


def _meant(data: bytes, limits: Limits) -> Iterator[Result]:
    """What ``data`` says, read by the RFC and slowly."""
    message: list[bytes] = []
    while len(data) >= 2 and (not data[0] & 2 or len(data) >= 9):
        flags = data[0]
        start = 9 if flags & 2 else 2
        size = int.from_bytes(data[1:start], "big")
        error = _fault(flags, size, message, limits)
        if error is not None:
            yield type(error), str(error)
            return
        if len(data) < start + size:
            return
        body, data = data[start : start + size], data[start + size :]
        if flags & 4:
            yield body
        else:
            message.append(body)
            if not flags & 1:
                yield message
                message = []


def _fault(flags: int, size: int, message: list[bytes], limits: Limits) -> ProtocolError | None:
    """What is wrong with a frame's head."""
    if size > _LARGEST_FRAME:
        return FrameTooLarge(size, _LARGEST_FRAME)
    if flags & 0xF8:
        return FramingError(f"reserved bits are set in the flags byte 0x{flags:02x}")
    if flags & 4:
        if flags & 1:
            return FramingError("a command frame with the MORE flag")
        most = limits.max_command_size
        return FrameTooLarge(size, most) if size > most else None
    if limits.commands_only:
        return UnexpectedCommand("a message", "a handshake command")
    most = limits.max_message_size
    whole = size + sum(map(len, message))
    if most and whole > most:
        return FrameTooLarge(whole, most)
    most = limits.max_message_parts
    if most and len(message) >= most:
        return FramingError(f"a message of more than {most} frames")
    return None


def _written(message: list[bytes]) -> None:
    """What is written of a message is read as that message, whoever writes."""
    forms = {each.encode_message(message) for each in IMPLEMENTATIONS}
    forms |= {b"".join(each.encode_batch([message], 1)[0]) for each in IMPLEMENTATIONS}
    assert len(forms) == 1
    assert list(_meant(forms.pop(), Limits())) == [message]


def signature(results: list[Result]) -> Hashable:
    """What tells streams apart that went differently."""
    kinds = {
        result[0] if isinstance(result, tuple) else (type(result), len(result) > 1)
        for result in results
    }
    return frozenset(kinds), min(len(results), 3)


def run(data: bytes) -> Hashable:
    source = Reader(data)
    limits, room, stream = source.choice(_LIMITS), source.choice(_ROOMS), source.rest()
    meant = list(_meant(stream, limits))
    for chunks in ways(stream):
        calls = [
            list(read(new_decoder(each.FrameDecoder, limits), chunks, room))
            for each in IMPLEMENTATIONS
        ]
        assert all(each == calls[0] for each in calls)
        assert [result for call in calls[0] for result in call] == meant
    for result in meant:
        if isinstance(result, list):
            _written(result)
    return limits, room, signature(meant)


def feed(data: bytes) -> object:
    stream = data[2:]
    held = []
    for each in IMPLEMENTATIONS:
        decoder = new_decoder(each.FrameDecoder, Limits())
        # One alone may take what is allowed for all.
        held.append((decoder, decoder.feed(stream, 1000 if each is PURE else 0)))
    return held
