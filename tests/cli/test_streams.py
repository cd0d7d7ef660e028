"""Standard streams: files, pipes and terminals, without the threads that wait for them."""

from __future__ import annotations

import errno
import os
import pty
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyzmtp.cli import streams
from pyzmtp.cli.streams import InputStream, OutputStream, StreamError, standard_streams
from tests.sockets.world import Outcomes


class Reactor:
    """Calls at once what it is to call from another thread."""

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The threads that would have been started: each makes one call when it is told to."""
    started: list[Any] = []

    class FakeThread:
        def __init__(self, target: Any, daemon: bool) -> None:
            assert daemon, "it would keep the process from its end"
            self.step = target.__self__.step

        def start(self) -> None:
            started.append(self)

    monkeypatch.setattr(streams, "Thread", FakeThread)
    return started


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe: where to read, where to write. What a test closes it sets to -1."""
    ends = list(os.pipe())
    yield ends[0], ends[1]
    for end in ends:
        try:
            os.close(end)
        except OSError as error:
            assert error.errno == errno.EBADF  # noqa: PT017


def new_input(descriptor: int) -> InputStream:
    reactor: Any = Reactor()
    return InputStream(reactor, descriptor)


def new_output(descriptor: int) -> OutputStream:
    reactor: Any = Reactor()
    return OutputStream(reactor, descriptor)


def test_nothing_is_read_before_it_is_asked_for(pipe: tuple[int, int], threads: list[Any]) -> None:
    source = new_input(pipe[0])
    os.write(pipe[1], b"hello")
    assert threads == []
    data = Outcomes(source.read())
    assert data.pending
    [thread] = threads
    thread.step()
    assert data == [b"hello"]
    os.close(pipe[1])
    end = Outcomes(source.read())
    assert len(threads) == 1
    thread.step()
    assert end == [b""]


def test_a_read_that_was_given_up_is_forgotten(pipe: tuple[int, int], threads: list[Any]) -> None:
    source = new_input(pipe[0])
    reading = source.read()
    outcome = Outcomes(reading)
    reading.cancel()
    os.write(pipe[1], b"late")
    threads[0].step()
    assert len(outcome.errors) == 1


def test_a_file_and_the_null_device(tmp_path: Path, threads: list[Any]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    for name, chunks in ((str(path), [65536, 34464, 0]), (os.devnull, [0])):
        descriptor = os.open(name, os.O_RDONLY)
        source = new_input(descriptor)
        assert not source.interactive
        for size in chunks:
            data = Outcomes(source.read())
            threads[-1].step()
            assert [len(each) for each in data] == [size]
        os.close(descriptor)


def test_what_the_system_says(threads: list[Any], tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    failed = Outcomes(new_input(descriptor).read())
    threads[0].step()
    assert isinstance(failed.error, IsADirectoryError)
    os.close(descriptor)
    assert str(StreamError("input", failed.error)) == "standard input: Is a directory"
    assert str(StreamError("output", OSError("odd"))) == "standard output: odd"


def test_a_descriptor_that_does_not_block_is_waited_for(
    pipe: tuple[int, int], threads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[str] = []

    def wait(readable: list[int], writable: list[int], _: list[int]) -> None:
        waited.append("read" if readable else "write")
        if readable:
            os.write(pipe[1], b"now")
        else:
            os.read(pipe[0], 10_000_000)

    monkeypatch.setattr(select, "select", wait)
    os.set_blocking(pipe[0], False)
    os.set_blocking(pipe[1], False)
    data = Outcomes(new_input(pipe[0]).read())
    threads[-1].step()
    assert data == [b"now"]
    done = Outcomes(new_output(pipe[1]).write(bytes(200_000)))
    threads[-1].step()
    assert done == [None]
    assert waited[0] == "read"
    assert set(waited[1:]) == {"write"}


def test_all_of_it_is_written(tmp_path: Path, threads: list[Any]) -> None:
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    sink = new_output(descriptor)
    assert not sink.interactive
    assert not sink.gone
    for size in (0, 100_000, 1):
        done = Outcomes(sink.write(b"x" * size))
        assert done.pending
        threads[0].step()
        assert done == [None]
    os.close(descriptor)
    assert (tmp_path / "file").stat().st_size == 100_001


def test_a_reader_that_has_gone(pipe: tuple[int, int], threads: list[Any]) -> None:
    sink = new_output(pipe[1])
    assert not sink.gone
    os.close(pipe[0])
    assert sink.gone
    failed = Outcomes(sink.write(b"x"))
    threads[0].step()
    assert isinstance(failed.error, BrokenPipeError)


def test_where_there_is_no_poll_nothing_is_seen(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(select, "poll")
    os.close(pipe[0])
    assert not new_output(pipe[1]).gone


def test_a_full_device(threads: list[Any]) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    failed = Outcomes(new_output(descriptor).write(b"x"))
    threads[0].step()
    assert isinstance(failed.error, OSError)
    assert failed.error.errno == errno.ENOSPC
    os.close(descriptor)


def test_a_terminal_is_interactive() -> None:
    ours, theirs = pty.openpty()
    assert new_input(theirs).interactive
    assert new_output(theirs).interactive
    os.close(ours)
    os.close(theirs)


def test_the_streams_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    reactor: Any = Reactor()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", object())
        patch.setattr(sys, "stdout", object())
        both = standard_streams(reactor, print)
    assert isinstance(both.stdin, InputStream)
    assert isinstance(both.stdout, OutputStream)
    assert both.say is print


def test_streams_that_were_closed_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    reactor: Any = Reactor()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", None)
        patch.setattr(sys, "stdout", None)
        none = standard_streams(reactor, print)
    assert Outcomes(none.stdin.read()) == [b""]
    assert isinstance(Outcomes(none.stdout.write(b"x")).error, OSError)
    assert not none.stdout.gone
    assert not none.stdin.interactive
    assert not none.stdout.interactive
