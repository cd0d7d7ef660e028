"""Who is at the other end: :class:`Peer`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from pyzmtp.constants import SocketType

__all__ = ["Peer"]


def _read_only(metadata: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return MappingProxyType(dict(metadata))


@frozen(eq=False)
class Peer:
    """A peer that is ready for messages. Two connections are two peers, however alike they look.

    :ivar address: the address that was bound or connected, as in every event.
    :ivar peer_address: where the other end is: ``"127.0.0.1:40123"``, or the path of an ipc socket;
        behind a SOCKS proxy, the host and port that the proxy was asked for.
    :ivar incoming: whether the peer connected to us.
    :ivar version: (major, minor) of the ZMTP that is spoken with it: 3.1, 3.0, 2.0 or 1.0; (0, 0) for
        none, as with a STREAM's peer.
    :ivar mechanism: the security mechanism in use, such as ``"NULL"``; ``""`` without ZMTP.
    :ivar socket_type: what it said it is; ``None`` if it said nothing, as below ZMTP 2.0.
    :ivar routing_id: the id that it announced, or that a ROUTER, STREAM, SERVER or PEER gave it.
    :ivar user_id: who it is by the mechanism's word; ``None`` under NULL. Never the peer's own word.
    :ivar metadata: the other properties that it sent. Nobody has checked them.
    """

    address: str
    peer_address: str
    incoming: bool
    version: tuple[int, int]
    mechanism: str
    socket_type: SocketType | None = None
    routing_id: bytes = b""
    user_id: str | None = None
    metadata: Mapping[str, bytes] = field(factory=dict, converter=_read_only)

    @property
    def reads_commands(self) -> bool:
        """Whether it reads subscriptions as commands: since ZMTP 3.1."""
        return self.version >= (3, 1)

    @property
    def sends_subscriptions(self) -> bool:
        """Whether it tells what it subscribes to; until ZMTP 1.0 a subscriber got everything."""
        return self.version >= (2, 0)
