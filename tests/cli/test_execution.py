"""``--exec``: one command of the shell for each message."""

from __future__ import annotations

import os

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp.cli.execution import execute
from tests.cli.stage import FakeProcesses
from tests.sockets.world import Outcomes


class Reactor:
    """What :func:`execute` asks of a reactor."""

    def __init__(self, processes: FakeProcesses) -> None:
        self.spawnProcess = processes.spawn


def test_the_message_is_its_input_and_its_output_the_answer() -> None:
    processes = FakeProcesses(lambda data: (data.upper(), 0))
    assert Outcomes(execute(Reactor(processes), "tr a-z A-Z", b"hello")) == [(b"HELLO", "")]
    assert processes.commands == ["tr a-z A-Z"]


@pytest.mark.parametrize(
    ("status", "problem"), [(1, "it exited with 1"), (-15, "it was ended by signal 15")]
)
def test_what_went_wrong_is_told(status: int, problem: str) -> None:
    processes = FakeProcesses(lambda data: (b"so far", status))
    assert Outcomes(execute(Reactor(processes), "x", b"")) == [(b"so far", problem)]


def test_a_command_that_is_not_waited_for_is_killed() -> None:
    processes = FakeProcesses()
    running = execute(Reactor(processes), "sleep 1000", b"")
    outcome = Outcomes(running)
    assert outcome.pending
    running.cancel()
    assert isinstance(outcome.error, CancelledError)
    assert processes.killed == ["sleep 1000"]


def test_the_shell_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, object]] = []

    class Windows:
        def spawnProcess(
            self, protocol: object, executable: str, args: object, **_: object
        ) -> None:
            seen.append((executable, args))

    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setenv("COMSPEC", "C:\\cmd.exe")
    execute(Windows(), "dir", b"")
    assert seen == [("C:\\cmd.exe", ("C:\\cmd.exe", "/c", "dir"))]
