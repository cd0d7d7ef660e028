"""pyzmtp.cli.trace.packets: a connection as TCP would have carried it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from pyzmtp.cli.trace.packets import PacketStream
from tests.cli.trace.captures import Packet, check_stream, read_packet
from tests.cli.trace.helpers import C, T

V4 = (IPv4Address("TCP", "127.0.0.1", 50000), IPv4Address("TCP", "127.0.0.2", 5555))
V6 = (IPv6Address("TCP", "::1", 50000), IPv6Address("TCP", "fe80::1%eth0", 5555))
MAPPED = (IPv6Address("TCP", "::ffff:127.0.0.1", 50000), V4[1])


def packets_of(stream: PacketStream) -> list[Packet]:
    """A connection with something of everything."""
    data = [
        *stream.open(),
        *stream.data(C, b"question"),
        *stream.data(T, b""),
        *stream.data(T, b"answer"),
        *stream.data(C, b"x" * 100_000),
        *stream.end(C),
        *stream.data(T, b"more"),
        *stream.end(T),
    ]
    return [read_packet(each) for each in data]


@pytest.mark.parametrize(
    ("places", "ends"),
    [
        (V4, (("127.0.0.1", 50000), ("127.0.0.2", 5555))),
        (V6, (("::1", 50000), ("fe80::1", 5555))),
        (MAPPED, (("127.0.0.1", 50000), ("127.0.0.2", 5555))),
    ],
)
def test_what_each_sent_is_in_the_packets(
    places: tuple[IAddress, IAddress], ends: tuple[tuple[str, int], tuple[str, int]]
) -> None:
    packets = packets_of(PacketStream(1, *places))
    assert {packet.source for packet in packets} == {*ends}
    assert packets[0].source == ends[0]
    assert check_stream(packets) == (b"question" + b"x" * 100_000, b"answermore")
    assert [sorted(packet.flags) for packet in packets if "FIN" in packet.flags] == [
        ["ACK", "FIN"]
    ] * 2


def test_data_is_acknowledged_in_its_turn() -> None:
    """So that no window is ever full: more would be marked in Wireshark."""
    packets = packets_of(PacketStream(1, *V4))
    for packet, following in pairwise(packets):
        if packet.data:
            assert (following.source, following.flags) == (packet.target, {"ACK"})


def test_a_reset() -> None:
    stream = PacketStream(1, *V4)
    packets = [read_packet(each) for each in (*stream.open(), *stream.reset(T))]
    check_stream(packets)
    assert (packets[-1].source, packets[-1].flags) == (("127.0.0.2", 5555), {"RST", "ACK"})


@pytest.mark.parametrize(
    "places",
    [
        (UNIXAddress(None), UNIXAddress("/run/x")),
        (V4[0], UNIXAddress("/run/x")),
        (V4[0], V6[1]),  # nobody connects so, but nothing forbids it
    ],
)
def test_where_there_are_no_addresses_some_stand_for_them(
    places: tuple[IAddress, IAddress],
) -> None:
    for number, port in ((1, 49152), (2, 49153), (16384, 65535), (16385, 49152)):
        packets = packets_of(PacketStream(number, *places))
        check_stream(packets)
        assert packets[0].source == ("192.0.2.1", port)
        assert packets[0].target == ("192.0.2.2", 5557)


def test_sequence_numbers_wrap() -> None:
    stream = PacketStream(1, *V4)
    packets = [*stream.open()]
    for end in stream._ends.values():
        end.sequence = 2**32 - 3
    packets = [*stream.data(C, b"abcdef"), *stream.data(C, b"g")]
    first, _, second, acknowledgement = map(read_packet, packets)
    assert (first.sequence, second.sequence) == (2**32 - 3, 3)
    assert acknowledgement.acknowledged == 4
