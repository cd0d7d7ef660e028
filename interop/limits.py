"""Small marks and small buffers of the kernel, and how much fits between two processes with them."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import deferLater

from interop.payloads import Made, frame_bytes, number_frame
from interop.reactor import reactor
from interop.sockets import Sender

#: High-water mark of each side, in messages and, where that is the limit, in bytes.
MARK = 50
BYTE_MARK = 200_000

#: Bytes asked of the kernel for each buffer; Linux gives twice as much.
BUFFER = 65536

#: Bytes that fit in the kernel's buffers on both sides and in a transport, which is given 64 KiB
#: while it holds less than that.
BETWEEN = 2 * 2 * BUFFER + 2 * 65536

#: Bytes that a message costs beyond its own, and what the rest of a test may take.
OVERHEAD, SLACK = 500, 1 << 20

BUFFERS: dict[str, Any] = {"linger": 0, "send_buffer": BUFFER, "receive_buffer": BUFFER}

#: What limits a queue of ours.
OUR_LIMITS: dict[str, dict[str, Any]] = {
    "messages": {**BUFFERS, "send_hwm": MARK, "receive_hwm": MARK},
    "bytes": {
        **BUFFERS,
        "send_hwm": 0,
        "receive_hwm": 0,
        "send_hwm_bytes": BYTE_MARK,
        "receive_hwm_bytes": BYTE_MARK,
    },
}
THEIR_LIMITS = {"SNDHWM": MARK, "RCVHWM": MARK, "SNDBUF": BUFFER, "RCVBUF": BUFFER}


def queue_bound(limit: str, size: int) -> int:
    """Give how many messages of `size` bytes a queue of ours holds at the most."""
    return MARK if limit == "messages" else BYTE_MARK // size + 1


def fresh(number: int, size: int) -> list[bytes]:
    """Make the bytes of `numbered(1, size, number)`, none of them shared with another message."""
    return [number_frame(number), bytes(bytearray(frame_bytes(Made(size, 7))))]


async def fill(ours: Sender, size: int, most: int) -> int:
    """Send until there has been no room for a while; give the number of messages taken."""
    taken = refused = 0
    while refused < 10:
        assert taken < most, "there is room without end"
        if ours.try_send(fresh(taken, size)):
            taken, refused = taken + 1, 0
        else:
            refused += 1
            await deferLater(reactor, 0.02)
    return taken
