"""When a connection has to be looked at: :class:`Timer`."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["Timer"]


class Timer:
    """The one timed call of a connection: for its deadline, and in the end for its last words."""

    __slots__ = ("_call", "_deadline", "_reactor")

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._call: IDelayedCall | None = None
        self._deadline: float | None = None

    def set(self, deadline: float | None, judge: Callable[[], None]) -> None:
        """Call ``judge()`` when ``deadline`` has come, and no earlier one; ``None``: never."""
        if deadline != self._deadline:
            self.cancel()
            self._deadline = deadline
            if deadline is not None:
                self.start(max(0.0, deadline - self._reactor.seconds()), self._due, judge)

    def start(self, delay: float, what: Callable[..., None], *arguments: object) -> None:
        """Call ``what(*arguments)`` in ``delay`` seconds, and nothing else."""
        self._call = self._reactor.callLater(delay, what, *arguments)

    def cancel(self) -> None:
        """Call nothing."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = self._deadline = None

    def _due(self, judge: Callable[[], None]) -> None:
        # A reactor that is late makes its calls before it reads. Let it read first, lest a peer be
        # given up whose bytes are there.
        self.start(0, self._judge, judge)

    def _judge(self, judge: Callable[[], None]) -> None:
        self._call = self._deadline = None
        judge()
