"""A crowd of connections that never become ready, in a process of its own.

Run as `python -m interop.crowd` with the address of the server, what the crowd does (`silent`,
`drip`, `maximal`), its mechanism, a HELLO of CURVE in hexadecimal, how many they are and over how
many addresses. It prints how many have connected once all have; for each line on standard input it
prints how many of them the server still bears. It ends with its standard input. It imports the
standard library only.
"""

from __future__ import annotations

import select
import socket
import sys
import time

#: Bytes in the longest READY.
LONGEST = 16 * 1024

#: The longest HELLO of PLAIN: a name and a password of 255 bytes each.
HELLO = (
    b"\x06" + (518).to_bytes(8, "big") + b"\x05HELLO" + b"\xff" + b"u" * 255 + b"\xff" + b"p" * 255
)


def greeting(mechanism: str) -> bytes:
    """Make the greeting of a client."""
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism.encode().ljust(20, b"\0") + bytes(32)


def maximal(mechanism: str, hello: bytes) -> bytes:
    """Make a handshake whose steps are as long as they may be; of the last, a byte is missing."""
    said = greeting(mechanism)
    if mechanism == "PLAIN":  # and while the server decides, a second one
        return said + HELLO + HELLO[:-1]
    if mechanism == "CURVE":  # that is one for all: a server keeps no record of them
        return said + hello + b"\x06" + LONGEST.to_bytes(8, "big") + bytes(LONGEST - 1)
    body = b"\x05READY\x04X-no" + (8192).to_bytes(4, "big") + bytes(8192)
    body += b"\x04X-on" + (8192).to_bytes(4, "big")
    return said + b"\x06" + LONGEST.to_bytes(8, "big") + body.ljust(LONGEST - 1, b"\0")


class Crowd:
    """Raw connections that all do the same."""

    def __init__(self, number: int, addresses: int, where: tuple[str, int]) -> None:
        self._sockets = []
        for count in range(number):
            source = f"127.0.0.{1 + count % addresses}"
            connection = socket.create_connection(where, timeout=10, source_address=(source, 0))
            connection.setblocking(False)
            self._sockets.append(connection)

    def say(self, data: bytes) -> None:
        """Send the same bytes on all that are left."""
        for connection in self._sockets:
            try:
                # The kernel has room for it all, unless the server is done with the connection.
                connection.send(data)
            except OSError:
                continue

    def left(self) -> int:
        """Count those that the server has not closed."""
        return sum(map(_is_open, self._sockets))


def _is_open(connection: socket.socket) -> bool:
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def main(
    address: str, manner: str, mechanism: str, hello: str, number: int, addresses: int
) -> None:
    """Do as the module says."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    crowd = Crowd(number, addresses, (host, int(port)))
    said = maximal(mechanism, bytes.fromhex(hello))
    if manner == "maximal":
        crowd.say(said)
    print(crowd.left(), flush=True)
    started, dripped = time.monotonic(), 0
    while True:
        if select.select([sys.stdin], [], [], 0.05)[0]:
            if not sys.stdin.readline():
                return
            print(crowd.left(), flush=True)
        if manner == "drip" and time.monotonic() > started + dripped:
            crowd.say(said[dripped : dripped + 1])
            dripped += 1


if __name__ == "__main__":
    *what, size, sources = sys.argv[1:]
    main(what[0], what[1], what[2], what[3], int(size), int(sources))
