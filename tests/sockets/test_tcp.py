"""tcp:// (ZMTP.md 9)."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTCP, IReactorTime
from zope.interface import directlyProvides

from pyzmtp import PullSocket, PushSocket
from pyzmtp.engine.events import BindFailed, ConnectRetried
from pyzmtp.errors import AddressError, AddressInUse, BindError, TransportUnavailable

from .world import Outcomes, World, port_of


@pytest.mark.parametrize("port", ["*", "0"])
def test_a_wildcard_port_gives_the_real_one(world: World, port: str) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    address = world.run(pull.bind(f"tcp://127.0.0.1:{port}"))
    assert address.startswith("tcp://127.0.0.1:")
    assert port_of(address) > 0
    world.run(push.connect(address))
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]


def test_two_wildcards_are_two_ports(world: World) -> None:
    pull = world.make(PullSocket)
    assert world.bind(pull) != world.bind(pull)


@pytest.mark.parametrize("host", ["*", "0.0.0.0"])
def test_a_wildcard_host_listens_everywhere(world: World, host: str) -> None:
    pull = world.make(PullSocket)
    address = world.run(pull.bind(f"tcp://{host}:*"))
    assert address.startswith("tcp://0.0.0.0:")
    for there in ("127.0.0.1", "10.0.0.5"):
        push = world.make(PushSocket)
        world.run(push.connect(f"tcp://{there}:{port_of(address)}"))
    world.settle()
    assert len(pull.peers) == 2


def test_a_wildcard_host_with_ipv6_is_dual_stack(world: World) -> None:
    pull = world.make(PullSocket, ipv6=True)
    address = world.run(pull.bind("tcp://*:*"))
    assert address.startswith("tcp://[::]:")
    for there in ("127.0.0.1", "[::1]"):
        push = world.make(PushSocket, ipv6=True)
        peer = world.run(push.connect(f"tcp://{there}:{port_of(address)}"))
        assert peer.peer_address == f"{there}:{port_of(address)}"
    world.settle()
    assert len(pull.peers) == 2


def test_ipv6_literals_with_and_without_brackets(world: World) -> None:
    pull = world.make(PullSocket, ipv6=True)
    address = world.run(pull.bind("tcp://[::1]:*"))
    assert address.startswith("tcp://[::1]:")
    push = world.make(PushSocket, ipv6=True)
    world.run(push.connect(f"tcp://::1:{port_of(address)}"))
    push.try_send(b"x")
    assert world.drain(pull) == [[b"x"]]
    assert pull.peers[0].peer_address.startswith("[::1]:")


def test_names_give_ipv6_addresses_only_where_it_is_asked_for(world: World) -> None:
    world.network.names["six.example"] = ["fd00::6"]
    pull = world.make(PullSocket, ipv6=True)
    address = world.run(pull.bind("tcp://[fd00::6]:*"))
    where = f"tcp://six.example:{port_of(address)}"
    four, six = world.make(PushSocket), world.make(PushSocket, ipv6=True)
    four.connect(where)
    world.run(six.connect(where))
    assert four.peers == ()
    assert "no address" in str(world.of(four, ConnectRetried)[0].error)


def test_bind_resolves_names(world: World) -> None:
    world.network.names["here.example"] = ["10.0.0.4"]
    pull = world.make(PullSocket)
    assert world.run(pull.bind("tcp://here.example:5555")) == "tcp://10.0.0.4:5555"


def test_a_source_address_is_used(world: World) -> None:
    pull, push = world.make(PullSocket), world.make(PushSocket)
    address = world.bind(pull)
    target = address.removeprefix("tcp://")
    world.run(push.connect(f"tcp://127.0.0.9:5000;{target}"))
    world.settle()
    assert [peer.peer_address for peer in pull.peers] == ["127.0.0.9:5000"]
    other = world.make(PushSocket)
    world.run(other.connect(f"tcp://127.0.0.8:*;{target}"))
    world.settle()
    assert pull.peers[1].peer_address.startswith("127.0.0.8:")


def test_a_port_in_use_is_address_in_use(world: World) -> None:
    one, other = world.make(PullSocket), world.make(PullSocket)
    address = world.bind(one)
    failed = Outcomes(other.bind(address))
    assert isinstance(failed.error, AddressInUse)
    assert failed.error.address == address
    assert world.of(other, BindFailed) == [BindFailed(address, failed.error)]
    world.run(one.unbind(address))
    assert world.run(other.bind(address)) == address


def test_of_a_range_the_first_free_port_is_taken(world: World) -> None:
    sockets = [world.make(PullSocket) for _ in range(4)]
    where = "tcp://127.0.0.1:5000-5002"
    assert world.run(sockets[0].bind("tcp://127.0.0.1:5001")) == "tcp://127.0.0.1:5001"
    assert world.run(sockets[1].bind(where)) == "tcp://127.0.0.1:5000"
    assert world.run(sockets[2].bind(where)) == "tcp://127.0.0.1:5002"
    assert world.names(sockets[2]) == ["Listening"]
    failed = Outcomes(sockets[3].bind(where))
    assert isinstance(failed.error, AddressInUse)
    assert failed.error.address == where
    assert world.of(sockets[3], BindFailed) == [BindFailed(where, failed.error)]
    world.run(sockets[1].unbind("tcp://127.0.0.1:5000"))
    assert world.run(sockets[3].bind(where)) == "tcp://127.0.0.1:5000"


def test_a_range_ends_at_a_port_that_may_not_be_had(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listen(port: int, factory: object, backlog: int, interface: str) -> None:
        tried.append(port)
        raise CannotListenError(interface, port, PermissionError(errno.EACCES, "no"))

    tried: list[int] = []
    reactor = world.network.reactor()
    monkeypatch.setattr(reactor, "listenTCP", listen)
    failed = Outcomes(world.make(PullSocket, on=reactor).bind("tcp://*:80-90"))
    assert isinstance(failed.error, BindError)
    assert tried == [80]


def test_nobody_connects_to_a_range(world: World) -> None:
    push = world.make(PushSocket)
    for where in ("tcp://127.0.0.1:5000-5002", "ws://127.0.0.1:5000-5002"):
        with pytest.raises(AddressError, match="only to bind"):
            push.connect(where)
    assert world.names(push) == []


@pytest.mark.parametrize("where", ["tcp://no.such.name:5555", "tcp://_lo:5555"])
def test_a_host_that_cannot_be_bound_is_a_bind_error(world: World, where: str) -> None:
    pull = world.make(PullSocket)
    failed = Outcomes(pull.bind(where))
    world.settle()
    assert isinstance(failed.error, BindError)
    assert failed.error.address == where
    assert world.of(pull, BindFailed) == [BindFailed(where, failed.error)]
    assert world.names(pull) == ["BindFailed"]


@pytest.mark.parametrize(
    "where",
    [
        "tcp://", "tcp://127.0.0.1", "tcp://:5555", "tcp://127.0.0.1:", "tcp://127.0.0.1:http",
        "tcp://127.0.0.1:70000", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:12x", "tcp://a b:5555",
        "tcp://127.0.0.1:\N{ARABIC-INDIC DIGIT FIVE}", "tcp://1*:5", "TCP://127.0.0.1:5555",
        "udp://127.0.0.1:5555", "wsx://127.0.0.1:80/", "://x", "tcp://h\x00st:1", "nonsense", "",
        "tcp:127.0.0.1:5555x", "tcp://[::1:5555",
    ],
)  # fmt: skip
def test_bad_addresses_are_refused_by_bind_and_connect(world: World, where: str) -> None:
    pull = world.make(PullSocket)
    for call in (pull.bind, pull.connect):
        with pytest.raises(AddressError) as raised:
            call(where)
        assert isinstance(raised.value, ValueError)
        assert raised.value.address == where
    assert world.names(pull) == []


@pytest.mark.parametrize(
    "where",
    ["tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://*:5;127.0.0.1:5555",
     "tcp://127.0.0.1;127.0.0.1:5555"],
)  # fmt: skip
def test_connect_needs_a_host_and_a_port(world: World, where: str) -> None:
    with pytest.raises(AddressError):
        world.make(PullSocket).connect(where)


def test_bind_takes_no_source(world: World) -> None:
    with pytest.raises(AddressError):
        world.make(PullSocket).bind("tcp://127.0.0.1:1;127.0.0.1:5555")


@pytest.mark.parametrize("where", [5, None, b"tcp://127.0.0.1:5555", object()])
def test_anything_but_an_address_or_endpoint_is_a_type_error(world: World, where: Any) -> None:
    pull = world.make(PullSocket)
    with pytest.raises(TypeError, match="IStreamServerEndpoint"):
        pull.bind(where)
    with pytest.raises(TypeError, match="IStreamClientEndpoint"):
        pull.connect(where)


def test_nagle_is_off_on_both_sides(world: World) -> None:
    world.pair(PullSocket, PushSocket)
    [connection] = world.network.connections
    assert connection.client is not None
    assert connection.server is not None
    assert connection.client.tcp_no_delay
    assert connection.server.tcp_no_delay


def test_names_on_a_reactor_without_a_resolver_fail_at_once(world: World) -> None:
    reactor: Any = world.network.reactor()

    class Plain:
        """A reactor with nothing but what is needed."""

        seconds, callLater = reactor.seconds, reactor.callLater
        listenTCP, connectTCP = reactor.listenTCP, reactor.connectTCP

    plain: Any = Plain()
    directlyProvides(plain, IReactorTCP, IReactorTime)
    push = world.make(PushSocket, on=plain)
    connected = Outcomes(push.connect("tcp://some.name:5555"))
    bound = Outcomes(push.bind("tcp://some.name:5555"))
    world.settle()
    assert isinstance(connected.error, TransportUnavailable)
    assert isinstance(bound.error, TransportUnavailable)
    assert connected.error.interface == "IReactorPluggableNameResolver"
    address = world.run(push.bind("tcp://127.0.0.1:*"))
    assert port_of(address) > 0
