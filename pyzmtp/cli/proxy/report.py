"""Shows what a proxy does: :class:`LiveReport` on a terminal, :class:`LineReport` elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from rich import box
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from twisted.internet.defer import Deferred

from pyzmtp.cli.proxy.readings import Flow, Reading
from pyzmtp.cli.screen import Screen

__all__ = ["LineReport", "LiveReport", "Report"]


class Report(Protocol):
    """Where readings are shown."""

    def show(self, reading: Reading) -> None:
        """Show a reading, and what has happened since the one before."""

    def say(self, text: str) -> None:
        """Tell something else."""

    def close(self) -> Deferred[None]:
        """Nothing more will come; fires when all has been written."""


class LineReport:
    """A line for each direction, and only when something has gone that way."""

    def __init__(self, screen: Screen, say: Callable[[str], None], silent: bool) -> None:
        self.say = say
        self._screen = screen
        self._silent = silent
        self._before: Reading | None = None

    def show(self, reading: Reading) -> None:
        """See :class:`Report`."""
        before, self._before = self._before, reading
        if before is None or self._silent:
            return
        for way, rate in _rates(before, reading).items():
            if rate.frames:
                sockets = [
                    f"{side} peers {socket.peers}, queued {socket.queued}"
                    for side, socket in reading.sockets.items()
                ]
                flow = f"{way}: {_frames(rate)}, {_bytes(rate)}"
                self._screen.line("; ".join([flow, *sockets, _losses(reading)]))

    def close(self) -> Deferred[None]:
        """See :class:`Report`."""
        return self._screen.drain()


class LiveReport:
    """A table that is drawn anew each time.

    ``names``: what the sockets are, by side.
    """

    def __init__(self, screen: Screen, names: Mapping[str, str]) -> None:
        self._screen = screen
        self._console = screen.console()
        self._names = names
        self._before: Reading | None = None
        # What others write to the terminal is not its business, and it needs no thread.
        self._live = Live(
            console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def show(self, reading: Reading) -> None:
        """See :class:`Report`."""
        if not self._screen.busy:
            before, self._before = self._before or reading, reading
            self._live.update(self._picture(before, reading), refresh=True)

    def say(self, text: str) -> None:
        """See :class:`Report`. It is written above the table."""
        self._console.print(Text(f"pyzmtp: {text}"), soft_wrap=True)

    def close(self) -> Deferred[None]:
        """See :class:`Report`."""
        self._live.stop()
        return self._screen.drain()

    def _picture(self, before: Reading, reading: Reading) -> Group:
        sockets = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        sockets.add_column("")
        sockets.add_column("socket")
        for head in ("peers", "queued"):
            sockets.add_column(head, justify="right")
        for side, socket in reading.sockets.items():
            name = Text(self._names[side])
            sockets.add_row(side, name, str(socket.peers), str(socket.queued))
        flows = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        flows.add_column("")
        for head in ("rate", "throughput", "frames in all", "bytes in all"):
            flows.add_column(head, justify="right")
        rates = _rates(before, reading)
        for way, flow in reading.flows.items():
            rate = rates[way]
            flows.add_row(
                way, _frames(rate), _bytes(rate), f"{flow.frames:,.0f}", f"{flow.size:,.0f}"
            )
        return Group(sockets, flows, Text(_losses(reading)))


def _rates(before: Reading, reading: Reading) -> dict[str, Flow]:
    seconds = max(reading.at - before.at, 1e-6)  # the first one is its own before
    return {way: flow.rate_since(before.flows[way], seconds) for way, flow in reading.flows.items()}


def _frames(rate: Flow) -> str:
    digits = 0 if rate.frames >= 10 else 1
    return f"{rate.frames:,.{digits}f} frames/s"


def _bytes(rate: Flow) -> str:
    """A rate in bytes, in the unit that leaves few digits."""
    size = rate.size
    for unit in ("B/s", "kB/s", "MB/s"):
        if size < 1000:
            return f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB/s"


def _losses(reading: Reading) -> str:
    text = f"{reading.dropped} dropped"
    if "capture" in reading.sockets:
        text += f", {reading.capture_dropped} not captured"
    return text
