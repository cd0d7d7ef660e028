"""REP: a request, then the reply to it (RFC 28)."""

from __future__ import annotations

from typing import Final

from pyzmtp.constants import SocketType
from pyzmtp.errors import WrongState
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver, Sender
from pyzmtp.patterns.pipe import Pipe
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message

__all__ = ["RepPattern"]

_NO_REQUEST: Final = "a REP socket has to receive a request before it can send"


class RepPattern(Sender, FairReceiver):
    """Receives requests from all peers in turn; the reply goes to the one that asked.

    The frames up to the first empty one are the envelope: they are kept, and put before the reply.
    A request without an empty frame before its last is dropped. A reply is dropped when the asker
    has left or has no room, and when it is a REQ that has lost its connection: that does not wait any
    more, and would take the reply for the one to its next request.
    """

    socket_type = SocketType.REP

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._asker: Pipe | None = None
        self._asked_by: Peer | None = None
        self._envelope: Message = []

    @property
    def readable(self) -> bool:
        return self._asker is None and bool(self._incoming)

    @property
    def sendable(self) -> bool:
        return self._asker is not None

    def check_receive(self) -> None:
        if self._asker is not None:
            raise WrongState("a REP socket has to send the reply before it can receive again")

    def check_send(self) -> None:
        if self._asker is None:
            raise WrongState(_NO_REQUEST)

    def take(self) -> tuple[Pipe, Message]:
        pipe, message = self._incoming.take()
        body = message.index(b"") + 1
        self._asker, self._asked_by = pipe, pipe.sender
        self._envelope = message[:body]
        return pipe, message[body:]

    def take_batch(self, limit: int) -> list[Message]:
        return [self.take()[1]] if self._asker is None and self._incoming else []

    def deliver(self, pipe: Pipe, messages: list[Message]) -> None:
        requests = [message for message in messages if b"" in message[:-1]]
        self.dropped_received += len(messages) - len(requests)
        if requests:
            self._incoming.put(pipe, requests)
            self.on_readable()

    def try_send(self, message: Message) -> bool:
        pipe = self._asker
        if pipe is None:
            raise WrongState(_NO_REQUEST)
        self._asker = None
        waits = (pipe.ready and pipe.peer is self._asked_by) or not _is_req(self._asked_by)
        if waits and pipe.attached and pipe.writable:
            pipe.push(self._envelope + message)
        else:
            self.dropped_sent += 1
        if self._asker is None and self._incoming:
            self.on_readable()
        return True

    def hiccup(self, pipe: Pipe) -> None:
        if _is_req(pipe.peer):
            self.dropped_sent += pipe.clear_outbox()
        super().hiccup(pipe)

    def skip_reply(self) -> None:
        """Leave the present request without a reply, and go on to the next."""
        self._asker = None
        if self.readable:
            self.on_readable()


def _is_req(peer: Peer | None) -> bool:
    return peer is not None and peer.socket_type is SocketType.REQ
