"""``twist zmtp-proxy`` and ``twistd zmtp-proxy`` in processes of their own, between libzmq sockets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from interop.sockets import lasting_address

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0

TWIST = ("-m", "twisted", "--log-format", "text")
TWISTD = ("-c", "from twisted.scripts.twistd import run; run()", "--nodaemon", "--pidfile=")


@contextmanager
def proxy(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process; it is killed if it does not end by itself."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def libzmq(kind: int, address: str, binds: bool = True) -> Iterator[zmq.Socket[bytes]]:
    """A socket of libzmq that is bound, or connected, to an address."""
    context = zmq.Context()
    socket = context.socket(kind)
    socket.linger = 0
    socket.rcvtimeo = socket.sndtimeo = int(PATIENCE * 1000)
    try:
        if binds:
            socket.bind(address)
        else:
            socket.connect(address)
        yield socket
    finally:
        context.destroy()


@pytest.mark.parametrize("program", [TWIST, TWISTD], ids=["twist", "twistd"])
def test_what_has_been_received_is_delivered_when_it_is_stopped(
    directory: Path, program: tuple[str, ...]
) -> None:
    front, back, copies = (f"ipc://{directory}/{name}" for name in ("front", "back", "copies"))
    arguments = (
        *("--frontend", front, "--frontend-type", "PULL"),
        *("--backend", f">{back}", "--backend-type", "PUSH"),
        *("--capture", f">{copies}", "--capture-type", "PUSH"),
    )
    messages = [[b"%d" % number, bytes(1000)] for number in range(200)]
    with (
        proxy(*program, "zmtp-proxy", *arguments) as process,
        libzmq(zmq.PUSH, front, binds=False) as push,
        libzmq(zmq.PULL, copies) as copied,
    ):
        for message in messages:
            push.send_multipart(message)
        assert [copied.recv_multipart() for _ in messages] == messages
        process.send_signal(signal.SIGTERM)
        with libzmq(zmq.PULL, back) as pull:  # nobody was there before
            assert [pull.recv_multipart() for _ in messages] == messages
        output, _ = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in output
        assert process.returncode in (0, -signal.SIGTERM), output


def test_the_application_of_the_docs(directory: Path) -> None:
    page = (ROOT / "docs" / "services.md").read_text()
    [program] = re.findall(
        r"^```python\n([^`]*^application = .*?)^```", page, re.DOTALL | re.MULTILINE
    )
    address = f"ipc://{directory}/jobs"
    (directory / "worker.tac").write_text(program.replace("ipc:///tmp/jobs.ipc", address))
    options = ("--python", str(directory / "worker.tac"), "--logfile", "-")
    with proxy(*TWISTD, *options) as process, libzmq(zmq.PUSH, address, binds=False) as push:
        for job in (b"one", b"two"):
            push.send(job)
        assert process.stdout is not None
        lines = (line for line in process.stdout if " did " in line)
        assert "did b'one'" in next(lines)
        assert "did b'two'" in next(lines)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in output


def test_a_wrong_option_is_told(directory: Path) -> None:
    with proxy(*TWIST, "zmtp-proxy", "--frontend", "tcp://nonsense") as process:
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        assert "Traceback" not in output
        assert "tcp://nonsense" in output


def test_a_port_in_use_ends_it(directory: Path) -> None:
    front, back = lasting_address("tcp", directory), lasting_address("ipc", directory)
    arguments = ("zmtp-proxy", "--frontend", front, "--backend", back)
    with libzmq(zmq.PULL, front), proxy(*TWIST, *arguments) as process:
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        assert f"{front} is in use" in output
