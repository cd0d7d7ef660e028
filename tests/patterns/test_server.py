"""SERVER and PEER: ids and who is sent what (RFC 41, 51; ZMTP.md 7.9; libzmq's server.cpp)."""

from __future__ import annotations

import pytest

from pyzmtp.errors import HostUnreachable
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.peer import PeerPattern
from pyzmtp.patterns.server import ServerPattern

from .links import (
    accept,
    begin_connect,
    finish_connect,
    leave,
    lose_connection,
    queued,
    receive_all,
    take_out,
)


@pytest.fixture(params=[ServerPattern, PeerPattern])
def server(request: pytest.FixtureRequest) -> ServerPattern:
    kind: type[ServerPattern] = request.param
    return kind(SocketOptions(send_hwm=2))


def test_an_id_has_four_bytes_is_never_zero_and_never_taken(
    server: ServerPattern, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([bytes(4), b"aaaa", b"aaaa", bytes(4), b"bbbb"])
    monkeypatch.setattr("secrets.token_bytes", lambda count: next(draws))
    assert [accept(server).routing_id for _ in range(2)] == [b"aaaa", b"bbbb"]


def test_what_a_peer_calls_itself_is_nothing_to_us(server: ServerPattern) -> None:
    pipe = accept(server, b"name")
    assert pipe.peer is not None
    assert pipe.peer.routing_id == pipe.routing_id != b"name"
    assert len(pipe.routing_id) == 4


def test_the_id_is_put_before_and_followed_and_stays_here(server: ServerPattern) -> None:
    first, second = accept(server), accept(server)
    server.deliver(second, [[b"x"], [b"many", b"frames"], [b""]])
    assert receive_all(server) == [[second.routing_id, b"x"], [second.routing_id, b""]]
    assert server.dropped_received == 1
    assert server.try_send([second.routing_id, b"re x"])
    assert server.try_send([second.routing_id, b""])
    assert queued(second) == [[b"re x"], [b""]]
    assert queued(first) == []


@pytest.mark.parametrize("routing_id", [bytes(4), b"", b"none", b"x" * 300])
def test_an_unknown_id_is_an_error(server: ServerPattern, routing_id: bytes) -> None:
    accept(server)
    with pytest.raises(HostUnreachable):
        server.try_send([routing_id, b"x"])


def test_who_has_no_room_is_waited_for_and_holds_up_nobody(server: ServerPattern) -> None:
    full, other = accept(server), accept(server)
    sent = [server.try_send([full.routing_id, b"x"]) for _ in range(3)]
    assert sent == [True, True, False]
    assert server.try_send([other.routing_id, b"x"])
    take_out(full)
    assert server.try_send([full.routing_id, b"x"])


def test_a_connects_id_is_there_from_the_start_and_survives_reconnections(
    server: ServerPattern,
) -> None:
    pipe = begin_connect(server)
    name = pipe.routing_id
    assert server.try_send([name, b"early"])
    finish_connect(server, pipe)
    lose_connection(server, pipe)
    assert server.try_send([name, b"between"])
    finish_connect(server, pipe)
    assert pipe.routing_id == name
    assert take_out(pipe) == [[b"early"], [b"between"]]


def test_who_has_left_is_unknown_and_what_it_sent_can_be_read(server: ServerPattern) -> None:
    pipe = accept(server)
    server.deliver(pipe, [[b"x"]])
    leave(server, pipe)
    with pytest.raises(HostUnreachable):
        server.try_send([pipe.routing_id, b"x"])
    assert receive_all(server) == [[pipe.routing_id, b"x"]]


def test_to_part_leaves_what_is_queued_and_forgets_what_came(server: ServerPattern) -> None:
    parted: list[Pipe] = []
    server.on_parting = parted.append
    pipe = accept(server)
    server.try_send([pipe.routing_id, b"last"])
    server.deliver(pipe, [[b"a"], [b"b"]])
    server.part(server.find(pipe.routing_id))
    assert parted == [pipe]
    assert queued(pipe) == [[b"last"]]
    server.deliver(pipe, [[b"c"]])
    assert receive_all(server) == []
    assert server.dropped_received == 3
    with pytest.raises(HostUnreachable):
        server.find(pipe.routing_id)
