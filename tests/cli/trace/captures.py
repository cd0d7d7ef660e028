"""Capture files, read back by dpkt, and checked by what the RFCs say of TCP and IP."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from attrs import frozen
from dpkt import pcapng
from dpkt.ip import IP
from dpkt.ip6 import IP6
from dpkt.tcp import TH_ACK, TH_FIN, TH_PUSH, TH_RST, TH_SYN

_FLAGS = {"SYN": TH_SYN, "ACK": TH_ACK, "PSH": TH_PUSH, "FIN": TH_FIN, "RST": TH_RST}


@frozen
class Packet:
    """A packet of TCP.

    :ivar source, target: address and port.
    :ivar flags: those that are set.
    """

    at: float
    source: tuple[str, int]
    target: tuple[str, int]
    flags: set[str]
    sequence: int
    acknowledged: int
    window: int
    data: bytes


def read_packet(data: bytes, at: float = 0.0) -> Packet:
    """A packet, if its lengths and checksums are right."""
    version = data[0] >> 4
    packet: Any = {4: IP, 6: IP6}[version](data)
    if version == 4:
        assert struct.unpack_from(">H", data, 2)[0] == len(data)
        assert checksum(data[:20]) == 0
        segment = data[20:]
    else:
        assert struct.unpack_from(">H", data, 4)[0] == len(data) - 40
        assert (data[6], data[7]) == (6, 64)
        segment = data[40:]
    # RFC 9293, 3.1, and RFC 8200, 8.1: addresses, length and protocol count too.
    assert checksum(packet.src + packet.dst + struct.pack(">II", len(segment), 6) + segment) == 0
    tcp = packet.data
    return Packet(
        at,
        (str(ip_address(packet.src)), tcp.sport),
        (str(ip_address(packet.dst)), tcp.dport),
        {name for name, bit in _FLAGS.items() if tcp.flags & bit},
        tcp.seq,
        tcp.ack,
        tcp.win,
        bytes(tcp.data),
    )


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071); 0 for what contains its own."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def read_capture(path: Path) -> list[Packet]:
    """The packets of a file."""
    with path.open("rb") as file:
        reader = pcapng.Reader(file)
        assert reader.datalink() == 101  # LINKTYPE_RAW
        return [read_packet(data, at) for at, data in reader]


def check_stream(packets: list[Packet]) -> tuple[bytes, bytes]:
    """What the two ends of one connection sent, if its packets follow RFC 9293."""
    syn, syn_ack, ack = packets[:3]
    assert (syn.flags, syn_ack.flags, ack.flags) == ({"SYN"}, {"SYN", "ACK"}, {"ACK"})
    sent = {syn.source: b"", syn.target: b""}
    following = {syn.source: syn.sequence, syn.target: syn_ack.sequence}
    for packet in packets:
        assert packet.target == ({*sent} - {packet.source}).pop()
        assert packet.sequence == following[packet.source]
        if packet.flags != {"SYN"}:
            assert packet.acknowledged == following[packet.target], "all there is"
        assert len(packet.data) <= packet.window
        counted = len(packet.data) + len(packet.flags & {"SYN", "FIN"})
        following[packet.source] = (following[packet.source] + counted) % 2**32
        sent[packet.source] += packet.data
    return sent[syn.source], sent[syn.target]
