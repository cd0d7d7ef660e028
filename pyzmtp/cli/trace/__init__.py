"""``python -m pyzmtp trace``: what two programs say to each other, before the user's eyes.

A relay (:mod:`.relay`) connects the two and lets others see what passes: a decoder for each direction
(:mod:`.decoder`) whose findings become records (:mod:`.tracing`), and these lines for people
(:mod:`.text`) or for programs (:mod:`.json_lines`); and a capture file (:mod:`.capture`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.text import Text

from pyzmtp.cli.program import run_until_interrupted, say
from pyzmtp.cli.streams import StreamError, standard_streams
from pyzmtp.cli.trace.json_lines import json_line
from pyzmtp.cli.trace.output import Output
from pyzmtp.cli.trace.records import Record, Said
from pyzmtp.cli.trace.relay import Relay
from pyzmtp.cli.trace.text import TextPrinter
from pyzmtp.cli.trace.tracing import Trace
from pyzmtp.errors import AddressError, ZMTPError

if TYPE_CHECKING:
    from pyzmtp.cli.trace.capture import Capture

__all__ = ["command", "perform"]

#: Seconds that whoever reads the output is given in the end.
_PATIENCE: Final = 2.0


async def perform(
    reactor: Any,
    listen: str,
    target: str,
    output: Output,
    show: Callable[[Record], Iterable[str]],
    limit: int,
    capture: Capture | None = None,
) -> None:
    """Relay from ``listen`` to ``target``, and print what passes, until nobody reads it or for ever.

    :param show: makes lines of a record.
    :param limit: how many bytes are kept of what is shown.

    Raises :exc:`AddressError`, :exc:`BindError`, what else listening may raise, and :exc:`StreamError`
    for output that cannot be written.
    """

    def tell(record: Record) -> None:
        for line in show(record):
            output.put(line)

    trace = Trace(reactor.seconds, tell, limit)
    relay = Relay(reactor, target, [trace.watch, *([] if capture is None else [capture.watch])])
    try:
        trace.begin(await relay.listen(listen), target)
        problem = await output.gone
        if not isinstance(problem, BrokenPipeError):  # else whoever read it has had enough
            raise StreamError("output", problem)
    finally:
        await relay.stop()
        await output.flush().addTimeout(_PATIENCE, reactor, lambda result, seconds: None)


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
    show = _line_maker(as_json, with_wire, quiet)
    failures: list[Exception] = []

    async def main(reactor: Any) -> None:
        stdout = standard_streams(reactor, say).stdout
        output = Output(stdout.write, lambda count: _line_of_dropped(count, as_json))
        try:
            await perform(reactor, listen, target, output, show, limit, capture)
        except (ZMTPError, StreamError) as error:
            failures.append(error)

    try:
        run_until_interrupted(main)
    finally:
        if capture is not None:
            capture.close()
    for failure in failures:
        kind = click.UsageError if isinstance(failure, AddressError) else click.ClickException
        raise kind(str(failure))


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


def _line_maker(as_json: bool, with_wire: bool, quiet: bool) -> Callable[[Record], Iterable[str]]:
    """What makes lines of records: for a terminal they have colours."""
    printer = TextPrinter(with_wire)
    console = Console(highlight=False)

    def render(text: Text) -> str:
        if not console.is_terminal:
            return text.plain
        with console.capture() as captured:
            console.print(text, soft_wrap=True, end="")
        return captured.get()

    def show(record: Record) -> Iterable[str]:
        if quiet and isinstance(record.content, Said) and not record.content.faults:
            return ()
        if as_json:
            return (json_line(record, with_wire),)
        return map(render, printer.lines(record))

    return show


def _line_of_dropped(count: int, as_json: bool) -> str:
    if as_json:
        return json.dumps({"type": "dropped", "lines": count})
    return f"... {count} lines are missing: they were not read as fast as they came"
