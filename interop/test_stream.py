"""Our STREAM and those who speak bytes: a libzmq STREAM, a raw libzmq DEALER, HTTP, plain sockets."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from twisted.internet.utils import getProcessOutput

from interop.payloads import Made, describe, describe_frame, frame_bytes
from interop.peer import LibzmqPeer, RemoteSocket
from interop.reactor import reactor, until, within
from interop.sockets import any_address, lasting_address
from pyzmtp import StreamSocket

#: A blob of the size that libzmq's own test takes, and one larger than any buffer.
SIZES = [64_000, 10_000_000]

SIGNATURE = b"\xff" + bytes(7) + b"\x01\x7f"
VERSION_AND_MECHANISM = b"\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"
READY_OF_A_ROUTER = b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06ROUTER\x08Identity\0\0\0\0"

GET = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=10).read().decode())"

SERVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"you asked for " + self.path.encode())
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).handle_request()
"""


async def receive(stream: StreamSocket) -> list[bytes]:
    """Receive a message, within a time limit."""
    return await within(stream.receive(), "a chunk or a notice")


async def met(stream: StreamSocket) -> bytes:
    """Wait for the notice that a peer has connected; give its id."""
    routing_id, notice = await receive(stream)
    assert notice == b""
    return routing_id


async def read(stream: StreamSocket, routing_id: bytes, size: int) -> bytes:
    """Receive so many bytes from one peer, and not one more."""
    seen = b""
    while len(seen) < size:
        sender, chunk = await receive(stream)
        assert sender == routing_id
        assert chunk, "the peer has left"
        assert len(chunk) <= 8192
        seen += chunk
    assert len(seen) == size
    return seen


async def join(
    ours: StreamSocket, theirs: RemoteSocket, binder: str, transport: str, directory: Path
) -> bytes:
    """Let the two meet, `binder` saying who binds; give the id of theirs at ours."""
    where = any_address(transport, directory)
    if binder == "pyzmtp":
        await theirs.connect(await within(ours.bind(where), "bind"))
    else:
        peer = await within(ours.connect(await theirs.bind(where)), "connect")
        assert peer.routing_id
    return await met(ours)


@asynccontextmanager
async def two_streams(
    libzmq: LibzmqPeer, binder: str, transport: str, directory: Path
) -> AsyncIterator[tuple[StreamSocket, RemoteSocket, bytes, bytes]]:
    """Join our STREAM and libzmq's; give both, the id of theirs at ours and of ours at theirs."""
    theirs = await libzmq.open("STREAM")
    async with StreamSocket(reactor) as ours:
        at_ours = await join(ours, theirs, binder, transport, directory)
        [[routing_id, notice]] = await theirs.receive(1)
        assert notice == describe_frame(b"")
        yield ours, theirs, at_ours, bytes.fromhex(routing_id.split()[-1])


