"""ROUTER, SERVER, PEER and STREAM (ZMTP.md 7.5, 7.8, 7.9; RFC 28, 41, 51).

Ids that a socket draws are random. Here they are the peer's own name, which the machine translates.
"""

from __future__ import annotations

from tests.patterns.reference.base import Fair, Message, ModelPeer, Refused

__all__ = ["Router", "Server", "Stream"]


class _Routing(Fair):
    """The first frame is an id: put before what comes, taken off what goes."""

    sends = True

    def attach(self, peer: ModelPeer) -> None:
        super().attach(peer)
        peer.identity = peer.announced

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        super().come(peer, [[peer.identity, *message] for message in messages])

    def named(self, identity: bytes) -> ModelPeer | None:
        """Who has an id. The peer of a connect has none before its first handshake."""
        return next((peer for peer in self.peers if identity and peer.identity == identity), None)


class Router(_Routing):
    """What cannot be routed is dropped; with ``router_mandatory`` it is an error, or waits.

    An id that is taken is refused; with ``router_handover`` the other peer has to go.
    """

    def attach(self, peer: ModelPeer) -> None:
        if not peer.connected_by_us:
            self.claim(peer, peer.announced)
        self.peers.append(peer)

    def ready(self, peer: ModelPeer) -> None:
        if not peer.identity:  # the first one sticks
            self.claim(peer, peer.announced)
        super().ready(peer)

    def claim(self, peer: ModelPeer, identity: bytes) -> None:
        """It shall be known by this id."""
        holder = self.named(identity)
        if holder is not None and holder is not peer:
            if not self.options.get("router_handover") or not holder.ready:
                raise Refused("RoutingIdInUse")
            holder.attached = holder.ready = False
            self.peers.remove(holder)
        peer.identity = identity

    def send(self, message: Message) -> bool:
        mandatory = self.options.get("router_mandatory")
        peer = self.named(message[0])
        if peer is None and mandatory:
            raise Refused("HostUnreachable")
        if peer is not None and len(message) > 1:
            if not peer.full:
                peer.queue(message[1:])
                return True
            if mandatory:
                return False
        self.dropped_sent += 1
        return True


class Server(_Routing):
    """To send to nobody is an error, to a full peer waits; messages have one frame."""

    def come(self, peer: ModelPeer, messages: list[Message]) -> None:
        single = [message for message in messages if len(message) == 1]
        self.dropped_received += len(messages) - len(single)
        super().come(peer, single)

    def send(self, message: Message) -> bool:
        peer = self.named(message[0])
        if peer is None:
            raise Refused("HostUnreachable")
        if peer.full:
            return False
        peer.queue(message[1:])
        return True


class Stream(_Routing):
    """Chunks of bytes; an empty one is a coming or going, and to send it is to part."""

    def ready(self, peer: ModelPeer) -> None:
        super().ready(peer)
        self.come(peer, [[b""]])

    def leave(self, peer: ModelPeer) -> None:
        super().leave(peer)
        self.come(peer, [[b""]])

    def lose(self, peer: ModelPeer) -> None:
        super().lose(peer)
        self.come(peer, [[b""]])

    def send(self, message: Message) -> bool:
        peer = self.named(message[0])
        if peer is None:
            raise Refused("HostUnreachable")
        if not message[1]:
            self.dropped_received += len(peer.incoming)  # whatever it has sent is nobody's now
            peer.incoming.clear()
            if peer in self.turns:
                self.turns.remove(peer)
            peer.attached = peer.ready = False
            self.peers.remove(peer)
            return True
        if peer.full:
            return False
        peer.queue(message[1:])
        return True
