"""``pyzmtp proxy``: forwards messages between two sockets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.program import run, say
from pyzmtp.cli.proxy.plan import SocketPlan, read_plan
from pyzmtp.cli.proxy.report import LineReport, LiveReport, Report
from pyzmtp.cli.proxy.running import run_proxy
from pyzmtp.cli.screen import Screen
from pyzmtp.cli.seconds import Seconds
from pyzmtp.cli.sections import EXIT_STATUSES
from pyzmtp.cli.streams import Sink, standard_streams
from pyzmtp.errors import UsageError

__all__ = ["command", "report_on"]

#: Seconds between two reports: a terminal is looked at, a file is read later.
_LIVE_INTERVAL = 1.0
_LINE_INTERVAL = 10.0


def report_on(sink: Sink, plans: Sequence[SocketPlan], quiet: bool) -> Report:
    """What shows readings on ``sink``."""
    screen = Screen(sink)
    if quiet or not sink.interactive:
        return LineReport(screen, say, quiet)
    names = {
        plan.side: " ".join([plan.socket.socket_type.value, *map(str, plan.endpoints)])
        for plan in plans
    }
    return LiveReport(screen, names)


@click.command(epilog=EXIT_STATUSES)
@click.argument("frontend")
@click.argument("backend")
@click.option("--capture", metavar="SOCKET", help="Send a copy of each message to this socket too.")
@click.option(
    "-o",
    "--option",
    "options",
    multiple=True,
    metavar="[SIDE.]NAME=VALUE",
    help="Set an option of all sockets that have it, or of SIDE: frontend, backend, capture. "
    "plain-username, curve-key and the like mean what they do with the commands of sockets.",
)
@click.option(
    "-i",
    "--interval",
    type=Seconds(min=0, min_open=True),
    metavar="SECONDS",
    help="From one report to the next.  [default: 1 on a terminal, else 10]",
)
@click.option("-q", "--quiet", is_flag=True, help="Report nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of each connection.")
def command(
    frontend: str,
    backend: str,
    capture: str | None,
    options: Sequence[str],
    interval: float | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Forward messages between two sockets, in both directions if they go both ways.

    FRONTEND and BACKEND are TYPE@ADDRESS to bind, TYPE>ADDRESS to connect, and further addresses
    behind commas. A queue, a forwarder and a pipeline:

    \b
        pyzmtp proxy 'router@tcp://*:5559' 'dealer@tcp://*:5560'
        pyzmtp proxy 'xsub@tcp://*:5559,@ipc:///run/news' 'xpub@tcp://*:5560'
        pyzmtp proxy 'pull>tcp://here:5559' 'push>tcp://there:5560'

    While one side has no room, the other is not read. On a terminal a table shows what goes through,
    elsewhere a line now and then.
    """
    sockets = [frontend, backend] if capture is None else [frontend, backend, capture]
    try:
        plans = read_plan(sockets, options)
    except (UsageError, ValueError) as error:
        raise click.UsageError(str(error)) from None

    async def main(reactor: Any) -> ExitStatus:
        sink = standard_streams(reactor, say).stdout
        report = report_on(sink, plans, quiet)
        seconds = interval or (_LIVE_INTERVAL if sink.interactive else _LINE_INTERVAL)
        return await run_proxy(reactor, plans, report, seconds, verbose)

    run(main)
