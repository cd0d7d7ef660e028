"""What is shown while something goes on, and a sink that takes its time."""

from __future__ import annotations

from pyzmtp.cli.screen import Screen
from tests.cli.stage import MemorySink
from tests.sockets.world import Outcomes


def test_what_is_printed_comes_to_the_sink() -> None:
    sink = MemorySink()
    screen = Screen(sink)
    screen.console(width=40).print("[bold]hello[/bold]")
    screen.line("world")
    assert sink.data == b"hello\nworld\n"
    assert Outcomes(screen.drain()) == [None]


def test_a_terminal_gets_colours() -> None:
    sink = MemorySink(interactive=True)
    Screen(sink).console(width=40, color_system="standard").print("[bold]hello[/bold]")
    assert sink.data == b"\x1b[1mhello\x1b[0m\n"


def test_while_the_sink_is_busy_it_waits() -> None:
    sink = MemorySink()
    sink.slow = True
    screen = Screen(sink)
    screen.line("one")
    assert screen.busy
    screen.line("two")
    screen.line("three")
    drained, forgotten = screen.drain(), screen.drain()
    outcome = Outcomes(drained)
    Outcomes(forgotten)
    forgotten.cancel()
    assert sink.writes == [b"one\n"]
    sink.take()
    assert sink.writes == [b"one\n", b"two\nthree\n"]
    assert outcome.pending
    sink.take()
    assert outcome == [None]
    assert not screen.busy


def test_if_nobody_reads_it_the_work_goes_on() -> None:
    sink = MemorySink()
    sink.error = BrokenPipeError()
    screen = Screen(sink)
    screen.line("one")
    assert not screen.busy
