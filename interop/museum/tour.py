"""Goes through the exhibits and tries everything that is expected of each."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic

import attrs

from interop.museum.build import BuildFailed
from interop.museum.exhibits import Exhibit
from interop.museum.interpreters import Interpreter
from interop.museum.trials import TRIALS, expected_trials
from interop.museum.visit import BINDERS, Visit
from interop.peer import LibzmqPeer, peer_pipes
from interop.reactor import left_clean, run

#: The program that owns the libzmq sockets. It runs as a file: it has no access to the packages here.
OLD_PEER = Path(__file__).with_name("old_peer.py")


@attrs.frozen
class Cell:
    """A place in the table."""

    exhibit: Exhibit
    trial: str
    binder: str

    def __str__(self) -> str:
        return f"libzmq {self.exhibit.libzmq}, {self.trial}, {self.binder} binds"


def expected_cells(exhibit: Exhibit) -> list[Cell]:
    """Return all cells that a row of the table must have."""
    return [
        Cell(exhibit, trial, binder) for binder in BINDERS for trial in expected_trials(exhibit)
    ]


@attrs.define
class Outcome:
    """All that a run has found out."""

    #: For each cell that was tried, what went wrong; empty where nothing did.
    cells: dict[Cell, str] = attrs.Factory(dict)

    #: Rows that were not tried, with the reason, and whether that is a failure.
    skipped: dict[Exhibit, str] = attrs.Factory(dict)
    broken: dict[Exhibit, str] = attrs.Factory(dict)

    def failures(self, exhibits: list[Exhibit]) -> Iterator[str]:
        """Tell all that went wrong, and each cell that should have been tried and was not."""
        for exhibit in exhibits:
            if exhibit in self.skipped:
                continue
            if exhibit in self.broken:
                yield f"libzmq {exhibit.libzmq}, not set up: {self.broken[exhibit]}"
                continue
            for cell in expected_cells(exhibit):
                reason = self.cells.get(cell, "did not run")
                if reason:
                    yield f"{cell}: {reason}"


SetUp = Callable[[list[tuple[Exhibit, Interpreter]]], Mapping[Exhibit, Path | BuildFailed]]

#: Seconds for all trials of a tour, which take a tenth of it. A cell that comes later is not tried,
#: and so has failed: where everything hangs, the run still ends.
TIME_LIMIT = 480.0


def tour(
    exhibits: list[Exhibit],
    find: Callable[[str], Interpreter | None],
    set_up: SetUp,
    say: Callable[[str], None],
    time_limit: float = TIME_LIMIT,
) -> Outcome:
    """Set up all exhibits, then try one after the other."""
    outcome = Outcome()
    present: dict[Exhibit, Interpreter] = {}
    for exhibit in exhibits:
        interpreter = find(exhibit.python)
        if interpreter is None:
            outcome.skipped[exhibit] = f"there is no Python {exhibit.python} here"
        else:
            present[exhibit] = interpreter
    sites = set_up(list(present.items()))
    deadline = monotonic() + time_limit
    for exhibit, interpreter in present.items():
        site = sites[exhibit]
        if isinstance(site, BuildFailed):
            outcome.broken[exhibit] = str(site)
        else:
            say(f"libzmq {exhibit.libzmq} on {interpreter.name}")
            for cell in expected_cells(exhibit):
                if monotonic() > deadline:
                    break
                outcome.cells[cell] = try_cell(cell, interpreter, site)
    return outcome


def try_cell(cell: Cell, interpreter: Interpreter, site: Path) -> str:
    """Make the trial of a cell, with processes of its own; return what went wrong, if anything."""
    started: list[LibzmqPeer] = []

    async def spawn() -> LibzmqPeer:
        program = (str(interpreter.path), "-s", str(OLD_PEER))
        peer = await LibzmqPeer.start(program, site)
        started.append(peer)
        version = await peer.call("version")
        assert version == cell.exhibit.libzmq, f"libzmq {version} answers"
        return peer

    async def trial() -> None:
        await TRIALS[cell.trial](Visit(cell.exhibit, cell.binder, spawn))

    async def discard_all() -> None:
        for peer in started:
            await peer.discard()

    reason = ""
    try:
        with left_clean(ours=peer_pipes):
            run(trial())
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    run(discard_all())
    gc.collect()  # what nobody waited for is told now, not in the next cell
    return reason
