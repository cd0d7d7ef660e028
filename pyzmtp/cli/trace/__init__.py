"""``python -m pyzmtp trace``: what two programs say to each other, before the user's eyes.

A relay (:mod:`.relay`) connects the two and lets others see what passes: a decoder for each direction
(:mod:`.decoder`) whose findings become records (:mod:`.tracing`), and these lines for people
(:mod:`.text`) or for programs (:mod:`.json_lines`); and a capture file (:mod:`.capture`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text
from twisted.internet.defer import Deferred
from twisted.internet.task import react

from pyzmtp.cli.trace.json_lines import json_line
from pyzmtp.cli.trace.output import Output
from pyzmtp.cli.trace.records import Record, Said
from pyzmtp.cli.trace.relay import NewWatch, Relay
from pyzmtp.cli.trace.text import TextPrinter
from pyzmtp.cli.trace.tracing import Trace
from pyzmtp.errors import AddressError, ZMTPError

if TYPE_CHECKING:
    from pyzmtp.cli.trace.capture import Capture

__all__ = ["command", "trace_until"]


async def trace_until(
    over: Deferred[None],
    reactor: Any,
    listen: str,
    target: str,
    tell: Callable[[Record], None],
    limit: int,
    *more: NewWatch,
) -> None:
    """Relay from ``listen`` to ``target`` until ``over`` fires, and tell what passes.

    :param limit: how many bytes are kept of what is shown.
    :param more: others who watch.

    Raises :exc:`AddressError`, :exc:`BindError`, and what else listening may raise.
    """
    trace = Trace(reactor.seconds, tell, limit)
    relay = Relay(reactor, target, [trace.watch, *more])
    trace.begin(await relay.listen(listen), target)
    trigger = ("before", "shutdown", lambda: Deferred.fromCoroutine(relay.stop()))
    reactor.addSystemEventTrigger(*trigger)
    await over


@click.command()
@click.argument("listen")
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
@click.option(
    "--pcapng",
    "capture_file",
    type=click.Path(dir_okay=False, writable=True),
    metavar="FILE",
    help="Write a capture file for Wireshark too; it holds all that passes, passwords included.",
)
@click.option(
    "--preview",
    "limit",
    type=click.IntRange(0, 65536),
    default=64,
    show_default=True,
    metavar="BYTES",
    help="How much is shown of each frame, topic and property.",
)
@click.option("--hex", "with_wire", is_flag=True, help="Show the first bytes on the wire as well.")
@click.option(
    "-q", "--quiet", is_flag=True, help="Print only connections, and what is against the rules."
)
def command(
    listen: str,
    target: str,
    as_json: bool,
    capture_file: str | None,
    limit: int,
    with_wire: bool,
    quiet: bool,
) -> None:
    """Show what two ZeroMQ programs say to each other.

    Let one of them connect to LISTEN instead of TARGET, which is where the other one is bound. Both
    are addresses of tcp or ipc; tcp://127.0.0.1:* listens on a free port, and tells it. Bytes pass
    unchanged: greetings, handshakes, commands and messages are printed, and marked where they break
    a rule. Ctrl-C ends it.
    """
    capture = None if capture_file is None else _open_capture(capture_file)
    failures: list[ZMTPError] = []
    outputs: list[Output] = []
    lines = _line_maker(as_json, with_wire)

    async def main(reactor: Any) -> None:
        over: Deferred[None] = Deferred()
        output = Output(
            lambda data: os.write(sys.stdout.fileno(), data),
            lambda count: _line_of_dropped(count, as_json),
            lambda: reactor.callFromThread(over.callback, None),
        )
        output.start()
        outputs.append(output)

        def tell(record: Record) -> None:
            if not quiet or record.content.faults or not isinstance(record.content, Said):
                for line in lines(record):
                    output.put(line)

        more = [] if capture is None else [capture.watch]
        try:
            await trace_until(over, reactor, listen, target, tell, limit, *more)
        except ZMTPError as error:
            failures.append(error)

    try:
        react(main)
    except SystemExit as end:
        code = end.code
    for output in outputs:
        output.close()
    if capture is not None:
        capture.close()
    if failures:
        [failure] = failures
        kind = click.UsageError if isinstance(failure, AddressError) else click.ClickException
        raise kind(str(failure))
    sys.exit(code)


def _open_capture(path: str) -> Capture:
    try:
        from pyzmtp.cli.trace.capture import Capture
    except ModuleNotFoundError as error:
        if error.name != "dpkt":
            raise
        problem = 'a capture file needs dpkt, which is not installed: pip install "pyzmtp[cli]"'
        raise click.ClickException(problem) from None

    def failed(error: OSError) -> None:
        click.echo(f"{path}: {error.strerror}. Nothing more is captured.", err=True)

    try:
        return Capture(path, failed)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def _line_maker(as_json: bool, with_wire: bool) -> Callable[[Record], Iterator[str]]:
    """What makes lines of records: for a terminal they have colours."""
    if as_json:
        return lambda record: iter([json_line(record, with_wire)])
    printer = TextPrinter(with_wire)
    console = Console(highlight=False)

    def render(text: Text) -> str:
        if not console.is_terminal:
            return text.plain
        with console.capture() as capture:
            console.print(text, soft_wrap=True, end="")
        return capture.get()

    return lambda record: map(render, printer.lines(record))


def _line_of_dropped(count: int, as_json: bool) -> str:
    if as_json:
        return json.dumps({"type": "dropped", "lines": count})
    return f"... {count} lines are missing: they were not read as fast as they came"
