"""What a worker is asked to do, and what comes of it: :class:`Job`, :class:`Result`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

__all__ = ["DRIVERS", "Crash", "Job", "Result"]

DRIVERS = ("plain", "atheris")


@frozen
class Crash:
    """An input that broke a promise, and how."""

    data: bytes
    text: str


@frozen
class Job:
    """One target, for a while.

    :ivar seconds: how long; infinity if only ``executions`` count.
    :ivar work: where inputs that lead somewhere new are kept, for the next time too.
    :ivar scratch: where the worker writes what its starter reads.
    """

    target: str
    driver: str
    seed: int
    seconds: float
    executions: int | None
    work: Path
    scratch: Path

    def dumps(self) -> str:
        """As text."""
        values = attrs.asdict(self) | {"work": str(self.work), "scratch": str(self.scratch)}
        return json.dumps(values)

    @classmethod
    def loads(cls, text: str) -> Job:
        """From text."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values | {"work": Path(values["work"]), "scratch": Path(values["scratch"])})

    @property
    def record(self) -> Path:
        """Where the :class:`fuzz.record.Record` is."""
        return self.scratch / "record"

    @property
    def _crash(self) -> Path:
        return self.scratch / "crash"

    def leave(self, crash: Crash) -> None:
        """Let the starter know of a crash."""
        self._crash.write_text(json.dumps({"data": crash.data.hex(), "text": crash.text}))

    def crash(self) -> Crash | None:
        """What was left, if anything was."""
        if not self._crash.exists():
            return None
        values = json.loads(self._crash.read_text())
        return Crash(bytes.fromhex(values["data"]), values["text"])


@frozen
class Result:
    """What came of a job.

    :ivar seconds: of processor time.
    :ivar found: how many inputs led somewhere new.
    """

    target: str
    executions: int = 0
    seconds: float = 0.0
    found: int = 0
    crash: Crash | None = None

    @property
    def rate(self) -> float:
        """Executions in a second of processor time."""
        return self.executions / self.seconds if self.seconds else 0.0
