"""Cancelling at any moment loses no message, makes none twice and keeps their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import DealerSocket
from pyzmtp.testing import Conditions, FailureLog

from .world import Outcomes, World

STEP = st.one_of(
    st.tuples(st.sampled_from(["send", "receive", "from", "try", "settle"])),
    st.tuples(st.sampled_from(["batch", "many"]), st.integers(1, 6)),
    st.tuples(st.sampled_from(["cancel send", "cancel receive"]), st.integers(0, 5)),
    st.tuples(st.just("pass"), st.sampled_from([0.01, 0.3, 1.0])),
)


class Trial:
    """Does what it is told and notes what was taken, what was cancelled and what came."""

    def __init__(self, world: World, transport: str, **options: Any) -> None:
        self.world = world
        self.receiver, self.sender = world.pair(
            DealerSocket,
            DealerSocket,
            transport,
            bind={"receive_hwm": 2, **options},
            connect={"send_hwm": 2, **options},
        )
        self.count = 0
        self.sends: list[tuple[list[int], Deferred[None], Outcomes[None]]] = []
        self.receives: list[Deferred[Any]] = []
        self.received: list[int] = []

    def do(self, what: str, argument: float = 0) -> None:
        """One step."""
        if what == "send":
            self.note([self.next()], self.sender.send(b"%d" % self.count))
        elif what == "batch":
            numbers = [self.next() for _ in range(int(argument))]
            self.note(numbers, self.sender.send_batch([b"%d" % number for number in numbers]))
        elif what in ("receive", "from", "many"):
            forms: dict[str, Callable[[], Deferred[Any]]] = {
                "receive": self.receiver.receive,
                "from": self.receiver.receive_from,
                "many": lambda: self.receiver.receive_batch(int(argument)),
            }
            receive = forms[what]()
            self.receives.append(receive)
            receive.addCallbacks(
                self.got, lambda failure: failure.trap(CancelledError, TimeoutError) and None
            )
        elif what == "try":
            message = self.receiver.try_receive()
            self.got([] if message is None else [message])
        elif what == "cancel send" and self.sends:
            self.sends[int(argument) % len(self.sends)][1].cancel()
        elif what == "cancel receive" and self.receives:
            self.receives[int(argument) % len(self.receives)].cancel()
        elif what == "pass":
            self.world.advance(argument)
        elif what == "settle":
            self.world.settle()

    def next(self) -> int:
        """The next message."""
        self.count += 1
        return self.count

    def note(self, numbers: list[int], sending: Deferred[None]) -> None:
        """Remember a send."""
        self.sends.append((numbers, sending, Outcomes(sending)))

    def got(self, result: Any) -> None:
        """Remember what came: a message, a batch, or a peer and a message."""
        if isinstance(result, tuple):
            result = [result[1]]
        elif result and isinstance(result[0], bytes):
            result = [result]
        self.received += [int(message[0]) for message in result]

    def finish(self) -> None:
        """Let everything that waits come to its end, and check the account."""
        for receive in self.receives:
            receive.cancel()
        for _ in range(100):
            self.world.settle()
            while (message := self.receiver.try_receive()) is not None:
                self.got(message)
        whole, partly = [], set()
        for numbers, _, outcome in self.sends:
            if outcome:
                whole += numbers
            else:
                assert isinstance(outcome.error, CancelledError | TimeoutError)
                # Of a batch the beginning may have gone before the rest was cancelled.
                partly.update(numbers[:-1])
        assert self.received == sorted(self.received), "the order is wrong"
        assert len(set(self.received)) == len(self.received), "something came twice"
        assert set(whole) <= set(self.received), "something is lost"
        assert set(self.received) - set(whole) <= partly, "something came that was cancelled"


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize("timeout", [None, 0.5])
def test_cancelling_never_loses_or_duplicates(transport: str, timeout: float | None) -> None:
    @settings(max_examples=60, deadline=None, database=None)
    @given(st.lists(STEP, max_size=40))
    def check(steps: list[Any]) -> None:
        failures = FailureLog()
        world = World(failures)
        world.network.conditions = Conditions(buffer=30)
        trial = Trial(world, transport, send_timeout=timeout, receive_timeout=timeout)
        for step in steps:
            trial.do(*step)
        trial.finish()
        world.close()

    check()
