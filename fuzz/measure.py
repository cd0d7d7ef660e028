"""What inputs cover: ``python -m fuzz.measure TARGET DIRECTORY`` prints it, :class:`Covered` reads it.

Only lines of the pure modules count, for coverage cannot look into compiled ones, and only those that are
not run already by importing them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from attrs import frozen

from fuzz.corpus import inputs_in, inputs_of
from fuzz.target import load

__all__ = ["PACKAGES", "Covered", "measure", "together"]

#: The packages below ``pyzmtp`` that a stranger's bytes go through.
PACKAGES: Final = ("wire", "mechanisms", "engine")

_ROOT: Final = Path(__file__).resolve().parent.parent


@frozen
class Covered:
    """For each file, its lines that count, and those of them that were run."""

    lines: Mapping[str, frozenset[int]]
    run: Mapping[str, frozenset[int]]

    def percent(self, package: str) -> float:
        """How much of ``pyzmtp/PACKAGE`` was run."""
        files = [file for file in self.lines if f"/{package}/" in file]
        total = sum(len(self.lines[file]) for file in files)
        return 100 * sum(len(self.run[file]) for file in files) / total if total else 0.0

    def dumps(self) -> str:
        """As text."""
        parts = [
            {file: sorted(lines) for file, lines in part.items()} for part in (self.lines, self.run)
        ]
        return json.dumps(parts)

    @classmethod
    def loads(cls, text: str) -> Covered:
        """From text."""
        parts = [
            {file: frozenset(lines) for file, lines in part.items()} for part in json.loads(text)
        ]
        return cls(*parts)


def together(all_of: Sequence[Covered]) -> Covered:
    """What was run by any of them, each of which has the same lines."""
    lines = all_of[0].lines
    return Covered(
        lines, {file: frozenset().union(*(each.run[file] for each in all_of)) for file in lines}
    )


async def measure(target: str, work: Path) -> Covered:
    """What the inputs of a target cover, those in ``work`` too; measured in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fuzz.measure", target, str(work)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYZMTP_SPEEDUPS": "no"},
        cwd=_ROOT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the coverage of {target} was not measured")
    return Covered.loads(output.decode())


def _measure_here(name: str, work: Path) -> Covered:
    files = [
        path for package in PACKAGES for path in (_ROOT / "pyzmtp" / package).glob("[a-z]*.py")
    ]

    def import_all() -> None:
        for path in files:
            import_module(".".join(path.relative_to(_ROOT).with_suffix("").parts))

    def run_all() -> None:
        target = load(name)
        for data in [*inputs_of(name), *inputs_in(work)]:
            target(data, measure=False)

    imported, run = _lines_run(import_all, files), _lines_run(run_all, files)
    return Covered(
        {file: lines - imported[file][1] for file, (lines, _) in imported.items()},
        {file: lines - imported[file][1] for file, (_, lines) in run.items()},
    )


def _lines_run(
    action: Callable[[], object], files: Sequence[Path]
) -> dict[str, tuple[frozenset[int], frozenset[int]]]:
    """For each file, its lines, and those of them that ``action`` runs."""
    from coverage import Coverage

    coverage = Coverage(data_file=None, config_file=False, include=list(map(str, files)))
    coverage.start()
    action()
    coverage.stop()
    found = {}
    for path in files:
        _, lines, _, missing, _ = coverage.analysis2(str(path))
        found[str(path.relative_to(_ROOT))] = (
            frozenset(lines),
            frozenset(lines) - frozenset(missing),
        )
    return found


if __name__ == "__main__":
    print(_measure_here(sys.argv[1], Path(sys.argv[2])).dumps())
