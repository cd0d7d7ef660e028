"""The programs in examples/, in processes of their own, as their users start them."""

from __future__ import annotations

import re
import signal
from math import prod
from pathlib import Path
from threading import Timer
from typing import Any

from interop.programs import Program, libzmq

EXAMPLES = Path(__file__).parent.parent / "examples"

#: Seconds after which a program is killed, whatever it is at.
LIMIT = 40.0


class Example(Program):
    """A program of examples/, running."""

    def __init__(self, name: str, *arguments: str, **settings: Any) -> None:
        launcher = [str(EXAMPLES / f"{name}.py")]
        super().__init__(*arguments, launcher=launcher, **settings)
        self._limit = Timer(LIMIT, self.process.kill)
        self._limit.start()

    def __exit__(self, *reason: Any) -> None:
        self._limit.cancel()
        super().__exit__(*reason)

    def address(self) -> str:
        """The address in its first line."""
        return self.line().split()[-1]

    def say(self, line: str) -> None:
        """Give it a line of input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        """End it as Ctrl-C does: that is no failure, and nothing is complained of."""
        self.signal(signal.SIGINT)
        status, _, said = self.end()
        assert (status, said) == (0, "")


def test_clock() -> None:
    with (
        Example("clock", "publish", "tcp://127.0.0.1:*") as clock,
        Example("clock", "subscribe", address := clock.address()) as all_topics,
        Example("clock", "subscribe", address, "sec") as some,
        libzmq() as open_socket,
    ):
        theirs = open_socket("SUB", SUBSCRIBE=b"second")
        theirs.connect(address)
        topic, time = theirs.recv_multipart()
        assert (topic, re.fullmatch(rb"\d\d:\d\d:\d\d", time) is not None) == (b"second", True)
        for subscriber in (all_topics, some):
            assert re.fullmatch(r"(second|minute|hour) \d\d:\d\d:\d\d\n", subscriber.line())
            subscriber.interrupt()
        clock.interrupt()


def test_task_farm() -> None:
    with (
        Example("task_farm", "sink", "tcp://127.0.0.1:*") as sink,
        Example(
            "task_farm",
            "ventilator",
            "tcp://127.0.0.1:*",
            results := sink.address(),
            *("2", "20"),
        ) as ventilator,
        Example("task_farm", "worker", tasks := ventilator.address(), results, "anne") as anne,
        Example("task_farm", "worker", tasks, results, "bob") as bob,
    ):
        status, output, said = sink.end()
        assert (status, said) == (0, "")
        *lines, summary = output.decode().splitlines()
        assert summary == "anne: 10, bob: 10"
        assert len(lines) == 20
        for line in lines:
            number, *factors = map(int, re.findall(r"\d+", line))
            assert prod(factors) == number
        assert ventilator.end()[::2] == (0, "")
        anne.interrupt()
        bob.interrupt()
