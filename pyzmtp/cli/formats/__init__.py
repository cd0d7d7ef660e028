"""How messages are written down on standard input and output: one module a format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyzmtp.cli.formats.base import Format, FormatError, Found, Reader
from pyzmtp.cli.formats.hexadecimal import HexFormat
from pyzmtp.cli.formats.json_lines import JsonFormat
from pyzmtp.cli.formats.message_pack import MessagePackFormat
from pyzmtp.cli.formats.quoted import QuotedFormat
from pyzmtp.cli.formats.raw import RawFormat
from pyzmtp.cli.formats.text import TextFormat

__all__ = ["FORMATS", "Format", "FormatError", "Found", "Reader"]

#: A format by its name, made with what stands between frames and what ends a message.
FORMATS: Final[dict[str, Callable[[bytes, bytes], Format]]] = {
    "text": TextFormat,
    "quoted": QuotedFormat,
    "hex": HexFormat,
    "json": JsonFormat,
    "msgpack": MessagePackFormat,
    "raw": RawFormat,
}
