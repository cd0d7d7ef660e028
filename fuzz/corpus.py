"""Inputs in files, one each: those to begin with, those that were found, those that broke something."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from fuzz.target import CORPUS, REGRESSIONS

__all__ = ["directories_of", "inputs_in", "inputs_of", "keep", "keep_all"]


def inputs_in(*directories: Path) -> list[bytes]:
    """The inputs in the files of ``directories``, each once, the shortest first."""
    files = [
        path for directory in directories if directory.is_dir() for path in directory.iterdir()
    ]
    return sorted(
        {path.read_bytes() for path in files if path.is_file()}, key=lambda data: (len(data), data)
    )


def directories_of(target: str) -> list[Path]:
    """Where the inputs of a target are that belong to the project."""
    return [
        directory / target for directory in (CORPUS, REGRESSIONS) if (directory / target).is_dir()
    ]


def inputs_of(target: str) -> list[bytes]:
    """The inputs of a target that belong to the project."""
    return inputs_in(*directories_of(target))


def keep(data: bytes, directory: Path, name: str = "") -> Path:
    """Write an input to ``directory``; its name ends with what it is, so that none is kept twice."""
    directory.mkdir(parents=True, exist_ok=True)
    digest = sha256(data).hexdigest()[:12]
    path = directory / (f"{name}-{digest}" if name else digest)
    path.write_bytes(data)
    return path


def keep_all(inputs: Iterable[bytes], directory: Path) -> None:
    """Write inputs to ``directory``."""
    for data in inputs:
        keep(data, directory)
