"""Standard input and output, as the commands see them, and as they are.

A standard stream may be a pipe, a file, a terminal or nothing at all, it is often shared with other
programs, and most of these cannot be watched by a reactor, or only after they were made non-blocking
for everybody. So each stream has a thread of its own, which makes one blocking call at a time, and only
when it is told to. It ends with the process, whatever it waits for.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

__all__ = [
    "InputStream",
    "OutputStream",
    "Sink",
    "Source",
    "StreamError",
    "Streams",
    "standard_streams",
]

_T = TypeVar("_T")

#: Bytes that one call reads or writes at the most: what a pipe of Linux holds.
_CHUNK: Final = 65536


class StreamError(Exception):
    """A standard stream cannot be read or written."""

    def __init__(self, name: str, error: OSError) -> None:
        super().__init__(f"standard {name}: {error.strerror or error}")


class Source(Protocol):
    """Where bytes come from; nothing is read before it is asked for.

    :ivar interactive: whether somebody types them.
    """

    interactive: bool

    def read(self) -> Deferred[bytes]:
        """The next bytes, or none at the end. Fails with :exc:`OSError`."""


class Sink(Protocol):
    """Where bytes go to.

    :ivar interactive: whether somebody looks at them.
    """

    interactive: bool

    @property
    def gone(self) -> bool:
        """Whether nobody will read them any more, as far as that can be seen without writing."""

    def write(self, data: bytes) -> Deferred[None]:
        """Fires when all is written. Fails with :exc:`BrokenPipeError` or another :exc:`OSError`."""


@frozen
class Streams:
    """What a command reads and writes.

    :ivar say: takes a line for standard error.
    """

    stdin: Source
    stdout: Sink
    say: Callable[[str], None]


class _Worker:
    """A thread that makes blocking calls, one after the other."""

    def __init__(self, reactor: IReactorFromThreads) -> None:
        self._reactor = reactor
        self._calls: SimpleQueue[tuple[Callable[[], Any], Deferred[Any]]] = SimpleQueue()
        self._thread: Thread | None = None

    def do(self, call: Callable[[], _T]) -> Deferred[_T]:
        """Make a call; fires with its result. To cancel that is to forget it: the call goes on."""
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        done: Deferred[_T] = Deferred()
        self._calls.put((call, done))
        return done

    def _run(self) -> None:
        while True:
            self.step()

    def step(self) -> None:
        """Wait for a call and make it."""
        call, done = self._calls.get()
        try:
            result: Any = call()
        except BaseException:
            result = Failure()
        self._reactor.callFromThread(done.callback, result)


class InputStream:
    """A :class:`Source` that is a file descriptor."""

    def __init__(self, reactor: IReactorFromThreads, descriptor: int) -> None:
        self.interactive = os.isatty(descriptor)
        self._descriptor = descriptor
        self._worker = _Worker(reactor)

    def read(self) -> Deferred[bytes]:
        """See :class:`Source`."""
        return self._worker.do(self._read)

    def _read(self) -> bytes:
        while True:
            try:
                return os.read(self._descriptor, _CHUNK)
            except BlockingIOError:  # another program has made it so
                select.select([self._descriptor], [], [])


class OutputStream:
    """A :class:`Sink` that is a file descriptor."""

    def __init__(self, reactor: IReactorFromThreads, descriptor: int) -> None:
        self.interactive = os.isatty(descriptor)
        self._descriptor = descriptor
        self._worker = _Worker(reactor)

    @property
    def gone(self) -> bool:
        """See :class:`Sink`. A pipe tells that its reader has closed it, where there is poll()."""
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._descriptor, 0)
        return bool(poll.poll(0))

    def write(self, data: bytes) -> Deferred[None]:
        """See :class:`Sink`."""
        return self._worker.do(lambda: self._write(memoryview(data)))

    def _write(self, rest: memoryview) -> None:
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest[:_CHUNK]) :]
            except BlockingIOError:  # as above
                select.select([], [self._descriptor], [])


class _NoInput:
    """Standard input that was closed before the program began."""

    interactive = False

    def read(self) -> Deferred[bytes]:
        return succeed(b"")


class _NoOutput:
    """The same of standard output."""

    interactive = False
    gone = False

    def write(self, data: bytes) -> Deferred[None]:
        return fail(OSError("it is closed"))


def standard_streams(reactor: IReactorFromThreads, say: Callable[[str], None]) -> Streams:
    """The streams of this process. A number that is closed may soon be another file's."""
    return Streams(
        _NoInput() if sys.stdin is None else InputStream(reactor, 0),
        _NoOutput() if sys.stdout is None else OutputStream(reactor, 1),
        say,
    )
