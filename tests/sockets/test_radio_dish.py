"""RADIO and DISH through whole sockets (RFC 48; ZMTP.md 3.3, 7.9)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import Disconnected, DishSocket, FramingError, RadioSocket
from pyzmtp.errors import CommandError, ProtocolError, SendTimeout, SocketClosed, UsageError

from .world import GREETING_3_0, Outcomes, World, hello, message, ready, short

TRANSPORTS = ["tcp", "ipc", "inproc"]
JOIN = bytes.fromhex("04 08 04 4a4f494e 677270")
LEAVE = bytes.fromhex("04 09 05 4c45415645 677270")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("dish_binds", [False, True])
def test_a_dish_gets_what_is_sent_to_its_groups(
    world: World, transport: str, dish_binds: bool
) -> None:
    if dish_binds:
        dish, radio = world.pair(DishSocket, RadioSocket, transport)
    else:
        radio, dish = world.pair(RadioSocket, DishSocket, transport)
    assert isinstance(dish, DishSocket)
    dish.join(b"Movies")
    dish.join(bytearray(b"TV"))
    world.settle()
    for group in (b"Movies", b"Movie", b"Movies!", b"TV", b""):
        assert radio.try_send([group, b"body"])
    assert world.drain(dish) == [[b"Movies", b"body"], [b"TV", b"body"]]
    dish.leave(b"TV")
    assert dish.groups == frozenset({b"Movies"})
    world.settle()
    radio.send_batch([[b"TV", b"1"], [b"Movies", b"2"]])
    assert world.drain(dish) == [[b"Movies", b"2"]]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_groups_joined_before_the_connect_count_too(world: World, transport: str) -> None:
    on = world.network.reactor() if transport == "inproc" else None
    radio, dish = world.make(RadioSocket, on=on), world.make(DishSocket, on=on)
    dish.join(b"g" * 255)
    dish.join(b"")
    world.link(radio, dish, transport)
    radio.try_send([b"g" * 255, b"long"])
    radio.try_send([b"", b"empty"])
    assert world.drain(dish) == [[b"g" * 255, b"long"], [b"", b"empty"]]


def test_wait_joined_fires_when_enough_are_there(world: World) -> None:
    radio = world.make(RadioSocket)
    address = world.bind(radio)
    any_group, two = Outcomes(radio.wait_joined()), Outcomes(radio.wait_joined(b"g", 2))
    dishes = [world.make(DishSocket) for _ in range(2)]
    for dish in dishes:
        world.run(dish.connect(address))
    world.settle()
    assert any_group.pending
    dishes[0].join(b"other")
    world.settle()
    assert any_group == [None]
    dishes[0].join(b"g")
    world.settle()
    assert two.pending
    dishes[1].join(b"g")
    world.settle()
    assert two == [None]
    assert world.run(radio.wait_joined(None, 2)) is None
    dishes[1].leave(b"g")
    world.settle()
    assert Outcomes(radio.wait_joined(None, 2)).pending


def test_waiting_for_members_can_be_cancelled_and_ends_with_the_socket(world: World) -> None:
    radio = world.make(RadioSocket)
    waiting = radio.wait_joined(b"g")
    cancelled, closed = Outcomes(waiting), Outcomes(radio.wait_joined(b"g"))
    waiting.cancel()
    assert isinstance(cancelled.error, CancelledError)
    radio.close()
    assert isinstance(closed.error, SocketClosed)
    assert isinstance(Outcomes(radio.wait_joined()).error, SocketClosed)
    with pytest.raises(TypeError, match="group is bytes"):
        radio.wait_joined("text")  # type: ignore[arg-type]


def test_two_dishes_get_the_same_from_one_radio(world: World) -> None:
    radio = world.make(RadioSocket)
    address = world.bind(radio)
    dishes = [world.make(DishSocket) for _ in range(2)]
    for dish in dishes:
        dish.join(b"g")
        world.run(dish.connect(address))
    world.settle()
    radio.try_send([b"g", bytes(300)])
    assert [world.drain(dish) for dish in dishes] == [[[b"g", bytes(300)]]] * 2


def test_what_a_group_may_be(world: World) -> None:
    dish, radio = world.make(DishSocket), world.make(RadioSocket)
    dish.join(b"a")
    wrong: list[Any] = [b"a", b"g" * 256, b"a\0b"]
    for group in wrong:  # zmq_join: EINVAL
        with pytest.raises(UsageError):
            dish.join(group)
    for group in (b"b", b"g" * 256):  # zmq_leave: EINVAL
        with pytest.raises(UsageError):
            dish.leave(group)
    with pytest.raises(TypeError):
        dish.join("text")  # type: ignore[arg-type]
    for bad in ([b"g" * 256, b"body"], [b"a\0b", b"body"]):
        with pytest.raises(UsageError):
            radio.send(bad)
    assert dish.groups == frozenset({b"a"})


@pytest.mark.parametrize("bad", [b"lone", [b"lone"], [b"g", b"b", b"c"]], ids=str)
def test_a_message_is_a_group_and_a_body(world: World, bad: Any) -> None:
    with pytest.raises(UsageError, match="two frames"):
        world.make(RadioSocket).try_send(bad)


def test_a_closed_dish_joins_and_leaves_nothing(world: World) -> None:
    dish = world.make(DishSocket)
    dish.join(b"a")
    world.run(dish.close())
    with pytest.raises(SocketClosed):
        dish.join(b"b")
    with pytest.raises(SocketClosed):
        dish.leave(b"a")


def test_a_dish_that_reconnects_joins_again(world: World) -> None:
    radio, dish = world.pair(RadioSocket, DishSocket)
    dish.join(b"a")
    world.settle()
    world.network.connections[0].reset()
    world.settle()
    dish.join(b"b")
    world.until(lambda: len(dish.peers) == 1)
    world.settle()
    radio.try_send([b"a", b"1"])
    radio.try_send([b"b", b"2"])
    assert world.drain(dish) == [[b"a", b"1"], [b"b", b"2"]]


# The high-water mark


def test_a_radio_drops_for_who_is_full(world: World) -> None:
    radio = world.make(RadioSocket, send_hwm=2)
    peer = world.attach_raw(radio, hello("DISH") + JOIN)
    peer.pause()
    big = [b"grp", bytes(1_000_000)]
    for _ in range(50):
        assert radio.try_send(big)
    assert radio.stats.dropped_sent > 0


def test_with_nodrop_a_radio_waits(world: World) -> None:
    radio = world.make(RadioSocket, send_hwm=2, xpub_nodrop=True, send_timeout=1.0)
    peer = world.attach_raw(radio, hello("DISH") + JOIN)
    peer.pause()
    big = [b"grp", bytes(1_000_000)]
    sent = 0
    while radio.try_send(big):
        sent += 1
        assert sent < 50
    late = Outcomes(radio.send(big))
    world.advance(1)
    assert isinstance(late.error, SendTimeout)
    waiting = Outcomes(radio.send(big))
    peer.resume()
    world.settle()
    assert waiting == [None]
    assert radio.stats.dropped_sent == 0


# On the wire


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_the_bytes_of_a_radio(world: World, version: str) -> None:
    greeting = hello("DISH") if version == "3.1" else GREETING_3_0 + ready("DISH")
    radio = world.make(RadioSocket)
    peer = world.attach_raw(radio, greeting)
    assert peer.take().endswith(ready("RADIO"))
    radio.try_send([b"grp", b"nobody"])
    peer.send(JOIN + JOIN + LEAVE)
    world.settle()
    radio.try_send([b"grp", b"m1"])
    world.settle()
    assert peer.take() == bytes.fromhex("01 03 677270 00 02 6d31")
    peer.send(LEAVE)
    world.settle()
    radio.try_send([b"grp", b"m2"])
    world.settle()
    assert peer.take() == b""


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_the_bytes_of_a_dish(world: World, version: str) -> None:
    greeting = hello("RADIO") if version == "3.1" else GREETING_3_0 + ready("RADIO")
    dish = world.make(DishSocket)
    dish.join(b"grp")
    peer = world.attach_raw(dish, greeting)
    assert peer.take().endswith(ready("DISH") + JOIN)
    dish.leave(b"grp")
    world.settle()
    assert peer.take() == LEAVE
    dish.join(b"grp")
    peer.send(bytes.fromhex("01 03 677270 00 02 6d31"))
    assert world.drain(dish) == [[b"grp", b"m1"]]


def test_a_radio_does_not_mind_what_a_dish_sends(world: World) -> None:
    radio = world.make(RadioSocket)
    junk = message(b"\x01grp") + message(b"JOIN", b"grp") + short(4, b"\x09SUBSCRIBEgrp")
    peer = world.attach_raw(radio, hello("DISH") + junk)
    peer.take()
    radio.try_send([b"grp", b"m1"])
    world.settle()
    assert peer.take() == b""
    assert peer.closed is None
    assert radio.stats.dropped_received == 2


def test_a_radio_parts_from_who_joins_too_long_a_group(world: World) -> None:
    """libzmq aborts the process."""
    radio = world.make(RadioSocket)
    body = b"\x04JOIN" + b"g" * 256
    join = b"\x06" + len(body).to_bytes(8, "big") + body
    peer = world.attach_raw(radio, hello("DISH") + join)
    assert peer.closed is not None
    [lost] = world.of(radio, Disconnected)
    assert isinstance(lost.reason, CommandError)


@pytest.mark.parametrize(
    "bad",
    [
        message(b"lone"),
        message(b"grp", b"b", b"c"),
        b"\x03" + (256).to_bytes(8, "big") + b"g" * 256 + message(b"body"),
    ],
    ids=["a lone frame", "three frames", "a long group"],
)
def test_a_dish_parts_from_who_sends_no_group_and_body(world: World, bad: bytes) -> None:
    dish = world.make(DishSocket)
    dish.join(b"grp")
    peer = world.attach_raw(dish, hello("RADIO") + message(b"grp", b"m") + bad)
    assert peer.closed is not None
    assert world.drain(dish) == [[b"grp", b"m"]]
    [lost] = world.of(dish, Disconnected)
    assert isinstance(lost.reason, FramingError)
    assert isinstance(lost.reason, ProtocolError)


def test_what_a_dish_refuses_is_told_before_what_is_wrong_behind_it(world: World) -> None:
    """As if it had come alone, though the decoder sees both at once."""
    dish = world.make(DishSocket)
    peer = world.attach_raw(dish, hello("RADIO") + message(b"lone") + b"\x08\x00")
    assert peer.closed is not None
    [lost] = world.of(dish, Disconnected)
    assert "1 frames" in str(lost.reason)
