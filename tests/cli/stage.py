"""The stage for tests of commands: streams in memory, and commands that run on hosts in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.sockets.command import socket_command, task_of
from pyzmtp.cli.sockets.kinds import KINDS
from pyzmtp.cli.sockets.session import run_task
from pyzmtp.cli.sockets.task import Task
from pyzmtp.cli.streams import Streams
from pyzmtp.testing import TCPMemoryReactor
from tests.sockets.world import Outcomes, World

#: Where a command listens, and where others find it.
HERE: Final = "tcp://127.0.0.1:5000"

DONE, FAILED, USAGE, TIMEOUT, UNSENT = ExitStatus


class MemorySource:
    """A source that gives chunks, one a read, and then waits for more or ends."""

    def __init__(self, *chunks: bytes | OSError, ends: bool = True, interactive: bool = False):
        self.interactive = interactive
        self.reads = 0
        self._chunks: deque[bytes | OSError] = deque(chunks)
        self._ends = ends
        self._waiting: Deferred[bytes] | None = None

    def read(self) -> Deferred[bytes]:
        self.reads += 1
        if self._chunks:
            chunk = self._chunks.popleft()
            return fail(chunk) if isinstance(chunk, OSError) else succeed(chunk)
        if self._ends:
            return succeed(b"")
        self._waiting = Deferred()
        return self._waiting

    def type(self, data: bytes) -> None:
        """Somebody types something; nothing is the end."""
        assert self._waiting is not None, "nothing is being read"
        waiting, self._waiting = self._waiting, None
        waiting.callback(data)


class MemorySink:
    """A sink that keeps what is written, and may take its time."""

    def __init__(self, interactive: bool = False) -> None:
        self.interactive = interactive
        self.gone = False
        self.error: OSError | None = None
        self.slow = False
        self.writes: list[bytes] = []
        self._waiting: Deferred[None] | None = None

    @property
    def data(self) -> bytes:
        """All that was written."""
        return b"".join(self.writes)

    def write(self, data: bytes) -> Deferred[None]:
        assert self._waiting is None, "it was not waited for the last one"
        if self.error is not None:
            return fail(self.error)
        self.writes.append(data)
        if not self.slow:
            return succeed(None)
        self._waiting = Deferred()
        return self._waiting

    def take(self) -> None:
        """The last write is done."""
        assert self._waiting is not None
        waiting, self._waiting = self._waiting, None
        waiting.callback(None)


class Running:
    """A command at work.

    :ivar said: the lines for standard error.
    """

    def __init__(
        self, stdin: MemorySource, stdout: MemorySink, run: Callable[[Streams], Any]
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.said: list[str] = []
        self._work: Deferred[int] = Deferred.fromCoroutine(
            run(Streams(stdin, stdout, self.said.append))
        )
        self.outcome = Outcomes(self._work)

    @property
    def status(self) -> int:
        """How it ended."""
        [status] = self.outcome
        return status

    @property
    def lines(self) -> list[str]:
        """What it has written, by line."""
        return self.stdout.data.decode().splitlines()

    def cancel(self) -> None:
        """Do what a signal does."""
        self._work.cancel()


def read_task(name: str, *arguments: str) -> Task:
    """What a command line means."""
    context = socket_command(name).make_context(name, list(arguments))
    return task_of(KINDS[name], context.params)


class Stage:
    """Commands on hosts of one network; each has a host of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._started: list[Running] = []

    def start(
        self,
        name: str,
        *arguments: str,
        stdin: MemorySource | None = None,
        stdout: MemorySink | None = None,
        on: TCPMemoryReactor | None = None,
    ) -> Running:
        """Start a command, and let it do what it can at once."""
        task = read_task(name, *arguments)
        reactor = on if on is not None else self.world.network.reactor()
        running = Running(
            stdin if stdin is not None else MemorySource(),
            stdout if stdout is not None else MemorySink(),
            lambda streams: run_task(reactor, task, streams),
        )
        self._started.append(running)
        self.world.settle()
        return running

    def interrupt(self) -> None:
        """Interrupt what still runs, twice, so that it does not linger; see that it ends."""
        for running in self._started:
            for _ in range(2):
                running.cancel()
                self.world.advance(0)
            assert not running.outcome.pending, running.said

    def end(self, running: Running, within: float = 10.0) -> int:
        """Wait until a command ends; return its status."""
        self.world.until(lambda: not running.outcome.pending, within)
        return running.status


class FakeProcesses:
    """In place of a reactor's ``spawnProcess``: runs a function of standard input at once.

    :ivar killed: the commands that were killed.
    """

    def __init__(self, function: Callable[[bytes], tuple[bytes, int]] | None = None) -> None:
        self.commands: list[str] = []
        self.killed: list[str] = []
        self.function = function

    def spawn(self, protocol: ProcessProtocol, executable: str, args: Any, **kwargs: Any) -> None:
        assert kwargs["childFDs"] == {0: "w", 1: "r", 2: 2}
        self.commands.append(args[-1])
        protocol.makeConnection(_FakeProcess(self, protocol, args[-1]))


class _FakeProcess:
    """The transport of one process."""

    def __init__(self, processes: FakeProcesses, protocol: ProcessProtocol, command: str) -> None:
        self._processes = processes
        self._protocol = protocol
        self._command = command
        self._input = b""
        self._ended = False

    def write(self, data: bytes) -> None:
        self._input += data

    def closeStdin(self) -> None:
        function = self._processes.function
        if function is None:
            return  # it goes on until it is killed
        output, status = function(self._input)
        self._protocol.outReceived(output[:1])
        self._protocol.outReceived(output[1:])
        self._end(status)

    def signalProcess(self, signal: str) -> None:
        if self._ended:
            raise ProcessExitedAlready
        assert signal == "KILL"
        self._processes.killed.append(self._command)
        self._end(-9)

    def _end(self, status: int) -> None:
        self._ended = True
        reason: Exception = ProcessDone(0)
        if status:
            number = -status if status < 0 else None
            reason = ProcessTerminated(None if number else status, number)
        self._protocol.processEnded(Failure(reason))
