"""XPUB: to all who subscribed, and the subscriptions can be received (RFC 29)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pyzmtp.constants import MAX_TOPIC, SocketType
from pyzmtp.errors import FrameTooLarge, ProtocolError, TooManySubscriptions
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver, Sender
from pyzmtp.patterns.distributor import distribute
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.patterns.subscription_trie import SubscriptionTrie
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import CANCEL, SUBSCRIBE, is_subscription, subscription_message

__all__ = ["XPubPattern"]


class XPubPattern(Sender, FairReceiver):
    """A message goes to every peer with a topic that its first frame begins with.

    The application receives ``\\x01topic`` when the first peer subscribes to a topic and ``\\x00topic``
    when the last has cancelled it or left, and the messages that XSUB peers send upstream. A peer's
    subscriptions are a set, as in libzmq: two to the same topic need one cancellation.

    Only a message of a single frame is a subscription. (libzmq looks into each frame of a multipart
    message too and so can break it apart; a message is atomic here.)

    :ivar on_subscribed: called when peers may have subscribed to something.
    """

    socket_type = SocketType.XPUB

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._trie: SubscriptionTrie[Pipe] = SubscriptionTrie()
        self._pipes: set[Pipe] = set()
        self._tells_all = options.xpub_verbose or options.xpub_verboser
        self.on_subscribed: Callable[[], None] = lambda: None

    def attach(self, pipe: Pipe) -> None:
        self._pipes.add(pipe)
        super().attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        self._pipes.discard(pipe)
        topics = sorted(self._trie.topics(pipe))
        alone = self._trie.remove_subscriber(pipe)
        super().detach(pipe)
        lost = topics if self.options.xpub_verboser else alone
        self._hand_up(pipe, [subscription_message(CANCEL, topic) for topic in lost])

    def discard(self, pipe: Pipe) -> int:
        # The notices stay: whoever forwards subscriptions must hear of the end of each.
        unread = self._incoming.take_from(pipe)
        notices = [message for message in unread if is_subscription(message)]
        self._hand_up(pipe, notices)
        return len(unread) - len(notices)

    def subscribers(self, data: bytes) -> Collection[Pipe]:
        """The pipes to which a message with ``data`` as its first frame goes."""
        matching = self._trie.match(data)
        return self._pipes.difference(matching) if self.options.invert_matching else matching

    def try_send(self, message: Message) -> bool:
        pipes = self.subscribers(message[0])
        if self.options.xpub_nodrop and not all(pipe.writable for pipe in pipes):
            return False
        self.dropped_sent += distribute(message, pipes)
        return True

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        received = []
        subscribed = False
        refusal: ProtocolError | None = None
        for message in messages:
            if not is_subscription(message):
                received.append(message)
            elif pipe.attached and refusal is None:
                subscribed = subscribed or message[0][:1] == SUBSCRIBE
                try:
                    if self._subscription(pipe, message[0]):
                        received.append(message)
                except ProtocolError as error:
                    refusal = error
        self._hand_up(pipe, received)
        if subscribed:
            self.on_subscribed()
        if refusal is not None and pipe.link is not None:
            pipe.link.drop(refusal)

    def _subscription(self, pipe: Pipe, frame: bytes) -> bool:
        """Note a subscription or cancellation; return whether the application is told of it.

        Raises :exc:`TooManySubscriptions` and :exc:`FrameTooLarge` for more than a peer may have.
        """
        prefix, topic = frame[:1], frame[1:]
        held = topic in self._trie.topics(pipe)
        if prefix == SUBSCRIBE:
            limit = self.options.max_subscriptions
            if not held and 0 < limit <= len(self._trie.topics(pipe)):
                raise TooManySubscriptions(limit)
            if len(topic) > MAX_TOPIC:
                raise FrameTooLarge(len(topic), MAX_TOPIC)
            return self._trie.add(topic, pipe) or self._tells_all
        last = self._trie.remove(topic, pipe)
        if self.options.xpub_nodrop:
            self.on_writable()  # a full peer that is no subscriber any more holds nothing up
        return held and (last or self.options.xpub_verboser)

    def _hand_up(self, pipe: Pipe, messages: list[Message]) -> None:
        """Give messages and notices to the application."""
        if messages:
            self._incoming.put(pipe, messages)
            self.on_readable()
