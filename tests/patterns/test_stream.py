"""STREAM: ids, chunks and notices (zmq_socket(3); libzmq's stream.cpp, tried with libzmq 4.3.5)."""

from __future__ import annotations

import pytest

from pyzmtp.errors import HostUnreachable, RoutingIdInUse
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.stream import StreamPattern

from .links import (
    Calls,
    accept,
    begin_connect,
    finish_connect,
    leave,
    lose_connection,
    options,
    queued,
    receive_all,
    take_out,
)


@pytest.fixture
def stream() -> StreamPattern:
    return StreamPattern(SocketOptions(send_hwm=2))


def _parted(stream: StreamPattern) -> list[Pipe]:
    """The pipes from which the application parts."""
    pipes: list[Pipe] = []
    stream.on_parting = pipes.append
    return pipes


# Ids


def test_a_peer_gets_five_bytes_that_begin_with_zero(stream: StreamPattern) -> None:
    first, second = accept(stream), accept(stream)
    for pipe in (first, second):
        assert len(pipe.routing_id) == 5
        assert pipe.routing_id[0] == 0
        assert pipe.peer is not None
        assert pipe.peer.routing_id == pipe.routing_id
    assert first.routing_id != second.routing_id


def test_an_id_that_is_taken_is_not_drawn_again(
    stream: StreamPattern, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([b"aaaa", b"aaaa", b"bbbb"])
    monkeypatch.setattr("secrets.token_bytes", lambda count: next(draws))
    assert [accept(stream).routing_id for _ in range(2)] == [b"\0aaaa", b"\0bbbb"]


def test_a_connects_peer_has_its_id_from_the_start(stream: StreamPattern) -> None:
    named, drawn = begin_connect(stream, b"server"), begin_connect(stream)
    assert named.routing_id == b"server"
    assert len(drawn.routing_id) == 5
    assert stream.try_send([b"server", b"early"])
    assert queued(named) == [[b"early"]]
    finish_connect(stream, named)
    assert named.peer is not None
    assert named.peer.routing_id == b"server"


def test_a_name_that_is_taken_cannot_be_given_again(stream: StreamPattern) -> None:
    holder = begin_connect(stream, b"server")
    second = stream.new_pipe(stream.options)
    second.routing_id = b"server"
    with pytest.raises(RoutingIdInUse):
        stream.attach(second)
    assert not second.attached
    stream.detach(second)
    stream.try_send([b"server", b"x"])
    assert queued(holder) == [[b"x"]]


def test_a_name_is_free_again_when_its_pipe_is_gone(stream: StreamPattern) -> None:
    stream.detach(begin_connect(stream, b"server"))
    again = begin_connect(stream, b"server")
    stream.try_send([b"server", b"x"])
    assert queued(again) == [[b"x"]]


# Receiving and notices


def test_a_peer_that_comes_and_goes_is_told_of_once_each(stream: StreamPattern) -> None:
    pipe = accept(stream)
    stream.deliver(pipe, [[b"chunk"], [b"and more"]])
    stream.peer_left(pipe)
    leave(stream, pipe)
    name = pipe.routing_id
    expected = [[name, b""], [name, b"chunk"], [name, b"and more"], [name, b""]]
    assert receive_all(stream) == expected


def test_a_connection_that_is_made_again_keeps_its_id_and_each_end_is_told(
    stream: StreamPattern,
) -> None:
    pipe = begin_connect(stream, b"server")
    assert receive_all(stream) == []
    finish_connect(stream, pipe)
    assert receive_all(stream) == [[b"server", b""]]
    lose_connection(stream, pipe)
    assert receive_all(stream) == [[b"server", b""]]
    assert stream.try_send([b"server", b"meanwhile"])
    finish_connect(stream, pipe)
    assert receive_all(stream) == [[b"server", b""]]
    assert queued(pipe) == [[b"meanwhile"]]


def test_it_is_sendable_while_any_peer_has_room() -> None:
    stream = StreamPattern(options(send_hwm=1))
    assert not stream.sendable
    begin_connect(stream, b"one")
    begin_connect(stream, b"two")
    assert stream.try_send([b"one", b"x"])
    assert stream.sendable
    assert stream.try_send([b"two", b"x"])
    assert not stream.sendable


def test_without_stream_notify_nothing_is_told() -> None:
    stream = StreamPattern(options(stream_notify=False))
    accepted, connected = accept(stream), begin_connect(stream)
    finish_connect(stream, connected)
    lose_connection(stream, connected)
    stream.deliver(accepted, [[b"chunk"]])
    stream.peer_left(accepted)
    leave(stream, accepted)
    assert receive_all(stream) == [[accepted.routing_id, b"chunk"]]


# Sending


def test_the_id_is_taken_off_and_followed(stream: StreamPattern) -> None:
    first, second = accept(stream), accept(stream)
    assert stream.try_send([second.routing_id, b"x"])
    assert queued(first) == []
    assert queued(second) == [[b"x"]]


@pytest.mark.parametrize("chunk", [b"x", b""])
def test_an_unknown_id_is_an_error(stream: StreamPattern, chunk: bytes) -> None:
    accept(stream)
    with pytest.raises(HostUnreachable) as raised:
        stream.try_send([b"nobody", chunk])
    assert raised.value.routing_id == b"nobody"
    assert stream.dropped_sent == 0


def test_who_has_no_room_is_waited_for_and_holds_up_nobody(stream: StreamPattern) -> None:
    full, other = accept(stream), accept(stream)
    name = full.routing_id
    assert stream.try_send_batch([[name, b"a"], [name, b"b"], [name, b"c"]]) == 2
    message = [name, b"c"]
    assert not stream.try_send(message)
    assert message == [name, b"c"]
    assert stream.try_send([other.routing_id, b"x"])
    assert stream.destination(message) != stream.destination([other.routing_id, b"x"])
    stream.on_writable = writable = Calls()
    take_out(full)
    assert writable.count == 1
    assert stream.try_send(message)
    assert queued(full) == [[b"c"]]


def test_who_waits_for_one_that_leaves_is_told(stream: StreamPattern) -> None:
    pipe = accept(stream)
    stream.try_send_batch([[pipe.routing_id, b"a"], [pipe.routing_id, b"b"]])
    stream.on_writable = writable = Calls()
    leave(stream, pipe)
    assert writable.count >= 1
    with pytest.raises(HostUnreachable):
        stream.try_send([pipe.routing_id, b"c"])


# Parting


def test_to_send_nothing_is_to_part_and_leaves_what_is_queued(stream: StreamPattern) -> None:
    parted = _parted(stream)
    pipe = accept(stream)
    stream.try_send([pipe.routing_id, b"last"])
    assert parted == []
    assert stream.try_send([pipe.routing_id, b""])
    assert parted == [pipe]
    assert queued(pipe) == [[b"last"]]
    assert not pipe.attached
    for chunk in (b"x", b""):
        with pytest.raises(HostUnreachable):
            stream.try_send([pipe.routing_id, chunk])
    assert parted == [pipe]


def test_to_part_needs_no_room(stream: StreamPattern) -> None:
    parted = _parted(stream)
    pipe = accept(stream)
    stream.try_send_batch([[pipe.routing_id, b"a"], [pipe.routing_id, b"b"]])
    assert not pipe.writable
    assert stream.try_send([pipe.routing_id, b""])
    assert parted == [pipe]


def test_after_parting_nothing_of_the_peer_is_received(stream: StreamPattern) -> None:
    """Tried with libzmq: neither what was not read yet, nor what still comes, nor a notice."""
    parted, staying = accept(stream), accept(stream)
    stream.deliver(parted, [[b"unread"]])
    assert stream.try_send([parted.routing_id, b""])
    stream.deliver(parted, [[b"late"], [b"later"]])
    stream.hiccup(parted)
    leave(stream, parted)
    assert receive_all(stream) == [[staying.routing_id, b""]]
    assert stream.dropped_received == 4


def test_a_pattern_that_nobody_looks_after_parts_all_the_same(stream: StreamPattern) -> None:
    pipe = accept(stream)
    assert stream.try_send([pipe.routing_id, b""])
    assert not pipe.attached
