"""``pyzmtp bench``: how fast it is here."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import click

from pyzmtp.cli.about import about
from pyzmtp.cli.bench.other_side import serve
from pyzmtp.cli.bench.running import TRANSPORTS, Load, run_bench
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.program import run, say
from pyzmtp.cli.streams import standard_streams

__all__ = ["command"]


@click.command()
@click.option(
    "-T",
    "--transport",
    "transports",
    type=click.Choice(list(TRANSPORTS)),
    multiple=True,
    default=tuple(TRANSPORTS),
    show_default=True,
    help="Measure this transport only; may be given more than once.",
)
@click.option(
    "-s",
    "--size",
    "sizes",
    type=click.IntRange(min=0, max=2**30),
    multiple=True,
    default=(16, 1024, 65536),
    show_default=True,
    help="Bytes in a message; may be given more than once.",
)
@click.option(
    "-n",
    "--messages",
    type=click.IntRange(min=2),
    default=100_000,
    show_default=True,
    help="Messages that are sent in a row; of large ones there are less.",
)
@click.option(
    "-r",
    "--requests",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    help="Requests that are made one after the other.",
)
@click.option(
    "-1", "--one-process", is_flag=True, help="Have both sides in this process, as inproc has."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option("--other-side", metavar="ADDRESS", hidden=True)
def command(
    transports: Sequence[str],
    sizes: Sequence[int],
    messages: int,
    requests: int,
    one_process: bool,
    as_json: bool,
    other_side: str | None,
) -> None:
    """Measure how fast messages go here.

    A PUSH sends as many messages as it can to a PULL, and a REQ asks a REP again and again; the two are
    in two processes, except over inproc. It takes some seconds, and is only as good as this machine is
    idle: python -m bench, in the source, measures with more care.
    """
    load = Load(transports, sizes, messages, requests, apart=not one_process)

    async def main(reactor: Any) -> ExitStatus:
        if other_side is not None:
            return await serve(reactor, other_side)
        return await run_bench(reactor, load, perf_counter, as_json, standard_streams(reactor, say))

    if not as_json and other_side is None:
        click.echo(about())
    run(main)
