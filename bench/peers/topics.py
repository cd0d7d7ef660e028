"""Topics, who has subscribed to them, and messages of which each matches one: the same for everybody."""

from __future__ import annotations

import random

from bench.model import Job

#: What is subscribed to after all others; no message begins with it.
LAST = b"last"

#: Of how many topics there is news, where it is not of all.
POPULAR = 100

_FORM = b"topic.%07d"


def subscriptions(job: Job) -> list[bytes]:
    """Return as many topics as the job asks for, all of one length."""
    return [_FORM % number for number in range(job.subscriptions)]


def messages(job: Job, most: int | None = None) -> list[bytes]:
    """Return ``job.count`` messages in an order without order, each for one of the topics.

    There are messages for all topics or for ``most`` of them, which lie as far from each other as they
    can. Each has bytes of its own, however few topics there are, so that the processor's caches hold no
    messages, be there few topics or many.
    """
    step = max(job.subscriptions // most, 1) if most else 1
    numbers = random.Random(0).choices(range(0, job.subscriptions, step), k=job.count)
    return [(_FORM % number).ljust(job.size) for number in numbers]


def check(message: bytes, job: Job) -> None:
    """Refuse a figure for a last message that is not the last."""
    expected = messages(job)[-1]
    if message != expected:
        raise AssertionError(f"received {message[:32]!r}..., expected {expected[:32]!r}...")
