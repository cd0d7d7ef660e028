"""JSON: an array of frames a line (jsonlines.org)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from pyzmtp.cli.formats.base import FormatError, Reader, RecordReader
from pyzmtp.wire.message import Message

__all__ = ["JsonFormat"]


class JsonFormat:
    """An array of strings a message, one for each frame; ``{"base64": "..."}`` for one of other bytes.

    A string alone is read as a message of one frame. The separator means nothing.
    """

    def __init__(self, separator: bytes, end: bytes) -> None:
        self.end = end

    def encode(self, message: Message) -> bytes:
        """See :class:`Format`."""
        frames = [_to_json(frame) for frame in message]
        text = json.dumps(frames, ensure_ascii=False, separators=(",", ":"))
        if not text.isprintable():  # it may come to a terminal
            text = json.dumps(frames, separators=(",", ":"))
        return text.encode()

    def decode(self, data: bytes) -> Message:
        """See :class:`Format`."""
        try:
            value = json.loads(data)
        except RecursionError:
            raise FormatError("it is nested too deeply") from None
        except ValueError as error:
            raise FormatError(f"it is no JSON: {error}") from None
        frames = value if isinstance(value, list) else [value]
        if not frames:
            raise FormatError("a message has at least one frame")
        return [_from_json(frame) for frame in frames]

    def reader(self) -> Reader:
        """See :class:`Format`."""
        return RecordReader(self.decode, self.end)


def _to_json(frame: bytes) -> str | dict[str, str]:
    try:
        return frame.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(frame).decode()}


def _from_json(frame: Any) -> bytes:
    try:
        if isinstance(frame, str):
            return frame.encode()
        if isinstance(frame, dict) and list(frame) == ["base64"]:
            return b64decode(frame["base64"], validate=True)
    except (TypeError, ValueError) as error:
        raise FormatError(f"a frame of the message: {error}") from None
    problem = 'a frame is a string or {"base64": "..."}, and a message an array of frames'
    raise FormatError(f"{problem}, not {json.dumps(frame):.40}")
