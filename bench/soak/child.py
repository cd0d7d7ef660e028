"""Another process that does as it is told: :class:`Child`."""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

ROOT = Path(__file__).resolve().parents[2]


class ChildFailed(Exception):
    """The process could not do what it was told, or has ended by itself."""


class Child(ProcessProtocol):
    """One process that runs ``python -m MODULE``, and answers each line with a line, in JSON."""

    def __init__(self, reactor: Any, module: str) -> None:
        self.module = module
        self.ended: Deferred[None] = Deferred()
        self._numbers = count(1)
        self._unanswered: dict[int, Deferred[Any]] = {}
        self._pending = b""
        self._complaints = b""
        self._killed = False
        command = (sys.executable, "-m", module)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = reactor.spawnProcess(self, command[0], command, env=environment)

    def call(self, do: str, **arguments: object) -> Deferred[Any]:
        """Have it do something; fires with the result, fails with :exc:`ChildFailed`."""
        number = next(self._numbers)
        self._unanswered[number] = Deferred()
        line = json.dumps({"id": number, "do": do, **arguments})
        self._process.write(line.encode() + b"\n")
        return self._unanswered[number]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._process.pid, number)

    def kill(self) -> Deferred[None]:
        """Kill it; fires when it is gone."""
        self._killed = True
        self.signal(signal.SIGKILL)
        return self.ended

    # What Twisted tells

    def outReceived(self, data: bytes) -> None:
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            waiting = self._unanswered.pop(answer["id"])
            if "error" in answer:
                waiting.errback(ChildFailed(f"{self.module}: {answer['error']}"))
            else:
                waiting.callback(answer["result"])

    def errReceived(self, data: bytes) -> None:
        self._complaints += data

    def processEnded(self, reason: Failure) -> None:
        complaint = self._complaints.decode(errors="replace")
        error = ChildFailed(f"{self.module} has ended: {reason.getErrorMessage()} {complaint}")
        unanswered, self._unanswered = self._unanswered, {}
        for waiting in unanswered.values():
            waiting.errback(error)
        if self._killed:
            self.ended.callback(None)
        else:
            self.ended.errback(error)
