"""The scenarios that there are, and how one registers: :func:`scenario`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import frozen

from interop.conformance.stage import Combination, Stage

Play = Callable[[Stage], Awaitable[object]]

FOUR = tuple(Combination)
#: Each library by itself, or with a raw peer.
PURE = (Combination.LIBZMQ_LIBZMQ, Combination.PYZMTP_PYZMTP)
#: For the draft options, which the libzmq of pyzmq's wheels lacks: first part, second part, both.
OUR_FIRST = (Combination.PYZMTP_LIBZMQ, Combination.PYZMTP_PYZMTP)
OUR_SECOND = (Combination.LIBZMQ_PYZMTP, Combination.PYZMTP_PYZMTP)
OURS = (Combination.PYZMTP_PYZMTP,)

STREAMS = ("tcp", "ipc")
TCP = ("tcp",)
INPROC = ("inproc",)
#: What libzmq's own tests of the patterns use.
TCP_INPROC = (*TCP, *INPROC)
EVERYWHERE = (*STREAMS, *INPROC)


@frozen
class Scenario:
    """A scenario: who plays it where, and what must come of it.

    :ivar name: libzmq's test, as ``inventory`` has it.
    :ivar case: the function's name: which part of libzmq's test it is.
    :ivar expected: what libzmq's test expects, read from its source.
    :ivar why: why not all four combinations play it.
    """

    name: str
    case: str
    play: Play
    expected: Any
    transports: tuple[str, ...]
    combinations: tuple[Combination, ...]
    why: str

    @property
    def id(self) -> str:
        """What departures and test ids call it."""
        return f"{self.name}.{self.case}"

    def plays(self) -> list[tuple[str, Combination]]:
        """Where and by whom it is played. The libraries cannot meet on inproc."""
        return [
            (transport, combination)
            for transport in self.transports
            for combination in self.combinations
            if transport != "inproc" or combination in PURE
        ]


#: All of them, in the order of their modules.
SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str,
    *,
    expected: object,
    transports: tuple[str, ...] = STREAMS,
    combinations: tuple[Combination, ...] = FOUR,
    why: str = "",
) -> Callable[[Play], Play]:
    """Register a coroutine function as (a part of) libzmq's test ``name``.

    ``expected``: what it returns if all is well; no times in it. ``why`` is needed where not all four
    ``combinations`` play it on a stream transport. It can be used twice on one function.
    """

    def register(play: Play) -> Play:
        made = Scenario(name, play.__name__, play, expected, transports, combinations, why)
        assert play.__doc__, f"{made.id} does not say what it shows"
        assert made.id not in SCENARIOS, f"{made.id} is there twice"
        assert why or combinations == FOUR or transports == INPROC, f"{made.id}: why not all four?"
        SCENARIOS[made.id] = made
        return play

    return register
