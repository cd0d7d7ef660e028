"""What SUB and XSUB share: the set of subscriptions, and that every publisher is told of it."""

from __future__ import annotations

from collections import Counter

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Outgoing
from pyzmtp.wire.subscription import (
    SUBSCRIBE,
    is_subscription,
    subscription_command,
    subscription_message,
)

__all__ = ["Subscriber"]


class Subscriber(FairReceiver):
    """Subscriptions, counted a topic; each connection that becomes ready is told each topic once.

    They pass the high-water mark: a subscription that was dropped would be missed for ever.

    :ivar topics: how often each topic is subscribed to.
    """

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.topics: Counter[bytes] = Counter()

    def new_pipe(self, options: SocketOptions) -> Pipe:
        pipe = super().new_pipe(options)
        pipe.conflate_out = False  # of subscriptions every one counts
        return pipe

    def ready(self, pipe: Pipe) -> None:
        super().ready(pipe)
        # Before what an XSUB has queued meanwhile, as in libzmq.
        pipe.push_first([_for_peer(pipe, SUBSCRIBE, topic) for topic in self.topics])

    def hiccup(self, pipe: Pipe) -> None:
        # What was queued for the old connection is covered by the set that the next one is told.
        self.dropped_sent += self.clear(pipe)
        super().hiccup(pipe)

    def clear(self, pipe: Pipe) -> int:
        messages = [queued for queued in pipe.outbox if isinstance(queued, list)]
        pipe.clear_outbox()
        return sum(not is_subscription(message) for message in messages)

    def _count(self, prefix: bytes, topic: bytes) -> bool:
        """Count a subscription or cancellation; return whether libzmq would send it upstream.

        That is every subscription (also one that is there already, which a proxy may need), and the
        last cancellation of a topic.
        """
        if prefix == SUBSCRIBE:
            self.topics[topic] += 1
            return True
        count = self.topics[topic]
        if count > 1:
            self.topics[topic] = count - 1
        else:
            del self.topics[topic]
        return count == 1

    def _tell_all(self, prefix: bytes, topic: bytes) -> None:
        for pipe in self.ready_pipes():
            pipe.push(_for_peer(pipe, prefix, topic))


def _for_peer(pipe: Pipe, prefix: bytes, topic: bytes) -> Outgoing:
    """A subscription in the form that the peer reads."""
    if pipe.reads_commands:
        return subscription_command(prefix, topic)
    return subscription_message(prefix, topic)
