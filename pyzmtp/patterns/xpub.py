"""XPUB: to all who subscribed, and the subscriptions can be received (RFC 29)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pyzmtp.constants import MAX_TOPIC, SocketType
from pyzmtp.errors import FrameTooLarge, ProtocolError, TooManySubscriptions, WrongState
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver, Receiver, Sender
from pyzmtp.patterns.hot import SubscriptionTrie, distribute, have_room, publish
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import (
    CANCEL,
    SUBSCRIBE,
    is_subscription,
    parts_of,
    subscription_message,
)

__all__ = ["XPubPattern"]


class XPubPattern(Sender, FairReceiver):
    """A message goes to every peer with a topic that its first frame begins with.

    The application receives ``\\x01topic`` when the first peer subscribes to a topic and ``\\x00topic``
    when the last has cancelled it or left, and the messages that XSUB peers send upstream. A peer's
    subscriptions are a set, as in libzmq: two to the same topic need one cancellation.

    Only a message of a single frame is a subscription. (libzmq looks into each frame of a multipart
    message too and so can break it apart; a message is atomic here.) Under ``only_first_subscribe`` a
    multipart message whose first frame is one is looked into as well.

    :ivar on_subscribed: called when peers may have subscribed to something.
    """

    socket_type = SocketType.XPUB

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._trie: SubscriptionTrie = SubscriptionTrie()
        self._manual = options.xpub_manual or options.xpub_manual_last_value
        self._requested: SubscriptionTrie = SubscriptionTrie()  # under xpub_manual
        self._requester: Pipe | None = None  # whose request was received last
        self.on_subscribed: Callable[[], None] = lambda: None

    def configure(self, options: SocketOptions) -> None:
        self._manual = options.xpub_manual or options.xpub_manual_last_value
        super().configure(options)
        self.on_subscribed()  # invert_matching

    def attach(self, pipe: Pipe) -> None:
        if self.options.xpub_welcome_message:
            pipe.push([self.options.xpub_welcome_message])
        super().attach(pipe)

    def ready(self, pipe: Pipe) -> None:
        super().ready(pipe)
        if pipe.peer is not None and not pipe.peer.sends_subscriptions:
            self.deliver(pipe, [subscription_message(SUBSCRIBE, b"")])  # it filters what it gets

    def detach(self, pipe: Pipe) -> None:
        told, other = self._trie, self._requested
        if self._manual:
            told, other = other, told
        topics = sorted(told.topics(pipe))
        alone = told.remove_subscriber(pipe)
        other.remove_subscriber(pipe)
        super().detach(pipe)
        lost = topics if self._manual or self.options.xpub_verboser else alone
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
        if self.options.invert_matching:
            return [pipe for pipe in self.attached if pipe not in matching]
        return matching

    @property
    def all_subscribers(self) -> Collection[Pipe]:
        """The pipes to which any message at all goes."""
        if self.options.invert_matching:
            return self.attached.keys()
        return [pipe for pipe in self.attached if self._trie.topics(pipe)]

    @property
    def topics(self) -> frozenset[bytes]:
        """What is subscribed to, by anybody."""
        return frozenset(topic for pipe in self.attached for topic in self._trie.topics(pipe))

    def take(self) -> tuple[Pipe, Message]:
        pipe, message = super().take()
        if self._manual and is_subscription(message):
            self._requester = pipe
        return pipe, message

    def take_batch(self, limit: int) -> list[Message]:
        # One by one under xpub_manual: each request has to be answered before the next is received.
        return Receiver.take_batch(self, limit) if self._manual else super().take_batch(limit)

    def answer(self, prefix: bytes, topic: bytes) -> None:
        """Under ``xpub_manual``: subscribe the peer whose request was received last, or cancel."""
        if not self._manual:
            raise WrongState("only with xpub_manual are subscriptions answered")
        if self._requester is None:
            raise WrongState("there is no peer whose request was received last")
        if not self._requester.attached:
            return  # it left meanwhile, which whoever answers need not know
        if prefix == SUBSCRIBE:
            self._trie.add(topic, self._requester)
            self.on_subscribed()
        else:
            self._trie.remove(topic, self._requester)

    def try_send(self, message: Message) -> bool:
        pipes = self.subscribers(message[0])
        if self.options.xpub_manual_last_value and self._requester is not None:
            if self._requester.attached:
                pipes = [pipe for pipe in pipes if pipe is self._requester]
            self._requester = None
        if self.options.xpub_nodrop and not have_room(pipes):
            return False
        self.dropped_sent += distribute(message, pipes)
        return True

    def try_send_batch(self, messages: list[Message]) -> int:
        options = self.options
        if options.invert_matching or options.xpub_manual_last_value:
            return super().try_send_batch(messages)
        sent, dropped = publish(messages, self._trie, options.xpub_nodrop)
        self.dropped_sent += dropped
        return sent

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        received = []
        subscribed = False
        refusal: ProtocolError | None = None
        if self.options.only_first_subscribe:
            messages = [part for message in messages for part in parts_of(message)]
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
        trie = self._requested if self._manual else self._trie
        held = topic in trie.topics(pipe)
        if prefix == SUBSCRIBE:
            limit = self.options.max_subscriptions
            if not held and 0 < limit <= len(trie.topics(pipe)):
                raise TooManySubscriptions(limit)
            if len(topic) > MAX_TOPIC:
                raise FrameTooLarge(len(topic), MAX_TOPIC)
            verbose = self.options.xpub_verbose or self.options.xpub_verboser
            return trie.add(topic, pipe) or verbose or self._manual
        last = trie.remove(topic, pipe)
        if self.options.xpub_nodrop:
            self.on_writable()  # a full peer that is no subscriber any more holds nothing up
        return self._manual or (held and (last or self.options.xpub_verboser))

    def _hand_up(self, pipe: Pipe, messages: list[Message]) -> None:
        """Give messages and notices to the application."""
        if messages:
            self._incoming.put(pipe, messages)
            self.on_readable()
