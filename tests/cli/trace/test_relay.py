"""pyzmtp.cli.trace.relay: bytes pass, both ways, and so does what becomes of a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, ISSLTransport
from twisted.python.failure import Failure
from zope.interface import alsoProvides, implementer

from pyzmtp.cli.trace.records import Side
from pyzmtp.cli.trace.relay import Relay
from pyzmtp.errors import AddressError, AddressInUse
from pyzmtp.testing import Conditions, FailureLog, MemoryNetwork, MemoryTransport, RawPeer
from tests.cli.trace.helpers import C, T


@define
class Log:
    """A watch that keeps what it sees."""

    number: int
    client: IAddress
    ours: IAddress
    events: list[tuple[Any, ...]] = field(factory=list)
    data: dict[Side, bytes] = field(factory=lambda: dict.fromkeys(Side, b""))

    def heard(self, side: Side, data: bytes) -> None:
        self.data[side] += data

    def ended(self, side: Side, problem: str) -> None:
        self.events.append(("ended", side, problem))

    def unreachable(self, problem: str) -> None:
        self.events.append(("unreachable", problem))

    def closed(self) -> None:
        self.events.append(("closed",))


class Stage:
    """A relay, who listens behind it, and what its watches see."""

    def __init__(self, network: MemoryNetwork) -> None:
        self.network = network
        self.reactor = network.reactor()
        self.logs: list[Log] = []
        self.listener = network.raw_listen()
        self.relay = self.new_relay(f"tcp://127.0.0.1:{self.listener.port}")

    def new_relay(self, target: str) -> Relay:
        return Relay(self.reactor, target, [self.watch])

    def watch(self, *arguments: Any) -> Log:
        self.logs.append(Log(*arguments))
        return self.logs[-1]

    def listen(self, where: str = "tcp://127.0.0.1:*") -> str:
        return self.network.run(self.relay.listen(where))

    def connect(self) -> tuple[RawPeer, RawPeer]:
        """A client and its target, joined by the relay."""
        client = self.network.raw_connect(int(self.listen().rpartition(":")[2]))
        self.network.settle()
        return client, self.listener.peers[-1]

    def end(self) -> None:
        """Stop everything: nothing may be left."""
        self.listener.close()
        self.network.run(self.relay.stop(), within=1.0)
        self.network.settle()
        self.network.assert_clean()


@pytest.fixture
def stage(failures: FailureLog) -> Stage:
    return Stage(MemoryNetwork())


def transport_of(peer: RawPeer) -> MemoryTransport:
    assert isinstance(peer.transport, MemoryTransport)
    return peer.transport


class TestBytes:
    def test_pass_both_ways(self, stage: Stage) -> None:
        client, target = stage.connect()
        client.send(b"question")
        target.send(b"news")
        stage.network.settle()
        assert (target.received, client.received) == (b"question", b"news")
        [log] = stage.logs
        assert log.data == {C: b"question", T: b"news"}
        assert log.number == 1
        assert isinstance(log.client, IPv4Address)
        assert isinstance(log.ours, IPv4Address)
        stage.end()

    def test_that_come_before_the_target_is_connected_to(self, stage: Stage) -> None:
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        client.send(b"early")
        stage.network.settle()
        assert stage.listener.peers[0].received == b"early"
        stage.end()

    def test_are_not_held_back(self, stage: Stage) -> None:
        client, target = stage.connect()
        for transport in (
            end for each in stage.network.connections for end in (each.client, each.server)
        ):
            if transport is not None and transport.owner is stage.reactor:
                assert transport.tcp_no_delay
        before = stage.network.seconds()
        client.send(b"x")
        stage.network.settle()
        assert target.received == b"x"
        assert stage.network.seconds() == before
        stage.end()

    def test_connections_are_numbered_and_apart(self, stage: Stage) -> None:
        port = int(stage.listen().rpartition(":")[2])
        clients = [stage.network.raw_connect(port) for _ in range(20)]
        for number, client in enumerate(clients):
            client.send(b"%d" % number)
        stage.network.settle()
        assert sorted(log.number for log in stage.logs) == list(range(1, 21))
        assert sorted(log.data[C] for log in stage.logs) == sorted(b"%d" % n for n in range(20))
        for target in stage.listener.peers:
            target.send(b"to " + target.received)
        stage.network.settle()
        assert [client.received for client in clients] == [b"to %d" % n for n in range(20)]
        stage.end()

    def test_a_watch_that_raises_sees_no_more_and_they_pass(
        self, stage: Stage, failures: FailureLog
    ) -> None:
        seen: list[bytes] = []

        class Bad(Log):
            def heard(self, side: Side, data: bytes) -> None:
                seen.append(data)
                raise ZeroDivisionError

        stage.relay._watches = [Bad, stage.watch]
        client, target = stage.connect()
        client.send(b"one")
        stage.network.settle()
        client.send(b"two")
        stage.network.settle()
        assert target.received == b"onetwo"
        assert seen == [b"one"]
        assert stage.logs[0].data[C] == b"onetwo", "another watch is not disturbed"
        assert failures.take(ZeroDivisionError) == 1
        stage.end()

    def test_a_watch_that_cannot_begin_does_not_matter(
        self, stage: Stage, failures: FailureLog
    ) -> None:
        def fail(*arguments: object) -> Log:
            raise ZeroDivisionError

        stage.relay._watches = [fail, stage.watch]
        client, target = stage.connect()
        client.send(b"x")
        stage.network.settle()
        assert (target.received, stage.logs[0].data[C]) == (b"x", b"x")
        assert failures.take(ZeroDivisionError) == 1
        stage.end()

    def test_a_transport_may_read_on_for_a_moment(self, stage: Stage) -> None:
        """As IOCP's does, when it is paused before there is a target."""
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        while not stage.logs:
            stage.network.step()
        [line] = stage.relay._lines
        line.client.dataReceived(b"very ")
        line.client.dataReceived(b"early")
        stage.network.settle()
        assert stage.listener.peers[0].received == b"very early"
        assert stage.logs[0].data[C] == b"very early"
        client.close()
        stage.network.settle()
        stage.end()

    def test_and_find_the_end(self, stage: Stage) -> None:
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        while not stage.logs:
            stage.network.step()
        [line] = stage.relay._lines
        line.client.readConnectionLost()
        stage.network.settle()
        assert client.closed is not None
        assert stage.logs[0].events == [("ended", C, ""), ("closed",)]
        stage.end()


