"""``python -m pyzmtp demo``: the main job, done before the user's eyes, with everything checked.

Four conversations (:mod:`.conversations`) are held between each two sides (:mod:`.plan`): pyzmtp
and pyzmtp, pyzmtp and libzmq, either one bound, over TCP and over UNIX sockets (:mod:`.stage`).
Then one of them again, very short, through the relay of :mod:`pyzmtp.cli.trace`, which shows its bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from attrs import define, field
from rich.console import Console
from rich.text import Text
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import react

from pyzmtp.cli.about import about
from pyzmtp.cli.demo.conversations import CONVERSATIONS, EXCERPTS
from pyzmtp.cli.demo.plan import LIBZMQ, PYZMTP, TRANSPORTS, Meeting, plan
from pyzmtp.cli.demo.report import has_failed, print_excerpt, print_outcomes, print_summary
from pyzmtp.cli.demo.stage import Outcome, Stage
from pyzmtp.cli.seconds import Seconds
from pyzmtp.cli.trace.records import Record

__all__ = ["Account", "command", "excerpt_meeting", "perform", "run"]


@define
class Account:
    """Everything there is to report."""

    libzmq: str = ""
    directory: str = ""
    outcomes: list[Outcome] = field(factory=list)
    excerpt: tuple[Outcome, Sequence[Record]] | None = None

    @property
    def everything(self) -> list[Outcome]:
        """Return all outcomes, that of the excerpt included."""
        return [*self.outcomes, *([self.excerpt[0]] if self.excerpt else [])]


async def perform(
    reactor: Any,
    account: Account,
    console: Console,
    transports: Sequence[str],
    use_libzmq: bool,
    excerpt: str,
    timeout: float,
) -> None:
    """Hold everything and fill ``account``."""
    async with Stage(reactor, timeout) as stage:
        if stage.libzmq is not None:
            account.libzmq = "libzmq {libzmq} (pyzmq {pyzmq}) in a process of its own".format(
                **stage.libzmq
            )
        else:
            account.libzmq = f"without libzmq ({stage.libzmq_missing}): pip install pyzmq"
        account.directory = stage.directory
        with_libzmq = use_libzmq and stage.libzmq is not None
        with console.status("starting") as status:
            meetings = plan(CONVERSATIONS, transports, with_libzmq)
            for number, meeting in enumerate(meetings, 1):
                status.update(f"{meeting.conversation.name} ({number} of {len(meetings)})")
                account.outcomes.append(await stage.run(meeting))
            if excerpt != "none":
                account.excerpt = await stage.record(excerpt_meeting(excerpt, with_libzmq))


def excerpt_meeting(name: str, with_libzmq: bool) -> Meeting:
    """Return the short meeting whose bytes are shown."""
    [conversation] = [each for each in EXCERPTS if each.name == name]
    binds, connects = conversation.roles
    return Meeting(conversation, "tcp", binds, LIBZMQ if with_libzmq else PYZMTP, connects, PYZMTP)


@click.command()
@click.option(
    "--transport",
    "transports",
    type=click.Choice(TRANSPORTS),
    multiple=True,
    default=TRANSPORTS,
    show_default=True,
    help="Run over this transport only; may be given twice.",
)
@click.option(
    "--libzmq/--no-libzmq", "use_libzmq", default=True, help="Talk to libzmq where it is installed."
)
@click.option(
    "--wire",
    "excerpt",
    type=click.Choice([*(each.name for each in EXCERPTS), "none"], case_sensitive=False),
    default=EXCERPTS[0].name,
    show_default=True,
    help="The pattern whose bytes are shown.",
)
@click.option(
    "--timeout",
    type=Seconds(min=0.001),
    default=10.0,
    show_default=True,
    help="Seconds for each conversation.",
)
def command(transports: Sequence[str], use_libzmq: bool, excerpt: str, timeout: float) -> None:
    """Let pyzmtp's sockets talk to each other and to libzmq.

    REQ/REP, PUB/SUB, PUSH/PULL and DEALER/ROUTER over TCP and UNIX sockets of this machine. Every
    message is compared byte for byte; the exit code is 1 if anything went wrong.
    """
    console = Console()
    console.print(Text(about()))
    account = Account()
    crashed = run(
        lambda reactor: perform(reactor, account, console, transports, use_libzmq, excerpt, timeout)
    )
    console.print(Text(account.libzmq if use_libzmq else "without libzmq, as asked"))
    print_outcomes(console, account.outcomes)
    if account.excerpt is not None:
        print_excerpt(console, *account.excerpt)
    print_summary(console, account.everything)
    if crashed or has_failed(account.everything):
        sys.exit(1)


def run(main: Any) -> bool:
    """Run ``main(reactor)`` on the platform's reactor; return whether it failed.

    A command is a program, so the global reactor is its to choose. What ``main`` raises is logged
    on standard error by :func:`react`.
    """
    try:
        react(lambda reactor: ensureDeferred(main(reactor)))
    except SystemExit as end:
        return bool(end.code)
    return False
