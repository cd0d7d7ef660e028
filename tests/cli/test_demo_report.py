"""What the demo prints."""

from __future__ import annotations

from io import StringIO

import pytest
from pyzmtp.cli.demo.transcript import Line
from rich.console import Console

from pyzmtp.cli.demo.plan import LIBZMQ
from pyzmtp.cli.demo.report import has_failed, print_excerpt, print_outcomes, print_summary
from pyzmtp.cli.demo.stage import Outcome
from tests.cli.helpers import GREETING, PUB_SUB, PUSH_PULL, REQ_REP, REQUEST, meeting_of

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
        lines = [
            Line(0.0, True, "greeting", "ZMTP 3.1, mechanism NULL", GREETING),
            Line(0.0012, False, "message", "[hello]", REQUEST),
        ]
        print_excerpt(console, GOOD, lines)
        text = self.text(console)
        assert "What crosses the wire: PULL (pyzmtp, binds) and PUSH (pyzmtp, connects)" in text
        assert "ff 00 00 00 00 00 00 00 01 7f 03 01" in text
        assert "    1.2 ms  PULL   message   [hello]\n" in text
        assert "FAILED" not in text

    def test_a_failed_excerpt(self, console: Console) -> None:
        print_excerpt(console, BAD, [])
        assert "FAILED: not done within 5 s [sic]" in self.text(console)

    def test_the_last_line(self, console: Console) -> None:
        print_summary(console, [GOOD, ABSENT])
        print_summary(console, [GOOD, BAD])
        good, bad = self.text(console).splitlines()
        assert good == "1 conversations, 1 messages, every byte compared, 0.0 s: all went well"
        assert bad == "2 conversations, 1 messages, every byte compared, 5.0 s: 1 FAILED"
