"""What all patterns share, and the two halves that most are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pyzmtp.constants import SocketType
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import FairQueue, LoadBalancer, Pipe
from pyzmtp.wire.message import Message

__all__ = ["BalancedSender", "FairReceiver", "Pattern", "Receiver", "Sender"]


def _nothing() -> None:
    """What a hook does until somebody sets it."""


class Pattern:
    """The routing rules of one socket.

    The net layer tells it of pipes, in this order: :meth:`attach` when messages may be routed to a
    pipe, :meth:`ready` when its handshake is done, :meth:`hiccup` when a connection is lost that will
    be dialled again, :meth:`detach` when it is gone for good. The pipe of a ``connect()`` may be
    attached long before it is ready: its outbox waits for the connection.

    :ivar options: the socket's present options. Those that take effect with the next endpoint only are
        a pipe's own: :attr:`Pipe.options`.
    :ivar attached: the pipes that messages are routed to, in the order of their coming.
    :ivar on_readable: called when there may be something to receive.
    :ivar on_writable: called when there may be room to send.
    :ivar dropped_sent, dropped_received: messages that were thrown away, as the type demands.
    """

    socket_type: SocketType

    def __init__(self, options: SocketOptions) -> None:
        self.options = options
        self.attached: dict[Pipe, None] = {}
        self.on_readable: Callable[[], None] = _nothing
        self.on_writable: Callable[[], None] = _nothing
        self.dropped_sent = 0
        self.dropped_received = 0

    @property
    def queued(self) -> int:
        """How many messages wait for the application."""
        return 0

    def ready_pipes(self) -> Iterator[Pipe]:
        """The attached pipes whose handshake is done, to tell each of them something.

        Each is looked at in its turn, for one can be lost in the very moment of writing to another.
        """
        for pipe in tuple(self.attached):
            if pipe.ready:
                yield pipe

    def configure(self, options: SocketOptions) -> None:
        """Take other options, and tell whoever waited for what they allow."""
        self.options = options
        changed = [pipe for pipe in self.attached if self._change_marks(pipe)]
        # Only now, for whoever is told of anything may send, close or come back here.
        for pipe in changed:
            pipe.settle()
        self.on_writable()

    def _change_marks(self, pipe: Pipe) -> bool:
        """Give ``pipe`` the present high-water marks; return whether it had others."""
        return pipe.change_marks(self.options)

    def new_pipe(self, options: SocketOptions) -> Pipe:
        """A pipe of a bind or connect that keeps ``options``."""
        return Pipe(options, self.writable)

    def attach(self, pipe: Pipe) -> None:
        """Route messages to and from ``pipe``. Raises :exc:`ProtocolError` for a peer that is refused."""
        pipe.attached = True
        self.attached[pipe] = None
        if self._change_marks(pipe):  # its bind or connect is older than the present marks
            pipe.settle()
        self.on_writable()

    def ready(self, pipe: Pipe) -> None:
        """The handshake of an attached pipe's (next) connection is done."""
        pipe.ready = True
        if pipe.options.hello_message:
            pipe.push_first([[pipe.options.hello_message]])

    def peer_left(self, pipe: Pipe) -> None:
        """The peer of an accepted pipe has left; :meth:`detach` follows."""

    def hiccup(self, pipe: Pipe) -> None:
        """The pipe has lost its connection, and waits for the next."""
        pipe.ready = False

    def detach(self, pipe: Pipe) -> None:
        """Route nothing more to ``pipe``. What came from it can still be received."""
        pipe.attached = False
        pipe.ready = False
        self.attached.pop(pipe, None)

    def discard(self, pipe: Pipe) -> int:
        """Forget what came from a detached pipe and was not received; return how many messages."""
        return 0

    def discard_all(self) -> int:
        """Forget all that was not received; return how many messages."""
        return 0

    def clear(self, pipe: Pipe) -> int:
        """Forget what is queued for a pipe; return how many of the application's messages."""
        return pipe.clear_outbox()

    def writable(self, pipe: Pipe) -> None:
        """``pipe``, which was full, has room again."""
        self.on_writable()

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        """Take messages (at least one) from the peer of ``pipe``."""
        # A type that receives nothing: PUSH, for one. Its peer has no business to send.
        self.dropped_received += len(messages)


