"""What a worker is doing, in a file that outlives it: :class:`Record`."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from time import process_time
from typing import Final, NamedTuple

__all__ = ["Last", "Record"]

#: Executions, seconds, the size of the input that follows.
_HEAD: Final = struct.Struct(">QdI")
#: The longest input that is remembered.
_ROOM: Final = 64 * 1024


class Last(NamedTuple):
    """What a record says in the end.

    :ivar executions: how many inputs have been begun.
    :ivar seconds: of processor time that all but the last took, with what made them.
    :ivar data: the last of them.
    """

    executions: int
    seconds: float
    data: bytes


class Record:
    """Notes each input before it is run."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(_HEAD.size + _ROOM))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._executions = 0
        self._begin = process_time()

    def note(self, data: bytes) -> None:
        """This is the one from now on."""
        self._executions += 1
        head = _HEAD.pack(self._executions, process_time() - self._begin, len(data))
        self._map[: len(head) + len(data)] = head + data

    @staticmethod
    def read(path: Path) -> Last:
        """What was noted last."""
        content = path.read_bytes() if path.exists() else bytes(_HEAD.size)
        executions, seconds, size = _HEAD.unpack_from(content)
        return Last(executions, seconds, content[_HEAD.size : _HEAD.size + size])
