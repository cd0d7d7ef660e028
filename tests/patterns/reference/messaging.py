"""PAIR, PUSH, PULL, DEALER and their kin of one frame (ZMTP.md 7.4, 7.8, 7.9; RFC 28, 30, 31)."""

from __future__ import annotations

from tests.patterns.reference.base import Balanced, Fair, Message, ModelPeer, Refused

__all__ = ["Channel", "Client", "Dealer", "Gather", "Pair", "Pull", "Push"]


class Push(Balanced):
    """To one peer after the other."""


class Pull(Fair):
    """From one peer after the other."""


class Gather(Pull):
    """As PULL; what has more than one frame is dropped."""

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        single = [message for message in messages if len(message) == 1]
        self.dropped_received += len(messages) - len(single)
        super().come(peer, single)


class Dealer(Balanced, Pull):
    """PUSH and PULL in one."""


class Client(Balanced, Gather):
    """DEALER with messages of one frame."""


class Pair(Pull):
    """One peer. Another is turned away until it has left."""

    sends = True

    def attach(self, peer: ModelPeer) -> None:
        if self.peers:
            raise Refused("TooManyPeers")
        super().attach(peer)

    @property
    def sendable(self) -> bool | None:
        return bool(self.peers) and not self.peers[0].full

    def send(self, message: Message) -> bool:
        if not self.peers or self.peers[0].full:
            return False
        self.peers[0].queue(message)
        return True


class Channel(Pair, Gather):
    """PAIR with messages of one frame."""
