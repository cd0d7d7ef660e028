"""``pyzmtp info`` of libzmq's sockets, and the commands proxy and bench, for real."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import zmq
from twisted.internet.defer import Deferred, succeed

from interop.payloads import Message, expected
from interop.peer import LibzmqPeer
from interop.programs import PATIENCE, Open, Program, bound
from interop.programs import libzmq as opened_libzmq
from interop.reactor import reactor, within
from interop.secured import SCHEMES
from interop.sockets import CLASSES
from pyzmtp import SocketOptions
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.info import tell
from pyzmtp.cli.info.joining import UNSAFE_NAMES
from pyzmtp.cli.streams import Streams
from pyzmtp.security.policy import Policy

BY_MECHANISM = {scheme.mechanism: scheme for scheme in SCHEMES}


class Sink:
    """Keeps what is written."""

    interactive = False
    gone = False

    def __init__(self) -> None:
        self.data = b""

    def read(self) -> Deferred[bytes]:
        return succeed(b"")

    def write(self, data: bytes) -> Deferred[None]:
        self.data += data
        return succeed(None)


async def ask(address: str, policy: Policy | None, joins: bool) -> tuple[int, dict[str, Any]]:
    """What ``info`` finds at an address, and its exit status."""
    sink = Sink()
    streams = Streams(sink, sink, lambda text: None)
    asking = Deferred.fromCoroutine(
        tell(reactor, address, SocketOptions(), lambda _: policy, joins, 10, True, streams)
    )
    status = await within(asking, f"info {address}")
    return status, json.loads(sink.data)


@pytest.mark.parametrize("mechanism", ["NULL", *BY_MECHANISM])
async def test_info_of_every_type_of_libzmq(mechanism: str, libzmq: LibzmqPeer) -> None:
    scheme = BY_MECHANISM.get(mechanism)
    for kind in CLASSES:
        policy = None
        if scheme is None:
            theirs = await libzmq.open(kind)
        else:
            theirs = await scheme.open(libzmq, "libzmq", kind)
            policy = scheme.our_client()
        address = await theirs.bind("tcp://127.0.0.1:*")
        status, found = await ask(address, policy, joins=False)
        assert found["version"] == "3.1"
        assert found["mechanism"] == mechanism
        if kind not in UNSAFE_NAMES:
            assert (status, found["socket_type"]) == (ExitStatus.DONE, kind)
            assert found["ping_seconds"] > 0
        elif scheme is None:
            assert (status, found["socket_type"]) == (ExitStatus.DONE, kind)
            assert "joined_as" not in found
        else:
            assert status == ExitStatus.FAILED
            assert kind in found["problem"]
        if kind in UNSAFE_NAMES and (scheme is None or scheme.allows("libzmq", kind)):
            status, found = await ask(address, policy, joins=True)
            assert (status, found["socket_type"]) == (ExitStatus.DONE, kind)
            assert found["ping_seconds"] > 0
        await theirs.close()


async def test_info_takes_no_message_from_a_push(libzmq: LibzmqPeer) -> None:
    push = await libzmq.open("PUSH")
    address = await push.bind("tcp://127.0.0.1:*")
    status, _ = await ask(address, None, joins=False)
    assert status == ExitStatus.DONE
    pull = await libzmq.open("PULL")
    await pull.connect(address)
    messages: list[Message] = [[b"one"], [b"two"]]
    await push.send(messages)
    assert await pull.receive(2) == expected(messages)


@pytest.fixture
def zmq_socket() -> Iterator[Open]:
    """Opens sockets of libzmq in this process."""
    with opened_libzmq() as open_socket:
        yield open_socket


def test_info_as_a_program(zmq_socket: Open) -> None:
    rep = zmq_socket("REP", METADATA=b"X-Team:a")
    address = bound(rep)
    with Program("info", address) as ours, Program("info", "tcp://127.0.0.1:1") as other:
        status, output, said = ours.end()
        assert (status, said) == (0, "")
        lines = output.decode().splitlines()
        assert lines[:5] == [
            f"address:     {address}",
            "version:     ZMTP 3.1",
            "mechanism:   NULL",
            "socket type: REP",
            "metadata:    X-Team: a",
        ]
        assert lines[5].startswith("round trip:  ")
        assert lines[5].endswith(" ms (PING)")
        status, output, said = other.end()
        assert (status, output) == (1, b"")
        assert "Connection was refused" in said


class TestProxy:
    def test_requests_and_a_copy_of_them(self, zmq_socket: Open) -> None:
        req, rep, sub = zmq_socket("REQ"), zmq_socket("REP"), zmq_socket("SUB", SUBSCRIBE=b"")
        sockets = [f"router>{bound(req)}", f"dealer>{bound(rep)}", "--capture", f"pub>{bound(sub)}"]
        with Program("proxy", *sockets, "-i", "0.2") as ours:
            for number in range(50):
                req.send_multipart([b"%d" % number, b"x"])
                request = rep.recv_multipart()
                rep.send_multipart([*request, b"answer"])
                assert req.recv_multipart() == [b"%d" % number, b"x", b"answer"]
                sub.poll(1)  # libzmq subscribes at a new peer only when it is asked for something
            assert sub.recv_multipart()[-1] in (b"x", b"answer")
            for way in ("frontend > backend: ", "backend > frontend: "):
                line = ours.line()
                assert line.startswith(way)
                assert line.endswith("; 0 dropped, 0 not captured\n") or "dropped" in line
            ours.signal(signal.SIGINT)
            status, _, said = ours.end()
            assert (status, said) == (-signal.SIGINT, "")

    def test_on_a_terminal(self, zmq_socket: Open) -> None:
        push, pull = zmq_socket("PUSH"), zmq_socket("PULL")
        ours, theirs = pty.openpty()
        sockets = [f"pull>{bound(push)}", f"push>{bound(pull)}"]
        environment = {"TERM": "xterm", "COLUMNS": "100"}
        with Program(
            "proxy", *sockets, "-i", "0.2", stdout=theirs, stderr=theirs, environment=environment
        ) as program:
            for _ in range(1000):
                push.send(b"x" * 100)
            for _ in range(1000):
                assert pull.recv() == b"x" * 100
            seen = ""
            deadline = time.monotonic() + PATIENCE
            while "100,000" not in seen and time.monotonic() < deadline:
                seen += os.read(ours, 65536).decode()
            assert "frontend > backend" in seen
            assert "1,000" in seen
            program.signal(signal.SIGINT)
            while select.select([ours], [], [], 0.1)[0] or program.process.poll() is None:
                if select.select([ours], [], [], 0.1)[0]:
                    seen += os.read(ours, 65536).decode()
                assert time.monotonic() < deadline
            assert program.process.wait(PATIENCE) == -signal.SIGINT
            assert seen.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"
        os.close(ours)
        os.close(theirs)

    def test_a_pipeline_pushes_back(self, zmq_socket: Open) -> None:
        push, pull = zmq_socket("PUSH", SNDHWM=10), zmq_socket("PULL", RCVHWM=10)
        sockets = [f"pull>{bound(push)}", f"push>{bound(pull)}"]
        options = ["-o", "frontend.receive_hwm=10", "-o", "backend.send_hwm=10"]
        with Program("proxy", *sockets, *options) as ours:
            push.send(b"first")
            assert pull.recv() == b"first"
            idle, sent = ours.memory, 0
            push.set(zmq.SNDTIMEO, 2000)
            message = bytes(100_000)
            with suppress(zmq.Again):
                while sent < 5000:
                    push.send(message)
                    sent += 1
            assert sent < 2000, "nobody was held back"
            assert ours.memory - idle < 50_000_000
            for _ in range(sent):
                assert len(pull.recv()) == 100_000
            ours.signal(signal.SIGTERM)
            assert ours.end()[0] == -signal.SIGTERM


def test_bench() -> None:
    with Program("bench", "-T", "tcp", "-s", "16", "-n", "5000", "-r", "50", "--json") as ours:
        status, output, said = ours.end()
        assert (status, said) == (0, "")
        [result] = json.loads(output)
        assert (result["transport"], result["processes"], result["size"]) == ("tcp", 2, 16)
        assert result["messages_per_second"] > 0
        assert 0 < result["round_trip_seconds"]["median"] <= result["round_trip_seconds"]["99 %"]


def test_bench_can_be_interrupted() -> None:
    with Program("bench", "-T", "ipc", "-s", "16", "-n", "1000000000") as ours:
        assert ours.line().startswith("pyzmtp ")
        time.sleep(1)
        ours.signal(signal.SIGINT)
        assert ours.end()[0] == -signal.SIGINT
