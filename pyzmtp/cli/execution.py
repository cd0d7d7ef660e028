"""``--exec``: what a command of the shell makes of a message."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

__all__ = ["execute"]

#: Standard input and output are ours; what it complains of, the user sees.
_DESCRIPTORS: Final = {0: "w", 1: "r", 2: 2}


def _shell(command: str) -> Sequence[str]:
    if os.name == "posix":
        return ("/bin/sh", "-c", command)
    return (os.environ.get("COMSPEC", "cmd.exe"), "/c", command)


def execute(reactor: Any, command: str, data: bytes) -> Deferred[tuple[bytes, str]]:
    """Run ``command`` with ``data`` as its standard input.

    Fires with its standard output, and with what went wrong with it, if anything did. To cancel that
    is to kill it.
    """
    program = _Program(data)
    arguments = _shell(command)
    reactor.spawnProcess(program, arguments[0], arguments, env=None, childFDs=_DESCRIPTORS)
    return program.done


class _Program(ProcessProtocol):
    """One process, from its start to its end."""

    transport: IProcessTransport

    def __init__(self, data: bytes) -> None:
        self.done: Deferred[tuple[bytes, str]] = Deferred(lambda _: self._kill())
        self._data = data
        self._output: list[bytes] = []

    def connectionMade(self) -> None:
        self.transport.write(self._data)
        self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:
        self._output.append(data)

    def processEnded(self, reason: Failure) -> None:
        status: Any = reason.value
        problem = ""
        if status.signal is not None:
            problem = f"it was ended by signal {status.signal}"
        elif status.exitCode:
            problem = f"it exited with {status.exitCode}"
        if not self.done.called:
            self.done.callback((b"".join(self._output), problem))

    def _kill(self) -> None:
        self.done.errback(CancelledError())
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")
