"""SUB: from all publishers, what was subscribed to (RFC 29)."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import SubscriptionTrie
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.subscriber import Subscriber
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import CANCEL, SUBSCRIBE

__all__ = ["SubPattern"]


class SubPattern(Subscriber):
    """Receives the messages that begin with a topic of its own.

    Publishers filter for it, but it looks once more: a cancellation may not have reached them yet,
    and an old publisher does not filter at all.
    """

    socket_type = SocketType.SUB

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._trie: SubscriptionTrie = SubscriptionTrie()

    def subscribe(self, topic: bytes) -> None:
        """Want the messages that begin with ``topic``. Counted: as many cancellations undo it."""
        self._trie.add(topic, None)
        self._count(SUBSCRIBE, topic)
        self._tell_all(SUBSCRIBE, topic)

    def unsubscribe(self, topic: bytes) -> None:
        """Take back one subscription; without one, nothing happens."""
        if self._count(CANCEL, topic):
            self._trie.remove(topic, None)
            self._tell_all(CANCEL, topic)

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        matches = self._trie.matches
        inverted = self.options.invert_matching
        wanted = [message for message in messages if matches(message[0]) is not inverted]
        self.dropped_received += len(messages) - len(wanted)
        if wanted:
            super().deliver(pipe, wanted)
