"""The troublemaker: lines that break, and strangers who talk junk.

Run as ``python -m bench.soak.trouble``. Each line on standard input is a JSON object with an ``id``, the
name of what to ``do``, and arguments; each gets one line on standard output, when it is done. It ends with
its standard input. It needs the standard library only.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL".ljust(23, b"\0") + bytes(32)
READY = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH"

#: How long a stranger waits for the other side to end the connection.
PATIENCE = 30.0


def junk(kind: str, chance: random.Random) -> bytes:
    """Give what a stranger of a kind says."""
    noise = chance.randbytes(chance.randrange(1, 5000))
    said = {
        "nothing": b"",
        "noise": noise,
        "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "half a greeting": GREETING[: chance.randrange(1, 64)],
        "noise after the greeting": GREETING + noise,
        "another mechanism": GREETING.replace(b"NULL", b"NONE"),
        "a huge command": GREETING + b"\x06" + (1 << 40).to_bytes(8, "big") + noise,
        "half a handshake": GREETING + READY[: chance.randrange(1, len(READY))],
        "noise after the handshake": GREETING + READY + noise,
        "half a message": GREETING + READY + b"\x02" + (1 << 20).to_bytes(8, "big") + noise,
        "half of a multipart message": GREETING + READY + b"\x01\x04head" * 50,
    }
    return said[kind]


def reset(transport: asyncio.WriteTransport) -> None:
    """End a connection with an RST."""
    handle = transport.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Line:
    """Passes bytes on between whoever comes and one port, until it breaks."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()

    async def start(self) -> int:
        """Begin; give the port to come to."""
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        both = {writer, other[1]}
        self._writers |= both
        await asyncio.gather(self._pass(reader, other[1]), self._pass(other[0], writer))
        self._writers -= both
        for one in both:
            one.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    def shake(self, how: str) -> None:
        """Break all connections, or hold up what passes."""
        if how == "stall":
            self._open.clear()
            return
        for writer in list(self._writers):
            if how == "reset":
                reset(writer.transport)
            else:
                writer.close()

    def calm(self) -> None:
        """Let everything pass again."""
        self._open.set()


class Trouble:
    """What can be done, one method each."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}

    async def do_line(self, target: int) -> int:
        """Put a line before a port; give the port to come to instead."""
        line = Line(target)
        port = await line.start()
        self._lines[port] = line
        return port

    async def do_shake(self, port: int, how: str) -> None:
        """Break a line: ``reset``, ``close``, or ``stall``, for a moment."""
        line = self._lines[port]
        line.shake(how)
        await asyncio.sleep(0.1)
        line.calm()

    async def do_junk(self, port: int, kind: str, end: str, seed: int) -> None:
        """Connect to a port, say something, and ``reset``, ``close``, or ``wait`` for the other side."""
        said = junk(kind, random.Random(seed))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            writer.write(said)
            if end == "wait":
                await asyncio.wait_for(reader.read(-1), PATIENCE)
        if end == "reset":
            reset(writer.transport)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answer(trouble: Trouble, line: bytes) -> None:
    """Do what a line says, and answer."""
    command: dict[str, Any] = json.loads(line)
    number, name = command.pop("id"), command.pop("do")
    answer: dict[str, object]
    try:
        answer = {"id": number, "result": await getattr(trouble, f"do_{name}")(**command)}
    except Exception as error:
        answer = {"id": number, "error": f"{name}: {type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)


async def main() -> None:
    """Do as the lines say, many at a time, until there are no more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    trouble = Trouble()
    tasks: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        task = asyncio.create_task(answer(trouble, line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    asyncio.run(main())
