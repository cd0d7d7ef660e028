"""A relayed connection as packets of TCP, as if it had been captured: :class:`PacketStream`."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from attrs import frozen, mutable
from dpkt.ip import IP, IP_PROTO_TCP
from dpkt.ip6 import IP6
from dpkt.tcp import TCP, TH_ACK, TH_FIN, TH_PUSH, TH_RST, TH_SYN
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress

from pyzmtp.cli.trace.records import Side

__all__ = ["PacketStream"]

#: Bytes in a packet: below what a window of 65535 allows, so that each can be acknowledged in its turn.
_SEGMENT: Final = 32768
_MODULUS: Final = 2**32

#: What stands for the ends of a connection that has no IP addresses: of RFC 5737, for documentation.
_NO_CLIENT: Final = "192.0.2.1"
_NO_SERVER: Final = "192.0.2.2"
_NO_SERVER_PORT: Final = 5557  # Wireshark knows no protocol of that port
#: The ports that stand for clients are those that RFC 6335 has for that, from the first on.
_FIRST_PORT: Final = 49152
_PORTS: Final = 16384


@frozen
class _Place:
    """An end of a connection: an address as packets have it, and a port."""

    address: bytes
    port: int


@mutable
class _End:
    """What one end has sent."""

    place: _Place
    sequence: int = 0  # the number of the next byte


class PacketStream:
    """Makes the packets of one connection."""

    def __init__(self, number: int, client: IAddress, server: IAddress) -> None:
        """:param number: of the connection, for one that has no ports."""
        places = _places(number, client, server)
        self._ends = {side: _End(place) for side, place in zip(Side, places, strict=True)}

    def open(self) -> Iterator[bytes]:
        """The three packets of the beginning."""
        yield self._packet(Side.CLIENT, TH_SYN)
        yield self._packet(Side.TARGET, TH_SYN | TH_ACK)
        yield self._packet(Side.CLIENT, TH_ACK)

    def data(self, side: Side, data: bytes) -> Iterator[bytes]:
        """What a side sends, each packet with its acknowledgement."""
        for start in range(0, len(data), _SEGMENT):
            yield self._packet(side, TH_PUSH | TH_ACK, data[start : start + _SEGMENT])
            yield self._packet(side.other, TH_ACK)

    def end(self, side: Side) -> Iterator[bytes]:
        """A side sends nothing more."""
        yield self._packet(side, TH_FIN | TH_ACK)
        yield self._packet(side.other, TH_ACK)

    def reset(self, side: Side) -> Iterator[bytes]:
        """A side has broken off."""
        yield self._packet(side, TH_RST | TH_ACK)

    def _packet(self, side: Side, flags: int, data: bytes = b"") -> bytes:
        """One packet; the checksums are dpkt's."""
        end, other = self._ends[side], self._ends[side.other]
        segment = TCP(
            sport=end.place.port,
            dport=other.place.port,
            seq=end.sequence,
            ack=other.sequence if flags & TH_ACK else 0,
            flags=flags,
            data=data,
        )
        # SYN and FIN count as a byte each.
        counted = len(data) + bool(flags & (TH_SYN | TH_FIN))
        end.sequence = (end.sequence + counted) % _MODULUS
        source, target = end.place.address, other.place.address
        if len(source) == 4:
            return bytes(IP(src=source, dst=target, p=IP_PROTO_TCP, data=segment))
        size = len(segment)
        packet = IP6(src=source, dst=target, nxt=IP_PROTO_TCP, plen=size, hlim=64, data=segment)
        return bytes(packet)


def _places(number: int, client: IAddress, server: IAddress) -> tuple[_Place, _Place]:
    """The places of both ends, or what stands for them."""
    ours, theirs = _place(client), _place(server)
    if ours is None or theirs is None or len(ours.address) != len(theirs.address):
        port = _FIRST_PORT + (number - 1) % _PORTS
        ours = _Place(ip_address(_NO_CLIENT).packed, port)
        theirs = _Place(ip_address(_NO_SERVER).packed, _NO_SERVER_PORT)
    return ours, theirs


def _place(address: IAddress) -> _Place | None:
    """Where packets come from and go to; ``None`` for what is no address of TCP."""
    if not isinstance(address, IPv4Address | IPv6Address):
        return None
    ip = ip_address(address.host.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)  # how a socket of both shows who comes by IPv4
    return _Place((mapped or ip).packed, address.port)
