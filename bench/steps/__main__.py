"""Prints what each step of the hot path costs, compiled and pure: ``python -m bench.steps``.

Processor time in nanoseconds a message of 16 bytes, the least of several rounds: it is no figure to
compare machines by, but one to see where the time goes. No network and no other process takes part.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from rich.console import Console
from rich.table import Table

from bench.steps.measurements import measure, steps
from pyzmtp import IMPLEMENTATION


def _figures(setting: str, messages: int, rounds: int) -> dict[str, float]:
    """The steps by name, as a process of its own with PYZMTP_SPEEDUPS set so measures them."""
    command = f"-m bench.steps --child --messages {messages} --rounds {rounds}"
    run = subprocess.run(
        [sys.executable, *command.split()],
        env={**os.environ, "PYZMTP_SPEEDUPS": setting},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(run.stderr.strip().splitlines()[-1])
    figures: dict[str, float] = json.loads(run.stdout)
    return figures


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="python -m bench.steps", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="messages a round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, of which the best counts")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        figures = {step.name: measure(step, chosen.messages, chosen.rounds) for step in steps()}
        print(json.dumps(figures))
        return
    compiled = _figures("yes", chosen.messages, chosen.rounds) if IMPLEMENTATION == "cython" else {}
    pure = _figures("no", chosen.messages, chosen.rounds)
    table = Table("step", title="ns a message of 16 bytes", title_justify="left")
    table.add_column("compiled", justify="right")
    table.add_column("pure", justify="right")
    for name, figure in pure.items():
        table.add_row(name, f"{compiled[name]:.0f}" if compiled else "-", f"{figure:.0f}")
    Console(width=None if sys.stdout.isatty() else 110).print(table)


if __name__ == "__main__":
    main()
