"""``pyzmtp log``: what it reads, shows, leaves out and tells, and its usage errors."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import AddressError, LogEntry, PlainClient, PlainServer, PubSocket, curve_keypair
from pyzmtp.certificates import create_certificates
from pyzmtp.cli import log
from pyzmtp.cli.group import group
from pyzmtp.cli.log import Printer, Wanted, read, shown

from ..sockets.world import Outcomes, World

ADDRESS = "tcp://127.0.0.1:5555"


class Reading:
    """A reader at work: what it has shown and said, and what it came to."""

    def __init__(self, world: World, **wanted: Any) -> None:
        self.shown: list[LogEntry] = []
        self.said: list[str] = []
        reactor: Any = world.network.reactor()
        reading = read(reactor, Wanted(**wanted), self.shown.append, self.said.append)
        self.work = Deferred.fromCoroutine(reading)
        self.outcome = Outcomes(self.work)

    def end(self, world: World) -> None:
        """Cancel it, as Ctrl-C does."""
        self.work.cancel()
        world.advance(1)
        assert isinstance(self.outcome.error, CancelledError)


def publisher(world: World, **options: Any) -> PubSocket:
    """A publisher."""
    pub = world.make(PubSocket, **options)
    world.run(pub.bind(ADDRESS))
    return pub


def publish(world: World, pub: PubSocket, *entries: LogEntry) -> None:
    """Publish entries to who has subscribed."""
    world.run(pub.wait_subscribed(entries[0].topic.encode()), 1)
    for entry in entries:
        pub.send(entry.to_message())
    world.advance(1)


DEBUG, INFO, ERROR = (LogEntry("app", level, "x", level) for level in ("DEBUG", "INFO", "ERROR"))


# Reading


def test_a_topic_need_not_be_utf_8(world: World) -> None:
    reading = Reading(world, connect=[ADDRESS], topics=["\udcff"])  # the byte 0xff in an argument
    pub = publisher(world)
    world.run(pub.wait_subscribed(b"\xff"), 1)
    pub.send([b"\xff", b"text"])
    world.advance(1)
    assert [entry.text for entry in reading.shown] == ["text"]
    reading.end(world)


def test_it_reads_until_it_is_cancelled(world: World) -> None:
    reading = Reading(world, connect=[ADDRESS])
    publish(world, publisher(world), DEBUG, INFO, ERROR)
    assert reading.shown == [DEBUG, INFO, ERROR]
    assert reading.outcome.pending
    reading.end(world)


def test_topics_level_and_count(world: World) -> None:
    reading = Reading(world, connect=[ADDRESS], topics=["app", "other."], level="INFO", count=3)
    odd = LogEntry("app.Level 25", "", "", "always")
    pub = publisher(world)
    publish(world, pub, DEBUG, INFO, LogEntry("my", "ERROR", "", "not this"), odd)
    assert reading.outcome.pending
    publish(world, pub, LogEntry("other", "ERROR", "", "this"), INFO)
    assert reading.shown == [INFO, odd, LogEntry("other", "ERROR", "", "this")]
    assert reading.outcome == [True]


def test_publishers_may_come(world: World) -> None:
    reading = Reading(world, bind=[ADDRESS])
    assert reading.said == [f"{ADDRESS}: listening"]
    pub = world.make(PubSocket)
    pub.connect(ADDRESS)
    publish(world, pub, INFO)
    assert reading.shown == [INFO]
    reading.end(world)


def test_it_says_what_becomes_of_the_connection_once(world: World) -> None:
    reading = Reading(world, connect=[ADDRESS])
    world.advance(2)
    assert len(reading.said) == 1
    assert "refused" in reading.said[0]
    pub = publisher(world)
    world.advance(1)
    assert reading.said[1:] == [f"{ADDRESS}: connected"]
    world.run(pub.close(), 1)
    world.advance(1)
    assert len(reading.said) > 2
    reading.end(world)


def test_it_ends_if_no_publisher_will_ever_be_reached(world: World) -> None:
    publisher(world, security=PlainServer({"anne": "s3cret"}))
    reading = Reading(world, connect=[ADDRESS], policy=lambda _: PlainClient("anne", "wrong"))
    world.advance(1)
    assert reading.outcome == [False]
    assert "given up" in reading.said[-1]


def test_an_address_that_is_none(world: World) -> None:
    reading = Reading(world, connect=["nonsense"])
    assert isinstance(reading.outcome.error, AddressError)


# Showing


def printed(entry: LogEntry, as_json: bool = False, with_time: bool = True, **kind: Any) -> str:
    """What is printed of an entry that has come at a certain time."""
    file = io.StringIO()
    console = Console(file=file, width=20, highlight=False, **kind)
    then = datetime(2020, 1, 2, 3, 4, 5, 678900, timezone.utc)
    Printer(console, as_json, with_time, lambda: then).show(entry)
    return file.getvalue()


def test_lines() -> None:
    entry = LogEntry("app", "WARNING", "disk", "a text that is longer than the line\n  and [two]")
    assert printed(entry) == (
        "03:04:05.678 app.WARNING.disk a text that is longer than the line\n  and [two]\n"
    )
    assert printed(entry, with_time=False).startswith("app.WARNING.disk a text")


def test_colours() -> None:
    kind: dict[str, Any] = {"force_terminal": True, "color_system": "standard"}
    assert "\x1b[33mapp.WARNING\x1b[0m x" in printed(LogEntry("app", "WARNING", "", "x"), **kind)
    assert "\x1b[31mERROR\x1b[0m x" in printed(LogEntry("", "ERROR", "", "x"), **kind)
    assert "odd x" in printed(LogEntry("odd", "", "", "x"), **kind)


def test_a_publisher_cannot_write_to_the_terminal() -> None:
    entry = LogEntry("\x1b[2J", "INFO", "\x07", "a\x1b]0;title\x07\x9bc\rd\te\x7f")
    line = printed(entry, with_time=False)
    assert line.startswith("\\x1b[2J.INFO.\\x07 a\\x1b]0;title\\x07\\x9bc\\x0dd")
    assert not set(line) & {"\x1b", "\x07", "\x9b", "\r", "\x7f"}
    assert shown("a\nb\tc\x00é") == "a\nb\tc\\x00é"


def test_json() -> None:
    entry = LogEntry("app", "ERROR", "x", "two\nlines\x1b")
    line = printed(entry, as_json=True)
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": datetime(2020, 1, 2, 3, 4, 5, 678900, timezone.utc).astimezone().isoformat(),
        "topic": "app.ERROR.x",
        "root": "app",
        "level": "ERROR",
        "subtopic": "x",
        "text": "two\nlines\x1b",
    }


# The command


class TestCommand:
    @pytest.fixture
    def wanted(self, monkeypatch: pytest.MonkeyPatch) -> list[Wanted]:
        """What the command was told to read."""
        told: list[Wanted] = []
        monkeypatch.setattr(log, "_run", lambda wanted, show: told.append(wanted))
        return told

    def test_options(self, wanted: list[Wanted]) -> None:
        arguments = ["-b", "ipc://x", "-T", "a", "-T", "b", "-l", "warning", "-n", "3", ADDRESS]
        assert CliRunner().invoke(group, ["log", *arguments]).exit_code == 0
        assert wanted == [Wanted((ADDRESS,), ("ipc://x",), ("a", "b"), "WARNING", 3)]

    def test_keys(self, wanted: list[Wanted], tmp_path: Path) -> None:
        public, _ = create_certificates(tmp_path, "server")
        done = CliRunner().invoke(group, ["log", ADDRESS, "--curve-server", str(public)])
        assert done.exit_code == 0, done.output
        assert wanted[0].policy(None) is not None

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ([], "give an address"),
            ([ADDRESS, "-l", "loud"], "loud"),
            ([ADDRESS, "-n", "0"], "0"),
            ([ADDRESS, "--curve-server", "/nowhere"], "No such file"),
            ([ADDRESS, "--curve-clients", "any"], "needs curve-key"),
        ],
    )
    def test_wrong_usage(self, wanted: list[Wanted], arguments: list[str], text: str) -> None:
        done = CliRunner().invoke(group, ["log", *arguments])
        assert done.exit_code == 2
        assert text in done.output
        assert wanted == []

    def test_keys_are_never_told(self, wanted: list[Wanted], tmp_path: Path) -> None:
        pair = curve_keypair()
        (tmp_path / "bad").write_text(f'curve\n    secret-key = "{pair.secret}x"\n')
        done = CliRunner().invoke(
            group, ["log", ADDRESS, "--curve-key", str(tmp_path / "bad"), "--curve-clients", "any"]
        )
        assert done.exit_code == 2
        assert pair.secret not in done.output
