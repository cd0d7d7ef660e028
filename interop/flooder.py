"""A peer that says hello properly and then sends nothing but PINGs, as fast as it can.

It runs in the libzmq process and imports the standard library only.
"""

from __future__ import annotations

import select
import socket
import time

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\x00") + bytes(32)
READY = b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"

#: PINGs in one write: about as many bytes as one read takes.
AT_ONCE = 4000


def ping(context: bytes) -> bytes:
    """Make a PING that asks for nothing but its PONG."""
    body = b"\x04PING\x00\x00" + context
    return bytes((4, len(body))) + body


class Flooder:
    """A raw connection to a PULL, its handshake done."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        self._socket.sendall(GREETING + READY)
        heard = b""
        while b"READY" not in heard:
            heard += self._socket.recv(4096)

    def flood(self, seconds: float, reads: bool, context: bytes) -> tuple[int, int]:
        """Send PINGs for that time, reading what comes or not; give their number and the PONGs'."""
        one = ping(context)
        block = one * AT_ONCE
        self._socket.setblocking(False)
        deadline = time.monotonic() + seconds
        sent = pongs = 0
        heard = b""
        with self._socket:
            while time.monotonic() < deadline:
                readable, writable, _ = select.select(
                    [self._socket] if reads else [], [self._socket], [], 0.05
                )
                if writable:
                    # Where the last write was cut short, the next goes on.
                    offset = sent % len(block)
                    sent += self._socket.send(block[offset:])
                if readable:
                    heard += self._socket.recv(65536)
                    pongs += heard.count(b"\x04PONG")
                    heard = heard[-4:]
        return sent // len(one), pongs
