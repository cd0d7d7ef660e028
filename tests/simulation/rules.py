"""What has to hold: :class:`Rules`."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

from twisted.python.failure import Failure

from pyzmtp import (
    ConnectAborted,
    Disconnected,
    MessagesDropped,
    Peer,
    SocketClosed,
)

from .broker import Broker
from .ledger import Entry
from .message import origin_of
from .player import Player
from .violation import Violation

if TYPE_CHECKING:
    from .stage import Stage

__all__ = ["Rules"]

#: Seconds that the last words to a peer may take, beyond ``linger``.
_LAST_WORDS = 1.0


class Rules:
    """Judges what the players see, after each step and when all is calm.

    A message that a transport was given counts as sent, and is lost with its connection. How many may
    be lost is known all the same: at the moment that a connection is lost, no more than have been sent
    and not received yet.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._lost = 0  # messages that are lost for certain
        self._allowed = 0  # that may have been lost since then
        self._apart = ""  # who is not connected to whom

    # At any time

    def received(
        self, player: Player, message: list[bytes], frames: list[bytes], peer: Peer | None
    ) -> Entry:
        """A player has received a message. Raises :exc:`Violation`."""
        origin = origin_of(frames[0]) if frames else None
        ordered = not player.kind.serves and origin is not None
        if peer is None and origin is not None:
            ordered = ordered and player.met[origin[0]] == 1
        entry = self.stage.ledger.receive(player.number, frames, peer, ordered)
        self.stage.note(player, f"took {entry.number} of {entry.sender}")
        sender = self.stage.players[entry.sender]
        if not player.met[entry.sender] and "Proxy" not in self.stage.roles_met(player):
            raise Violation("unmet", f"{player!r} received from {sender!r}, whom it never met")
        if peer is not None and peer.metadata["X-Player"] != b"%d" % entry.sender:
            raise Violation("peer", f"{player!r} was told that {peer} has sent {entry.frames}")
        if entry.target not in (None, player.number):
            former = self.stage.players[entry.target]
            # Who connects keeps what is queued for whoever comes next to that place.
            if sender.role.binds or former.role_number != player.role_number:
                raise Violation("misled", f"{player!r} received what {sender!r} sent to {former!r}")
        if player.kind.named:
            own_id = dict(sender.role.options).get("routing_id", b"")
            if own_id and message[0] != own_id:
                raise Violation("id", f"{player!r} knows {sender!r} as {message[0]!r}")
        if player.kind.subscribes and not self._wanted(player, entry.topic, entry.since):
            raise Violation("topic", f"{player!r} never wanted {entry.topic!r}")
        return entry

    def _wanted(self, player: Player, topic: bytes, since: float) -> bool:
        """Whether a subscriber wanted a topic at some time after it was published."""
        if player.role.kind == "XSub":
            # It leaves all filtering to its publishers. One that connects keeps the subscriptions of
            # whoever was at a place before.
            before = [one for one in self.stage.players if one.role_number == player.role_number]
            topics = {topic for one in before for topic in (*one.topics, *one.ever)}
            return any(topic.startswith(one) for one in topics)
        exact = player.role.kind == "Dish"
        return any(
            (player.topics[one] > 0 or player.ever.get(one, -inf) >= since)
            and (topic == one if exact else topic.startswith(one))
            for one in (*player.topics, *player.ever)
        )

    def connection_lost(self, player: Player, event: Disconnected) -> None:
        """With a connection, what it carried may be lost."""
        if event.peer is not None:
            self._allowed += max(0, self._under_way() - self._lost)

    def dies(self, process: int) -> None:
        """A process is about to die, with all of its connections."""
        self._allowed += max(0, self._under_way() - self._lost)

    def _under_way(self) -> int:
        """Messages that have been sent and not received, those that are lost for ever included."""
        stats = [socket.stats for player in self.stage.players for socket in player.sockets]
        return sum(one.messages_sent - one.messages_received for one in stats)

    def messages_dropped(self, player: Player, event: MessagesDropped) -> None:
        """A player has dropped what it had queued: ZMTP.md 8.3 tells when it may."""
        if player.closing or not player.kind.keeps:
            return
        given_up = event.address in player.parted or event.address.startswith("inproc")
        immediate = bool(player.role.options.get("immediate"))
        broken_off = event.unsent and event.count == 1
        if not player.role.binds and (given_up or immediate or broken_off):
            return
        if not event.unsent:
            self.stage.fail("unread", f"{player!r} forgets what it has received: {event}")
        elif not player.role.binds:
            self.stage.fail("kept", f"{player!r} forgets what is kept for a peer: {event}")

    def connect_failed(self, player: Player, where: str, failure: Failure) -> None:
        """A connect was given up, which only its own player may cause."""
        intruder = self.stage.is_intruder(player.number)
        if not (intruder or failure.check(ConnectAborted, SocketClosed)):
            self.stage.fail("refused", f"{player!r} gives up {where}: {failure.value!r}")

    def close(self, player: Player, linger: float) -> None:
        """Close a player, which may take no longer than it is given."""
        begun = self.stage.network.seconds()
        for place in list(player.bound):
            if self.stage.holders.get(place) is player:
                del self.stage.holders[place]

        def closed(result: object) -> None:
            player.closed = True
            took = self.stage.network.seconds() - begun
            if took > linger + _LAST_WORDS + 1e-6:
                self.stage.fail("linger", f"{player!r} took {took} s to close, for {linger} s")

        player.closing = True
        player.promise("close", player.close(linger), closed)

    # After each step

    def after_step(self) -> None:
        """Count what each has, and look at its queues."""
        for player in self.stage.players:
            if not (player.gone or player.settled):
                self._count(player)
                if not player.closing:
                    self._look_at_queues(player)

    def _count(self, player: Player) -> None:
        stats, kind = player.stats, player.kind
        fail = self.stage.fail
        if kind.sends and not kind.publishes:
            accounted = stats.messages_sent + stats.send_queue + stats.dropped_sent
            if not player.offered - player.uncertain <= accounted <= player.offered:
                fail("count", f"{player!r} was given {player.offered} to send: {stats}")
        if kind.receives or kind.serves:
            accounted = player.taken + stats.receive_queue + stats.dropped_received
            if kind.receives and accounted != stats.messages_received:
                fail("count", f"{player!r} has taken {player.taken}: {stats}")
        if kind.keeps:
            told = player.told_dropped
            if (stats.dropped_sent, stats.dropped_received) != (told[True], told[False]):
                fail("untold", f"{player!r} was told of {dict(told)} that were dropped: {stats}")
        if player.closed:
            player.settled = True
            if stats.send_queue or stats.receive_queue or stats.peers:
                fail("left", f"{player!r} is closed: {stats}")

    def _look_at_queues(self, player: Player) -> None:
        sent, received, sent_bytes, received_bytes = map(_limit, player.marks)
        smallest = self.stage.plan.smallest
        sent = min(sent, ceil(sent_bytes / smallest) if sent_bytes < inf else inf)
        if received_bytes < inf:
            received = min(received, ceil((received_bytes + self.stage.plan.chunk) / smallest) + 1)
        for queues in [queues for socket in player.sockets for queues in socket.queues]:
            extra = self._inproc_extra(queues.address)
            if not player.kind.bypasses and queues.send_queue > sent + extra:
                self.stage.fail("mark", f"{player!r}, which may queue {sent}: {queues}")
            if queues.receive_queue <= received:
                player.excused.discard(queues.address)
            elif player.role.kind != "XPub" and (
                player.role.binds or queues.address not in player.excused
            ):
                self.stage.fail("mark", f"{player!r}, which may hold {received}: {queues}")

    def _inproc_extra(self, address: str) -> float:
        """What the other side's mark adds, where there is nothing between the two."""
        if not address.startswith("inproc"):
            return 0
        return max(_limit(player.marks[1]) for player in self.stage.players)

    def marks_changed(self, player: Player) -> None:
        """A socket was given other marks: a queue may hold what it took under the old ones."""
        options = player.socket.options
        present = (
            options.send_hwm,
            options.receive_hwm,
            options.send_hwm_bytes,
            options.receive_hwm_bytes,
        )
        player.marks = [
            0 if 0 in (old, new) else max(old, new)
            for old, new in zip(player.marks, present, strict=True)
        ]

    # When all is calm

    def everybody_is_there(self) -> bool:
        """Whether all are connected who are to be."""
        self._look_at_peers()
        there, self._apart = not self._apart, ""
        return there

    def when_calm(self) -> None:
        """Everybody who can be reached is reached, and nothing is lost that need not be."""
        self._look_at_peers()
        if self._apart:
            self.stage.fail("apart", self._apart)
            return
        for player in self.stage.living():
            if player.peers and self.is_whole(player) and self.stage.plan.family != "service":
                queued = player.stats.send_queue
                if queued or player.waiting_sends:
                    self.stage.fail(
                        "stuck", f"{player!r} has peers and cannot send: {player.socket.queues}"
                    )
        if any(self.is_idle(player) for player in self.stage.living()):
            return
        lost = self._under_way()
        if not self._lost <= lost <= self._lost + self._allowed:
            self.stage.fail(
                "lost",
                f"{lost} of all messages are lost, and were {self._lost};"
                f" {self._allowed} may be gone with their connections",
            )
        self._lost, self._allowed = lost, 0

    def expected(self, player: Player, place: int) -> Player | None:
        """To whom a player is to be connected at a place; ``None``: nobody is there."""
        holder = self.stage.holders.get(place)
        if holder is None or not holder.live or player.role.reads == "intruder":
            return None
        if self.is_idle(holder) and place == holder.role.places[0]:
            return None
        if self.stage.plan.places[place].connect.startswith("inproc"):
            # Links are not remade there.
            return holder if player.connected[place].holder is holder else None
        return holder

    def is_idle(self, player: Player) -> bool:
        """Whether this is a broker without workers. It reads no requests, nor sees who has left."""
        return isinstance(player, Broker) and not player.back.peers

    def is_whole(self, player: Player) -> bool:
        """Whether there is somebody at all places that a player connects to."""
        if player.role.binds:
            return True
        expected = [self.expected(player, place) for place in player.connected]
        return bool(expected) and None not in expected

    def _look_at_peers(self) -> None:
        for player in self.stage.living():
            self._apart = self._apart or self._peers_amiss(player)

    def _peers_amiss(self, player: Player) -> str:
        """What is wrong with whom a player is connected to."""
        addresses = [peer.address for peer in player.peers]
        for place in player.connected:
            where = self.stage.plan.places[place].connect
            holder = self.expected(player, place)
            found = addresses.count(where)
            if holder is not None and found != 1:
                return f"{player!r} has {found} connections to {where}, where {holder!r} is"
            if holder is not None:
                numbers = [peer.metadata["X-Player"] for peer in holder.peers]
                known = numbers.count(b"%d" % player.number)
                if known != 1:
                    return f"{holder!r} at {where} does not know {player!r}: {numbers}"
            elif found and not (where.startswith("inproc") or place in self.stage.holders):
                return f"{player!r} is connected to {where}, where nobody is"
        return ""

    # In the end

    def at_the_end(self) -> None:
        """All is closed: every Deferred has fired, and nothing is left."""
        stage = self.stage
        for player in stage.players:
            if player.gone:
                continue
            for promise in player.promises:
                if not promise.kept:
                    stage.fail("unfired", f"{player!r}: a {promise.what} has no result")
        try:
            stage.network.assert_clean()
        except AssertionError as error:
            stage.fail("unclean", str(error))


def _limit(mark: int) -> float:
    """A mark as a number that can be compared; 0 means none."""
    return mark or inf
