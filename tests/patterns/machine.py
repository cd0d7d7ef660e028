"""Holds a pattern against its model, whatever peers and application do: :class:`PatternMachine`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pyzmtp.errors import HostUnreachable, ProtocolError, WrongState
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Pattern, Receiver, Sender
from pyzmtp.patterns.pipe import Pipe

from .links import (
    Calls,
    accept,
    begin_connect,
    finish_connect,
    leave,
    link_of,
    lose_connection,
    queued,
)
from .reference.base import HWM, Message, Model, ModelPeer, Refused

__all__ = ["PatternMachine", "check"]

#: Ids that peers announce: none, or one of two, so that they meet.
_IDENTITIES: Final = st.sampled_from([b"", b"A", b"B"])
#: Frames that mean something to one type or another: nothing, topics, subscriptions.
_FRAMES: Final = st.sampled_from(
    [b"", b"a", b"ab", b"b", b"\1", b"\1a", b"\1ab", b"\0a", b"\0ab", b"\2", b"x" * 300]
)
_MESSAGES: Final = st.lists(_FRAMES, min_size=1, max_size=3)
_WHICH: Final = st.integers(0, 3)

#: How a model writes what travels as a command.
_COMMANDS: Final = {
    "subscribe": b"\x09SUBSCRIBE",
    "cancel": b"\x06CANCEL",
    "join": b"\x04JOIN",
    "leave": b"\x05LEAVE",
}


class PatternMachine(RuleBasedStateMachine):
    """Peers come, go, become full and get room; messages are sent and received. After each step both
    have the same messages in the same places.
    """

    pattern_class: ClassVar[type[Pattern]]
    model_class: ClassVar[type[Model]]
    options: ClassVar[dict[str, Any]] = {}

    pattern: Pattern
    model: Model

    @initialize(identities=st.lists(_IDENTITIES, max_size=3))
    def open(self, identities: list[bytes]) -> None:
        """A socket, perhaps with peers."""
        self.pattern = self.pattern_class(SocketOptions(send_hwm=HWM, **self.options))
        self.model = self.model_class(**self.options)
        self.pairs: list[tuple[Pipe, ModelPeer]] = []
        self.readable, self.writable = Calls(), Calls()
        self.pattern.on_readable, self.pattern.on_writable = self.readable, self.writable
        for identity in identities:
            self.a_peer_connects(identity)
        self.before = self._state()

    # What peers do

    @precondition(lambda self: len(self.pairs) < 4)
    @rule(identity=_IDENTITIES)
    def a_peer_connects(self, identity: bytes) -> None:
        peer = ModelPeer(connected_by_us=False, announced=identity)
        pipe, refusal = None, None
        try:
            pipe = accept(self.pattern, identity)
            peer.announced = pipe.routing_id
        except ProtocolError as error:
            refusal = type(error).__name__
        assert refusal == self._model_says(lambda: self._model_accepts(peer))
        if pipe is not None:
            self.pairs.append((pipe, peer))
        self._forget_detached()

    def _model_accepts(self, peer: ModelPeer) -> None:
        self.model.attach(peer)
        self.model.ready(peer)

    @precondition(lambda self: len(self.pairs) < 4)
    @rule()
    def we_connect(self) -> None:
        peer = ModelPeer(connected_by_us=True)
        pipe, refusal = None, None
        try:
            pipe = begin_connect(self.pattern)
            peer.announced = pipe.routing_id
        except ProtocolError as error:
            refusal = type(error).__name__
        assert refusal == self._model_says(lambda: self.model.attach(peer))
        if pipe is not None:
            self.pairs.append((pipe, peer))

    @precondition(lambda self: self._some(ours=True, ready=False))
    @rule(which=_WHICH, identity=_IDENTITIES)
    def a_connection_is_made(self, which: int, identity: bytes) -> None:
        pipe, peer = self._one(which, ours=True, ready=False)
        peer.announced = identity
        refusal = None
        try:
            finish_connect(self.pattern, pipe, identity)
            peer.announced = pipe.routing_id
        except ProtocolError as error:
            refusal = type(error).__name__
        assert refusal == self._model_says(lambda: self.model.ready(peer))
        self._forget_detached()

    @precondition(lambda self: self._some(ours=True, ready=True))
    @rule(which=_WHICH)
    def a_connection_is_lost(self, which: int) -> None:
        pipe, peer = self._one(which, ours=True, ready=True)
        lose_connection(self.pattern, pipe)
        self.model.lose(peer)

    @precondition(lambda self: self._some())
    @rule(which=_WHICH)
    def a_peer_leaves(self, which: int) -> None:
        self._leave(*self._one(which))

    def _leave(self, pipe: Pipe, peer: ModelPeer) -> None:
        if peer.connected_by_us:
            leave(self.pattern, pipe)
            self.model.detach(peer)
        else:
            pipe.link = None
            self.pattern.peer_left(pipe)
            leave(self.pattern, pipe)
            self.model.leave(peer)
        self.pairs.remove((pipe, peer))

    @precondition(lambda self: self._some(ready=True, queued=True))
    @rule(which=_WHICH, count=st.integers(1, 4))
    def a_connection_takes_messages(self, which: int, count: int) -> None:
        pipe, peer = self._one(which, ready=True, queued=True)
        count = min(count, len(peer.outgoing))
        pipe.taken_out(count)
        self.model.take(peer, count)

    @precondition(lambda self: self._some(ready=True))
    @rule(which=_WHICH, messages=st.lists(_MESSAGES, min_size=1, max_size=3))
    def a_peer_says_something(self, which: int, messages: list[Message]) -> None:
        pipe, peer = self._one(which, ready=True)
        messages = [self.as_said(message) for message in messages]
        self.pattern.deliver(pipe, [list(message) for message in messages])
        self.model.come(peer, [list(message) for message in messages])
        parted_from = bool(link_of(pipe).errors)
        assert parted_from is (peer in self.model.parted_from)
        if parted_from:
            self._leave(pipe, peer)

    # What the application does

    @precondition(lambda self: self.model.sends)
    @rule(which=_WHICH, message=_MESSAGES)
    def the_application_sends(self, which: int, message: Message) -> None:
        message = self.as_sent(message, self._id_of(which))
        assert self._pattern_sends(message) == self._model_says(lambda: self.model.send(message))
        self._forget_detached()

    @precondition(lambda self: self.model.sendable and self.many_at_once)
    @rule(messages=st.lists(_MESSAGES, min_size=2, max_size=9))
    def the_application_sends_many(self, messages: list[Message]) -> None:
        assert isinstance(self.pattern, Sender)
        messages = [self.as_sent(message, b"") for message in messages]
        sent = self.pattern.try_send_batch([list(message) for message in messages])
        taken = 0
        while taken < len(messages) and self.model.send(messages[taken]):
            taken += 1
        assert sent == taken

    @precondition(lambda self: self.model.receives)
    @rule()
    def the_application_receives(self) -> None:
        assert isinstance(self.pattern, Receiver)
        received: Any
        try:
            self.pattern.check_receive()
            received = self.pattern.take()[1] if self.pattern.readable else None
        except WrongState as error:
            received = type(error).__name__
        assert received == self._model_says(self.model.receive)

    @precondition(lambda self: self.model.waiting and self.many_at_once)
    @rule(limit=st.integers(1, 5))
    def the_application_receives_many(self, limit: int) -> None:
        assert isinstance(self.pattern, Receiver)
        expected = [self.model.receive() for _ in range(min(limit, self.model.waiting))]
        assert self.pattern.take_batch(limit) == expected

    # What types differ in

    #: Whether several messages in a row are in order.
    many_at_once = True

    def as_said(self, message: Message) -> Message:
        """What a peer says where the machine would have it say ``message``."""
        return message

    def as_sent(self, message: Message, identity: bytes) -> Message:
        """What the application sends where the machine would have it send ``message``."""
        return message

    # Both at once

    def _pattern_sends(self, message: Message) -> object:
        assert isinstance(self.pattern, Sender)
        try:
            self.pattern.check_send()
            return self.pattern.try_send(list(message))
        except (WrongState, HostUnreachable) as error:
            return type(error).__name__

    @staticmethod
    def _model_says(action: Callable[[], object]) -> object:
        """What a model returns, or the name of what it refuses with."""
        try:
            return action()
        except Refused as refusal:
            return refusal.name

    def _some(self, **so: bool) -> list[tuple[Pipe, ModelPeer]]:
        """The peers that are so: ``ours`` by connect, ``ready``, with messages ``queued``."""
        return [pair for pair in self.pairs if so.items() <= _state_of(pair[1]).items()]

    def _one(self, which: int, **so: bool) -> tuple[Pipe, ModelPeer]:
        """One of them; there must be one."""
        found = self._some(**so)
        return found[which % len(found)]

    def _id_of(self, which: int) -> bytes:
        """The id of a peer, or one that nobody has."""
        return self.pairs[which][1].identity if which < len(self.pairs) else b"nobody"

    def _forget_detached(self) -> None:
        """Whom the pattern has parted from, its connection is ended."""
        self.pairs = [pair for pair in self.pairs if pair[1].attached]

    # What always holds

    @invariant()
    def the_same_messages_are_in_the_same_places(self) -> None:
        for pipe, peer in self.pairs:
            assert queued(pipe) == [_as_queued(message) for message in peer.outgoing]
            assert pipe.writable is not peer.full
            assert pipe.attached is peer.attached
            assert pipe.ready is peer.ready
            assert pipe.routing_id == peer.identity
        assert list(self.pattern.attached) == [pipe for pipe, _ in self.pairs]
        assert self.pattern.queued == self.model.waiting
        assert self.pattern.dropped_sent == self.model.dropped_sent
        assert self.pattern.dropped_received == self.model.dropped_received

    @invariant()
    def whoever_waits_is_told(self) -> None:
        before, now = self.before, self._state()
        readable, sendable, told_of_messages, told_of_room = now
        if self.model.sendable is not None:
            assert sendable is self.model.sendable
        if readable and not before[0]:
            assert told_of_messages > before[2]
        if sendable and not before[1] and self.many_at_once:  # else nobody waits meanwhile
            assert told_of_room > before[3]
        self.before = now

    def _state(self) -> tuple[bool, bool, int, int]:
        """Whether one can receive and send, and how often each was told of."""
        pattern = self.pattern
        readable = isinstance(pattern, Receiver) and self.model.receives and pattern.readable
        sendable = isinstance(pattern, Sender) and pattern.sendable
        return readable, sendable, self.readable.count, self.writable.count


def _state_of(peer: ModelPeer) -> dict[str, bool]:
    return {
        "ours": peer.connected_by_us,
        "ready": peer.ready,
        "queued": bool(peer.outgoing),
    }


def _as_queued(message: Any) -> Message | bytes:
    if isinstance(message, tuple):
        what, text = message
        command: bytes = _COMMANDS[what] + text
        return command
    assert isinstance(message, list)
    return message


def check(machine: type[PatternMachine]) -> None:
    """Try a machine: half the examples of the present profile, since each has many steps."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=settings().max_examples // 2, stateful_step_count=40, deadline=None
        ),
    )
