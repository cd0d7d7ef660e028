"""RADIO, DISH and DGRAM over udp:// (ZMTP.md 7.9, 9)."""

from __future__ import annotations

from collections.abc import Iterator
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

from ..memory.datagrams import DatagramReactor
from .world import Outcomes, World

UDP = "udp://127.0.0.1:5555"
HERE = ("127.0.0.1", 4000)


@pytest.fixture
def host(world: World) -> Iterator[DatagramReactor]:
    """A host with UDP, all of whose ports have to be closed in the end."""
    host = DatagramReactor(world.network)
    yield host
    world.close()
    assert host.ports == {}


def test_the_datagram_of_a_radio(world: World, host: DatagramReactor) -> None:
    radio = world.make(RadioSocket, on=host)
    joined = Outcomes(radio.wait_joined())
    peer = world.run(radio.connect(UDP))
    assert joined == [None]
    assert world.run(radio.wait_joined(b"any group")) is None
    assert (peer.peer_address, peer.version, peer.socket_type) == ("127.0.0.1:5555", (0, 0), None)
    assert radio.peers == ()
    world.run(radio.send([b"grp", b"hello"]))
    world.run(radio.send([b"", b""]))
    [port] = host.ports.values()
    assert port.sent == [
        (bytes.fromhex("03 677270 68656c6c6f"), ("127.0.0.1", 5555)),
        (b"\0", ("127.0.0.1", 5555)),
    ]
    assert radio.stats.messages_sent == 2


def test_a_dish_takes_what_is_for_its_groups(world: World, host: DatagramReactor) -> None:
    dish = world.make(DishSocket, on=host)
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
        host.deliver(datagram, 5555, HERE)
    assert world.drain(dish) == [[b"grp", b"hello"], [b"", b""], [b"grp", b""]]
    assert dish.stats.messages_received == 5  # two of which were for other groups
    assert dish.stats.dropped_received == 2


def test_a_group_of_128_bytes_is_understood_but_not_sent(
    world: World, host: DatagramReactor
) -> None:
    """It aborts a DISH of libzmq 4.3.5."""
    radio, dish = world.make(RadioSocket, on=host), world.make(DishSocket, on=host)
    group = b"g" * 128
    dish.join(group)
    world.run(dish.bind(UDP))
    host.deliver(b"\x80" + group + b"body", 5555, HERE)
    assert world.drain(dish) == [[group, b"body"]]
    assert radio.try_send([group, b"body"])
    world.run(radio.connect(UDP))
    with pytest.raises(UsageError, match="127"):
        radio.send([group, b"body"])
    assert radio.try_send([group[1:], b"body"])


def test_a_datagram_has_8192_bytes_at_the_most(world: World, host: DatagramReactor) -> None:
    radio, dgram = world.make(RadioSocket, on=host), world.make(DgramSocket, on=host)
    world.run(radio.connect(UDP))
    assert radio.try_send([b"g", bytes(8190)])
    with pytest.raises(UsageError, match="8192"):
        radio.send([b"g", bytes(8191)])
    world.run(dgram.bind(UDP))
    assert dgram.try_send([b"127.0.0.1:5555", bytes(8192)])
    with pytest.raises(UsageError, match="8192"):
        dgram.try_send([b"127.0.0.1:5555", bytes(8193)])


def test_radio_and_dish_meet(world: World, host: DatagramReactor) -> None:
    radio, dish = world.make(RadioSocket, on=host), world.make(DishSocket, on=host)
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


def test_a_dish_drops_what_it_has_no_room_for(world: World, host: DatagramReactor) -> None:
    dish = world.make(DishSocket, on=host, receive_hwm=2)
    world.run(dish.bind(UDP))
    dish.join(b"")
    for number in range(5):
        host.deliver(b"\0%d" % number, 5555, HERE)
    world.settle()
    assert world.drain(dish) == [[b"", b"0"], [b"", b"1"]]
    assert dish.stats.dropped_received == 3


def test_what_the_system_does_not_send_is_dropped_and_told(
    world: World, host: DatagramReactor
) -> None:
    radio = world.make(RadioSocket, on=host)
    world.run(radio.connect(UDP))
    [port] = host.ports.values()
    port.fault = OSError("network is down")
    assert radio.try_send([b"g", b"1"])
    assert radio.try_send([b"g", b"2"])
    assert [datagram for datagram, _ in port.sent] == [b"\x01g2"]
    [event] = world.of(radio, MessagesDropped)
    assert isinstance(event.reason, OSError)
    assert (radio.stats.messages_sent, radio.stats.dropped_sent) == (1, 1)


# Multicast


def test_a_multicast_group_is_joined_and_sent_to(world: World, host: DatagramReactor) -> None:
    dish = world.make(DishSocket, on=host)
    assert (
        world.run(dish.bind("udp://127.0.0.1;239.0.0.1:5555")) == "udp://127.0.0.1;239.0.0.1:5555"
    )
    assert host.ports[5555].multicast == [("several", True), ("join", "239.0.0.1", "127.0.0.1")]
    radio = world.make(RadioSocket, on=host, multicast_hops=3, multicast_loop=False)
    world.run(radio.connect("udp://127.0.0.1;239.0.0.1:5555"))
    [other] = [port for number, port in host.ports.items() if number != 5555]
    assert other.multicast == [
        ("several", False), ("hops", 3), ("loop", False), ("interface", "127.0.0.1")
    ]  # fmt: skip
    dish.join(b"TV")
    radio.try_send([b"TV", b"on air"])
    assert other.sent == [(b"\x02TVon air", ("239.0.0.1", 5555))]
    assert world.drain(dish) == [[b"TV", b"on air"]]


