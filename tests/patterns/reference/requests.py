"""REQ and REP (ZMTP.md 7.2, 7.3; RFC 28)."""

from __future__ import annotations

from typing import Any

from tests.patterns.reference.base import Balanced, Fair, Message, ModelPeer, Refused

__all__ = ["Rep", "Req"]


class Req(Balanced):
    """A request goes to one peer after the other behind an empty frame, and only its reply is taken."""

    receives = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.asked: ModelPeer | None = None
        self.reply: Message | None = None

    @property
    def waiting(self) -> int:
        return int(self.reply is not None)

    @property
    def sendable(self) -> bool | None:
        return bool(self.left) and self.asked is None and self.reply is None

    def send(self, message: Message) -> bool:
        if self.asked is not None or self.reply is not None:
            raise Refused("WrongState")
        peer = self.turn()
        if not super().send([b"", *message]):
            return False
        self.asked = peer
        return True

    def receive(self) -> Message | None:
        if self.asked is None and self.reply is None:
            raise Refused("WrongState")
        reply, self.reply = self.reply, None
        return reply

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        for message in messages:
            if peer is self.asked and message[0] == b"" and len(message) > 1:
                self.reply = message[1:]
                self.asked = None
            else:
                self.dropped_received += 1

    def detach(self, peer: ModelPeer) -> None:
        super().detach(peer)
        if peer is self.asked:  # nobody is left who could answer
            self.asked = None


class Rep(Fair):
    """A request of one peer after the other; the reply goes to whoever asked, behind its envelope."""

    sends = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.asker: ModelPeer | None = None
        self.envelope: Message = []

    @property
    def sendable(self) -> bool | None:
        return self.asker is not None

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        requests = [message for message in messages if b"" in message[:-1]]
        self.dropped_received += len(messages) - len(requests)
        super().come(peer, requests)

    def receive(self) -> Message | None:
        if self.asker is not None:
            raise Refused("WrongState")
        found = self.next_of()
        if found is None:
            return None
        self.asker, request = found
        size = request.index(b"") + 1
        self.envelope = request[:size]
        return request[size:]

    def send(self, message: Message) -> bool:
        asker, self.asker = self.asker, None
        if asker is None:
            raise Refused("WrongState")
        if asker.attached and not asker.full:
            asker.queue(self.envelope + message)
        else:
            self.dropped_sent += 1
        return True