class Receiver(Pattern):
    """A pattern that an application receives from."""

    @property
    def readable(self) -> bool:
        """Whether :meth:`take` has a message."""
        raise NotImplementedError

    def take(self) -> tuple[Pipe, Message]:
        """The next message and where it came from. Look at :attr:`readable` first."""
        raise NotImplementedError

    def take_next(self) -> Message | None:
        """The next message, ``None`` if there is none."""
        return self.take()[1] if self.readable else None

    def shortest_take(self) -> Callable[[], Message | None]:
        """:meth:`take_next`, or what does the same in fewer steps."""
        return self.take_next

    def take_batch(self, limit: int) -> list[Message]:
        """The next messages, ``limit`` at the most; there may be none."""
        return [self.take()[1]] if self.readable else []

    def check_receive(self) -> None:
        """Raise :exc:`WrongState` if to receive is out of order now."""


class Sender(Pattern):
    """A pattern that an application sends through.

    :cvar has_destinations: whether messages that have to wait wait for different things.
    """

    has_destinations = False

    @property
    def sendable(self) -> bool:
        """Whether some message could be sent now: a publisher's can always, if only to be dropped."""
        return True

    def try_send(self, message: Message) -> bool:
        """Queue ``message`` where it belongs, or drop it if the type says so; ``False``: not now.

        The list is the pattern's own from now on.
        """
        raise NotImplementedError

    def shortest_send(self) -> Callable[[Message], object]:
        """:meth:`try_send`, or what does the same in fewer steps and returns anything true for ``True``."""
        return self.try_send

    def try_send_batch(self, messages: list[Message]) -> int:
        """Queue messages from the front of ``messages``; return how many."""
        for count, message in enumerate(messages):
            if not self.try_send(message):
                return count
        return len(messages)

    def check_send(self) -> None:
        """Raise :exc:`WrongState` if to send is out of order now."""

    def destination(self, message: Message) -> bytes:
        """What a message waits for, if it has to: one queue for each value.

        All the same one, unless :attr:`has_destinations`.
        """
        return b""


class FairReceiver(Receiver):
    """Receives from all peers in turn."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._incoming = FairQueue()

    @property
    def readable(self) -> bool:
        return bool(self._incoming)

    @property
    def queued(self) -> int:
        return len(self._incoming)

    def peer_left(self, pipe: Pipe) -> None:
        super().peer_left(pipe)
        if pipe.options.disconnect_message:
            self.deliver(pipe, [[pipe.options.disconnect_message]])

    def hiccup(self, pipe: Pipe) -> None:
        super().hiccup(pipe)
        if pipe.options.hiccup_message:
            self.deliver(pipe, [[pipe.options.hiccup_message]])

    def take(self) -> tuple[Pipe, Message]:
        return self._incoming.take()

    def shortest_take(self) -> Callable[[], Message | None]:
        if type(self).take is FairReceiver.take:
            return self._incoming.take_next
        return super().shortest_take()

    def take_batch(self, limit: int) -> list[Message]:
        return self._incoming.take_batch(limit)

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        self._incoming.put(pipe, messages)
        self.on_readable()

    def discard(self, pipe: Pipe) -> int:
        return len(self._incoming.take_from(pipe))

    def discard_all(self) -> int:
        return len(self._incoming.take_batch(len(self._incoming)))


class BalancedSender(Sender):
    """Sends to all peers in turn, and waits if none has room."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._outgoing = LoadBalancer()

    def attach(self, pipe: Pipe) -> None:
        self._outgoing.add(pipe)
        super().attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        self._outgoing.remove(pipe)
        super().detach(pipe)

    def writable(self, pipe: Pipe) -> None:
        if pipe.attached:
            self._outgoing.add(pipe)
            self.on_writable()

    def _change_marks(self, pipe: Pipe) -> bool:
        changed = super()._change_marks(pipe)
        if not pipe.writable:
            self._outgoing.remove(pipe)
        return changed

    @property
    def sendable(self) -> bool:
        return self._outgoing.peek() is not None

    def try_send(self, message: Message) -> bool:
        return self._outgoing.send(message) is not None

    def shortest_send(self) -> Callable[[Message], object]:
        if type(self).try_send is BalancedSender.try_send:
            return self._outgoing.send
        return super().shortest_send()

    def try_send_batch(self, messages: list[Message]) -> int:
        return self._outgoing.send_batch(messages)
