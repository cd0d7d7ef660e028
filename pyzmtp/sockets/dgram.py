"""The DGRAM socket."""

from __future__ import annotations

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.net.address import split_host_and_port
from pyzmtp.patterns.dgram import DgramPattern
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.wire.datagram import MAX_DATAGRAM
from pyzmtp.wire.message import Message

__all__ = ["DgramSocket"]


class DgramSocket(SendingSocket, ReceivingSocket):
    """Exchanges datagrams, as they are, with anybody (ZMQ_DGRAM).

    It binds one address of ``udp://`` and connects to none. A message is ``[b"host:port", body]``,
    the other end's address and at most 8192 bytes, whether it is sent or received. The host is an IP
    address. Anything else raises :exc:`UsageError`.
    """

    socket_type = SocketType.DGRAM
    _pattern_class = DgramPattern
    _pattern: DgramPattern
    _udp_way = "bind"
    _only_udp = True

    def _check_form(self, frames: Message) -> None:
        if len(frames) != 2:
            problem = f"a message has two frames, an address and a body, not {len(frames)}"
            raise UsageError(f"on a DGRAM socket {problem}")
        try:
            split_host_and_port(frames[0])
        except ValueError:
            problem = f"{frames[0]!r} is no IP address with a port from 1 to 65535"
            raise UsageError(problem) from None
        if len(frames[1]) > MAX_DATAGRAM:
            raise UsageError(f"a datagram has at most {MAX_DATAGRAM} bytes, not {len(frames[1])}")
