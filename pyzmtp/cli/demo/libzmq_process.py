"""The process in which libzmq runs, seen from here.

A process of its own, because a libzmq that hangs or aborts must not take the demo with it; and
``subprocess`` with a thread that waits for lines, because not every reactor and platform has
``spawnProcess``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThreadPool

__all__ = ["LibzmqFailed", "LibzmqMissing", "LibzmqProcess"]

#: Seconds that the process gets to end by itself.
_PATIENCE = 5.0


class LibzmqMissing(Exception):
    """pyzmq cannot be imported here."""


class LibzmqFailed(Exception):
    """The libzmq process reported an error, or ended."""


class LibzmqProcess:
    """Asks the libzmq process one thing at a time. It starts with :meth:`start`."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._process: subprocess.Popen[str] | None = None

    @property
    def running(self) -> bool:
        """Whether there is a process to ask."""
        return self._process is not None

    async def start(self) -> dict[str, Any]:
        """Start the process; return its versions and whether it has ``ipc``.

        :raises LibzmqMissing: pyzmq is not installed, or does not load.
        """
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("libzmq_child.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            hello: dict[str, Any] = await self._in_thread("")
        except LibzmqFailed as error:
            self.stop()
            raise LibzmqMissing(str(error)) from error
        return hello

    async def ask(self, **line: Any) -> Any:
        """Have something done and return what came of it.

        :raises LibzmqFailed: it could not be done.
        """
        return await self._in_thread(json.dumps(line) + "\n")

    def tell(self, **line: Any) -> None:
        """Say something that is not answered, also while something else is being done."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()

    def stop(self, kill: bool = False) -> None:
        """End the process, at once if ``kill``; it can be started again."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        try:
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    async def _in_thread(self, line: str) -> Any:
        if self._process is None:
            raise LibzmqFailed("the libzmq process was ended")
        pool = self._reactor.getThreadPool()
        return await deferToThreadPool(self._reactor, pool, _exchange, self._process, line)


def _exchange(process: subprocess.Popen[str], line: str) -> Any:
    """Write a line and wait for the answer. Runs in a thread; the process's end ends it."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(line)
        process.stdin.flush()
        answer = process.stdout.readline()
    except (OSError, ValueError) as error:
        raise LibzmqFailed(f"the libzmq process is gone: {error}") from error
    if not answer:
        raise LibzmqFailed("the libzmq process ended without an answer")
    said = json.loads(answer)
    if "error" in said:
        raise LibzmqFailed(said["error"])
    return said["value"]
