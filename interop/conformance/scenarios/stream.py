"""STREAM: bytes from and to anybody."""

from __future__ import annotations

from interop.conformance.actor import OK, Actor
from interop.conformance.raw_peer import GREETING_SIZE, command, greeting, message, properties
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.stage import Stage

_RAW = "a raw peer, which only listens or only connects"


async def _read(stream: Actor, size: int) -> tuple[bytes, bytes]:
    """Read so many bytes from a STREAM socket's one peer: its id and the bytes."""
    data, routing_id = b"", b""
    while len(data) < size:
        routing_id, chunk = await stream.receive()
        data += chunk
    return routing_id, data


@scenario(
    "stream",
    expected={
        "notice": b"",
        "signature": b"\xff\0\0\0\0\0\0\0\x01\x7f",
        "version": b"\x03\x01",
        "mechanism": b"NULL" + bytes(16),
        "as-server": b"\0" + bytes(31),
        "ready": b"\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0",
        "hello": b"\x00\x05Hello",
        "world": [b"World"],
        "blob": b"\x02\0\0\0\0\0\0\xfa\x00" + b"\xab" * 64000,
    },
    transports=TCP,
)
async def stream_to_dealer(stage: Stage) -> object:
    """A STREAM sees each byte that a DEALER sends, and answers as a ROUTER would."""
    stream, dealer = stage.first("STREAM"), stage.second("DEALER")
    address = await stream.bind(stage.address())
    dealer.connect(address)
    await dealer.send(b"Hello")
    routing_id, notice = await stream.receive()
    # Only the signature comes before libzmq knows that the other speaks ZMTP; see the departure.
    _, begun = await _read(stream, 10)
    await stream.send(routing_id, greeting())
    rest = GREETING_SIZE + 43 - len(begun)
    _, more = await _read(stream, rest)
    data = begun + more
    await stream.send(
        routing_id, command(b"READY", properties(Socket_Type=b"ROUTER", Identity=b""))
    )
    _, hello = await _read(stream, 7)
    await stream.send(routing_id, message(b"World"))
    world = await dealer.receive()
    await dealer.send(b"\xab" * 64000)
    _, blob = await _read(stream, 64009)
    return {
        "notice": notice,
        "signature": data[:10],
        "version": data[10:12],
        "mechanism": data[12:32],
        "as-server": data[32:64],
        "ready": data[64:],
        "hello": hello,
        "world": world,
        "blob": blob,
    }


@scenario(
    "stream",
    expected=[b"", b"", 5, b"GET /\n\n", b"HTTP/1.0 200 OK\r\n\r\nHello, World!", b"", True],
    transports=TCP,
)
async def stream_to_stream(stage: Stage) -> object:
    """Two STREAMs talk HTTP; an empty frame ends the connection."""
    server, client = stage.first("STREAM"), stage.second("STREAM")
    address = await server.bind(stage.address())
    client.connect(address)
    at_server, arrived = await server.receive()
    at_client, connected = await client.receive()
    await client.send(at_client, b"GET /\n\n")
    _, request = await _read(server, 7)
    await server.send(at_server, b"HTTP/1.0 200 OK\r\n\r\nHello, World!")
    await server.send(at_server, b"")
    _, response = await _read(client, 32)
    _, ended = await client.receive()
    return [arrived, connected, len(at_client), request, response, ended, at_client != b""]


@scenario(
    "stream_disconnect",
    expected={
        "server": [b"", b"i can haz cheez burger?", b""],
        "client": [b"", b"y u no disonnect?"],
    },
    transports=TCP,
)
async def one_notice_of_each_end(stage: Stage) -> object:
    """Each side is told once that there is a connection; the server once that it is no more.

    The client, which ends it, is told nothing.
    """
    server, client = stage.first("STREAM"), stage.second("STREAM")
    client.connect(await server.bind(stage.address()))
    told: dict[str, list[bytes]] = {"server": [], "client": []}

    async def hear(name: str, actor: Actor, size: int) -> bytes:
        routing_id, data = await _read(actor, size) if size else await actor.receive()
        told[name].append(data)
        return routing_id

    at_server = await hear("server", server, 0)
    at_client = await hear("client", client, 0)
    await client.send(at_client, b"i can haz cheez burger?")
    await hear("server", server, 23)
    await server.send(at_server, b"y u no disonnect?")
    await hear("client", client, 17)
    await client.send(at_client, b"")
    await hear("server", server, 0)
    await stage.settle(0.3)
    told["server"] += [data for _, data in server.drain()]
    told["client"] += [data for _, data in client.drain()]
    return told


@scenario("stream_empty", expected=[b"", OK, "host-unreachable"], transports=TCP)
async def an_empty_frame_to_a_fresh_peer(stage: Stage) -> object:
    """To part at once from a peer that has just come is safe, and it is unknown then."""
    stream, dealer = stage.first("STREAM"), stage.second("DEALER")
    dealer.connect(await stream.bind(stage.address()))
    await dealer.send(b"")
    routing_id, notice = await stream.receive()
    parted = stream.try_send(routing_id, b"")
    await stage.settle()
    return [notice, parted, stream.try_send(routing_id, b"x")]


@scenario(
    "stream_exceeds_buffer", expected=[b"", True, 8193], transports=TCP, combinations=PURE, why=_RAW
)
async def more_than_the_buffer_holds(stage: Stage) -> object:
    """8193 bytes, one more than is read at once, arrive whole and in order."""
    listener = await stage.raw_listen()
    stream = stage.first("STREAM")
    stream.connect(listener.address)
    peer = await listener.peer()
    _, notice = await stream.receive()
    data = bytes(number % 251 for number in range(8193))
    peer.write(data)
    _, got = await _read(stream, len(data))
    return [notice, got == data, len(got)]


@scenario(
    "stream_timeout",
    expected=[["listening", "accepted", "handshake-failed", "disconnected"], True],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def who_never_greets_a_server(stage: Stage) -> object:
    """HANDSHAKE_IVL: a DEALER drops a peer that connects and says nothing."""
    dealer = stage.first("DEALER", handshake_timeout=0.2)
    peer = await stage.raw_connect(await dealer.bind(stage.address()))
    await peer.until_lost()
    await dealer.wait_event("disconnected")
    return [dealer.events[:4], peer.lost]


@scenario(
    "stream_timeout",
    expected=[
        "connect-delayed",
        "connected",
        "handshake-failed",
        "disconnected",
        "connect-retried",
    ],
    transports=TCP,
    combinations=PURE,
    why=_RAW,
)
async def who_never_greets_a_client(stage: Stage) -> object:
    """The same for the one who connects; it tries again."""
    listener = await stage.raw_listen()
    dealer = stage.first("DEALER", handshake_timeout=0.2)
    dealer.connect(listener.address)
    await dealer.wait_event("connect-retried")
    return dealer.events[:5]
