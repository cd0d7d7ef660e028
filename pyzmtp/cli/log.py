"""``pyzmtp log``: shows what :mod:`pyzmtp.logs` or pyzmq's ``zmq.log`` publish."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import click
from attrs import asdict, frozen
from rich.console import Console
from rich.text import Text
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp.cli.policies import MakePolicy, no_policy, read_security, security_options
from pyzmtp.cli.program import run_until_interrupted, say
from pyzmtp.engine.events import Closed, ConnectRetried, Event, HandshakeFailed, HandshakeSucceeded
from pyzmtp.errors import ZMTPError
from pyzmtp.logs.entry import LEVELS, LogEntry
from pyzmtp.net.reactor import Reactor
from pyzmtp.sockets.sub import SubSocket

__all__ = ["Printer", "Wanted", "command", "read", "shown"]

_STYLES: Final = {
    "DEBUG": "cyan",
    "INFO": "green",
    "WARNING": "yellow",
    "ERROR": "red",
    "CRITICAL": "bold white on red",
}

#: A publisher may write anything; a terminal must not be told what to do. Line ends and tabs stay.
_CONTROLS: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}


def shown(text: str) -> str:
    """``text`` with every control character made visible."""
    return text.translate(_CONTROLS)


@frozen
class Wanted:
    """What is to be read, and from where.

    :ivar level: the least important of :data:`LEVELS` that is shown; what has none of these always is.
    :ivar count: entries after which to end.
    """

    connect: Sequence[str] = ()
    bind: Sequence[str] = ()
    topics: Sequence[str] = ()
    level: str = LEVELS[0]
    count: int | None = None
    policy: MakePolicy = no_policy

    def includes(self, entry: LogEntry) -> bool:
        """Whether an entry is important enough."""
        return entry.level not in LEVELS or LEVELS.index(entry.level) >= LEVELS.index(self.level)


class _Console(Console):
    """A console that does not end the process when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        """Say so to the caller; nothing is left to be flushed at the end."""
        with suppress(SystemExit):
            super().on_broken_pipe()
        raise BrokenPipeError


class Printer:
    """Shows entries, as lines in colour or as JSON."""

    def __init__(
        self, console: Console, as_json: bool, with_time: bool, now: Callable[[], datetime]
    ) -> None:
        self._console = console
        self._as_json = as_json
        self._with_time = with_time
        self._now = now

    def show(self, entry: LogEntry) -> None:
        """Show an entry."""
        time = self._now()
        if self._as_json:
            values = {"time": time.astimezone().isoformat(), "topic": entry.topic, **asdict(entry)}
            line = Text(json.dumps(values))
        else:
            style = _STYLES.get(entry.level, "")
            clock = f"{time:%H:%M:%S.%f}"[:-3] + " " if self._with_time else ""
            line = Text.assemble(
                (clock, "dim"), (shown(entry.topic), style), " ", shown(entry.text)
            )
        self._console.print(line, soft_wrap=True)


class _Watcher:
    """Says on standard error what becomes of the connections, once each time that it changes."""

    def __init__(self, connects: int, say: Callable[[str], None]) -> None:
        self.hopes = connects  # that may still lead to a publisher
        self.hopeless: Deferred[None] = Deferred()
        self._say = say
        self._told: dict[str, str] = {}

    def heard(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, HandshakeSucceeded):
            self._tell(event.address, "connected")
        elif isinstance(event, HandshakeFailed | ConnectRetried):
            self._tell(event.address, str(event.error))
        elif isinstance(event, Closed) and event.error is not None:
            self._tell(event.address, f"given up: {event.error}")
            self.hopes -= 1
            if not self.hopes and not self.hopeless.called:
                self.hopeless.callback(None)

    def _tell(self, address: str, what: str) -> None:
        if self._told.get(address) != what:
            self._told[address] = what
            self._say(f"{address}: {shown(what)}")


async def read(
    reactor: Reactor, wanted: Wanted, show: Callable[[LogEntry], None], say: Callable[[str], None]
) -> bool:
    """Show what is wanted until that is enough; return whether it was.

    It is not if nothing is bound, and every connect was given up. ``say`` is told of connections. Raises
    :exc:`ZMTPError` for an address that cannot be used.
    """
    left = wanted.count
    async with SubSocket(reactor, security=wanted.policy(reactor)) as sub:
        watcher = _Watcher(len(wanted.connect) + len(wanted.bind), say)
        sub.on_event(watcher.heard)
        watcher.hopeless.addCallback(lambda _: sub.close())
        for topic in wanted.topics or ("",):
            sub.subscribe(os.fsencode(topic))
        for where in wanted.bind:
            say(f"{await sub.bind(where)}: listening")
        for where in wanted.connect:
            sub.connect(where)
        async for message in sub:
            entry = LogEntry.from_message(message)
            if wanted.includes(entry):
                show(entry)
                if left is not None:
                    left -= 1
                    if left == 0:
                        return True
    return False


@click.command()
@click.argument("connect", nargs=-1, metavar="[ADDRESS]...")
@click.option(
    "-b",
    "--bind",
    multiple=True,
    metavar="ADDRESS",
    help="Listen there, for publishers that connect; may be given more than once.",
)
@click.option(
    "-T",
    "--topic",
    "topics",
    multiple=True,
    help="Show what begins with it, such as app.ERROR; may be given more than once.",
)
@click.option(
    "-l",
    "--level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default=LEVELS[0],
    show_default=True,
    help="Show what is at least as important.",
)
@click.option("-n", "--count", type=click.IntRange(min=1), help="End after so many entries.")
@click.option("--time/--no-time", "with_time", default=True, help="Show when each has come.")
@click.option("--json", "as_json", is_flag=True, help="Print an object of JSON a line.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Whether to colour levels; auto does it on a terminal.",
)
def command(
    connect: Sequence[str],
    bind: Sequence[str],
    topics: Sequence[str],
    level: str,
    count: int | None,
    with_time: bool,
    as_json: bool,
    color: str,
    **security: Any,
) -> None:
    """Show log entries that are published at ADDRESS.

    The publishers use pyzmtp's PublishingHandler or PublishingObserver, or pyzmq's PUBHandler. It goes
    on until Ctrl-C; the exit status is 1 if an address cannot be used, or will never be reached.
    """
    if not connect and not bind:
        raise click.UsageError("give an address to connect to, or one to --bind")
    try:
        policy = read_security(security)
    except ZMTPError as error:
        raise click.UsageError(str(error)) from None
    wanted = Wanted(connect, bind, topics, level.upper(), count, policy)
    console = _Console(
        force_terminal=color == "always" or None,
        color_system=None if color == "never" else "auto",
        highlight=False,
    )
    printer = Printer(console, as_json, with_time, datetime.now)
    _run(wanted, printer.show)


command.params.extend(security_options())


def _run(wanted: Wanted, show: Callable[[LogEntry], None]) -> None:
    """Read on the platform's reactor, and end the process with the status."""
    status = 0

    async def work(reactor: Any) -> None:
        nonlocal status
        try:
            status = 0 if await read(reactor, wanted, show, say) else 1
        except ZMTPError as error:
            say(str(error))
            status = 1
        except (BrokenPipeError, CancelledError):
            pass  # whoever read it, or started it, has had enough
        except OSError as error:
            say(f"standard output: {error.strerror or error}")
            status = 1

    run_until_interrupted(work)
    sys.exit(status)
