"""What a row is given to work with: :class:`Stage`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import frozen

from interop.peer import LibzmqPeer


@frozen
class Stage:
    """A directory for ipc sockets, and processes of libzmq's that may be harmed."""

    directory: Path
    peers: list[LibzmqPeer]

    async def spawn(self) -> LibzmqPeer:
        """Start a process; it is killed at the end."""
        self.peers.append(await LibzmqPeer.start())
        return self.peers[-1]


@asynccontextmanager
async def open_stage() -> AsyncIterator[Stage]:
    """Give a stage, and clear it in the end."""
    stage = Stage(Path(tempfile.mkdtemp(prefix="pyzmtp-")), [])
    try:
        yield stage
    finally:
        for peer in stage.peers:
            await peer.discard()
        shutil.rmtree(stage.directory, ignore_errors=True)
