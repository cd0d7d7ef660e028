"""Faults of the in-memory network, and the peers that speak bytes."""

from __future__ import annotations

from twisted.internet import error

from pyzmtp.testing import MemoryNetwork

from .recorders import Pair

KIB = 1024


# Faults


def test_reset_breaks_both_ends_and_drops_what_was_on_its_way(pair: Pair) -> None:
    pair.client.wire.write(b"lost")
    pair.connection.reset()
    pair.network.settle()
    assert pair.client.log == pair.server.log == [error.ConnectionLost]
    assert pair.network.connections == []


def test_reset_is_noticed_by_a_paused_end_when_it_next_reads_or_writes(pair: Pair) -> None:
    pair.server.wire.pauseProducing()
    pair.connection.reset()
    pair.network.settle()
    assert pair.client.log == [error.ConnectionLost]
    assert pair.server.log == []
    pair.server.wire.write(b"x")
    pair.network.settle()
    assert pair.server.log == [error.ConnectionLost]


def test_cut_leaves_the_other_end_in_its_belief_until_it_writes(tcp: Pair) -> None:
    tcp.connection.cut("client")
    tcp.network.advance(1000)
    assert tcp.client.log == [error.ConnectionLost]
    assert tcp.server.log == []
    assert tcp.server.wire.connected
    tcp.server.wire.write(b"are you there?")
    tcp.network.settle()
    assert tcp.server.log == [error.ConnectionLost]


def test_cut_can_break_the_accepting_side(tcp: Pair) -> None:
    tcp.connection.cut("server")
    tcp.network.settle()
    assert (tcp.client.log, tcp.server.log) == ([], [error.ConnectionLost])


def test_nothing_arrives_while_stalled(pair: Pair) -> None:
    connection = pair.connection
    connection.stall()
    pair.client.wire.write(bytes(100 * KIB))
    pair.network.advance(1000)
    assert pair.server.log == []
    assert len(connection.server_end.received) == 64 * KIB
    connection.resume()
    pair.network.settle()
    assert len(pair.server.received) == 100 * KIB


def test_neither_an_end_nor_a_reset_arrives_while_stalled(pair: Pair, unix: bool) -> None:
    connection = pair.connection
    connection.stall()
    pair.client.wire.abortConnection()
    pair.server.wire.write(b"into the void")
    pair.network.advance(1000)
    assert pair.client.log == [error.ConnectionAborted]
    assert pair.server.log == []
    connection.resume()
    pair.network.settle()
    assert pair.server.log == [error.ConnectionLost]


# Raw peers


def test_raw_peers_keep_what_they_get_and_send_when_they_can(network: MemoryNetwork) -> None:
    listener = network.raw_listen()
    peer = network.raw_connect(listener.port)
    peer.send(b"early ")
    assert listener.peers == []
    network.settle()
    peer.send(b"late")
    network.settle()
    [accepted] = listener.peers
    assert accepted.received == b"early late"
    assert accepted.take() == b"early late"
    assert accepted.take() == b""
    accepted.send(b"answer")
    accepted.close()
    network.settle()
    assert peer.received == b"answer"
    for end in (peer, accepted):
        assert end.closed is not None
        assert isinstance(end.closed.value, error.ConnectionDone)
    listener.close()
    network.settle()
    assert network.ports == []


def test_raw_peers_over_a_path(network: MemoryNetwork) -> None:
    listener = network.raw_listen("/run/raw")
    peer = network.raw_connect(b"/run/raw")
    peer.send(b"x")
    network.settle()
    assert listener.peers[0].received == b"x"


def test_a_raw_peer_that_is_refused_is_closed(network: MemoryNetwork) -> None:
    peers = [network.raw_connect(9), network.raw_connect("/run/none")]
    network.settle()
    assert [peer.closed and type(peer.closed.value) for peer in peers] == [
        error.ConnectionRefusedError,
        error.ConnectError,
    ]


def test_raw_peers_can_stop_reading_and_abort(network: MemoryNetwork) -> None:
    listener = network.raw_listen()
    peer = network.raw_connect(listener.port)
    network.settle()
    [accepted] = listener.peers
    accepted.pause()
    peer.send(b"x")
    network.settle()
    assert accepted.received == b""
    accepted.resume()
    network.settle()
    assert accepted.received == b"x"
    accepted.abort()
    network.settle()
    assert peer.closed is not None
    assert isinstance(peer.closed.value, error.ConnectionLost)


def test_raw_peers_do_not_count_as_left(network: MemoryNetwork) -> None:
    network.raw_connect(network.raw_listen().port)
    network.settle()
    assert len(network.connections) == 1
    network.assert_clean()
