"""A SOCKS5 server (RFC 1928, RFC 1929), written for these tests and proved by libzmq's own client."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from ipaddress import ip_address
from threading import Event, Thread
from types import TracebackType

NO_AUTHENTICATION, PASSWORD, NONE_OF_THEM = 0, 2, 255
CONNECT = 1
IPV4, NAME, IPV6 = 1, 3, 4
REFUSED = b"\x05\x05\x00\x01" + bytes(6)
OPENED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x09"


class SocksServer:
    """Listens on the loopback while a `with` statement runs, in a thread of its own.

    Attributes:
        routes: where a host that is asked for really is; the others are not reached.
        users: names and their passwords; without any, nobody has to give one.
        pieces: send the replies byte by byte; else the last one together with the peer's first
            bytes.
        asked: (kind, host, port) of each request, oldest first; the kind is that of RFC 1928.
        logins: the names and passwords that were given.
        address: where it listens, as `host:port`.
    """

    def __init__(
        self, routes: dict[str, str], users: dict[str, str] | None = None, pieces: bool = False
    ) -> None:
        self.routes = routes
        self.users = users or {}
        self.pieces = pieces
        self.asked: list[tuple[int, str, int]] = []
        self.logins: list[tuple[str, str]] = []
        self.address = ""
        self._ready = Event()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> SocksServer:
        self._thread.start()
        assert self._ready.wait(10), "the proxy did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._loop.close()

    async def _run(self) -> None:
        self._stopped = asyncio.Event()
        self._clients: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = "{}:{}".format(*server.sockets[0].getsockname())
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError):
                await self._talk(reader, writer)
        finally:
            writer.transport.abort()

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        version, count = await reader.readexactly(2)
        assert version == 5
        methods = await reader.readexactly(count)
        method = PASSWORD if self.users else NO_AUTHENTICATION
        if method not in methods:
            await self._reply(writer, bytes((5, NONE_OF_THEM)), last=True)
            return
        await self._reply(writer, bytes((5, method)))
        if method == PASSWORD and not await self._log_in(reader, writer):
            return
        version, command, _, kind = await reader.readexactly(4)
        assert (version, command) == (5, CONNECT)
        size = {IPV4: 4, IPV6: 16}.get(kind) or (await reader.readexactly(1))[0]
        raw = await reader.readexactly(size)
        host = raw.decode() if kind == NAME else str(ip_address(raw))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append((kind, host, port))
        try:
            far_reader, far_writer = await asyncio.open_connection(self.routes[host], port)
        except (OSError, KeyError):
            await self._reply(writer, REFUSED, last=True)
            return
        try:
            await self._relay(reader, writer, far_reader, far_writer)
        finally:
            far_writer.transport.abort()

    async def _log_in(self, reader: StreamReader, writer: StreamWriter) -> bool:
        version, size = await reader.readexactly(2)
        assert version == 1
        name = (await reader.readexactly(size)).decode()
        [size] = await reader.readexactly(1)
        password = (await reader.readexactly(size)).decode()
        self.logins.append((name, password))
        good = self.users.get(name) == password
        await self._reply(writer, bytes((1, 0 if good else 1)), last=not good)
        return good

    async def _reply(self, writer: StreamWriter, reply: bytes, last: bool = False) -> None:
        for piece in [bytes((byte,)) for byte in reply] if self.pieces else [reply]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002 if self.pieces else 0)
        if last:
            writer.close()
            await writer.wait_closed()

    async def _relay(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        far_reader: StreamReader,
        far_writer: StreamWriter,
    ) -> None:
        if self.pieces:
            await self._reply(writer, OPENED)
        else:
            # A ZeroMQ peer speaks without being asked to.
            writer.write(OPENED + await far_reader.read(10))
        copies = [
            asyncio.create_task(_copy(reader, far_writer)),
            asyncio.create_task(_copy(far_reader, writer)),
        ]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for copy in copies:
                copy.cancel()
            await asyncio.gather(*copies, return_exceptions=True)


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
