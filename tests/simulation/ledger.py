"""What has become of every message: :class:`Ledger`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from attrs import define, field

from pyzmtp import Peer

from .message import frames_of, origin_of
from .violation import Violation

__all__ = ["Entry", "Fate", "Ledger"]


class Fate(Enum):
    """What has become of an offer."""

    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"  # part of a batch that failed


@define(eq=False)
class Entry:
    """A message that was offered to a socket.

    :ivar target: the only player whom it is for; ``None``: any peer.
    :ivar receivers: who has.
    """

    sender: int
    number: int
    frames: list[bytes]
    topic: bytes
    since: float
    target: int | None = None
    fate: Fate = Fate.WAITING
    receivers: list[int] = field(factory=list)


class Ledger:
    """Every message that was offered, and who has received it.

    ``copies``: whether each goes to many, as those of a PUB do.
    """

    def __init__(self, copies: bool) -> None:
        self.entries: dict[int, list[Entry]] = {}
        self._copies = copies
        self._last: dict[tuple[int, int, Peer | None], int] = {}

    def offer(
        self,
        sender: int,
        sizes: Sequence[int],
        now: float,
        topic: bytes = b"",
        target: int | None = None,
    ) -> Entry:
        """A new message of ``sender``."""
        entries = self.entries.setdefault(sender, [])
        number = len(entries)
        frames = frames_of(sender, number, sizes, topic)
        entry = Entry(sender, number, frames, topic, now, target)
        entries.append(entry)
        return entry

    def receive(
        self, receiver: int, frames: list[bytes], stream: Peer | None, ordered: bool
    ) -> Entry:
        """Somebody has received a message; those of one ``stream`` come in their order."""
        origin = origin_of(frames[0]) if frames else None
        entries = self.entries.get(origin[0], []) if origin is not None else []
        if origin is None or origin[1] >= len(entries):
            raise Violation("invented", f"player {receiver} received {_short(frames)}")
        entry = entries[origin[1]]
        what = f"message {entry.number} of player {entry.sender}"
        if frames != entry.frames:
            raise Violation(
                "changed", f"player {receiver} received {_short(frames)} instead of {what}"
            )
        if entry.fate is Fate.REFUSED:
            raise Violation("refused", f"player {receiver} received {what}, which was not sent")
        if receiver in entry.receivers or (entry.receivers and not self._copies):
            raise Violation("twice", f"player {receiver} received {what}, as had {entry.receivers}")
        entry.receivers.append(receiver)
        if ordered:
            key = (receiver, entry.sender, stream)
            last = self._last.get(key, -1)
            if entry.number <= last:
                raise Violation("order", f"player {receiver} received {what} after {last}")
            self._last[key] = entry.number
        return entry


def _short(frames: list[bytes]) -> str:
    text = ", ".join(f"{frame[:40]!r}+{max(0, len(frame) - 40)}" for frame in frames[:5])
    return f"[{text}] of {len(frames)} frames"
