"""Run a row, here or in a process of its own: :func:`perform`."""

from __future__ import annotations

import json
import subprocess

from interop.faults.machine import Place, command, python
from interop.faults.row import Row
from interop.faults.stage import open_stage
from interop.peer import ROOT, peer_pipes
from interop.reactor import left_clean, run

#: Seconds that a row may take; the longest takes a tenth of it on a machine that has nothing else to do.
PATIENCE = 180.0

#: What a process is given to start and to end.
_GRACE = 30.0


class RowFailed(Exception):
    """What a row that ran in a process of its own has failed with, as text."""


def perform(row: Row) -> str:
    """Run a row; give its figure. It raises what the row does, or :exc:`RowFailed`."""
    return play(row) if row.place is Place.HERE else _in_child(row)


def play(row: Row) -> str:
    """Run a row in this process; nothing may be left in the reactor."""

    async def playing() -> str | None:
        async with open_stage() as stage:
            return await row.play(stage)

    with left_clean(ours=peer_pipes, expected=row.logs):
        return run(playing(), PATIENCE) or ""


def _in_child(row: Row) -> str:
    words = command(row.place, *python("-m", "interop.faults.child", str(row)))
    done = subprocess.run(
        words,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE + _GRACE,
        check=False,
    )
    if done.returncode:
        raise RowFailed(f"status {done.returncode}\n{done.stdout}\n{done.stderr}")
    figure: str = json.loads(done.stdout.splitlines()[-1])["figure"]
    return figure
