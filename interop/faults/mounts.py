"""A directory that can only be read: :func:`read_only`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interop.faults.machine import Place

#: Where rows run that need it. Root may write wherever the mode forbids it, but not to what is mounted so.
READ_ONLY_PLACE = Place.MOUNTS if os.geteuid() == 0 else Place.CHILD


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Have nobody create or remove anything in a directory."""
    if READ_ONLY_PLACE is Place.CHILD:
        mode = directory.stat().st_mode
        directory.chmod(0o555)
        try:
            yield
        finally:
            directory.chmod(mode)
        return
    _mount("--bind", str(directory), str(directory))
    try:
        _mount("-o", "remount,ro,bind", str(directory))
        yield
    finally:
        subprocess.run(("umount", "--lazy", str(directory)), check=True)


def _mount(*words: str) -> None:
    subprocess.run(("mount", *words), check=True)
