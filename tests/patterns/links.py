"""What stands for a connection here: a link that writes down what it is asked for, and a cable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyzmtp.errors import ProtocolError
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import Pattern, Receiver
from pyzmtp.patterns.hot import Pipe
from pyzmtp.peer import Peer
from pyzmtp.wire.command import Command, decode_command
from pyzmtp.wire.message import Message, Outgoing

#: What a subscription is called as a command and in the messages of old.
_PREFIXES: Final = {b"SUBSCRIBE": b"\x01", b"CANCEL": b"\x00"}


class FakeLink:
    """The link of one pipe.

    :ivar calls: the names of the methods that were called.
    :ivar errors: what the connection was dropped for.
    :ivar taken: what was taken out of the outbox.
    :ivar takes: how many messages it takes each time that it is woken or told to flush.
    :ivar on_resume: called when the pipe has room again.
    """

    def __init__(self, pipe: Pipe, takes: int = 0) -> None:
        self.calls: list[str] = []
        self.errors: list[ProtocolError] = []
        self.taken: list[Outgoing] = []
        self.takes = takes
        self.on_wake: Callable[[], None] = lambda: None
        self.on_resume: Callable[[], None] = lambda: None
        self._pipe = pipe
        pipe.link = self

    def wake(self) -> None:
        self.calls.append("wake")
        self._take()
        self.on_wake()

    def flush(self) -> None:
        self.calls.append("flush")
        self._take()

    def resume(self) -> None:
        self.calls.append("resume")
        self.on_resume()

    def drop(self, error: ProtocolError) -> None:
        self.calls.append("drop")
        self.errors.append(error)

    def finish(self) -> None:
        self.calls.append("finish")

    def reset(self) -> None:
        self.calls.append("reset")

    def _take(self) -> None:
        count = min(self.takes, len(self._pipe.outbox))
        if count:
            self.taken += self._pipe.outbox[:count]
            self._pipe.taken_out(count)


class Calls:
    """A hook that counts how often it is called."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def new_peer(routing_id: bytes = b"", incoming: bool = True) -> Peer:
    """A peer whose handshake is done."""
    return Peer(
        address="tcp://127.0.0.1:5555",
        peer_address="127.0.0.1:40123",
        incoming=incoming,
        version=(3, 1),
        mechanism="NULL",
        routing_id=routing_id,
    )


def accept(pattern: Pattern, identity: bytes = b"", takes: int = 0) -> Pipe:
    """The pipe of a peer that has connected to the pattern's socket and is ready."""
    pipe = pattern.new_pipe(pattern.options)
    pipe.peer = new_peer(identity)
    pipe.reads_commands = True
    pattern.attach(pipe)
    pattern.ready(pipe)
    FakeLink(pipe, takes)
    return pipe


def begin_connect(pattern: Pattern, routing_id: bytes = b"") -> Pipe:
    """The pipe of a connect() whose peer is not there yet."""
    pipe = pattern.new_pipe(pattern.options)
    pipe.routing_id = routing_id
    pipe.reads_commands = True
    pattern.attach(pipe)
    return pipe


def finish_connect(pattern: Pattern, pipe: Pipe, identity: bytes = b"") -> FakeLink:
    """The handshake of a (re)connection is done."""
    pipe.peer = new_peer(identity, incoming=False)
    pattern.ready(pipe)
    return FakeLink(pipe)


def lose_connection(pattern: Pattern, pipe: Pipe) -> None:
    """The connection of a connect() is lost, and will be made again."""
    pipe.link = None
    pattern.hiccup(pipe)


def leave(pattern: Pattern, pipe: Pipe) -> None:
    """The peer of a bind() has gone: as the net layer does it, nothing is sent to it any more."""
    pipe.link = None
    pattern.detach(pipe)
    pattern.clear(pipe)


def link_of(pipe: Pipe) -> FakeLink:
    """The fake link of a pipe."""
    assert isinstance(pipe.link, FakeLink)
    return pipe.link


def queued(pipe: Pipe) -> list[Message | bytes]:
    """What waits for the peer; a command as its body."""
    return [
        message.body if isinstance(message, Command) else frames_of(message)
        for message in pipe.outbox
    ]


def take_out(pipe: Pipe, count: int | None = None) -> list[Message | bytes]:
    """Take messages from the front of the outbox, as a connection does: (all) that was queued."""
    messages = queued(pipe)[:count]
    pipe.taken_out(len(messages))
    return messages


def frames_of(message: Outgoing) -> Message:
    """The frames of what is no command."""
    assert isinstance(message, list)
    return list(message)


def receive_all(pattern: Receiver) -> list[Message]:
    """All that the application can receive now."""
    messages = []
    while pattern.readable:
        messages.append(pattern.take()[1])
    return messages


class Cable:
    """Joins two patterns as a connection would."""

    def __init__(self, connecting: Pattern, binding: Pattern) -> None:
        self._near_pattern, self._far_pattern = connecting, binding
        self.near = begin_connect(connecting)
        self.far = accept(binding)
        finish_connect(connecting, self.near)

    def carry(self) -> None:
        """Deliver to each side what the other has queued for it."""
        _move(self.near, self._far_pattern, self.far)
        _move(self.far, self._near_pattern, self.near)


def _move(source: Pipe, pattern: Pattern, target: Pipe) -> None:
    messages = [_as_message(message) for message in source.outbox]
    source.taken_out(len(messages))
    if messages:
        pattern.deliver(target, messages)


def _as_message(message: Outgoing) -> Message:
    if isinstance(message, Command):
        name, topic = decode_command(message.body)
        return [_PREFIXES[name] + topic]
    return frames_of(message)


def options(**settings: Any) -> SocketOptions:
    """Options with these settings."""
    return SocketOptions(**settings)
