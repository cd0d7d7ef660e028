"""Transports of the in-memory network: what they do is what Twisted's do on loopback sockets."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet import error
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import ITCPTransport
from zope.interface.verify import verifyObject

from pyzmtp.testing import Conditions, MemoryNetwork

from .recorders import HalfRecorder, Pair, Producer, Recorder

KIB = 1024


# Addresses and options


def test_addresses_of_a_tcp_connection(tcp: Pair) -> None:
    client, server = tcp.client.wire, tcp.server.wire
    assert client.getHost() == server.getPeer() == tcp.connection.client_address
    assert client.getPeer() == server.getHost() == tcp.connection.server_address
    assert isinstance(client.getHost(), IPv4Address)
    assert (tcp.connection.client, tcp.connection.server) == (client, server)


def test_addresses_of_a_unix_connection(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=True)
    assert pair.client.wire.getPeer() == pair.server.wire.getHost() == UNIXAddress("/run/socket")
    assert pair.client.wire.getHost() == pair.server.wire.getPeer() == UNIXAddress(None)


def test_a_transport_is_a_tcp_transport_without_a_handle(tcp: Pair) -> None:
    transport = tcp.client.wire
    assert verifyObject(ITCPTransport, transport)
    assert not hasattr(transport, "getHandle")
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    assert transport.getTcpNoDelay()
    assert transport.getTcpKeepAlive()
    assert not tcp.server.wire.getTcpNoDelay()


def test_no_delay_means_nothing_on_a_unix_connection(network: MemoryNetwork) -> None:
    transport = Pair(network, unix=True).client.wire
    transport.setTcpNoDelay(True)
    assert not transport.getTcpNoDelay()


def test_a_closed_transport_has_no_host_but_a_peer(tcp: Pair) -> None:
    transport = tcp.client.wire
    assert (transport.connected, transport.disconnecting) == (1, 0)
    transport.loseConnection()
    assert (transport.connected, transport.disconnecting) == (1, 1)
    peer = transport.getPeer()
    tcp.network.settle()
    assert (transport.connected, transport.disconnected) == (0, 1)
    assert transport.getPeer() == peer
    with pytest.raises(AttributeError):
        transport.getHost()
    with pytest.raises(AttributeError):
        transport.setTcpNoDelay(True)


# Writing and reading


def test_nothing_is_delivered_within_write(pair: Pair) -> None:
    pair.client.wire.write(b"one")
    pair.client.wire.writeSequence([b"two", b"three"])
    assert pair.server.log == []
    pair.network.settle()
    assert pair.server.received == b"onetwothree"


@pytest.mark.parametrize("wrong", ["text", bytearray(b"x"), memoryview(b"x"), None])
def test_only_bytes_can_be_written(tcp: Pair, wrong: Any) -> None:
    with pytest.raises(TypeError):
        tcp.client.wire.write(wrong)
    with pytest.raises(TypeError):
        tcp.client.wire.writeSequence([b"x", wrong])
    tcp.network.settle()
    assert tcp.server.log == []


def test_a_read_takes_64_kib_at_most(pair: Pair) -> None:
    pair.network.conditions = Conditions(buffer=100 * KIB)
    pair.client.wire.write(bytes(90 * KIB))
    pair.network.settle()
    assert pair.server.log == [64 * KIB, 90 * KIB]


def test_segments_can_be_made_as_small_as_one_byte(pair: Pair) -> None:
    pair.network.conditions = Conditions(segment_size=1)
    pair.client.wire.write(b"abc")
    pair.network.settle()
    assert pair.server.log == [1, 2, 3]


def test_a_paused_reader_takes_nothing_and_fills_the_kernel(pair: Pair) -> None:
    pair.server.wire.pauseProducing()
    pair.client.wire.write(bytes(200 * KIB))
    pair.network.settle()
    assert pair.server.log == []
    assert len(pair.connection.server_end.received) == 64 * KIB
    pair.server.wire.resumeProducing()
    pair.network.settle()
    assert pair.server.received == bytes(200 * KIB)


def test_a_write_after_the_end_is_ignored(pair: Pair) -> None:
    pair.client.wire.loseConnection()
    pair.network.settle()
    pair.client.wire.write(b"x")
    pair.client.wire.loseConnection()
    pair.client.wire.abortConnection()
    pair.network.settle()
    assert pair.client.log == [error.ConnectionDone]
    assert pair.server.log == [error.ConnectionDone]


# Producers


def test_a_producer_is_paused_above_64_kib_and_resumed_when_all_is_written(pair: Pair) -> None:
    producer = Producer()
    pair.client.wire.registerProducer(producer, True)
    pair.client.wire.write(bytes(64 * KIB))
    assert producer.log == []
    pair.client.wire.write(b"x")
    assert producer.log == ["pause"]
    pair.network.settle()
    assert producer.log == ["pause", "resume"]


def test_back_pressure_reaches_the_producer(pair: Pair) -> None:
    producer = Producer()
    pair.client.wire.registerProducer(producer, True)
    pair.server.wire.pauseProducing()
    pair.client.wire.write(bytes(64 * KIB + 1))  # all but one byte fits into the kernel
    pair.network.settle()
    assert producer.log == ["pause"]
    pair.server.wire.resumeProducing()
    pair.network.settle()
    assert producer.log == ["pause", "resume"]


def test_a_pull_producer_is_asked_whenever_all_is_written(pair: Pair) -> None:
    class Pull(Producer):
        def resumeProducing(self) -> None:
            super().resumeProducing()
            if len(self.log) < 3:
                pair.client.wire.write(b"x")
            else:
                pair.client.wire.unregisterProducer()

    producer = Pull()
    pair.client.wire.registerProducer(producer, False)
    pair.network.settle()
    assert producer.log == ["resume"] * 3
    assert pair.server.received == b"xx"


def test_a_paused_producer_holds_up_the_end_but_only_until_it_is_resumed(pair: Pair) -> None:
    producer = Producer()
    pair.client.wire.registerProducer(producer, True)
    pair.client.wire.write(bytes(65 * KIB))
    pair.client.wire.loseConnection()
    pair.network.settle()
    assert producer.log == ["pause", "resume"]
    assert pair.client.log == []
    pair.client.wire.unregisterProducer()
    pair.network.settle()
    assert pair.client.log == pair.server.log[-1:] == [error.ConnectionDone]


def test_a_producer_that_was_not_paused_does_not_hold_up_the_end(pair: Pair) -> None:
    producer = Producer()
    pair.client.wire.registerProducer(producer, True)
    pair.client.wire.loseConnection()
    pair.network.settle()
    assert producer.log == ["stop"]
    assert pair.client.log == [error.ConnectionDone]
    late = Producer()
    pair.client.wire.registerProducer(late, True)
    assert late.log == ["stop"]


# The end of a connection


def test_lose_connection_flushes_first(pair: Pair) -> None:
    pair.client.wire.write(bytes(1000 * KIB))
    pair.client.wire.loseConnection()
    assert pair.client.log == []
    pair.network.settle()
    assert len(pair.server.received) == 1000 * KIB
    assert pair.server.log[-1] is error.ConnectionDone
    assert pair.client.log == [error.ConnectionDone]
    assert pair.network.connections == []


def test_lose_connection_waits_for_a_paused_reader(pair: Pair) -> None:
    pair.server.wire.pauseProducing()
    pair.client.wire.write(bytes(65 * KIB))
    pair.client.wire.loseConnection()
    pair.network.advance(1000)
    assert pair.client.log == []
    pair.client.wire.abortConnection()
    pair.network.settle()
    assert pair.client.log == [error.ConnectionAborted]


def test_a_paused_reader_does_not_see_the_end(pair: Pair) -> None:
    pair.server.wire.pauseProducing()
    pair.client.wire.write(b"bye")
    pair.client.wire.loseConnection()
    pair.network.settle()
    assert pair.client.log == [error.ConnectionDone]
    assert pair.server.log == []
    pair.server.wire.resumeProducing()
    pair.network.settle()
    assert pair.server.log == [3, error.ConnectionDone]


def test_abort_drops_the_unsent_and_resets(tcp: Pair) -> None:
    tcp.client.wire.write(b"unsent")
    tcp.client.wire.abortConnection()
    assert tcp.client.log == []
    tcp.network.settle()
    assert tcp.client.log == [error.ConnectionAborted]
    assert tcp.server.log == [error.ConnectionLost]


def test_abort_on_a_unix_connection_looks_like_an_end(network: MemoryNetwork) -> None:
    pair = Pair(network, unix=True)
    pair.client.wire.abortConnection()
    network.settle()
    assert pair.client.log == [error.ConnectionAborted]
    assert pair.server.log == [error.ConnectionDone]


def test_what_had_arrived_is_read_before_a_reset(tcp: Pair) -> None:
    tcp.server.wire.pauseProducing()
    tcp.client.wire.write(b"sent")
    tcp.network.settle()
    tcp.client.wire.abortConnection()
    tcp.network.settle()
    tcp.server.wire.resumeProducing()
    tcp.network.settle()
    assert tcp.server.log == [4, error.ConnectionLost]


def test_closing_with_unread_bytes_is_a_reset_for_a_unix_peer_only(pair: Pair, unix: bool) -> None:
    pair.client.wire.pauseProducing()
    pair.server.wire.write(b"unread")
    pair.network.settle()
    pair.client.wire.loseConnection()
    pair.network.settle()
    assert pair.client.log == [error.ConnectionDone]
    # TCP has sent its FIN before the reset, and Linux reads that first.
    assert pair.server.log == [error.ConnectionLost if unix else error.ConnectionDone]


def test_a_write_to_a_closed_peer_is_answered_by_a_reset(pair: Pair) -> None:
    pair.server.wire.pauseProducing()
    pair.client.wire.loseConnection()
    pair.network.settle()
    pair.server.wire.write(b"one")
    pair.network.settle()
    pair.server.wire.write(b"two")
    pair.network.settle()
    assert pair.server.log == [error.ConnectionLost]


def test_half_close_is_told_to_those_who_ask(network: MemoryNetwork, unix: bool) -> None:
    pair = Pair(network, unix, HalfRecorder, HalfRecorder)
    pair.client.wire.write(b"question")
    pair.client.wire.loseWriteConnection()
    network.settle()
    assert pair.client.log == ["write lost"]
    assert pair.server.log == [8, "read lost"]
    pair.client.wire.write(b"ignored")
    pair.server.wire.write(b"answer")
    pair.server.wire.loseConnection()
    network.settle()
    assert pair.client.log == ["write lost", 6, "read lost"]
    assert pair.server.log == [8, "read lost", error.ConnectionDone]
    pair.client.wire.loseConnection()
    assert pair.client.log[-1] is error.ConnectionDone


def test_half_close_ends_the_connection_for_others(network: MemoryNetwork, unix: bool) -> None:
    pair = Pair(network, unix, HalfRecorder, Recorder)
    pair.client.wire.loseWriteConnection()
    network.settle()
    assert pair.server.log == [error.ConnectionDone]
    assert pair.client.log == ["write lost", "read lost"]


# Exceptions


def test_an_exception_from_data_received_is_raised_and_ends_the_connection(
    network: MemoryNetwork, unix: bool
) -> None:
    class Broken(Recorder):
        def dataReceived(self, data: bytes) -> None:
            raise KeyError(data)

    pair = Pair(network, unix, server_class=Broken)
    pair.client.wire.write(b"x")
    with pytest.raises(KeyError):
        network.settle()
    network.settle()
    assert pair.server.log == [KeyError]
    assert pair.client.log == [error.ConnectionDone]
    assert [type(problem) for problem in network.errors] == [KeyError]


def test_an_exception_from_connection_lost_is_raised(network: MemoryNetwork) -> None:
    class Broken(Recorder):
        def connectionLost(self, reason: object = None) -> None:
            raise KeyError(reason)

    pair = Pair(network, False, server_class=Broken)
    pair.client.wire.loseConnection()
    with pytest.raises(KeyError):
        network.settle()
    network.settle()
    assert network.connections == []


@pytest.mark.parametrize("method", ["readConnectionLost", "writeConnectionLost"])
def test_an_exception_from_a_half_close_ends_the_connection(
    network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def broken(self: HalfRecorder) -> None:
        raise KeyError(method)

    pair = Pair(network, False, HalfRecorder, HalfRecorder)
    monkeypatch.setattr(HalfRecorder, method, broken)
    pair.client.wire.loseWriteConnection()
    with pytest.raises(KeyError):
        network.settle()
    ended = pair.server if method == "readConnectionLost" else pair.client
    assert ended.log[-1] is KeyError
