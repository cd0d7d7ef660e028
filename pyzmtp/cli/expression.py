"""``--eval``: what a Python expression makes of a message."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterable
from typing import Final

from pyzmtp.wire.message import Message

__all__ = ["Expression", "ExpressionError"]

#: What an expression knows besides the message.
_NAMES: Final = {"json": json, "math": math, "re": re, "time": time}

#: What is a frame, and not several of them.
_FRAME: Final = (str, bytes, bytearray, memoryview)


class ExpressionError(Exception):
    """An expression is no Python, has raised, or has made no message of a message."""


class Expression:
    """A Python expression over ``message``, a list of bytes. Raises :exc:`ExpressionError`.

    It comes from the user's own command line, and may do what he may.
    """

    def __init__(self, text: str, option: str) -> None:
        self._option = option
        try:
            self._code = compile(text.strip(), option, "eval")
        except (SyntaxError, ValueError) as error:
            raise ExpressionError(f"{option}: {error}") from None

    def __call__(self, message: Message) -> Message | None:
        """The message that the expression is; ``None`` if it is None, and there is none.

        Bytes or text are a message of one frame, a list or tuple of these one of several.
        """
        try:
            value = eval(self._code, {**_NAMES, "message": list(message)})
            if isinstance(value, Iterable) and not isinstance(value, _FRAME):
                value = list(value)  # a generator runs the user's code only now
        except (Exception, SystemExit) as error:  # whatever the user's code does
            raise ExpressionError(f"{self._option}: {type(error).__name__}: {error}") from error
        if value is None:
            return None
        frames = value if isinstance(value, list) else [value]
        if not frames:
            raise ExpressionError(f"{self._option}: a message has at least one frame")
        return [self._frame(frame) for frame in frames]

    def _frame(self, value: object) -> bytes:
        if isinstance(value, str):
            try:
                return value.encode("utf-8", "surrogateescape")
            except UnicodeEncodeError as error:  # half a pair of surrogates, as JSON can have it
                raise ExpressionError(f"{self._option}: {error}") from None
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        kind = type(value).__name__
        raise ExpressionError(f"{self._option}: a frame is bytes or text, not {kind}")
