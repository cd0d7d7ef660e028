"""REQ: a request, then its reply (RFC 28)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from pyzmtp.constants import SocketType
from pyzmtp.errors import WrongState
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import BalancedSender, Receiver, Sender
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.wire.message import Message

__all__ = ["ReqPattern"]


class ReqPattern(BalancedSender, Receiver):
    """Sends to its peers in turn, an empty frame before the request, and waits for that peer's reply.

    Everything else that arrives is dropped: from other peers, without the empty frame, with another
    number than the request's (``req_correlate``), or when nothing was asked.

    :ivar on_asked_lost: called when the connection that the request went to is lost. If it will be
        dialled again, :attr:`asked` is still set: a reply may yet come, as libzmq has it.
    """

    socket_type = SocketType.REQ

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._number = secrets.randbits(32)
        self._envelope: Message = [b""]
        self._request: Message | None = None  # as it was queued, envelope and all
        self._asked: Pipe | None = None
        self._answered: Pipe | None = None  # in whose inbox the reply is
        self.on_asked_lost: Callable[[], None] = lambda: None

    @property
    def readable(self) -> bool:
        return self._answered is not None

    @property
    def sendable(self) -> bool:
        return (self._request is None or self.options.req_relaxed) and super().sendable

    @property
    def queued(self) -> int:
        return int(self.readable)

    @property
    def asked(self) -> Pipe | None:
        """Who has the request whose reply is still to come."""
        return self._asked if self._answered is None else None

    def attach(self, pipe: Pipe) -> None:
        if self.options.probe_router:
            pipe.push([b""])
        super().attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        if pipe is self._asked and self._answered is None:
            # Nobody is left who could answer; a new request may be made.
            self._asked = self._request = None
            self.on_asked_lost()

    def hiccup(self, pipe: Pipe) -> None:
        super().hiccup(pipe)
        if pipe is self._asked and self._answered is None and self.was_taken():
            self.on_asked_lost()

    def check_send(self) -> None:
        if self._request is not None and not self.options.req_relaxed:
            raise WrongState("a REQ socket has to receive the reply before it can send again")

    def check_receive(self) -> None:
        if self._request is None:
            raise WrongState("a REQ socket has to send a request before it can receive")

    def try_send(self, message: Message) -> bool:
        self.check_send()
        envelope = self._next_envelope()
        request = envelope + message
        pipe = self._outgoing.peek()
        if pipe is None:
            return False
        if self._answered is not None:  # req_relaxed: a reply that nobody wants now
            self.dropped_received += self.discard_all()
        self._number += 1
        self._envelope = envelope
        self._asked = pipe
        self._request = request
        # Last of all: a transport may lose its connection, or bring the reply, from within its write.
        self._outgoing.send(request)
        return True

    def _next_envelope(self) -> Message:
        if self.options.req_correlate:
            return [((self._number + 1) % 2**32).to_bytes(4, "big"), b""]
        return [b""]

    def try_send_batch(self, messages: list[Message]) -> int:
        return Sender.try_send_batch(self, messages)  # one by one: each must be in order

    def take(self) -> tuple[Pipe, Message]:
        pipe = self._answered
        assert pipe is not None
        self._answered = self._asked = self._request = None
        return pipe, pipe.take()

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        envelope = self._envelope
        size = len(envelope)
        for message in messages:
            awaited = pipe is self._asked and self._answered is None
            if awaited and message[:size] == envelope and len(message) > size:
                pipe.put([message[size:]])
                self._answered = pipe
            else:
                self.dropped_received += 1
        if self._answered is not None:
            self.on_readable()

    def discard(self, pipe: Pipe) -> int:
        return self.discard_all() if pipe is self._answered else 0

    def discard_all(self) -> int:
        pipe, self._answered = self._answered, None
        return 0 if pipe is None else len(pipe.take_all())

    def was_taken(self) -> bool:
        """Whether the link has taken the request already, so that the peer may have it."""
        pipe = self._asked
        return pipe is not None and not any(queued is self._request for queued in pipe.outbox)

    def abandon(self) -> Pipe | None:
        """Forget the request, so that the next can be made.

        A request that is still queued is taken back. Otherwise return the pipe it went to, whose
        late reply nothing tells from the next one's unless the request was numbered.
        """
        pipe, request = self._asked, self._request
        self.dropped_received += self.discard_all()
        self._asked = self._request = None
        if pipe is None or request is None or pipe.withdraw(request):
            return None
        return None if len(self._envelope) > 1 else pipe