@pytest.mark.parametrize("where", ["udp://239.0.0.1:5555", "udp://*;239.0.0.1:5555"])
def test_without_an_interface_the_system_chooses(
    world: World, host: DatagramReactor, where: str
) -> None:
    world.run(world.make(DishSocket, on=host).bind(where))
    assert host.ports[5555].multicast == [("several", True), ("join", "239.0.0.1", "")]


@pytest.mark.parametrize("where", ["udp://lo;127.0.0.1:5555", "udp://[ff02::1]:5555"])
def test_an_interface_needs_a_group_and_groups_are_ipv4(
    world: World, host: DatagramReactor, where: str
) -> None:
    dish, radio = world.make(DishSocket, on=host), world.make(RadioSocket, on=host)
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
def test_what_a_type_cannot_do_with_udp(
    world: World, host: DatagramReactor, kind: type[Socket], way: str
) -> None:
    """libzmq: ENOCOMPATPROTO."""
    with pytest.raises(AddressError, match="udp"):
        getattr(world.make(kind, on=host), way)(UDP)


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:*", "inproc://name", "ipc:///run/x"])
def test_a_dgram_has_udp_only(world: World, host: DatagramReactor, where: str) -> None:
    dgram = world.make(DgramSocket, on=host)
    with pytest.raises(AddressError, match="udp"):
        dgram.bind(where)


@pytest.mark.parametrize("where", ["udp://*:5555", "udp://127.0.0.1:*", "udp://127.0.0.1"])
def test_a_radio_needs_a_host_and_a_port(world: World, host: DatagramReactor, where: str) -> None:
    with pytest.raises(AddressError):
        world.make(RadioSocket, on=host).connect(where)


def test_a_reactor_without_udp(world: World) -> None:
    dish, radio = world.make(DishSocket), world.make(RadioSocket)
    for outcome in (Outcomes(dish.bind(UDP)), Outcomes[Any](radio.connect(UDP))):
        assert isinstance(outcome.error, TransportUnavailable)


# The end


def test_events_and_the_end_of_a_bind(world: World, host: DatagramReactor) -> None:
    dish = world.make(DishSocket, on=host)
    dish.join(b"")
    world.run(dish.bind(UDP))
    host.deliver(b"\0still readable", 5555, HERE)
    world.settle()
    world.run(dish.unbind(UDP))
    assert host.ports == {}
    assert world.events[dish] == [Listening(UDP), Closed(UDP)]
    assert world.drain(dish) == [[b"", b"still readable"]]
    assert world.run(dish.bind(UDP)) == UDP


def test_a_radio_that_disconnects_sends_no_more(world: World, host: DatagramReactor) -> None:
    radio = world.make(RadioSocket, on=host)
    world.run(radio.connect(UDP))
    world.run(radio.disconnect(UDP))
    assert host.ports == {}
    assert radio.try_send([b"g" * 255, b"to nobody"])


def test_a_port_that_is_taken(world: World, host: DatagramReactor) -> None:
    one, two = world.make(DishSocket, on=host), world.make(DishSocket, on=host)
    world.run(one.bind(UDP))
    assert isinstance(Outcomes(two.bind(UDP)).error, AddressInUse)
    [event] = world.of(two, BindFailed)
    assert isinstance(event.error, AddressInUse)


def test_to_close_while_a_name_is_looked_up(world: World, host: DatagramReactor) -> None:
    dish, radio = world.make(DishSocket, on=host), world.make(RadioSocket, on=host)
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


def test_a_dgram_exchanges_bare_datagrams(world: World, host: DatagramReactor) -> None:
    dgram = world.make(DgramSocket, on=host)
    waiting = Outcomes(dgram.send([b"127.0.0.1:4000", b"waits for the bind"]))
    world.settle()
    assert waiting.pending
    world.run(dgram.bind(UDP))
    assert waiting == [None]
    host.deliver(b"ping", 5555, HERE)
    [[address, body]] = world.drain(dgram)
    assert (address, body) == (b"127.0.0.1:4000", b"ping")
    world.run(dgram.send([address, b"pong"]))
    assert host.ports[5555].sent == [(b"waits for the bind", HERE), (b"pong", HERE)]


def test_a_dgram_binds_once(world: World, host: DatagramReactor) -> None:
    dgram = world.make(DgramSocket, on=host)
    world.run(dgram.bind(UDP))
    assert isinstance(Outcomes(dgram.bind("udp://127.0.0.1:5556")).error, TooManyPeers)
    assert list(host.ports) == [5555]


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
def test_a_message_of_a_dgram_names_where_it_goes(
    world: World, host: DatagramReactor, bad: list[bytes]
) -> None:
    with pytest.raises(UsageError):
        world.make(DgramSocket, on=host).send(bad)


def test_an_ipv6_address_stands_in_brackets(world: World, host: DatagramReactor) -> None:
    dgram = world.make(DgramSocket, on=host)
    world.run(dgram.bind("udp://[::1]:5555"))
    host.deliver(b"ping", 5555, ("::1", 4000))
    assert world.drain(dgram) == [[b"[::1]:4000", b"ping"]]
    assert dgram.try_send([b"[::1]:4000", b"pong"])
    assert host.ports[5555].sent == [(b"pong", ("::1", 4000))]
