"""Reads recorded bytes as ZMTP 3.x: greeting, commands, messages, each with its own bytes."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from pyzmtp.cli.demo.relay import Chunk
from pyzmtp.constants import COMMAND, LONG, MORE
from pyzmtp.wire.command import decode_command
from pyzmtp.wire.metadata import decode_properties

__all__ = ["Line", "hex_dump", "transcribe"]

_GREETING_SIZE = 64


@frozen
class Line:
    """One thing that one side said."""

    at: float
    """Seconds since the first byte, when it was complete."""
    from_connecting: bool
    what: str
    meaning: str
    data: bytes


class _Reader:
    """Cuts the bytes of one direction.

    Not the library's decoder, which keeps no frame's own bytes and would hide its own mistakes.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._greeted = False

    def feed(self, chunk: Chunk) -> list[Line]:
        """Return what is complete now."""
        self._rest += chunk.data
        lines = []
        while taken := self._take():
            what, meaning, size = taken
            lines.append(Line(chunk.at, chunk.from_connecting, what, meaning, self._rest[:size]))
            self._rest = self._rest[size:]
        return lines

    def _take(self) -> tuple[str, str, int] | None:
        if not self._greeted:
            if len(self._rest) < _GREETING_SIZE:
                return None
            self._greeted = True
            return ("greeting", _describe_greeting(self._rest), _GREETING_SIZE)
        position = 0
        frames: list[bytes] = []
        while True:
            head = 9 if self._rest[position : position + 1] and self._rest[position] & LONG else 2
            body = position + head
            if len(self._rest) < body:
                return None
            flags = self._rest[position]
            end = body + int.from_bytes(self._rest[position + 1 : body], "big")
            if len(self._rest) < end:
                return None
            frames.append(self._rest[body:end])
            if flags & COMMAND:
                return (*_describe_command(frames[-1]), end)
            if not flags & MORE:
                return ("message", " | ".join(_show(frame) for frame in frames), end)
            position = end


def transcribe(chunks: Iterable[Chunk]) -> list[Line]:
    """Return what was said, in the order in which it was complete."""
    readers = {True: _Reader(), False: _Reader()}
    return [line for chunk in chunks for line in readers[chunk.from_connecting].feed(chunk)]


def hex_dump(data: bytes, limit: int = 16) -> str:
    """Return the first ``limit`` bytes in hexadecimal, and their number if that is not all."""
    shown = data[:limit].hex(" ")
    return shown if len(data) <= limit else f"{shown} .. ({len(data)} bytes)"


def _describe_greeting(data: bytes) -> str:
    mechanism = data[12:32].rstrip(b"\0").decode("ascii", "replace")
    return f"ZMTP {data[10]}.{data[11]}, mechanism {mechanism}"


def _describe_command(body: bytes) -> tuple[str, str]:
    name, data = decode_command(body)
    text = name.decode("ascii", "replace")
    if text != "READY":
        return (text, _show(data))
    properties = decode_properties(data, text)
    return (text, ", ".join(f"{key}: {_show(value)}" for key, value in properties.items()))


def _show(frame: bytes) -> str:
    """Return a frame's content, short: an empty one is ``(empty)``."""
    if not frame:
        return "(empty)"
    if frame.isascii() and frame.decode("ascii").isprintable():
        return frame.decode("ascii") if len(frame) <= 32 else f"{len(frame)} bytes"
    return frame.hex() if len(frame) <= 8 else f"{len(frame)} bytes"
