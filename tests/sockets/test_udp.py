"""RADIO, DISH and DGRAM over udp:// (ZMTP.md 7.9, 9)."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    AddressError,
    AddressInUse,
    BindError,
    BindFailed,
    Closed,
    ConnectAborted,
    ConnectError,
    DgramSocket,
    DishSocket,
    Listening,
    MessagesDropped,
    PairSocket,
    RadioSocket,
    Socket,
    SocketClosed,
    TooManyPeers,
    TransportUnavailable,
    UsageError,
)
from pyzmtp.testing import RawDatagrams
from pyzmtp.testing.datagram_port import MemoryDatagramPort

from .world import Outcomes, World

UDP = "udp://127.0.0.1:5555"
THERE = ("127.0.0.1", 5555)


@pytest.fixture
def peer(world: World) -> RawDatagrams:
    """A peer of port 4000 that speaks bytes."""
    return world.network.raw_datagrams(4000)


@pytest.fixture
def target(world: World) -> RawDatagrams:
    """Another, of port 5555."""
    return world.network.raw_datagrams(5555)


def ports(world: World) -> list[MemoryDatagramPort]:
    """The ports of sockets."""
    every = world.network.hosts.get("localhost").datagram_ports
    return [port for port in every if not isinstance(port.protocol, RawDatagrams)]


def test_the_datagram_of_a_radio(world: World, target: RawDatagrams) -> None:
    radio = world.make(RadioSocket)
    joined = Outcomes(radio.wait_joined())
    peer = world.run(radio.connect(UDP))
    assert joined == [None]
    assert world.run(radio.wait_joined(b"any group")) is None
    assert (peer.peer_address, peer.version, peer.socket_type) == ("127.0.0.1:5555", (0, 0), None)
    assert radio.peers == ()
    world.run(radio.send([b"grp", b"hello"]))
    world.run(radio.send([b"", b""]))
    world.settle()
    datagrams = [bytes.fromhex("03 677270 68656c6c6f"), b"\0"]
    assert [datagram for datagram, _ in target.received] == datagrams
    assert radio.stats.messages_sent == 2


def test_a_dish_takes_what_is_for_its_groups(world: World, peer: RawDatagrams) -> None:
    dish = world.make(DishSocket)
    assert world.run(dish.bind(UDP)) == UDP == dish.last_endpoint
    dish.join(b"grp")
    dish.join(b"")
    for datagram in (
        b"\x03grphello",
        b"\x02grhello",
        b"\x04grphello",
        b"",
        b"\xff",
        b"\0",
        b"\x03grp",
    ):
        peer.send(datagram, 5555)
    assert world.drain(dish) == [[b"grp", b"hello"], [b"", b""], [b"grp", b""]]
    assert dish.stats.messages_received == 5  # two of which were for other groups
    assert dish.stats.dropped_received == 2


def test_a_group_of_128_bytes_is_understood_but_not_sent(world: World, peer: RawDatagrams) -> None:
    """It aborts a DISH of libzmq 4.3.5."""
    radio, dish = world.make(RadioSocket), world.make(DishSocket)
    group = b"g" * 128
    dish.join(group)
    world.run(dish.bind(UDP))
    peer.send(b"\x80" + group + b"body", 5555)
    assert world.drain(dish) == [[group, b"body"]]
    assert radio.try_send([group, b"body"])
    world.run(radio.connect(UDP))
    with pytest.raises(UsageError, match="127"):
        radio.send([group, b"body"])
    assert radio.try_send([group[1:], b"body"])


def test_a_datagram_has_8192_bytes_at_the_most(world: World) -> None:
    radio, dgram = world.make(RadioSocket), world.make(DgramSocket)
    world.run(radio.connect(UDP))
    assert radio.try_send([b"g", bytes(8190)])
    with pytest.raises(UsageError, match="8192"):
        radio.send([b"g", bytes(8191)])
    world.run(dgram.bind(UDP))
    assert dgram.try_send([b"127.0.0.1:5555", bytes(8192)])
    with pytest.raises(UsageError, match="8192"):
        dgram.try_send([b"127.0.0.1:5555", bytes(8193)])


def test_radio_and_dish_meet(world: World) -> None:
    radio, dish = world.make(RadioSocket), world.make(DishSocket)
    address = world.run(dish.bind("udp://*:*"))
    assert address.startswith("udp://0.0.0.0:")
    dish.join(b"TV")
    world.network.names["host.example"] = ["127.0.0.1"]
    radio.connect(f"udp://host.example:{address.rpartition(':')[2]}")
    radio.try_send([b"TV", b"queued while the name is unknown"])
    assert world.drain(dish) == [[b"TV", b"queued while the name is unknown"]]
    peer, message = world.run(_after(dish, radio.send([b"TV", b"2"])))
    assert (peer.address, message) == (address, [b"TV", b"2"])


async def _after(dish: DishSocket, sent: Any) -> Any:
    await sent
    return await dish.receive_from()


def test_a_dish_drops_what_it_has_no_room_for(world: World, peer: RawDatagrams) -> None:
    dish = world.make(DishSocket, receive_hwm=2)
    world.run(dish.bind(UDP))
    dish.join(b"")
    for number in range(5):
        peer.send(b"\0%d" % number, 5555)
    world.settle()
    assert world.drain(dish) == [[b"", b"0"], [b"", b"1"]]
    assert dish.stats.dropped_received == 3


def test_what_the_system_does_not_send_is_dropped_and_told(
    world: World, target: RawDatagrams
) -> None:
    radio = world.make(RadioSocket)
    world.run(radio.connect(UDP))
    [port] = ports(world)
    port.fault = OSError("network is down")
    assert radio.try_send([b"g", b"1"])
    assert radio.try_send([b"g", b"2"])
    world.settle()
    assert [datagram for datagram, _ in target.received] == [b"\x01g2"]
    [event] = world.of(radio, MessagesDropped)
    assert isinstance(event.reason, OSError)
    assert (radio.stats.messages_sent, radio.stats.dropped_sent) == (1, 1)


# Multicast


def test_a_multicast_group_is_joined_and_sent_to(world: World) -> None:
    group = "udp://127.0.0.1;239.0.0.1:5555"
    dish = world.make(DishSocket)
    assert world.run(dish.bind(group)) == group
    [joined] = ports(world)
    assert (joined.shared, joined.groups) == (True, {("239.0.0.1", "127.0.0.1")})
    dish.join(b"TV")
    elsewhere = world.network.reactor("elsewhere")
    radio = world.make(RadioSocket, on=elsewhere, multicast_hops=3, multicast_loop=False)
    world.run(radio.connect(group))
    [port] = elsewhere.host.datagram_ports
    assert (port.shared, port.ttl, port.loopback) == (False, 3, False)
    assert port.outgoing_interface == "127.0.0.1"
    radio.try_send([b"TV", b"on air"])
    assert world.drain(dish) == [[b"TV", b"on air"]]


@pytest.mark.parametrize("loop", [True, False])
def test_a_host_hears_itself_only_if_it_shall(world: World, loop: bool) -> None:
    group = "udp://239.0.0.1:5555"
    dish, radio = world.make(DishSocket), world.make(RadioSocket, multicast_loop=loop)
    world.run(dish.bind(group))
    world.run(radio.connect(group))
    dish.join(b"TV")
    radio.try_send([b"TV", b"on air"])
    assert world.drain(dish) == ([[b"TV", b"on air"]] if loop else [])


@pytest.mark.parametrize("where", ["udp://239.0.0.1:5555", "udp://*;239.0.0.1:5555"])
def test_without_an_interface_the_system_chooses(world: World, where: str) -> None:
    world.run(world.make(DishSocket).bind(where))
    [port] = ports(world)
    assert (port.shared, port.groups) == (True, {("239.0.0.1", "")})


@pytest.mark.parametrize("where", ["udp://lo;127.0.0.1:5555", "udp://[ff02::1]:5555"])
def test_an_interface_needs_a_group_and_groups_are_ipv4(world: World, where: str) -> None:
    dish, radio = world.make(DishSocket), world.make(RadioSocket)
    assert isinstance(Outcomes(dish.bind(where)).error, BindError)
    assert isinstance(Outcomes(radio.connect(where)).error, ConnectError)
    assert world.names(dish) == ["BindFailed"]


# Who may do what


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        (RadioSocket, "bind"),
        (DishSocket, "connect"),
        (DgramSocket, "connect"),
        (PairSocket, "bind"),
        (PairSocket, "connect"),
    ],
)
def test_what_a_type_cannot_do_with_udp(world: World, kind: type[Socket], way: str) -> None:
    """libzmq: ENOCOMPATPROTO."""
    with pytest.raises(AddressError, match="udp"):
        getattr(world.make(kind), way)(UDP)


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:*", "inproc://name", "ipc:///run/x"])
def test_a_dgram_has_udp_only(world: World, where: str) -> None:
    dgram = world.make(DgramSocket)
    with pytest.raises(AddressError, match="udp"):
        dgram.bind(where)


@pytest.mark.parametrize("where", ["udp://*:5555", "udp://127.0.0.1:*", "udp://127.0.0.1"])
def test_a_radio_needs_a_host_and_a_port(world: World, where: str) -> None:
    with pytest.raises(AddressError):
        world.make(RadioSocket).connect(where)


def test_a_reactor_without_udp(world: World) -> None:
    host = world.network.reactor(tcp_only=True)
    dish, radio = world.make(DishSocket, on=host), world.make(RadioSocket, on=host)
    for outcome in (Outcomes(dish.bind(UDP)), Outcomes[Any](radio.connect(UDP))):
        assert isinstance(outcome.error, TransportUnavailable)


# The end


def test_events_and_the_end_of_a_bind(world: World, peer: RawDatagrams) -> None:
    dish = world.make(DishSocket)
    dish.join(b"")
    world.run(dish.bind(UDP))
    peer.send(b"\0still readable", 5555)
    world.settle()
    world.run(dish.unbind(UDP))
    assert ports(world) == []
    assert world.events[dish] == [Listening(UDP), Closed(UDP)]
    assert world.drain(dish) == [[b"", b"still readable"]]
    assert world.run(dish.bind(UDP)) == UDP


def test_a_radio_that_disconnects_sends_no_more(world: World) -> None:
    radio = world.make(RadioSocket)
    world.run(radio.connect(UDP))
    world.run(radio.disconnect(UDP))
    assert ports(world) == []
    assert radio.try_send([b"g" * 255, b"to nobody"])


def test_a_port_that_is_taken(world: World) -> None:
    one, two = world.make(DishSocket), world.make(DishSocket)
    world.run(one.bind(UDP))
    assert isinstance(Outcomes(two.bind(UDP)).error, AddressInUse)
    [event] = world.of(two, BindFailed)
    assert isinstance(event.error, AddressInUse)


def test_to_close_while_a_name_is_looked_up(world: World) -> None:
    dish, radio = world.make(DishSocket), world.make(RadioSocket)
    bound = Outcomes(dish.bind("udp://host.example:5555"))
    connected = Outcomes(radio.connect("udp://host.example:5555"))
    radio.try_send([b"g", b"b"])
    closed = [Outcomes(socket.close()) for socket in (dish, radio)]
    world.settle()
    assert closed == [[None], [None]]
    assert isinstance(bound.error, SocketClosed)
    assert isinstance(connected.error, ConnectAborted)
    assert radio.stats.dropped_sent == 1


# DGRAM


def test_a_dgram_exchanges_bare_datagrams(world: World, peer: RawDatagrams) -> None:
    dgram = world.make(DgramSocket)
    waiting = Outcomes(dgram.send([b"127.0.0.1:4000", b"waits for the bind"]))
    world.settle()
    assert waiting.pending
    world.run(dgram.bind(UDP))
    assert waiting == [None]
    peer.send(b"ping", 5555)
    [[address, body]] = world.drain(dgram)
    assert (address, body) == (b"127.0.0.1:4000", b"ping")
    world.run(dgram.send([address, b"pong"]))
    world.settle()
    assert peer.received == [(b"waits for the bind", THERE), (b"pong", THERE)]


def test_a_dgram_binds_once(world: World) -> None:
    dgram = world.make(DgramSocket)
    world.run(dgram.bind(UDP))
    assert isinstance(Outcomes(dgram.bind("udp://127.0.0.1:5556")).error, TooManyPeers)
    assert [port.getHost().port for port in ports(world)] == [5555]


@pytest.mark.parametrize(
    "bad",
    [
        [b"lone"],
        [b"127.0.0.1:5", b"b", b"c"],
        [b"127.0.0.1", b"no port"],
        [b"127.0.0.1:0", b""],
        [b"127.0.0.1:65536", b""],
        [b"name:5555", b""],
        [b"\xff:5555", b""],
    ],
    ids=str,
)
def test_a_message_of_a_dgram_names_where_it_goes(world: World, bad: list[bytes]) -> None:
    with pytest.raises(UsageError):
        world.make(DgramSocket).send(bad)


def test_an_ipv6_address_stands_in_brackets(world: World) -> None:
    peer = world.network.raw_datagrams(4000, "::1")
    dgram = world.make(DgramSocket)
    world.run(dgram.bind("udp://[::1]:5555"))
    peer.send(b"ping", 5555, "::1")
    assert world.drain(dgram) == [[b"[::1]:4000", b"ping"]]
    assert dgram.try_send([b"[::1]:4000", b"pong"])
    world.settle()
    assert peer.received == [(b"pong", ("::1", 5555))]
