"""``pyzmtp trace`` between two sockets of libzmq."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import pytest
import zmq

from interop.payloads import Made, describe, message_bytes
from interop.peer import LibzmqPeer, Spawn
from interop.reactor import PATIENCE, reactor, until
from interop.secured import CURVE, PASSWORD, PLAIN
from interop.sockets import any_address
from pyzmtp.cli.trace.records import (
    Command,
    Content,
    Ended,
    Greeting,
    Hello,
    Message,
    Metadata,
    Ping,
    Pong,
    Record,
    Refusal,
    Sealed,
    Side,
    Subscription,
    Unreachable,
)
from pyzmtp.cli.trace.relay import Relay
from pyzmtp.cli.trace.tracing import Trace
from tests.cli.trace.captures import check_stream, read_capture

C = TypeVar("C", bound=Content)


class Traced:
    """What a trace between two sockets has told.

    Attributes:
        address: where it listens.
        records: everything, oldest first.
    """

    def __init__(self, address: str, records: list[Record]) -> None:
        self.address = address
        self.records = records

    def of(self, kind: type[C], side: Side | None = None) -> list[C]:
        """Give the contents of one kind, of one side or of both."""
        return [
            record.content
            for record in self.records
            if isinstance(record.content, kind) and side in (None, record.side)
        ]

    async def wait(self, kind: type[Content], count: int = 1) -> None:
        """Wait until so many of a kind have been told."""
        await until(lambda: len(self.of(kind)) >= count, f"{count} {kind.__name__}")

    @property
    def problems(self) -> list[str]:
        """Give all that was found to be wrong."""
        return [fault.problem for record in self.records for fault in record.content.faults]


@asynccontextmanager
async def traced(target: str, listen: str = "tcp://127.0.0.1:*") -> AsyncIterator[Traced]:
    """Trace what passes to `target`."""
    records: list[Record] = []
    trace = Trace(reactor.seconds, records.append, 1000)
    relay = Relay(reactor, target, [trace.watch])
    try:
        yield Traced(await relay.listen(listen), records)
    finally:
        await relay.stop()


async def test_requests(libzmq: LibzmqPeer, transport: str, directory: Path) -> None:
    rep, req = await libzmq.open("REP"), await libzmq.open("REQ", ROUTING_ID=b"asker")
    target = await rep.bind(any_address(transport, directory))
    listen = f"ipc://{directory}/trace" if transport == "ipc" else "tcp://127.0.0.1:*"
    async with traced(target, listen) as seen:
        await req.connect(seen.address)
        for message in ([b"hello"], [b"", b"b" * 300], [Made(100_000, 7)]):
            for sender, receiver in ((req, rep), (rep, req)):
                await sender.send([message])
                assert await receiver.receive(1) == [describe(message_bytes(message))]
        await req.close()
        await seen.wait(Ended, 2)
    assert [type(record.content) for record in seen.records[:5]].count(Greeting) == 2
    assert {each.name for each in seen.of(Metadata)} == {"READY"}
    [asker] = seen.of(Metadata, Side.CLIENT)
    assert {name: value.head for name, value in asker.properties.items()} == {
        "Socket-Type": b"REQ",
        "Identity": b"asker",
    }
    for side in Side:
        messages = seen.of(Message, side)
        assert [each.count for each in messages] == [2, 3, 2]
        assert [each.frames[-1].body.head for each in messages[:2]] == [b"hello", b"b" * 300]
        assert messages[2].size == 100_000
    assert seen.problems == []


async def test_topics(libzmq: LibzmqPeer) -> None:
    pub, sub = await libzmq.open("PUB"), await libzmq.open("SUB")
    async with traced(await pub.bind("tcp://127.0.0.1:*")) as seen:
        await sub.subscribe(b"weather.")
        await sub.connect(seen.address)
        await seen.wait(Subscription)
        received: list[list[str]] = []
        while not received:  # the PUB may not know of it yet
            await pub.send([[b"weather.oslo", b"-3"], [b"sport", b"1:0"]])
            received = await sub.receive_some()
        assert received[0] == describe([b"weather.oslo", b"-3"])
        await sub.unsubscribe(b"weather.")
        await seen.wait(Subscription, 2)
    assert [(each.name, each.topic.head, each.as_message) for each in seen.of(Subscription)] == [
        ("SUBSCRIBE", b"weather.", False),
        ("CANCEL", b"weather.", False),
    ]
    published = seen.of(Message, Side.TARGET)
    assert {each.topic.head for each in published if each.topic} == {b"weather.oslo"}
    assert not seen.of(Message, Side.CLIENT)
    assert seen.problems == []


async def test_plain(libzmq: LibzmqPeer) -> None:
    await libzmq.authenticate({"admin": PASSWORD})
    pull = await libzmq.open("PULL", **PLAIN.their_server)
    push = await libzmq.open("PUSH", **PLAIN.their_client)
    async with traced(await pull.bind("tcp://127.0.0.1:*")) as seen:
        await push.connect(seen.address)
        await push.send([[b"job"]])
        await pull.receive(1)
    [hello] = seen.of(Hello)
    assert hello.user.head == b"admin"
    assert [each.name for each in seen.of(Command)] == ["HELLO", "WELCOME", "INITIATE", "READY"]
    assert len(seen.of(Message)) == 1
    assert PASSWORD not in repr(seen.records)
    assert PASSWORD.encode().hex() not in repr(seen.records)
    assert seen.problems == []


async def test_a_refusal(libzmq: LibzmqPeer) -> None:
    await libzmq.authenticate({"admin": "something else"})
    pull = await libzmq.open("PULL", **PLAIN.their_server)
    push = await libzmq.open("PUSH", **PLAIN.their_client)
    async with traced(await pull.bind("tcp://127.0.0.1:*")) as seen:
        await push.connect(seen.address)
        await seen.wait(Refusal)
        await seen.wait(Ended, 2)
    assert [each.reason for each in seen.of(Refusal)] == ["400"]
    assert seen.problems == ["ERROR is spelt ^RROR, as libzmq does"]


async def test_curve(libzmq: LibzmqPeer) -> None:
    pull = await libzmq.open("PULL", **CURVE.their_server)
    push = await libzmq.open("PUSH", **CURVE.their_client)
    async with traced(await pull.bind("tcp://127.0.0.1:*")) as seen:
        await push.connect(seen.address)
        await push.send([[b"a secret"], [b"", b"x" * 1000]])
        await pull.receive(2)
    assert [(each.name, each.payload) for each in seen.of(Sealed, Side.CLIENT)] == [
        ("HELLO", None),
        ("INITIATE", 20),  # Socket-Type: PUSH
        ("MESSAGE", 8),
        ("MESSAGE", 0),
        ("MESSAGE", 1000),
    ]
    assert [each.name for each in seen.of(Sealed, Side.TARGET)] == ["WELCOME", "READY"]
    assert not seen.of(Message)
    assert seen.problems == []


async def test_heartbeats(libzmq: LibzmqPeer) -> None:
    router = await libzmq.open("ROUTER")
    dealer = await libzmq.open("DEALER", HEARTBEAT_IVL=50, HEARTBEAT_TTL=2500)
    async with traced(await router.bind("tcp://127.0.0.1:*")) as seen:
        await dealer.connect(seen.address)
        await seen.wait(Pong, 3)
    assert {each.ttl for each in seen.of(Ping, Side.CLIENT)} == {2.5}
    trips = [each.round_trip for each in seen.of(Pong, Side.TARGET)]
    assert all(trip is not None and 0 < trip < 1 for trip in trips)
    assert seen.problems == []


async def test_a_dealer_that_forgets_the_delimiter(libzmq: LibzmqPeer) -> None:
    rep, dealer = await libzmq.open("REP"), await libzmq.open("DEALER")
    async with traced(await rep.bind("tcp://127.0.0.1:*")) as seen:
        await dealer.connect(seen.address)
        await dealer.send([[b"dropped without a word"]])
        await seen.wait(Message)
    assert seen.problems == ["no empty frame before the data, as REQ and REP have it"]


async def test_a_slow_socket_holds_the_other_back(spawn: Spawn) -> None:
    ours, theirs = await spawn(), await spawn()
    pull = await ours.open("PULL", RCVHWM=1, RCVBUF=65536)
    push = await theirs.open("PUSH", SNDHWM=1, SNDBUF=65536)
    message = [Made(1 << 20, 3)]
    async with traced(await pull.bind("tcp://127.0.0.1:*")) as seen:
        await push.connect(seen.address)
        sent = await push.flood(message, limit=200)
        assert sent < 50, "nobody read any of it"
        received = await pull.receive(sent)
    assert len(received) == len(seen.of(Message)) == sent
    assert seen.problems == []


async def test_a_target_that_is_not_there_yet(libzmq: LibzmqPeer, directory: Path) -> None:
    target = f"ipc://{directory}/later"
    push = await libzmq.open("PUSH", RECONNECT_IVL=10)
    async with traced(target) as seen:
        await push.connect(seen.address)
        await push.send([[b"job"]])
        await seen.wait(Unreachable, 2)
        pull = await libzmq.open("PULL")
        await pull.bind(target)
        assert await pull.receive(1) == [describe([b"job"])]
    numbers = [record.connection for record in seen.records if record.connection]
    assert numbers == sorted(numbers)
    assert len({*numbers}) > 2


@pytest.mark.parametrize("killed", ["binds", "connects"])
async def test_a_process_that_dies_is_missed_at_the_other_end(spawn: Spawn, killed: str) -> None:
    ours, theirs = await spawn(), await spawn()
    router = await ours.open("ROUTER")
    dealer = await theirs.open("DEALER", RECONNECT_IVL=-1)
    async with traced(await router.bind("tcp://127.0.0.1:*")) as seen:
        await dealer.connect(seen.address)
        await dealer.send([[b"hello"]])
        await router.receive(1)
        victim, witness = (ours, dealer) if killed == "binds" else (theirs, router)
        await witness.watch()
        await victim.kill()
        await witness.wait_lost()


# The program itself


class Program:
    """``pyzmtp trace`` in a process of its own."""

    def __init__(self, target: str, *options: str, stdout: int = subprocess.PIPE) -> None:
        arguments = [sys.executable, "-m", "pyzmtp", "trace", "tcp://127.0.0.1:*", target, *options]
        self.process = subprocess.Popen(
            arguments, stdout=stdout, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "80"}
        )  # fmt: skip

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()

    def first_line(self) -> str:
        """Read the first line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def stop(self) -> tuple[list[str], str]:
        """End it; give the other lines, and what it complained of."""
        self.process.terminate()
        output, complaints = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0
        return output.splitlines(), complaints