class TestBackPressure:
    @pytest.mark.parametrize("side", Side)
    def test_a_slow_side_holds_the_other_back(self, side: Side) -> None:
        stage = Stage(MemoryNetwork(conditions=Conditions(buffer=16 * 1024)))
        client, target = stage.connect()
        slow, fast = (client, target) if side is C else (target, client)
        data = bytes(range(256)) * 8192  # 2 MiB
        slow.pause()
        fast.send(data)
        stage.network.settle()
        [log] = stage.logs
        # Two kernel buffers, what the transport takes before it pauses, and one read more.
        assert len(log.data[side.other]) < 4 * 64 * 1024
        slow.send(b"the other way is free")
        stage.network.settle()
        assert fast.received == b"the other way is free"
        slow.resume()
        stage.network.settle()
        assert slow.received == data
        assert log.data[side.other] == data
        stage.end()

    def test_nothing_is_read_before_there_is_a_target(self, stage: Stage) -> None:
        stage.network.blackhole("10.0.0.1")
        stage.relay = stage.new_relay("tcp://10.0.0.1:5555")
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        client.send(bytes(1 << 20))
        stage.network.settle()
        assert stage.logs[0].data[C] == b""
        stage.end()


@pytest.mark.parametrize("rounds", range(10))
@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("side", Side)
def test_a_side_may_leave_at_any_moment(stage: Stage, side: Side, how: str, rounds: int) -> None:
    client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
    client.send(b"hello")
    for _ in range(rounds):
        stage.network.step()
    for peer in [client] if side is C else stage.listener.peers:
        if peer.transport is not None and peer.closed is None:
            getattr(peer, how)()
    stage.network.settle()
    if client.closed is None:  # it was too early: nobody had left
        client.close()
        stage.network.settle()
    assert client.closed is not None
    for peer in stage.listener.peers:
        assert peer.closed is not None
    for log in stage.logs:
        assert log.events[-1] == ("closed",)
    assert not stage.relay._lines
    stage.end()