@pytest.mark.parametrize("size", SIZES)
async def test_a_blob_travels_to_a_libzmq_stream_and_back(
    size: int, binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    blob = Made(size, 5)
    async with two_streams(libzmq, binder, transport, directory) as (
        ours,
        theirs,
        name,
        their_name,
    ):
        got = theirs.receive_bytes(size)
        await within(ours.send([name, frame_bytes(blob)]), "send")
        assert await got == describe([their_name, frame_bytes(blob)])
        sent = theirs.send([[their_name, blob]])
        assert await read(ours, name, size) == frame_bytes(blob)
        await sent


async def test_an_echo_by_a_libzmq_stream(
    binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    async with two_streams(libzmq, binder, transport, directory) as (ours, theirs, name, _):
        for text in (b"x", b"hello", bytes(1000)):
            echoed = theirs.echo(1)
            await within(ours.send([name, text]), "send")
            assert await read(ours, name, len(text)) == text
            await echoed


async def test_what_we_close_a_libzmq_stream_is_told_of(
    binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    async with two_streams(libzmq, binder, transport, directory) as (
        ours,
        theirs,
        name,
        their_name,
    ):
        await within(ours.send([name, b"last words"]), "send")
        await within(ours.send([name, b""]), "close")
        told = [describe([their_name, frame]) for frame in (b"last words", b"")]
        assert await theirs.receive(2) == told
        await until(lambda: not ours.peers, "the end of the connection")
        if binder == "pyzmtp":
            assert ours.try_receive() is None


async def test_what_a_libzmq_stream_closes_we_are_told_of(
    binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    async with two_streams(libzmq, binder, transport, directory) as (
        ours,
        theirs,
        name,
        their_name,
    ):
        await theirs.send([[their_name, b"last words"]])
        assert await read(ours, name, 10) == b"last words"
        await theirs.send([[their_name, b""]])
        assert await receive(ours) == [name, b""]
        if binder == "libzmq":
            # Ours connects again under the same id, which is a new peer to libzmq.
            assert await receive(ours) == [name, b""]
            [[again, _]] = await theirs.receive(1)
            assert again != describe_frame(their_name)
            await within(ours.send([name, b"again"]), "send")
            assert await theirs.receive(1) == [[again, describe_frame(b"again")]]
        else:
            assert not ours.peers


async def test_a_libzmq_dealer_is_seen_byte_by_byte(
    binder: str, transport: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("DEALER")
    async with StreamSocket(reactor) as ours:
        name = await join(ours, theirs, binder, transport, directory)
        assert await read(ours, name, 10) == SIGNATURE
        await within(ours.send([name, SIGNATURE + VERSION_AND_MECHANISM]), "send")
        rest = VERSION_AND_MECHANISM + READY
        assert await read(ours, name, len(rest)) == rest
        await within(ours.send([name, READY_OF_A_ROUTER]), "send")
        await theirs.send([[b"hello", b"world"]])
        assert await read(ours, name, 14) == b"\x01\x05hello\x00\x05world"
        await within(ours.send([name, b"\x00\x05reply"]), "send")
        assert await theirs.receive(1) == [describe([b"reply"])]
        await theirs.close()
        assert await receive(ours) == [name, b""]


async def test_a_web_browser_is_answered() -> None:
    async with StreamSocket(reactor) as ours:
        address = await within(ours.bind("tcp://127.0.0.1:*"), "bind")
        url = address.replace("tcp://", "http://") + "/page"
        answer = getProcessOutput(sys.executable, ["-c", GET, url], reactor=reactor)
        name = await met(ours)
        request = b""
        while b"\r\n\r\n" not in request:
            sender, chunk = await receive(ours)
            assert sender == name
            assert chunk
            request += chunk
        assert request.startswith(b"GET /page HTTP/1.1\r\n")
        await within(
            ours.send([name, b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"]), "send"
        )
        await within(ours.send([name, b"Hello from a STREAM"]), "send")
        await within(ours.send([name, b""]), "close")
        assert await within(answer, "the answer") == b"Hello from a STREAM\n"


async def test_a_web_server_is_asked(directory: Path) -> None:
    address = lasting_address("tcp", directory)
    async with StreamSocket(reactor) as ours:
        ours.connect(address, routing_id=b"web")
        await within(ours.send([b"web", b"GET /page HTTP/1.0\r\n\r\n"]), "send")
        server = getProcessOutput(
            sys.executable, ["-c", SERVE, address.rpartition(":")[2]], reactor=reactor
        )
        assert await met(ours) == b"web"
        answer = b""
        while (message := await receive(ours)) != [b"web", b""]:
            answer += message[1]
        assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nyou asked for /page")
        assert await within(server, "the end of the server") == b""


async def read_all(plain: socket.socket, size: int) -> bytes:
    """Read from a socket that does not block."""
    seen = b""

    def enough() -> bool:
        nonlocal seen
        with suppress(BlockingIOError):
            seen += plain.recv(65536)
        return len(seen) >= size

    await until(enough, f"{size} bytes")
    return seen


async def test_plain_sockets_on_both_sides() -> None:
    data = frame_bytes(Made(50_000, 9))
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with StreamSocket(reactor) as ours:
            port = int((await within(ours.bind("tcp://127.0.0.1:*"), "bind")).rpartition(":")[2])
            await within(
                ours.connect(f"tcp://127.0.0.1:{server.getsockname()[1]}", routing_id=b"S"),
                "connect",
            )
            assert await met(ours) == b"S"
            with (
                server.accept()[0] as accepted,
                socket.create_connection(("127.0.0.1", port)) as client,
            ):
                client_name = await met(ours)
                for plain, name in ((accepted, b"S"), (client, client_name)):
                    plain.setblocking(False)
                    assert plain.send(data) == len(data)
                    assert await read(ours, name, len(data)) == data
                    await within(ours.send([name, data[::-1]]), "send")
                    assert await read_all(plain, len(data)) == data[::-1]
                client.close()
                assert await receive(ours) == [client_name, b""]
                server.close()
                accepted.close()
                assert await receive(ours) == [b"S", b""]
