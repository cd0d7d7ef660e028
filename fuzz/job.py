"""What a worker is asked to do, and what it says at the end: :class:`Job`, :class:`Result`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

__all__ = ["DRIVERS", "Crash", "Job", "Result"]

DRIVERS = ("plain", "atheris")


@frozen
class Job:
    """One target, for a while.

    :ivar seconds: how long; infinity if only ``executions`` count.
    :ivar work: where inputs that lead somewhere new are kept, for the next time too.
    :ivar scratch: where the worker writes what its starter reads: ``result``, ``last``, artifacts.
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
    def result(self) -> Path:
        """Where the result is written, as :meth:`Result.dumps` has it."""
        return self.scratch / "result"

    @property
    def last(self) -> Path:
        """Where the input is that is being run, should the process end with it."""
        return self.scratch / "last"


@frozen
class Crash:
    """An input that broke a promise, and how."""

    data: bytes
    text: str


@frozen
class Result:
    """What came of a job."""

    target: str
    driver: str
    executions: int = 0
    seconds: float = 0.0
    found: int = 0
    crash: Crash | None = None

    @property
    def rate(self) -> float:
        """Executions in a second."""
        return self.executions / self.seconds if self.seconds else 0.0

    def dumps(self) -> str:
        """As text."""
        values = attrs.asdict(self)
        if self.crash is not None:
            values["crash"] = {"data": self.crash.data.hex(), "text": self.crash.text}
        return json.dumps(values)

    @classmethod
    def loads(cls, text: str) -> Result:
        """From text."""
        values: dict[str, Any] = json.loads(text)
        if values["crash"] is not None:
            crash = values["crash"]
            values["crash"] = Crash(bytes.fromhex(crash["data"]), crash["text"])
        return cls(**values)
