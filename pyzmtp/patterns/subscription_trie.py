"""Which subscribers want a message: a prefix tree over topics (libzmq: mtrie, radix_tree).

A topic matches every message that begins with it. The tree is walked with loops alone, so that no
topic is too long for it, and its edges carry whole strings, so that a long topic costs one node.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Any

__all__ = ["SubscriptionTrie"]


class _Node:
    """A place in the tree. ``label`` leads to it from its parent; ``children`` are by first byte."""

    __slots__ = ("children", "label", "subscribers")

    def __init__(self, label: bytes) -> None:
        self.label = label
        self.children: dict[int, _Node] = {}
        self.subscribers: set[Any] = set()


class SubscriptionTrie:
    """Topics and who subscribed to them; each subscriber holds a topic once or not at all."""

    __slots__ = ("_root", "_topics")

    def __init__(self) -> None:
        self._root: _Node = _Node(b"")
        self._topics: dict[Hashable, set[bytes]] = {}

    def add(self, topic: bytes, subscriber: Hashable) -> bool:
        """Subscribe; return whether nobody had subscribed to exactly this topic before."""
        self._topics.setdefault(subscriber, set()).add(topic)
        node = self._root
        position = 0
        while position < len(topic):
            child = node.children.get(topic[position])
            if child is None:
                child = node.children[topic[position]] = _Node(topic[position:])
            else:
                shared = _shared_length(child.label, topic, position)
                if shared < len(child.label):
                    child = _split(node, child, shared)
            position += len(child.label)
            node = child
        first = not node.subscribers
        node.subscribers.add(subscriber)
        return first

    def remove(self, topic: bytes, subscriber: Hashable) -> bool:
        """Cancel; return whether the subscriber held the topic and was the last to do so."""
        held = self._topics.get(subscriber)
        if held is None or topic not in held:
            return False
        held.remove(topic)
        if not held:
            del self._topics[subscriber]
        node = self._root
        path = [node]
        position = 0
        while position < len(topic):
            node = node.children[topic[position]]
            position += len(node.label)
            path.append(node)
        node.subscribers.remove(subscriber)
        last = not node.subscribers
        _prune(path)
        return last

    def remove_subscriber(self, subscriber: Hashable) -> list[bytes]:
        """Cancel all of a subscriber's topics; return those that it alone held."""
        topics = sorted(self._topics.get(subscriber, ()))
        return [topic for topic in topics if self.remove(topic, subscriber)]

    # Both of these run for each message: their common loop is written out, for a generator that
    # held it would cost more than the loop itself.

    def match(self, data: bytes) -> Collection[Any]:
        """Everybody with a topic that ``data`` begins with, each once. Do not change the result."""
        node: _Node | None = self._root
        found: list[set[Any]] = []
        position = 0
        end = len(data)
        while node is not None and data.startswith(node.label, position):
            if node.subscribers:
                found.append(node.subscribers)
            position += len(node.label)
            node = node.children.get(data[position]) if position < end else None
        if len(found) > 1:
            return found[0].union(*found[1:])
        return found[0] if found else ()

    def matches(self, data: bytes) -> bool:
        """Whether anybody has a topic that ``data`` begins with."""
        node: _Node | None = self._root
        position = 0
        end = len(data)
        while node is not None and data.startswith(node.label, position):
            if node.subscribers:
                return True
            position += len(node.label)
            node = node.children.get(data[position]) if position < end else None
        return False

    def topics(self, subscriber: Hashable) -> Collection[bytes]:
        """The topics of one subscriber."""
        return self._topics.get(subscriber, ())


def _shared_length(label: bytes, topic: bytes, position: int) -> int:
    """How many bytes ``label`` and ``topic`` from ``position`` on have in common."""
    if topic.startswith(label, position):
        return len(label)
    # By halves: to compare slices is a thousand times faster than to compare bytes one by one.
    same = 0
    differs = min(len(label), len(topic) - position) + 1
    while differs - same > 1:
        middle = (same + differs) // 2
        if label[same:middle] == topic[position + same : position + middle]:
            same = middle
        else:
            differs = middle
    return same


def _split(parent: _Node, child: _Node, length: int) -> _Node:
    """Put a new node ``length`` bytes down the edge that leads to ``child``."""
    middle: _Node = _Node(child.label[:length])
    child.label = child.label[length:]
    middle.children[child.label[0]] = child
    parent.children[middle.label[0]] = middle
    return middle


def _prune(path: list[_Node]) -> None:
    """Remove what the last node of ``path`` does not need any more, and mend the edge above it."""
    node = path.pop()
    if path and not node.subscribers and not node.children:
        parent = path.pop()
        del parent.children[node.label[0]]
        node = parent
    if path and not node.subscribers and len(node.children) == 1:
        parent = path.pop()
        (child,) = node.children.values()
        child.label = node.label + child.label
        parent.children[child.label[0]] = child