@pytest.fixture
def pair() -> Iterator[tuple[Any, Any]]:
    """Give a PULL that is bound and a PUSH, of libzmq in this process."""
    with (
        zmq.Context() as context,
        context.socket(zmq.PULL) as pull,
        context.socket(zmq.PUSH) as push,
    ):
        pull.bind("tcp://127.0.0.1:*")
        pull.linger = push.linger = 0
        pull.rcvtimeo = push.sndtimeo = int(PATIENCE * 1000)
        yield pull, push


def test_lines_and_a_capture_file(pair: tuple[Any, Any], directory: Path) -> None:
    pull, push = pair
    path = directory / "capture.pcapng"
    with Program(pull.last_endpoint.decode(), "--json", "--pcapng", str(path)) as program:
        listening = json.loads(program.first_line())
        push.connect(listening["address"])
        push.send_multipart([b"two", b"frames"])
        assert pull.recv_multipart() == [b"two", b"frames"]
        push.close()
        wait_for(lambda: sum("FIN" in packet.flags for packet in read_capture(path)) == 2)
        lines, complaints = program.stop()
    assert complaints == ""
    values = [json.loads(line) for line in lines]
    [message] = [value for value in values if value["type"] == "message"]
    assert [frame["text"] for frame in message["frames"]] == ["two", "frames"]
    assert values[-1]["type"] == "closed"
    client, target = check_stream(read_capture(path))
    assert values[-1]["bytes"] == {"client": len(client), "target": len(target)}
    assert client.endswith(b"\x01\x03two\x00\x06frames")