@implementer(IHalfCloseableProtocol)
class HalfPeer(RawPeer):
    """A peer that goes on after the other side's last byte."""

    ended = False

    def readConnectionLost(self) -> None:
        self.ended = True

    def writeConnectionLost(self) -> None:
        pass


@pytest.fixture
def half_closing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage whose peers do not close when the other side does."""
    monkeypatch.setattr("pyzmtp.testing.network.RawPeer", HalfPeer)
    monkeypatch.setattr("pyzmtp.testing.raw_peer.RawPeer", HalfPeer)
    return stage


class TestEnds:
    @pytest.mark.parametrize("side", Side)
    def test_when_one_side_closes_so_does_the_other(self, stage: Stage, side: Side) -> None:
        client, target = stage.connect()
        (client if side is C else target).send(b"bye")
        (client if side is C else target).close()
        stage.network.settle()
        for peer in (client, target):
            assert peer.closed is not None
            assert peer.closed.check(ConnectionDone)
        assert (target if side is C else client).received == b"bye"
        assert stage.logs[0].events == [
            ("ended", side, ""),
            ("ended", side.other, ""),
            ("closed",),
        ]
        stage.end()

    @pytest.mark.parametrize("side", Side)
    def test_one_that_has_ended_may_still_read(self, half_closing: Stage, side: Side) -> None:
        stage = half_closing
        client, target = stage.connect()
        one, other = (client, target) if side is C else (target, client)
        assert isinstance(one, HalfPeer)
        assert isinstance(other, HalfPeer)
        one.send(b"that is all")
        transport_of(one).loseWriteConnection()
        stage.network.settle()
        assert (other.received, other.ended, other.closed) == (b"that is all", True, None)
        other.send(b"x" * 300_000)
        stage.network.settle()
        assert one.received == b"x" * 300_000
        assert not one.ended
        transport_of(other).loseWriteConnection()
        stage.network.settle()
        assert one.ended
        assert stage.logs[0].events == [("ended", side, ""), ("ended", side.other, ""), ("closed",)]
        stage.end()

    def test_an_end_comes_behind_all_that_waits(self, half_closing: Stage) -> None:
        stage = half_closing
        client, target = stage.connect()
        assert isinstance(target, HalfPeer)
        target.pause()
        client.send(b"x" * 200_000)
        transport_of(client).loseWriteConnection()
        stage.network.settle()
        assert not target.ended
        target.resume()
        stage.network.settle()
        assert (len(target.received), target.ended) == (200_000, True)
        stage.end()

    @pytest.mark.parametrize("side", Side)
    def test_a_reset_is_passed_on_behind_what_came_before(self, stage: Stage, side: Side) -> None:
        client, target = stage.connect()
        one, other = (client, target) if side is C else (target, client)
        one.send(b"last words")
        stage.network.settle()
        one.abort()
        stage.network.settle()
        assert other.received == b"last words"
        assert other.closed is not None
        assert other.closed.check(ConnectionLost)
        [ended, closed] = stage.logs[0].events
        assert ended[:2] == ("ended", side)
        assert "lost" in ended[2]
        assert closed == ("closed",)
        stage.end()

    def test_bytes_of_the_same_turn_come_before_a_reset(self, stage: Stage) -> None:
        _, target = stage.connect()
        [line] = stage.relay._lines

        def read_and_lose() -> None:
            line.client.dataReceived(b"the very last")
            line.client.transport.connectionLost(Failure(ConnectionLost()))  # type: ignore[attr-defined]

        stage.reactor.callLater(0, read_and_lose)
        stage.network.settle()
        assert target.received == b"the very last"
        assert target.closed is not None
        assert target.closed.check(ConnectionLost)
        stage.end()

    def test_a_side_that_is_gone_when_more_comes(self, half_closing: Stage) -> None:
        """It closed, but the other side goes on to talk: it learns of it by a reset."""
        stage = half_closing
        client, target = stage.connect()
        client.close()
        stage.network.settle()
        assert target.closed is None
        for _ in range(3):  # the first is answered by a reset, which the second meets, and so on
            target.send(b"are you there?")
            stage.network.settle()
        assert target.closed is not None
        assert target.closed.check(ConnectionLost)
        assert [event[:2] for event in stage.logs[0].events] == [
            ("ended", C),
            ("ended", C),
            ("closed",),
        ]
        stage.end()

    def test_without_half_close_an_end_closes(self, half_closing: Stage) -> None:
        """TLS has none: to end the connection below it would cut it off."""
        stage = half_closing
        client, target = stage.connect()
        [line] = stage.relay._lines
        alsoProvides(line.target.transport, ISSLTransport)
        client.send(b"that is all")
        transport_of(client).loseWriteConnection()
        stage.network.settle()
        assert target.received == b"that is all"
        assert isinstance(target, HalfPeer)
        assert target.ended
        stage.end()

    def test_and_with_that_the_other_way_is_over_too(self, half_closing: Stage) -> None:
        stage = half_closing
        client, target = stage.connect()
        [line] = stage.relay._lines
        alsoProvides(line.target.transport, ISSLTransport)
        transport_of(client).loseWriteConnection()
        stage.network.settle()
        assert isinstance(client, HalfPeer)
        assert client.ended, "nobody could send it anything any more"
        del target
        stage.end()

    def test_without_half_close_a_loss_is_an_end(self, stage: Stage) -> None:
        client, _ = stage.connect()
        [line] = stage.relay._lines
        line.target.transport.connectionLost(Failure(ConnectionDone()))  # type: ignore[attr-defined]
        stage.network.settle()
        assert client.closed is not None
        assert client.closed.check(ConnectionDone)
        assert stage.logs[0].events == [("ended", T, ""), ("closed",)]
        stage.end()

    def test_a_transport_that_cannot_be_broken_off_is_closed(self, stage: Stage) -> None:
        client, _ = stage.connect()
        [line] = stage.relay._lines

        class Plain:
            loseConnection: Callable[[], None]

        plain = Plain()
        plain.loseConnection = line.client.transport.loseConnection
        line.client.transport = plain  # type: ignore[assignment]
        line.client.abort()
        stage.network.settle()
        assert client.closed is not None
        assert client.closed.check(ConnectionDone)
        stage.end()


class TestTarget:
    def test_that_is_down_is_told_and_the_client_closed(self, stage: Stage) -> None:
        stage.relay = stage.new_relay("tcp://127.0.0.1:9")
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        client.send(b"anybody?")
        stage.network.settle()
        assert client.closed is not None
        [(what, problem), closed] = stage.logs[0].events
        assert what == "unreachable"
        assert "refused" in problem
        assert closed == ("closed",)
        stage.end()

    def test_that_comes_up_later_is_found(self, stage: Stage) -> None:
        stage.relay = stage.new_relay("ipc:///run/later")
        port = int(stage.listen().rpartition(":")[2])
        first = stage.network.raw_connect(port)
        stage.network.settle()
        assert first.closed is not None
        listener = stage.network.raw_listen("/run/later")
        second = stage.network.raw_connect(port)
        second.send(b"now")
        stage.network.settle()
        assert listener.peers[0].received == b"now"
        listener.close()
        stage.end()

    def test_whose_name_has_several_addresses(self, stage: Stage) -> None:
        stage.network.names["both"] = ["::1", "127.0.0.1"]
        stage.relay = stage.new_relay(f"tcp://both:{stage.listener.port}")
        client, target = stage.connect()
        client.send(b"x")
        stage.network.settle()
        assert target.received == b"x"
        stage.end()

    def test_that_does_not_answer(self, stage: Stage) -> None:
        stage.network.blackhole("10.0.0.1")
        stage.relay = stage.new_relay("tcp://10.0.0.1:5555")
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        stage.network.settle()
        assert client.closed is None
        stage.network.advance(31.0)
        assert client.closed is not None
        assert stage.logs[0].events[0][0] == "unreachable"
        stage.end()

    def test_a_client_that_breaks_off_meanwhile(self, stage: Stage) -> None:
        stage.network.blackhole("10.0.0.1")
        stage.relay = stage.new_relay("tcp://10.0.0.1:5555")
        stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        stage.network.settle()
        [line] = stage.relay._lines
        line.client.transport.connectionLost(Failure(ConnectionLost()))  # type: ignore[attr-defined]
        stage.network.settle()
        assert [event[0] for event in stage.logs[0].events] == ["ended", "closed"]
        stage.end()


class TestStop:
    def test_connections_are_broken_off(self, stage: Stage) -> None:
        client, target = stage.connect()
        stage.end()
        assert client.closed is not None
        assert target.closed is not None
        assert stage.logs[0].events == [("closed",)]

    def test_and_attempts_are_given_up(self, stage: Stage) -> None:
        stage.network.blackhole("10.0.0.1")
        stage.relay = stage.new_relay("tcp://10.0.0.1:5555")
        client = stage.network.raw_connect(int(stage.listen().rpartition(":")[2]))
        stage.network.settle()
        stage.end()
        assert client.closed is not None
        assert stage.logs[0].events == [("closed",)]

    @pytest.mark.parametrize("rounds", range(12))
    @pytest.mark.parametrize("where", ["tcp", "ipc"])
    def test_at_any_moment(self, stage: Stage, where: str, rounds: int) -> None:
        network = stage.network
        listener = network.raw_listen("/run/target")
        target = "ipc:///run/target" if where == "ipc" else f"tcp://127.0.0.1:{stage.listener.port}"
        stage.relay = stage.new_relay(target)
        client = network.raw_connect(int(stage.listen().rpartition(":")[2]))
        client.send(b"hello")
        for _ in range(rounds):
            network.step()
        stopped = Deferred.fromCoroutine(stage.relay.stop())
        network.settle()
        assert stopped.called
        assert client.closed is not None
        for peer in (*listener.peers, *stage.listener.peers):
            assert peer.closed is not None
        for log in stage.logs:
            assert log.events[-1] == ("closed",)
        listener.close()
        stage.listener.close()
        network.settle()
        network.assert_clean()

    def test_one_that_never_listened(self, stage: Stage) -> None:
        stage.end()


class TestAddresses:
    def test_the_real_one_is_told(self, stage: Stage) -> None:
        address = stage.listen("tcp://127.0.0.1:*")
        assert address.startswith("tcp://127.0.0.1:")
        assert address.rpartition(":")[2].isdigit()
        stage.end()

    def test_ipc(self, stage: Stage) -> None:
        listener = stage.network.raw_listen("/run/target")
        stage.relay = stage.new_relay("ipc:///run/target")
        assert stage.listen("ipc:///run/trace") == "ipc:///run/trace"
        client = stage.network.raw_connect("/run/trace")
        client.send(b"over ipc")
        stage.network.settle()
        assert listener.peers[0].received == b"over ipc"
        assert stage.logs[0].ours == UNIXAddress("/run/trace")
        listener.close()
        stage.end()

    def test_endpoint_strings(self, stage: Stage) -> None:
        stage.relay = stage.new_relay(f"tcp:127.0.0.1:{stage.listener.port}")
        assert stage.listen("tcp:7777:interface=127.0.0.1") == "tcp://127.0.0.1:7777"
        client = stage.network.raw_connect(7777)
        client.send(b"over an endpoint")
        stage.network.settle()
        [target] = stage.listener.peers
        assert target.received == b"over an endpoint"
        client.close()
        stage.network.settle()
        assert target.closed is not None
        stage.end()

    @pytest.mark.parametrize(
        "address", ["inproc://x", "udp://127.0.0.1:5", "ws://127.0.0.1:5", "wss://127.0.0.1:5"]
    )
    def test_transports_that_carry_something_else(self, stage: Stage, address: str) -> None:
        with pytest.raises(AddressError, match="a trace takes tcp, ipc, and endpoint strings"):
            stage.new_relay(address)
        with pytest.raises(AddressError, match="a trace takes tcp, ipc, and endpoint strings"):
            stage.listen(address)
        stage.end()

    @pytest.mark.parametrize("address", ["tcp://127.0.0.1:*", "tcp://*:5555", "nonsense"])
    def test_targets_that_cannot_be_meant(self, stage: Stage, address: str) -> None:
        with pytest.raises(AddressError):
            stage.new_relay(address)
        stage.end()

    def test_a_place_that_is_taken(self, stage: Stage) -> None:
        address = stage.listen()
        other = stage.new_relay("tcp://127.0.0.1:1")
        with pytest.raises(AddressInUse):
            stage.network.run(other.listen(address))
        stage.end()
