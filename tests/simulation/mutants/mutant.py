"""A planted bug: :class:`Mutant`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["MUTANTS", "Finding", "Mutant"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[2]
#: What a run needs of the tree.
_NEEDED: Final = ("pyzmtp", "tests/__init__.py", "tests/simulation")
_FAILED: Final = re.compile(r"^seed (\d+): (\w+)", re.MULTILINE)


@frozen
class Finding:
    """The first seed that shows a bug.

    :ivar rule: which rule it breaks.
    :ivar seeds: how many were played.
    """

    seed: int
    rule: str
    seeds: int


@frozen
class Mutant:
    """A bug, as a patch."""

    name: str

    @property
    def patch(self) -> Path:
        """The patch."""
        return _HERE / f"{self.name}.patch"

    @property
    def text(self) -> str:
        """What it does, in a sentence."""
        return self.patch.read_text("utf-8").partition("\n")[0]

    @property
    def path(self) -> str:
        """The file that it changes."""
        [path] = re.findall(r"^\+\+\+ b/(.*)$", self.patch.read_text("utf-8"), re.MULTILINE)
        return str(path)

    def apply(self, tree: Path, *options: str) -> None:
        """Apply it to a copy of the tree. Raises :exc:`CalledProcessError` if it does not fit."""
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
        command = ["git", "apply", *options, str(self.patch)]
        subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True)

    def hunt(self, seeds: int, first: int = 0) -> Finding | None:
        """Play seeds until one of them fails, if one does."""
        with tempfile.TemporaryDirectory() as directory:
            tree = Path(directory)
            copy_tree(tree)
            self.apply(tree)
            played = _play(tree, seeds, first)
        found = _FAILED.search(played.stdout)
        if found is None:
            if played.returncode != 0:
                raise RuntimeError(played.stderr)
            return None
        seed = int(found[1])
        return Finding(seed, found[2], seed - first + 1)


def copy_tree(tree: Path) -> None:
    """Copy what a run needs."""
    ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    for name in _NEEDED:
        source, target = _ROOT / name, tree / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _play(tree: Path, seeds: int, first: int) -> subprocess.CompletedProcess[str]:
    # What is compiled has no bug in it.
    environment = {**os.environ, "PYZMTP_SPEEDUPS": "no", "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "tests.simulation", "--stop"]
    command += ["--first", str(first), "--seeds", str(seeds)]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)


MUTANTS: Final = [Mutant(path.stem) for path in sorted(_HERE.glob("*.patch"))]
