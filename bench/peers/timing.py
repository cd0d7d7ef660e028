"""What the peers share for keeping time, so that all of them are measured by the same rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter

from bench.model import Job, Sample

#: Round trips before the clock starts: connecting, and the first pass through cold code.
WARM_UP = 100


def round_trip_sample(marks: Sequence[float]) -> Sample:
    """Return the sample for ``marks``: the start, then the end of each round trip."""
    spans = sorted(end - start for start, end in pairwise(marks))
    return Sample(
        operations=len(spans),
        seconds=marks[-1] - marks[0],
        details={
            "p50_us": spans[len(spans) // 2] * 1e6,
            "p99_us": spans[len(spans) * 99 // 100] * 1e6,
        },
    )


def check_payload(received: bytes, expected: bytes) -> None:
    """Refuse a figure for messages that did not arrive as they were sent."""
    if received != expected:
        raise AssertionError(f"received {received[:32]!r}..., expected {expected[:32]!r}...")


def check_message(received: Sequence[bytes], job: Job) -> None:
    """Refuse a figure for messages of which a frame did not arrive as it was sent."""
    if len(received) != job.parts:
        raise AssertionError(f"received {len(received)} frames, expected {job.parts}")
    for frame in received:
        check_payload(frame, job.payload())


def shares(job: Job) -> list[int]:
    """Return how many messages each pusher sends once it is connected; the first of them says that."""
    least, more = divmod(job.count, job.pushers)
    return [least + (number < more) for number in range(job.pushers)]


class Deliveries:
    """Counts what subscribers get, one message at a time; the clock runs from the first to the last."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._start = 0.0
        self._number = 0
        self._last: Sequence[bytes] = ()

    def came(self, message: Sequence[bytes]) -> None:
        """Take note of a message."""
        if not self._number:
            self._start = perf_counter()
        self._number += 1
        self._last = message

    def sample(self) -> Sample:
        """Return the sample, once all have come."""
        seconds = perf_counter() - self._start
        check_message(self._last, self._job)
        return Sample(operations=self._number - 1, seconds=seconds)


class InFlight:
    """How many requests have to be sent, and how long the replies to them took.

    The clock runs from the last reply of the warm-up to the last of all.
    """

    def __init__(self, job: Job) -> None:
        self._warm_up = max(WARM_UP, job.in_flight)
        self._count = job.count
        self._replies = 0
        self._start = 0.0
        self.to_send = total_requests(job)
        self.sample: Sample | None = None

    def replied(self, number: int) -> int:
        """Take note of replies; return how many requests to send now."""
        before, self._replies = self._replies, self._replies + number
        if before < self._warm_up <= self._replies:
            self._start = perf_counter()
            self._uncounted = self._replies - self._warm_up
        if self._replies == self._warm_up + self._count:
            seconds = perf_counter() - self._start
            self.sample = Sample(operations=self._count - self._uncounted, seconds=seconds)
        return self.sent(number)

    def sent(self, number: int) -> int:
        """Return how many of these requests there still are to send, which is done then."""
        number = min(number, self.to_send)
        self.to_send -= number
        return number


def total_requests(job: Job) -> int:
    """Return the requests of a job with several in flight, those of the warm-up included."""
    return max(WARM_UP, job.in_flight) + job.count


def groups(number: int, most: int) -> list[int]:
    """Return ``number`` in parts of ``most``; the last may be smaller."""
    whole, rest = divmod(number, most)
    return [most] * whole + [rest] * (rest > 0)
