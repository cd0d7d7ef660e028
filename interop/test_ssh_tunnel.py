"""examples/ssh_tunnel.py: pyzmtp reaches libzmq through an SSH server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.conch.error import ConchError
from twisted.conch.ssh.keys import Key
from twisted.internet.endpoints import TCP4ClientEndpoint

from examples.ssh_tunnel import SSHTunnelEndpoint, main
from interop.conversations import check
from interop.payloads import Made, Message, message_bytes
from interop.peer import LibzmqPeer
from interop.reactor import reactor, until, within
from interop.sockets import EventLog
from interop.ssh_server import USER, SSHServer, new_key, ssh_server
from pyzmtp import (
    ConnectRetried,
    Disconnected,
    HandshakeSucceeded,
    PullSocket,
    PushSocket,
    ReqSocket,
)

MESSAGES: list[Message] = [
    [b"x"],
    [b"", b"middle", b""],
    [Made(3_000_000, 1), b"after a large one"],
    *((b"#%d" % number, Made(number, 2)) for number in range(1000)),
]


def tunnel(server: SSHServer, address: str, key: Key | None = None, **other: Any) -> Any:
    """Give an endpoint that reaches an address through the server."""
    settings: dict[str, Any] = {
        "user": USER,
        "key": key or server.user_key,
        "is_known": lambda host_key: host_key == server.host_key.public(),
        "host": "127.0.0.1",
        "port": int(address.rpartition(":")[2]),
        **other,
    }
    return SSHTunnelEndpoint(TCP4ClientEndpoint(reactor, "127.0.0.1", server.port), **settings)


async def test_messages_go_through_it(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with ssh_server() as server, PushSocket(reactor, send_hwm=0) as push:
        await within(push.connect(tunnel(server, address)), "the handshake")
        received = theirs.receive(len(MESSAGES))
        await within(push.send_batch(map(message_bytes, MESSAGES)), "sending")
        check(await received, MESSAGES, "through the tunnel")


async def test_messages_come_through_it_no_faster_than_they_are_read(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PUSH", SNDHWM=0)
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with ssh_server() as server, PullSocket(reactor, receive_hwm=10) as pull:
        await within(pull.connect(tunnel(server, address)), "the handshake")
        await theirs.send(MESSAGES)
        await until(lambda: pull.stats.receive_queue == 10, "a full queue")
        for message in MESSAGES:
            assert pull.stats.receive_queue <= 10
            assert await within(pull.receive(), "a message") == message_bytes(message)


async def test_requests(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("REP")
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with ssh_server() as server, ReqSocket(reactor) as req:
        req.connect(tunnel(server, address))
        echoed = theirs.echo(3)
        for number in (b"1", b"2", b"3"):
            assert await within(req.request(number), "a reply") == [number]
        await echoed


async def test_it_is_made_anew_when_it_is_lost(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with ssh_server() as server, PushSocket(reactor) as push:
        events = EventLog(push)
        await within(push.connect(tunnel(server, address)), "the handshake")
        server.cut()
        await events.wait(Disconnected)
        await events.wait(HandshakeSucceeded, 2)
        received = theirs.receive(1)
        await within(push.send([b"again"]), "sending")
        check(await received, [[b"again"]], "after the reconnection")


async def test_who_it_does_not_talk_to(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with ssh_server() as server, PushSocket(reactor, linger=0) as push:
        events = EventLog(push)
        for number, endpoint in enumerate(
            [
                tunnel(server, address, is_known=lambda key: False),
                tunnel(server, address, key=new_key()),
                tunnel(server, address, user="mallory"),
            ],
            1,
        ):
            push.connect(endpoint)
            await events.wait(ConnectRetried, number)
            await push.disconnect(endpoint)
        reasons: list[Any] = [event.error for event in events.of(ConnectRetried)]
        assert all(isinstance(error.reason, ConchError) for error in reasons)
        assert "is not known" in str(reasons[0])
        assert not push.peers


async def test_the_program(libzmq: LibzmqPeer, directory: Path) -> None:
    theirs = await libzmq.open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    key, known = directory / "key", directory / "known_hosts"
    async with ssh_server() as server:
        key.write_bytes(server.user_key.toString("openssh"))
        known.write_bytes(b"127.0.0.1 " + server.host_key.public().toString("openssh") + b"\n")
        received = theirs.receive(2)
        target = address.removeprefix("tcp://")
        login = f"{USER}@127.0.0.1:{server.port}"
        await main(reactor, login, target, str(key), str(known), "one", "two")
        check(await received, [[b"one"], [b"two"]], "from the program")


async def test_a_closed_socket_closes_it(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("PULL")
    address = await theirs.bind("tcp://127.0.0.1:*")
    async with ssh_server() as server:
        for linger in (5.0, 0):
            push = PushSocket(reactor)
            await within(push.connect(tunnel(server, address)), "the handshake")
            assert len(server.connections) == 1
            await within(push.close(linger=linger), "close")
            await until(lambda: not server.connections, "the end of the SSH connection")
