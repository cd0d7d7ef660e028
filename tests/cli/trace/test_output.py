"""pyzmtp.cli.trace.output: lines for whoever reads them, who may be slow or gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from pyzmtp.cli.trace import output
from pyzmtp.cli.trace.output import DescriptorWriter, Output


class Reader:
    """Reads when it is told to."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.waiting: Deferred[None] | None = None

    def write(self, data: bytes) -> Deferred[None]:
        assert self.waiting is None, "one write at a time"
        self.written.append(data)
        self.waiting = Deferred()
        return self.waiting

    def read(self, error: Exception | None = None) -> None:
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        if error is None:
            waiting.callback(None)
        else:
            waiting.errback(error)


def new_output(reader: Reader) -> Output:
    return Output(reader.write, lambda count: f"{count} are missing")


def test_a_line_is_written_at_once() -> None:
    reader = Reader()
    new_output(reader).put("line ü \udcff")
    assert reader.written == ["line ü \\udcff\n".encode()]


def test_lines_that_come_meanwhile_are_written_together() -> None:
    reader = Reader()
    lines = new_output(reader)
    for line in "abc":
        lines.put(line)
    assert reader.written == [b"a\n"]
    reader.read()
    assert reader.written == [b"a\n", b"b\nc\n"]
    reader.read()
    assert reader.waiting is None


def test_a_reader_that_is_never_slow() -> None:
    written: list[bytes] = []

    def write(data: bytes) -> Deferred[None]:
        written.append(data)
        return succeed(None)

    lines = Output(write, str)
    for line in "abc":
        lines.put(line)
    assert written == [b"a\n", b"b\n", b"c\n"]
    assert lines.flush().called


def test_what_waits_is_bounded_and_what_is_dropped_is_told() -> None:
    reader = Reader()
    lines = new_output(reader)
    lines.put("first")
    line = "x" * 999
    for _ in range(20_000):
        lines.put(line)
    lines.put("short enough, but behind those that are missing")
    reader.read()
    room = output._ROOM // 1000
    missing = f"{20_000 - room + 1} are missing\n".encode()
    assert reader.written[1] == f"{line}\n".encode() * room + missing
    lines.put("later")
    reader.read()
    assert reader.written[2] == b"later\n"


def test_flush_waits_until_all_is_written() -> None:
    reader = Reader()
    lines = new_output(reader)
    assert lines.flush().called
    lines.put("a")
    lines.put("b")
    one, two = lines.flush(), lines.flush()
    reader.read()
    assert not one.called
    two.addErrback(lambda _: None)
    two.cancel()
    reader.read()
    assert one.called


def test_a_reader_that_is_gone() -> None:
    reader = Reader()
    lines = new_output(reader)
    lines.put("a")
    lines.put("b")
    flushed = lines.flush()
    reader.read(BrokenPipeError(32, "Broken pipe"))
    assert lines.gone.called
    assert flushed.called
    lines.put("c")
    assert reader.written == [b"a\n"]
    assert lines.flush().called


class Reactor:
    """Makes the calls of a thread at once: there is no thread."""

    def callFromThread(self, call: Callable[..., object], *arguments: object) -> None:
        call(*arguments)


class NoThread:
    """A thread that never runs: the tests do what it would."""

    def __init__(self, target: Callable[[], None], daemon: bool) -> None:
        assert daemon

    def start(self) -> None:
        """Do nothing."""


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(output, "Thread", NoThread)
    return Reactor()


def test_bytes_are_written_to_a_descriptor(reactor: Any) -> None:
    read_end, write_end = os.pipe()
    writer = DescriptorWriter(reactor, write_end)
    one, two = writer.write(b"one"), writer.write(b"two")
    assert not one.called
    writer.step()
    assert (one.called, two.called) == (True, False)
    writer.step()
    assert two.called
    assert os.read(read_end, 100) == b"onetwo"
    os.close(read_end)
    os.close(write_end)


def test_a_part_at_a_time(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[bytes] = []

    def write(descriptor: int, data: bytes) -> int:
        parts.append(data[:2])
        return len(data[:2])

    writer = DescriptorWriter(reactor, 1)
    done = writer.write(b"hello")
    monkeypatch.setattr(os, "write", write)
    writer.step()
    assert done.called
    assert parts == [b"he", b"ll", b"o"]


def test_a_descriptor_that_nobody_reads(reactor: Any) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    failures: list[Failure] = []
    writer = DescriptorWriter(reactor, write_end)
    writer.write(b"x").addErrback(failures.append)
    writer.step()
    assert [type(failure.value) for failure in failures] == [BrokenPipeError]
    os.close(write_end)
