"""pyzmtp.cli.trace.output: lines for whoever reads them, who may be slow or gone."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed

from pyzmtp.cli.trace import output
from pyzmtp.cli.trace.output import Output


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
