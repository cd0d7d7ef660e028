"""The Pythons of this machine, by version."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import attrs

#: Prints what decides whether a compiled package fits: version, build and platform.
PROBE = (
    "import platform, sys, sysconfig; "
    "print('-'.join([platform.python_implementation().lower(), platform.python_version(), "
    "'%x' % sys.maxunicode, sysconfig.get_platform()]))"
)


@attrs.frozen
class Interpreter:
    """A Python that runs."""

    path: Path

    #: What `PROBE` printed.
    name: str


def find(version: str) -> Interpreter | None:
    """Return a CPython of that version (major and minor), of the newest patch level in pyenv."""
    for path in candidates(version):
        name = probe(path)
        if name.startswith(f"cpython-{version}."):
            return Interpreter(path, name)
    return None


def candidates(version: str) -> Iterator[Path]:
    """Give the places where it may be: pyenv's versions, then the search path."""
    for root in pyenv_roots():
        found = root.glob(f"versions/{version}.*/bin/python{version}")
        yield from sorted(found, key=lambda path: patch_level(path.parts[-3]), reverse=True)
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield Path(on_path)


def pyenv_roots() -> Iterator[Path]:
    """Give the directories that pyenv may have: of the environment, of the command, the usual."""
    if os.environ.get("PYENV_ROOT"):
        yield Path(os.environ["PYENV_ROOT"])
    elif shutil.which("pyenv"):
        yield Path(output_of("pyenv", "root") or "/nonexistent")
    else:
        yield Path.home() / ".pyenv"


def patch_level(version: str) -> tuple[int, str]:
    """Order versions such as 3.8.9 and 3.8.18; what is no number comes first."""
    last = version.split(".")[-1]
    return (int(last) if last.isdecimal() else -1, version)


def probe(path: Path) -> str:
    """Return what the interpreter says that it is; nothing if it does not run.

    A shim of pyenv's is on the search path also when no version that it could start is active.
    """
    return output_of(str(path), "-E", "-s", "-c", PROBE)


def output_of(*command: str) -> str:
    """Return the output of a command, or nothing if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
