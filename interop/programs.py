"""Commands of pyzmtp in processes of their own, and libzmq's sockets to talk to them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import zmq

_Self = TypeVar("_Self", bound="Program")

#: Seconds for whatever ought to happen at once, on a machine that has much else to do.
PATIENCE = 50.0


class Program:
    """``pyzmtp`` with some arguments, running; killed at the end of a ``with`` if it is still there.

    ``launcher``: what Python is told to run instead.
    """

    def __init__(
        self, *arguments: str, launcher: Sequence[str] = ("-m", "pyzmtp"), **settings: Any
    ) -> None:
        settings = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **settings,
        }
        environment = {**os.environ, "COLUMNS": "100", **settings.pop("environment", {})}
        self.process = subprocess.Popen(
            [sys.executable, *launcher, *arguments], env=environment, **settings
        )

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        line: bytes = self.process.stdout.readline()
        return line.decode()

    def end(self, data: bytes | None = None) -> tuple[int, bytes, str]:
        """Give it the rest of its input, and wait for its end: (status, output, what it said)."""
        output, said = self.process.communicate(data, timeout=PATIENCE)
        return self.process.returncode, output, (said or b"").decode()

    @property
    def memory(self) -> int:
        """How many bytes of memory it has, by Linux's count."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the process has ended")


Open = Callable[..., Any]


@contextmanager
def libzmq() -> Iterator[Open]:
    """Opens sockets of libzmq, by the name of their type, each with options by name.

    Each of their calls has its time limit, and nothing of them is left at the end.
    """
    context = zmq.Context()
    sockets = []

    def open_socket(kind: str, **options: Any) -> Any:
        socket: Any = context.socket(getattr(zmq, kind))
        sockets.append(socket)
        for name, value in {
            "RCVTIMEO": int(PATIENCE * 1000),
            "SNDTIMEO": int(PATIENCE * 1000),
            "LINGER": 0,
            **options,
        }.items():
            socket.set(getattr(zmq, name), value)
        return socket

    try:
        yield open_socket
    finally:
        for socket in sockets:
            socket.close()
        context.term()


def bound(socket: Any, where: str = "tcp://127.0.0.1:*") -> str:
    """Bind a socket of libzmq; return the address."""
    socket.bind(where)
    address: bytes = socket.get(zmq.LAST_ENDPOINT)
    return address.rstrip(b"\0").decode()
