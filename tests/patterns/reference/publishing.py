"""PUB, SUB, XPUB, XSUB, RADIO and DISH (ZMTP.md 3.3, 7.6, 7.7, 7.9; RFC 29, 48)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.patterns.reference.base import Fair, Message, Model, ModelPeer

__all__ = ["Dish", "Pub", "Radio", "Sub", "XPub", "XSub"]


def is_subscription(message: Message) -> bool:
    """One frame that begins with 1 or 0."""
    return len(message) == 1 and message[0][:1] in (b"\0", b"\1")


class XPub(Fair):
    """A message goes to each peer with a topic that its first frame begins with; who is full misses it.

    The application hears of the first subscriber to a topic, and of the end of the last. A peer's
    topics are a set.
    """

    sends = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.topics: dict[ModelPeer, set[bytes]] = {}

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        told = [message for message in messages if self.hears_of(peer, message)]
        super().come(peer, told)

    def hears_of(self, peer: ModelPeer, message: Message) -> bool:
        """Note what a message says of topics; whether the application is told of it."""
        if not is_subscription(message):
            return True
        if not peer.attached:
            return False
        topic, mine = message[0][1:], self.topics.setdefault(peer, set())
        others = any(topic in topics for other, topics in self.topics.items() if other is not peer)
        if message[0][:1] == b"\1":
            new = topic not in mine
            mine.add(topic)
            verbose = self.options.get("xpub_verbose") or self.options.get("xpub_verboser")
            return bool(verbose) or (new and not others)
        held = topic in mine
        mine.discard(topic)
        return held and (bool(self.options.get("xpub_verboser")) or not others)

    def detach(self, peer: ModelPeer) -> None:
        topics = sorted(self.topics.get(peer, ()))
        super().detach(peer)
        self.topics.pop(peer, None)
        held = {topic for others in self.topics.values() for topic in others}
        verboser = self.options.get("xpub_verboser")
        ends = [[b"\0" + topic] for topic in topics if verboser or topic not in held]
        Fair.come(self, peer, ends)

    def send(self, message: Message) -> bool:
        matching = [
            peer
            for peer in self.peers
            if any(message[0].startswith(topic) for topic in self.topics.get(peer, ()))
        ]
        return self.distribute(message, matching)

    def distribute(self, message: Message, peers: list[ModelPeer]) -> bool:
        """Queue a message for each of these that has room; with ``xpub_nodrop`` for all, or none."""
        if self.options.get("xpub_nodrop") and any(peer.full for peer in peers):
            return False
        for peer in peers:
            if peer.full:
                self.dropped_sent += 1
            else:
                peer.queue(message)
        return True


class Pub(XPub):
    """As XPUB, but nothing is received."""

    receives = False

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        for message in messages:
            self.hears_of(peer, message)
            self.dropped_received += not is_subscription(message)

    def detach(self, peer: ModelPeer) -> None:
        Model.detach(self, peer)
        self.topics.pop(peer, None)


class _Subscriber(Fair):
    """Counts its subscriptions; each connection is told of each topic once, before all else."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.counts: Counter[bytes] = Counter()

    def ready(self, peer: ModelPeer) -> None:
        super().ready(peer)
        peer.queue_first([("subscribe", topic) for topic in self.counts])

    def lose(self, peer: ModelPeer) -> None:
        lost = [queued for queued in peer.outgoing if isinstance(queued, list)]
        self.dropped_sent += sum(not is_subscription(message) for message in lost)
        peer.take(len(peer.outgoing))
        super().lose(peer)

    def count(self, subscribe: bool, topic: bytes) -> bool:
        """Count; whether publishers are told."""
        before = self.counts[topic]
        self.counts[topic] = before + 1 if subscribe else max(0, before - 1)
        if not self.counts[topic]:
            del self.counts[topic]
        return subscribe or before == 1


class Sub(_Subscriber):
    """Receives what it has subscribed to, whatever it is sent."""

    def subscribe(self, topic: bytes) -> None:
        """Tell all that are connected, each time."""
        self.count(True, topic)
        self.tell_all("subscribe", topic)

    def unsubscribe(self, topic: bytes) -> None:
        """Tell all that are connected of the last."""
        if self.count(False, topic):
            self.tell_all("cancel", topic)

    def tell_all(self, what: str, topic: bytes) -> None:
        """What is not dropped when a peer is full."""
        for peer in self.peers:
            if peer.ready:
                peer.queue((what, topic))

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        wanted = [
            message for message in messages if any(message[0].startswith(t) for t in self.counts)
        ]
        self.dropped_received += len(messages) - len(wanted)
        super().come(peer, wanted)


class XSub(_Subscriber):
    """Subscribes by messages, which go as they are; others go to all publishers."""

    sends = True

    def send(self, message: Message) -> bool:
        if not is_subscription(message):
            for peer in self.peers:
                if peer.full:
                    self.dropped_sent += 1
                else:
                    peer.queue(message)
        elif self.count(message[0][:1] == b"\1", message[0][1:]):
            for peer in self.peers:
                if peer.ready:
                    peer.queue(message)
        return True


class Radio(Model):
    """A message goes to each peer that has joined exactly its group. JOINs are counted, anew for each
    connection; until the next one counts, the groups of the last hold.
    """

    sends = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.joined: dict[ModelPeer, dict[bytes, int]] = {}

    def join(self, peer: ModelPeer, group: bytes) -> None:
        """It is told of a JOIN."""
        counts = self.joined.setdefault(peer, {})
        counts[group] = counts.get(group, 0) + 1

    def part(self, peer: ModelPeer, group: bytes) -> None:
        """It is told of a LEAVE."""
        counts = self.joined.setdefault(peer, {})
        if group in counts:
            counts[group] -= 1
            if counts[group] <= 0:
                del counts[group]

    def lose(self, peer: ModelPeer) -> None:
        super().lose(peer)
        self.joined[peer] = dict.fromkeys(self.joined.get(peer, {}), 0)

    def send(self, message: Message) -> bool:
        for peer in self.peers:
            if message[0] in self.joined.get(peer, {}):
                if peer.full:
                    self.dropped_sent += 1
                else:
                    peer.queue(message)
        return True


class Dish(Fair):
    """Receives what was sent to its groups; each connection is told of them, before all else.

    Who sends what is no group and body is parted from; what came before that is kept.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.groups: list[bytes] = []

    def join(self, group: bytes) -> None:
        """Enter a group."""
        self.groups.append(group)
        self.tell_all("join", group)

    def leave_group(self, group: bytes) -> None:
        """Leave it."""
        self.groups.remove(group)
        self.tell_all("leave", group)

    def tell_all(self, what: str, group: bytes) -> None:
        """Those that are connected."""
        for peer in self.peers:
            if peer.ready:
                peer.queue((what, group))

    def ready(self, peer: ModelPeer) -> None:
        super().ready(peer)
        peer.queue_first([("join", group) for group in self.groups])

    def lose(self, peer: ModelPeer) -> None:
        peer.take(len(peer.outgoing))
        super().lose(peer)

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        for message in messages:
            if len(message) != 2 or len(message[0]) > 255:
                self.parted_from.append(peer)
                return
            if message[0] in self.groups:
                super().come(peer, [message])
            else:
                self.dropped_received += 1
