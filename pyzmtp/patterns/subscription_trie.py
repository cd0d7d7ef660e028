"""Which subscribers want a message: a prefix tree over topics (libzmq: mtrie, radix_tree).

A topic matches every message that begins with it. The tree is walked with loops alone, so that no
topic is too long for it, and its edges carry whole strings, so that a long topic costs one node.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from itertools import chain
from typing import Any

__all__ = ["SubscriptionTrie"]

_NO_CHILDREN: dict[int, _Node] = {}
_NOBODY: Collection[Any] = frozenset()


class _Node:
    """A place in the tree. ``label`` leads to it from its parent; ``children`` are by first byte.

    Of a million topics nearly all are at places without children and with one subscriber. So all those
    without children share one empty mapping, and those of a lone subscriber a set of him alone. Several
    are the keys of a mapping, which keeps their order.
    """

    __slots__ = ("children", "label", "subscribers")

    def __init__(self, label: bytes) -> None:
        self.label = label
        self.children = _NO_CHILDREN
        self.subscribers = _NOBODY


class SubscriptionTrie:
    """Topics and who subscribed to them; each subscriber holds a topic once or not at all.

    Subscribers come in the order in which they subscribed, so that what a publisher does can be
    repeated.
    """

    __slots__ = ("_alone", "_root", "_topics")

    def __init__(self) -> None:
        self._root: _Node = _Node(b"")
        self._topics: dict[Hashable, set[bytes]] = {}
        self._alone: dict[Hashable, frozenset[Any]] = {}  # each of them by himself

    def add(self, topic: bytes, subscriber: Hashable) -> bool:
        """Subscribe; return whether nobody had subscribed to exactly this topic before."""
        held = self._topics.get(subscriber)
        if held is None:
            held = self._topics[subscriber] = set()
            self._alone[subscriber] = frozenset((subscriber,))
        held.add(topic)
        node = self._root
        position = 0
        while position < len(topic):
            if node.children is _NO_CHILDREN:
                node.children = {}
            child = node.children.get(topic[position])
            if child is None:
                child = node.children[topic[position]] = _Node(topic[position:])
            else:
                shared = _shared_length(child.label, topic, position)
                if shared < len(child.label):
                    child = _split(node, child, shared)
            position += len(child.label)
            node = child
        before = node.subscribers
        if type(before) is dict:
            before[subscriber] = None
        elif before is _NOBODY:
            node.subscribers = self._alone[subscriber]
        elif subscriber not in before:
            node.subscribers = dict.fromkeys((*before, subscriber))
        return before is _NOBODY

    def remove(self, topic: bytes, subscriber: Hashable) -> bool:
        """Cancel; return whether the subscriber held the topic and was the last to do so."""
        held = self._topics.get(subscriber)
        if held is None or topic not in held:
            return False
        node = self._root
        path = [node]
        position = 0
        while position < len(topic):
            node = node.children[topic[position]]
            position += len(node.label)
            path.append(node)
        several = node.subscribers
        if type(several) is dict:
            del several[subscriber]
            if len(several) == 1:
                node.subscribers = self._alone[next(iter(several))]
        else:
            node.subscribers = _NOBODY
        last = node.subscribers is _NOBODY
        _prune(path)
        held.remove(topic)
        if not held:
            del self._topics[subscriber]
            del self._alone[subscriber]
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
        found: list[Collection[Any]] = []
        position = 0
        end = len(data)
        while node is not None and data.startswith(node.label, position):
            if node.subscribers is not _NOBODY:
                found.append(node.subscribers)
            position += len(node.label)
            node = node.children.get(data[position]) if position < end else None
        if len(found) > 1:
            return dict.fromkeys(chain.from_iterable(found))
        return found[0] if found else _NOBODY

    def matches(self, data: bytes) -> bool:
        """Whether anybody has a topic that ``data`` begins with."""
        node: _Node | None = self._root
        position = 0
        end = len(data)
        while node is not None and data.startswith(node.label, position):
            if node.subscribers is not _NOBODY:
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
    middle.children = {child.label[0]: child}
    parent.children[middle.label[0]] = middle
    return middle


def _prune(path: list[_Node]) -> None:
    """Remove what the last node of ``path`` does not need any more, and mend the edge above it."""
    node = path.pop()
    if path and node.subscribers is _NOBODY and not node.children:
        parent = path.pop()
        del parent.children[node.label[0]]
        if not parent.children:
            parent.children = _NO_CHILDREN
        node = parent
    if path and node.subscribers is _NOBODY and len(node.children) == 1:
        parent = path.pop()
        (child,) = node.children.values()
        child.label = node.label + child.label
        parent.children[child.label[0]] = child
