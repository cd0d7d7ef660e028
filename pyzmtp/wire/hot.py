"""What is hot in this package, in the form that was chosen: see :mod:`pyzmtp._speedups`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyzmtp._speedups import IMPLEMENTATION

__all__ = [
    "FrameDecoder",
    "encode_batch",
    "encode_frame",
    "encode_message",
    "to_message",
    "to_messages",
]

if not TYPE_CHECKING and IMPLEMENTATION == "cython":
    from pyzmtp._speedups.framing import FrameDecoder, encode_batch, encode_frame, encode_message
    from pyzmtp._speedups.sendable import to_message, to_messages
else:
    from pyzmtp.wire.framing import FrameDecoder, encode_batch, encode_frame, encode_message
    from pyzmtp.wire.sendable import to_message, to_messages