def test_text(pair: tuple[Any, Any]) -> None:
    pull, push = pair
    with Program(pull.last_endpoint.decode(), "--hex") as program:
        first = program.first_line().split()
        assert first[:2] == ["listening", "at"]
        push.connect(first[2].rstrip(","))
        push.send(b"job")
        assert pull.recv() == b"job"
        lines, complaints = program.stop()
    assert complaints == ""
    assert not any("\x1b" in line for line in lines)
    assert any(line.endswith('-> PUSH    message    3 bytes, "job"') for line in lines)
    assert any(line.strip() == "00 03 6a 6f 62" for line in lines)


def test_traffic_does_not_wait_for_whoever_reads_the_lines(pair: tuple[Any, Any]) -> None:
    pull, push = pair
    with Program(pull.last_endpoint.decode(), "--preview", "1000") as program:
        push.connect(program.first_line().split()[2].rstrip(","))
        count, body = 20_000, b"x" * 900  # 20 MB of lines, where a pipe holds 64 KiB
        for _ in range(count):
            push.send(body)
            assert pull.recv() == body
        lines, complaints = program.stop()
    assert complaints == ""
    [missing] = [line for line in lines if "lines are missing" in line]
    told = sum("message" in line for line in lines)
    assert told + int(missing.split()[1]) >= count


def test_it_ends_with_whoever_reads_the_lines(pair: tuple[Any, Any]) -> None:
    pull, push = pair
    with Program(pull.last_endpoint.decode()) as program:
        address = program.first_line().split()[2].rstrip(",")
        assert program.process.stdout is not None
        program.process.stdout.close()
        push.connect(address)
        assert program.process.wait(PATIENCE) == 0
        assert program.process.stderr is not None
        assert program.process.stderr.read() == ""


def test_a_place_that_is_taken(pair: tuple[Any, Any]) -> None:
    address = pair[0].last_endpoint.decode()
    done = subprocess.run(
        [sys.executable, "-m", "pyzmtp", "trace", address, "ipc:///nowhere"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {address}") or "in use" in done.stderr
    assert "Traceback" not in done.stderr


def wait_for(condition: Any) -> None:
    """Wait until `condition` holds, for what happens in another process."""
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)
