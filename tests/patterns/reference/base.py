"""Peers and their queues, turns, and what a model is (ZMTP.md 7.1): :class:`Model`."""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field

__all__ = ["HWM", "Balanced", "Fair", "Message", "Model", "ModelPeer", "Refused"]

#: The high-water mark of all peers here, for what is sent to them.
HWM: Final = 3

Message = list[bytes]


class Refused(Exception):
    """What cannot be done now or ever: the name says what a pattern raises then."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@define(eq=False)
class ModelPeer:
    """A peer with what is queued for it and what it has sent.

    :ivar connected_by_us: whether it is the other end of a connect, which outlives its connections.
    :ivar identity: the id that it is known by, if it is known by one.
    :ivar announced: the id that it says it has, or that is drawn for it.
    :ivar attached: whether messages are routed to it.
    :ivar ready: whether there is a connection at present.
    :ivar full: whether it takes no more; it does again when half of the mark has been taken.
    """

    connected_by_us: bool
    identity: bytes = b""
    announced: bytes = b""
    attached: bool = True
    ready: bool = False
    full: bool = False
    outgoing: list[Any] = field(factory=list)
    incoming: list[Message] = field(factory=list)

    def queue(self, message: Any) -> None:
        """Queue a message for it, whether or not there is room."""
        self.outgoing.append(message)
        self.full = self.full or len(self.outgoing) >= HWM

    def queue_first(self, messages: list[Any]) -> None:
        """Queue what comes before all else, and is not held up by anything."""
        self.outgoing[:0] = messages

    def take(self, count: int) -> bool:
        """Its connection takes messages; return whether that makes room where there was none."""
        del self.outgoing[:count]
        regained = self.full and HWM - len(self.outgoing) >= (HWM + 1) // 2
        self.full = self.full and not regained
        return regained


class Model:
    """A socket type. The base sends nothing, and drops what comes.

    :ivar peers: those that messages are routed to, in the order of their coming.
    :ivar parted_from: those whose connection is to be ended for what they have said.
    :ivar dropped_sent, dropped_received: messages that were dropped, as the type demands.
    """

    #: Whether to receive, and to send, is possible at all.
    receives = sends = False

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.peers: list[ModelPeer] = []
        self.parted_from: list[ModelPeer] = []
        self.dropped_sent = 0
        self.dropped_received = 0

    # What becomes of peers

    def attach(self, peer: ModelPeer) -> None:
        """Messages may be routed to it. Raises :exc:`Refused`."""
        self.peers.append(peer)

    def ready(self, peer: ModelPeer) -> None:
        """A handshake is done."""
        peer.ready = True

    def lose(self, peer: ModelPeer) -> None:
        """A connect has lost its connection, and will have another."""
        peer.ready = False

    def leave(self, peer: ModelPeer) -> None:
        """A peer that has connected to us has left."""
        self.detach(peer)

    def detach(self, peer: ModelPeer) -> None:
        """It is gone for good: what is queued for it is lost, what it has sent is not."""
        peer.attached = peer.ready = False
        self.peers.remove(peer)
        peer.take(len(peer.outgoing))

    def take(self, peer: ModelPeer, count: int) -> None:
        """Its connection takes messages."""
        if peer.take(count) and peer.attached:
            self.regained(peer)

    def regained(self, peer: ModelPeer) -> None:
        """There is room for it again."""

    # What is said

    @property
    def waiting(self) -> int:
        """How many messages the application could receive, in the end."""
        return 0

    @property
    def sendable(self) -> bool | None:
        """Whether some message could be sent now, where that is the same for all messages."""
        return None

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        """It has sent messages."""
        self.dropped_received += len(messages)

    def receive(self) -> Message | None:
        """What the application receives next. Raises :exc:`Refused`."""
        raise NotImplementedError

    def send(self, message: Message) -> bool:
        """Send; whether that was possible. Raises :exc:`Refused`."""
        raise NotImplementedError


class Fair(Model):
    """Receives: one whole message of each peer in turn."""

    receives = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.turns: list[ModelPeer] = []

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        peer.incoming += messages
        if messages and peer not in self.turns:
            self.turns.append(peer)

    def next_of(self) -> tuple[ModelPeer, Message] | None:
        """Whose message is received next, and that message."""
        if not self.turns:
            return None
        peer = self.turns.pop(0)
        message = peer.incoming.pop(0)
        if peer.incoming:
            self.turns.append(peer)
        return peer, message

    @property
    def waiting(self) -> int:
        return sum(len(peer.incoming) for peer in self.turns)

    def receive(self) -> Message | None:
        found = self.next_of()
        return None if found is None else found[1]


class Balanced(Model):
    """Sends: to each peer that has room in turn, connected or not; without any, it waits."""

    sends = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.left: list[ModelPeer] = []  # who has not had its turn in this round
        self.had: list[ModelPeer] = []

    def attach(self, peer: ModelPeer) -> None:
        super().attach(peer)
        self.left.append(peer)

    def detach(self, peer: ModelPeer) -> None:
        self.remove(peer)
        super().detach(peer)

    def regained(self, peer: ModelPeer) -> None:
        self.left.append(peer)

    def remove(self, peer: ModelPeer) -> None:
        """It takes part no more."""
        for group in (self.left, self.had):
            if peer in group:
                group.remove(peer)
        self.turn_over()

    def turn_over(self) -> None:
        """Begin the next round, if all have had their turn."""
        if not self.left:
            self.left, self.had = self.had, []

    @property
    def sendable(self) -> bool | None:
        return bool(self.left)

    def turn(self) -> ModelPeer | None:
        """Whose turn it is, which is its turn taken."""
        return self.left[0] if self.left else None

    def send(self, message: Message) -> bool:
        peer = self.turn()
        if peer is None:
            return False
        self.left.remove(peer)
        peer.queue(message)
        if not peer.full:
            self.had.append(peer)
        self.turn_over()
        return True
