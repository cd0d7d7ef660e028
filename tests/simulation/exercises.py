"""Things to do whose outcome is certain while all is calm: :class:`Exercises`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .ledger import Entry, Fate
from .player import Player

if TYPE_CHECKING:
    from .stage import Stage

__all__ = ["Exercises"]


class Exercises:
    """Each is a step of a plan, after ``calm``."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def run(self, what: str, role: int, count: int, sizes: Sequence[int], topic: bytes) -> None:
        """Do one of them with whoever plays a role, if it is one for that."""
        player = self.stage.live_player(role)
        if player is None or not player.peers or not self.stage.rules.is_whole(player):
            return
        kind = player.kind
        if what == "spread" and kind.sends and not (kind.publishes or kind.named):
            self.spread(player, count, sizes)
        elif what == "burst" and kind.keeps and kind.sends and not kind.named:
            self.burst(player, count, sizes)
        elif what == "name" and kind.named:
            self.name(player, sizes)
        elif what == "publish" and kind.publishes:
            self.publish(player, sizes, topic)
        elif what == "ask" and kind.asks:
            self.ask(player, count, sizes)
        elif what == "turns" and kind.receives and player.role.reads in ("from", "one", "try"):
            self.turns(player, count)
        elif what == "farewell" and kind.keeps and kind.sends:
            self.farewell(player, count, sizes)
        elif what == "silence" and player.role.options.get("heartbeat_interval"):
            self.silence(player)

    def spread(self, player: Player, count: int, sizes: Sequence[int]) -> None:
        """One message after the other: each goes out at once, and to the peers in turn."""
        begin = len(self.stage.entries_of(player))
        for _ in range(count):
            if not player.send("try", 1, sizes):
                self.stage.fail("stuck", f"{player!r} cannot send, and its peers are idle")
                return
            self.stage.drain()
        entries = self.stage.entries_of(player)[begin:]
        self._all_received(player, entries)
        peers = [int(peer.metadata["X-Player"]) for peer in player.peers]
        shares = Counter(number for entry in entries for number in entry.receivers)
        counts = [shares[number] for number in peers]
        if max(counts) - min(counts) > 1:
            self.stage.fail("turns", f"{player!r} has sent {dict(shares)} to {peers}")

    def burst(self, player: Player, count: int, sizes: Sequence[int]) -> None:
        """Many at once: all are received, however long some have to wait."""
        begin = len(self.stage.entries_of(player))
        player.send("batch" if count % 2 else "send", 4 * count, sizes)
        self.stage.drain()
        self._all_received(player, self.stage.entries_of(player)[begin:])

    def name(self, player: Player, sizes: Sequence[int]) -> None:
        """A message to each peer by its id: that one gets it."""
        begin = len(self.stage.entries_of(player))
        for peer in player.peers:
            number = int(peer.metadata["X-Player"])
            player.send("try", 1, sizes, to=self.stage.players[number].role_number)
        self.stage.drain()
        entries = self.stage.entries_of(player)[begin:]
        if len({entry.target for entry in entries}) != len(player.peers):
            self.stage.fail("id", f"{player!r} cannot tell its peers apart")
        self._all_received(player, entries)

    def publish(self, player: Player, sizes: Sequence[int], topic: bytes) -> None:
        """One message: it goes to all who want it, and to nobody else."""
        exact = player.role.kind == "Radio"
        begin = len(self.stage.entries_of(player))
        player.send("try", 1, sizes, topic)
        self.stage.drain()
        [entry] = self.stage.entries_of(player)[begin:]
        wanted = set()
        for peer in player.peers:
            other = self.stage.players[int(peer.metadata["X-Player"])]
            topics = [one for one, times in other.topics.items() if times > 0]
            if other.role.kind == "XSub" and not player.role.binds:
                return  # it may get what whoever was there before has wanted
            if other.live and (
                topic in topics if exact else any(topic.startswith(one) for one in topics)
            ):
                wanted.add(other.number)
        if set(entry.receivers) != wanted:
            self.stage.fail(
                "topic", f"{entry.receivers} received {topic!r} of {player!r}, and {wanted} want it"
            )

    def ask(self, player: Player, count: int, sizes: Sequence[int]) -> None:
        """Requests, each of which gets its own reply."""
        if player.waiting_sends or any(map(self.stage.rules.is_idle, self.stage.living())):
            return
        for _ in range(count):
            player.ask(sizes, timeout=20.0, must=True)
            self.stage.network.advance(0.1)
        self.stage.network.advance(1)
        if player.waiting_sends:
            self.stage.fail("request", f"{player!r} gets no reply")

    def turns(self, player: Player, count: int) -> None:
        """Unread messages of several peers: they are received in turns."""
        others = [self.stage.players[int(peer.metadata["X-Player"])] for peer in player.peers]
        if player.waiting_receives or not all(other.kind.sends for other in others):
            return
        for other in others:
            if other.kind.named:
                other.send("try", count, (5,), to=player.role_number)
            else:
                other.send("try", count, (5,), topic=b"A")
        self.stage.network.settle()
        there: Counter[int] = Counter()
        for queues in player.socket.queues:
            if queues.peer is not None:
                there[int(queues.peer.metadata["X-Player"])] += queues.receive_queue
        unread = {number: count for number, count in there.items() if count}
        order = self.stage.senders_to(player, sum(unread.values()))
        taken: Counter[int] = Counter()
        for sender in order:
            taken[sender] += 1
            waiting = [number for number in unread if taken[number] < unread[number]]
            if any(taken[sender] - taken[number] > 1 for number in waiting):
                self.stage.fail("turns", f"{player!r} has received in the order {order}")
                break
        self.stage.drain()

    def farewell(self, player: Player, count: int, sizes: Sequence[int]) -> None:
        """To send and to close at once: what was taken arrives."""
        numbers = [int(peer.metadata["X-Player"]) for peer in player.peers]
        if any(self.stage.players[number].role.options.get("immediate") for number in numbers):
            return  # what those have not read when the connection ends is lost
        begin = len(self.stage.entries_of(player))
        player.send("try", count, sizes, to=None)
        self.stage.rules.close(player, linger=10.0)
        for _ in range(4):
            self.stage.drain()
            self.stage.network.advance(0.5)
        taken = [
            entry for entry in self.stage.entries_of(player)[begin:] if entry.fate is Fate.TAKEN
        ]
        self._all_received(player, taken)
        self.stage.make(player.role_number)
        self.stage.enter(player.role_number)
        self.stage.calm()

    def silence(self, player: Player) -> None:
        """Who sends heartbeats notices that nothing comes any more, and nobody else minds."""
        interval = player.role.options["heartbeat_interval"]
        timeout = player.role.options["heartbeat_timeout"] or interval
        network = self.stage.network
        network.advance(3 * interval)
        calm_since = network.seconds() - 3 * interval
        if player.last_timeout >= calm_since:
            self.stage.fail("heartbeat", f"{player!r} has given up a peer that is there")
        connections = network.connections_of(player.reactor)
        through_network = [peer for peer in player.peers if not peer.address.startswith("inproc")]
        lost = player.lost_connections
        for connection in connections:
            connection.stall()
        network.advance(interval + timeout + 0.5)
        if player.lost_connections - lost < len(through_network):
            self.stage.fail("heartbeat", f"{player!r} has not noticed that its peers are silent")
        self.stage.calm()

    def _all_received(self, player: Player, entries: list[Entry]) -> None:
        missing = [entry.number for entry in entries if not entry.receivers]
        if missing:
            self.stage.fail("missing", f"nobody has received {missing} of {player!r}")
