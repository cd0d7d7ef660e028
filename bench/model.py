"""The values that pass between the runner, its children and the report."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

#: Kernel send and receive buffer asked for on every connection, in bytes. All implementations get
#: the same number; it is below Linux' usual ``net.core.rmem_max`` of 212992, so nobody is clipped.
KERNEL_BUFFER = 128 * 1024

#: libzmq's default high-water mark, in messages, set explicitly where a default differs.
HIGH_WATER_MARK = 1000


def format_size(size: int) -> str:
    """Return a payload size as people write it: ``16 B``, ``64 KiB``."""
    for unit, factor in (("MiB", 1024 * 1024), ("KiB", 1024)):
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"


@attrs.frozen
class Job:
    """What one child process is to do in one sample; travels as one line of JSON."""

    size: int
    """Bytes of a frame."""
    count: int
    """Operations to measure: messages, or round trips."""
    timeout: float
    """Seconds after which the child gives up by itself."""
    address: str = ""
    """Where the other side is bound; empty for the side that binds."""
    kernel_buffer: int = KERNEL_BUFFER
    """Bytes asked of the kernel for each direction; 0 leaves it what it is."""
    high_water_mark: int = HIGH_WATER_MARK
    mechanism: str = "NULL"
    """The security mechanism: ``"NULL"``, or ``"CURVE"`` with the side that binds as the server."""
    parts: int = 1
    """Frames of a message."""
    in_flight: int = 1
    """Requests that are sent before the first reply is waited for."""
    subscribers: int = 1
    """Subscribers to one publisher, each of which gets ``count`` messages."""
    pushers: int = 1
    """Senders to one receiver, who gets ``count`` messages from all of them together."""
    subscriptions: int = 1
    """Topics that somebody has subscribed to."""
    connections: int = 1
    """Peers that are connected at a time."""
    names: int = 0
    """How much is imported: the place in the list of :mod:`bench.import_time`."""
    transport: str = "tcp"
    """``"tcp"``, ``"ipc"`` or ``"inproc"``."""

    @property
    def is_server(self) -> bool:
        """Whether this side binds."""
        return not self.address

    @property
    def where(self) -> str:
        """Return the address to bind to, where ZeroMQ's addresses are understood."""
        wildcards = {"tcp": "tcp://127.0.0.1:*", "ipc": "ipc://*", "inproc": "inproc://bench"}
        return wildcards[self.transport]

    def payload(self) -> bytes:
        """Return a frame, the same bytes in every process."""
        pattern = bytes(range(256))
        return (pattern * (self.size // len(pattern) + 1))[: self.size]

    def message(self) -> bytes | list[bytes]:
        """Return a message: a frame by itself, as a plain program gives it, or all of them."""
        return self.payload() if self.parts == 1 else [self.payload()] * self.parts


@attrs.frozen
class Sample:
    """What the measuring child saw; travels as one line of JSON."""

    operations: int
    """Operations that were completed while the clock ran."""
    seconds: float
    """How long the clock ran."""
    details: Mapping[str, float] = attrs.field(factory=dict)
    """Further figures for the JSON file: percentiles, processor time."""


#: A child that binds reports its address through this, so that the other one can be started.
Announce = Callable[[str], None]

#: A role: one side of a measurement, as one implementation plays it. The measuring side returns
#: the sample, the other side ``None`` once nothing of it is left to send.
Role = Callable[[Job, Announce], "Sample | None"]


@attrs.frozen
class Implementation:
    """One row of the tables: a peer file and the environment it runs in."""

    name: str
    peer: str
    """The module in ``bench.peers``."""
    summary: str
    environment: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Case:
    """One table: a measurement at one level of what it varies."""

    measurement: Measurement
    level: int

    @property
    def name(self) -> str:
        """Return what ``--only`` and the JSON file call it, ``throughput-16`` for example."""
        return f"{self.measurement.name}-{self.level}"

    @property
    def title(self) -> str:
        """Return the headline of its table."""
        return f"{self.measurement.title}, {self.measurement.show_level(self.level)}"

    def has(self, implementation: Implementation) -> bool:
        """Return whether ``implementation`` takes part."""
        return self.level in self.measurement.counts.get(implementation.name, {})

    def job(self, count: int, timeout: float, kernel_buffer: int) -> Job:
        """Return what the children are to do for one sample."""
        fields = {
            "kernel_buffer": kernel_buffer,
            **self.measurement.job,
            self.measurement.varies: self.level,
        }
        return Job(count=count, timeout=timeout, **fields)


@attrs.frozen
class Measurement:
    """One kind of figure, and how to get it."""

    name: str
    title: str
    unit: str
    higher_is_better: bool
    binds: str
    """The role of the process that binds and is started first."""
    value: Callable[[Sample], float]
    """From a sample to the figure of the table."""
    show: Callable[[float], str]
    """From the figure to text, without the unit."""
    counts: Mapping[str, Mapping[int, int]]
    """Implementation -> level -> operations that take about 0.5 to 1 s on the reference machine
    (2 cores, CPython 3.11). A fixed table: calibrating at run time would differ between rounds.
    Who is not in it takes no part."""
    connects: str = ""
    """The role of the process that connects; empty where one process does it all."""
    connecting_peer: str = ""
    """The module in ``bench.peers`` that connects to everybody, where one does."""
    varies: str = "size"
    """The field of the jobs that differs between the cases: a level is its value."""
    job: Mapping[str, Any] = attrs.field(factory=dict)
    """The other fields of the jobs, where they are not the usual ones."""
    show_level: Callable[[int], str] = format_size
    """From a level to text."""
    grows: bool = False
    """Whether the figure is a cost that its level might raise: then each is also compared with the
    first level of the same implementation."""
    columns: Mapping[str, str] = attrs.field(factory=dict)
    """Further columns of the table: a detail of the samples, and the head above its median."""

    @property
    def levels(self) -> list[int]:
        """Return the levels of the counts table, small ones first."""
        return sorted({level for by_level in self.counts.values() for level in by_level})

    def cases(self) -> list[Case]:
        """Return its levels as cases."""
        return [Case(self, level) for level in self.levels]


@attrs.frozen
class Result:
    """All rounds of one implementation in one case."""

    case: Case
    implementation: Implementation
    count: int
    samples: Sequence[Sample] = ()
    errors: Sequence[str] = ()
    """One text for each round that failed."""
    missing: str = ""
    """Why the implementation could not take part at all; empty if it did."""
    first: Result | None = None
    """The same implementation at the first level, where the measurement compares with that."""

    @property
    def values(self) -> list[float]:
        """Return the figure of every round."""
        return [self.case.measurement.value(sample) for sample in self.samples]

    @property
    def median(self) -> float | None:
        """Return the median of the rounds, ``None`` where no round succeeded."""
        return statistics.median(self.values) if self.samples else None

    def median_of(self, detail: str) -> float | None:
        """Return the median of a detail of the samples, ``None`` where they do not have it."""
        values = [sample.details[detail] for sample in self.samples if detail in sample.details]
        return statistics.median(values) if values else None

    def speed_against(self, baseline: Result | None) -> float | None:
        """Return how many times as fast this is as ``baseline``: above 1 is faster.

        A round trip that takes half the time is twice as fast, so that one reading fits all tables.
        """
        if baseline is None:
            return None
        own, other = self.median, baseline.median
        if not own or not other:
            return None
        return own / other if self.case.measurement.higher_is_better else other / own
