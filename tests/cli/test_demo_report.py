"""What the demo prints."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from pyzmtp.cli.demo.plan import LIBZMQ
from pyzmtp.cli.demo.report import has_failed, print_excerpt, print_outcomes, print_summary
from pyzmtp.cli.demo.stage import Outcome
from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import Frame, Greeting, Message, Opened, Record, Side
from tests.cli.helpers import PUB_SUB, PUSH_PULL, REQ_REP, meeting_of

GOOD = Outcome(meeting_of(PUSH_PULL), address="tcp://127.0.0.1:1234", seconds=0.0123)
BAD = Outcome(
    meeting_of(REQ_REP, "ipc", bound_by=LIBZMQ),
    address="ipc:///tmp/somewhere/7.ipc",
    seconds=5.0,
    error="not done within 5 s [sic]",
)
ABSENT = Outcome(meeting_of(PUB_SUB, "ipc"), unavailable="this reactor has no UNIX sockets")


class TestReport:
    @pytest.fixture
    def console(self) -> Console:
        return Console(file=StringIO(), width=80)

    def text(self, console: Console) -> str:
        assert isinstance(console.file, StringIO)
        return console.file.getvalue()

    def test_what_counts_as_failed(self) -> None:
        assert not has_failed([GOOD])
        assert not has_failed([GOOD, ABSENT])
        assert has_failed([GOOD, BAD])
        assert has_failed([ABSENT]), "nothing was done"
        assert has_failed([])

    def test_the_table(self, console: Console) -> None:
        print_outcomes(console, [GOOD, BAD, ABSENT])
        rows = [line.split() for line in self.text(console).splitlines() if "pyzmtp " in line]
        assert rows[:3] == [
            ["PULL", "pyzmtp", "PUSH", "pyzmtp", "tcp://127.0.0.1:1234", "1", "12", "ok"],
            ["REP", "libzmq", "REQ", "pyzmtp", "ipc://.../7.ipc", "-", "5000", "FAILED"],
            ["PUB", "pyzmtp", "SUB", "pyzmtp", "ipc", "-", "-", "not", "held"],
        ]
        assert (
            "FAILED: REP (libzmq, binds) and REQ (pyzmtp, connects) over ipc: "
            "not done within 5 s [sic]" in self.text(console)
        )
        assert "not held here: this reactor has no UNIX sockets" in self.text(console)

    def test_the_excerpt(self, console: Console) -> None:
        greeting = Greeting((3, 1), "NULL", False, wire=Preview(64, b"\xff" + bytes(8) + b"\x7f"))
        frames = (Frame(("MORE",), Preview(0, b"")), Frame((), Preview(5, b"hello")))
        message = Message(frames, 2, 5, wire=Preview(9, b"\x01\0\0\x05hello"))
        records = [
            Record(1.0, Opened("127.0.0.1:1"), 1),
            Record(1.1, greeting, 1, Side.CLIENT),
            Record(1.1012, message, 1, Side.TARGET),
        ]
        print_excerpt(console, GOOD, records)
        assert self.text(console) == (
            "What crosses the wire: PULL (pyzmtp, binds) and PUSH (pyzmtp, connects) over tcp\n"
            "    0.0 ms  PUSH   greeting  ZMTP 3.1, NULL\n"
            "                   ff 00 00 00 00 00 00 00 00 7f .. (64 bytes)\n"
            "    1.2 ms  PULL   message   2 frames, 5 bytes\n"
            "                   MORE            0  (empty)\n"
            '                                   5  "hello"\n'
            "                   01 00 00 05 68 65 6c 6c 6f\n"
            "\n"
        )

    def test_a_failed_excerpt(self, console: Console) -> None:
        print_excerpt(console, BAD, [])
        assert "FAILED: not done within 5 s [sic]" in self.text(console)

    def test_the_last_line(self, console: Console) -> None:
        print_summary(console, [GOOD, ABSENT])
        print_summary(console, [GOOD, BAD])
        good, bad = self.text(console).splitlines()
        assert good == "1 conversations, 1 messages, every byte compared, 0.0 s: all went well"
        assert bad == "2 conversations, 1 messages, every byte compared, 5.0 s: 1 FAILED"
