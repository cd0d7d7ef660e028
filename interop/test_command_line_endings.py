"""How the commands of sockets end, by themselves and by signals, and what they hold meanwhile."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import zmq

from interop.programs import PATIENCE, Open, Program, bound, libzmq

#: Bytes that a program may take beyond what it has when it is idle.
ROOM = 40_000_000

#: A message, and how many of them are far more than any queue here holds.
LARGE = b"x" * 10_000
MANY = 20_000


@pytest.fixture
def zmq_socket() -> Iterator[Open]:
    """Opens sockets of libzmq."""
    with libzmq() as open_socket:
        yield open_socket


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_what_was_read_is_sent_first(self, number: int, zmq_socket: Open) -> None:
        pull = zmq_socket("PULL")
        address = bound(pull)
        pull.unbind(address)  # nobody is there as yet
        tell = "__import__('sys').stderr.write(f'sent {message}\\n') and message"
        with Program("push", "-c", address, "-E", tell, stdin=subprocess.PIPE) as ours:
            assert ours.process.stdin is not None
            assert ours.process.stderr is not None
            ours.process.stdin.write(b"one\ntwo\n")
            ours.process.stdin.flush()
            said = [ours.process.stderr.readline() for _ in range(3)]
            assert any(b"trying again" in line for line in said)
            assert b"sent [b'two']\n" in said
            ours.signal(number)
            time.sleep(0.3)
            pull.bind(address)
            assert [pull.recv(), pull.recv()] == [b"one", b"two"]
            ours.process.stdin.close()
            ours.process.stdin = None
            assert ours.end()[0] == -number

    def test_what_cannot_be_sent_is_told(self) -> None:
        with Program(
            "push", "-c", "tcp://127.0.0.1:1", "-o", "linger=0.2", "-i", "1", "a", "b"
        ) as ours:
            assert ours.process.stderr is not None
            assert b"trying again" in ours.process.stderr.readline()
            ours.signal(signal.SIGINT)
            status, _, said = ours.end()
            assert status == -signal.SIGINT
            assert "1 message was not sent: cannot connect to tcp://127.0.0.1:1" in said

    def test_the_second_one_does_not_wait(self) -> None:
        with Program(
            "push", "-c", "tcp://127.0.0.1:1", "-o", "linger=none", "-i", "60", "a", "b"
        ) as ours:
            assert ours.process.stderr is not None
            assert b"trying again" in ours.process.stderr.readline()
            ours.signal(signal.SIGINT)
            time.sleep(0.3)
            assert ours.process.poll() is None
            ours.signal(signal.SIGINT)
            assert ours.end()[0] == -signal.SIGINT

    def test_one_that_is_ignored_stays_so(self) -> None:
        with Program(
            "pull", "-b", "tcp://127.0.0.1:*",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        ) as ours:  # fmt: skip
            assert ours.process.stderr is not None
            assert b"listening at" in ours.process.stderr.readline()
            ours.signal(signal.SIGINT)
            time.sleep(0.3)
            assert ours.process.poll() is None
            ours.signal(signal.SIGTERM)
            assert ours.end()[0] == -signal.SIGTERM

    def test_a_socket_file_does_not_stay(self, tmp_path: Path) -> None:
        path = tmp_path / "socket"
        with Program("pull", "-b", f"ipc://{path}", "-v") as ours:
            assert ours.process.stderr is not None
            assert b"listening at" in ours.process.stderr.readline()
            assert path.exists()
            ours.signal(signal.SIGINT)
            assert ours.end()[0] == -signal.SIGINT
        assert not path.exists()

    def test_a_command_that_answers_ends_too(self, zmq_socket: Open) -> None:
        req = zmq_socket("REQ")
        with Program("rep", "-c", bound(req), "-x", "echo $$; exec sleep 1000") as ours:
            req.send(b"x")
            assert ours.line() == "x\n"
            ours.signal(signal.SIGINT)
            assert ours.end()[0] == -signal.SIGINT


def test_exit_statuses(zmq_socket: Open) -> None:
    pub = zmq_socket("PUB")
    taken = bound(pub)
    nowhere = "tcp://127.0.0.1:1"
    expected = {
        ("pull", "-b", taken): (1, "is in use"),
        ("pull", "-c", taken): (1, "a PULL socket cannot talk to a 'PUB' socket"),
        ("pull", "nonsense"): (2, "what to do with 'nonsense'?"),
        ("pull", "-b", "nonsense"): (2, "it is neither a ZeroMQ address nor an endpoint string"),
        ("pull", "-b", "tcp://127.0.0.1:*", "-t", "0.2"): (3, "no message arrived within 0.2 s"),
        ("push", "-b", "tcp://127.0.0.1:*", "-t", "0.2", "x"): (3, "no peer could take"),
        ("push", "-c", nowhere, "-o", "linger=0.2", "x"): (4, "1 message was not sent"),
        ("pub", "-b", "tcp://127.0.0.1:*", "--wait", "0", "x"): (0, "listening at"),
    }
    programs = {arguments: Program(*arguments) for arguments in expected}
    try:
        for arguments, (status, text) in expected.items():
            ended, _, said = programs[arguments].end()
            assert (arguments, ended) == (arguments, status)
            assert text in said
    finally:
        for program in programs.values():
            with program:
                pass


class TestMemory:
    def test_a_slow_reader_holds_back_the_peer(self, zmq_socket: Open) -> None:
        push = zmq_socket("PUSH", SNDHWM=10)
        with Program("pull", "-c", bound(push), "-o", "receive_hwm=10") as ours:
            push.send(b"first")
            assert ours.line() == "first\n"
            idle = ours.memory
            push.set(zmq.SNDTIMEO, 2000)
            sent = 0
            with suppress(zmq.Again):
                while sent < MANY:
                    push.send(LARGE)
                    sent += 1
            assert sent < MANY / 2, "nobody was held back"
            assert ours.memory - idle < ROOM
            # Nothing is lost: all of it is there when the reader goes on.
            output = ours.process.stdout
            assert output is not None
            for _ in range(sent):
                assert output.readline() == LARGE + b"\n"
            assert ours.memory - idle < ROOM

    def test_a_slow_peer_holds_back_the_input(self, zmq_socket: Open) -> None:
        pull = zmq_socket("PULL", RCVHWM=10)
        with Program("push", "-c", bound(pull), "-o", "send_hwm=10", stdin=subprocess.PIPE) as ours:
            pipe = ours.process.stdin
            assert pipe is not None
            pipe.write(b"first\n")
            pipe.flush()
            assert pull.recv() == b"first"
            idle = ours.memory
            os.set_blocking(pipe.fileno(), False)
            line, written, stuck_since = LARGE + b"\n", 0, time.monotonic()
            while time.monotonic() - stuck_since < 2:
                try:
                    written += os.write(pipe.fileno(), line[written % len(line) :])
                    stuck_since = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.01)
                assert written < MANY * len(line), "nobody was held back"
            assert ours.memory - idle < ROOM
            os.set_blocking(pipe.fileno(), True)
            received = 0
            while received < written // len(line):
                assert pull.recv() == LARGE
                received += 1
            ours.signal(signal.SIGTERM)
            pipe.close()
            ours.process.stdin = None
            assert ours.end()[0] in (0, -signal.SIGTERM)


class TestTerminals:
    def test_what_is_typed_is_sent_and_what_comes_is_harmless(self, zmq_socket: Open) -> None:
        pair = zmq_socket("PAIR")
        ours, theirs = pty.openpty()
        with Program(
            "pair", "-c", bound(pair), stdin=theirs, stdout=theirs, stderr=theirs
        ) as program:
            os.write(ours, b"hello\n")
            assert pair.recv() == b"hello"
            pair.send(b"\x1b[2Jworld")
            seen = b""
            deadline = time.monotonic() + PATIENCE
            while b"world" not in seen and time.monotonic() < deadline:
                seen += os.read(ours, 1000)
            assert b"\\x1b[2Jworld\r\n" in seen
            assert b"\x1b[2J" not in seen
            # Others may go on using the terminal as it was.
            assert os.get_blocking(theirs)
            os.write(ours, b"\x04")  # Ctrl-D
            pair.send(b"still here")
            os.write(
                ours, b"\x03"
            )  # Ctrl-C, to nobody: the program is in no session of this terminal
            program.signal(signal.SIGINT)
            assert program.process.wait(PATIENCE) == -signal.SIGINT
        os.close(ours)
        os.close(theirs)
