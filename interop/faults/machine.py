"""What this machine allows: :class:`Place`, and why one is not to be had."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from enum import Enum
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Seconds that a look at the machine may take.
_PATIENCE = 20.0


class Place(Enum):
    """Where a row runs."""

    HERE = "in this process"
    CHILD = "in a process of its own"
    MOUNTS = "in a process with mounts of its own"
    NETWORK = "in a process with mounts and a network of its own"


#: What `unshare` is asked for, where it is needed.
_UNSHARED = {Place.MOUNTS: ("--mount",), Place.NETWORK: ("--mount", "--net")}

#: What has to work there.
_NEEDED = {
    Place.MOUNTS: ("mount", "--bind", "/tmp", "/tmp"),
    Place.NETWORK: ("ip", "link", "set", "lo", "up"),
}


def command(place: Place, *words: str) -> tuple[str, ...]:
    """Give the command that runs another one in a place, as root of that place."""
    if place not in _UNSHARED:
        return words
    alone = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *alone, *_UNSHARED[place], "--", *words)


def python(*words: str) -> tuple[str, ...]:
    """Give the command that runs this Python."""
    return (sys.executable, *words)


@cache
def obstacle(place: Place, *words: str) -> str:
    """Say why a command cannot be run in a place, nothing if it can."""
    needed = words or _NEEDED.get(place, ())
    if not needed:
        return ""
    try:
        done = subprocess.run(
            command(place, *needed),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    if done.returncode == 0:
        return ""
    return f"{needed[0]}: {_last_line(done.stderr.splitlines())}"


def _last_line(lines: Sequence[str]) -> str:
    return lines[-1].strip() if lines else "failed without a word"
