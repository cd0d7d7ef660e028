"""Misuse is refused up front, before anything has happened (DESIGN.md 1: nothing fails silently)."""

from __future__ import annotations

from typing import Any

import pytest

from pyzmtp import (
    DealerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RadioSocket,
    RouterSocket,
    SocketOptions,
)
from pyzmtp.errors import AddressError, OptionError, UnknownEndpoint

from .world import Outcomes, World

NOWHERE = "tcp://127.0.0.1:40001"


@pytest.mark.parametrize("routing_id", ["text", b"\0abc", bytes(1), b"x" * 256, 5])
def test_a_routing_id_that_no_peer_could_have(world: World, routing_id: Any) -> None:
    router = world.make(RouterSocket)
    with pytest.raises((OptionError, TypeError)):
        router.connect(NOWHERE, routing_id=routing_id)
    world.settle()
    assert world.names(router) == []
    assert isinstance(Outcomes(router.disconnect(NOWHERE)).error, UnknownEndpoint)


@pytest.mark.parametrize("limit", [1.5, "1", None, 0, -1, float("inf")])
def test_a_batch_of_no_whole_number(world: World, limit: Any) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    with pytest.raises(ValueError, match="limit="):
        pull.receive_batch(limit)
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]


@pytest.mark.parametrize("message", [{b"a": 1}, {b"a"}, frozenset({b"a"}), {b"a": 1}.keys(), 5])
@pytest.mark.parametrize("method", ["send", "try_send"])
def test_what_has_no_order_is_no_message(world: World, message: Any, method: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    with pytest.raises(TypeError, match="sequence of bytes"):
        getattr(push, method)(message)
    with pytest.raises(TypeError):
        push.send_batch([message])
    assert world.drain(pull) == []


@pytest.mark.parametrize(
    "host", ["a" * 64, "a" * 64 + ".example", "a..b", ".a", "x." * 127 + "yy", "a" * 300]
)
def test_a_host_name_that_no_resolver_could_look_up(world: World, host: str) -> None:
    """Twisted's resolver would never answer, and so neither would bind(), connect() or close()."""
    dealer = world.make(DealerSocket)
    for method in (dealer.bind, dealer.connect):
        with pytest.raises(AddressError, match="no host"):
            method(f"tcp://{host}:5555")
    assert world.run(dealer.close()) is None


@pytest.mark.parametrize("host", ["a" * 63, "a" * 63 + ".b", "a.b-c.d_e"])
def test_the_longest_labels_may_be_looked_up(world: World, host: str) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    world.network.names[host] = ["127.0.0.1"]
    address = world.bind(pull)
    port = address.rpartition(":")[2]
    assert world.run(push.connect(f"tcp://{host}:{port}"), 1) in push.peers


def test_a_bind_goes_by_the_name_that_it_was_given_too(world: World) -> None:
    pull = world.make(PullSocket)
    given = "tcp://localhost:40001"
    assert world.run(pull.bind(given)) == "tcp://127.0.0.1:40001"
    assert world.run(pull.unbind(given)) is None
    assert world.network.ports == []
    wildcard = "tcp://127.0.0.1:*"
    address = world.run(pull.bind(wildcard))
    assert isinstance(Outcomes(pull.unbind(wildcard)).error, UnknownEndpoint)  # as in libzmq
    assert world.run(pull.unbind(address)) is None


@pytest.mark.parametrize("reactor", [None, NOWHERE, SocketOptions(), PullSocket])
def test_the_first_argument_is_a_reactor(reactor: Any) -> None:
    with pytest.raises(TypeError, match="the first argument is the reactor, not "):
        PullSocket(reactor)


@pytest.mark.parametrize("count", [None, "1", 1.5, float("nan")])
def test_peers_are_counted_in_whole_numbers(world: World, count: Any) -> None:
    with pytest.raises(TypeError, match="a count of peers is a whole number, not "):
        world.make(PubSocket).wait_subscribed(b"topic", count)
    with pytest.raises(TypeError, match="a count of peers is a whole number, not "):
        world.make(RadioSocket).wait_joined(b"group", count)
