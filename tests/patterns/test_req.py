"""REQ: a request, then its reply, and nothing else (RFC 28; ZMTP.md 7.2)."""

from __future__ import annotations

import pytest

from pyzmtp.errors import WrongState
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.rep import RepPattern
from pyzmtp.patterns.req import ReqPattern
from pyzmtp.wire.message import Message

from .links import (
    Cable,
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
def req() -> ReqPattern:
    return ReqPattern(SocketOptions())


def _number(pipe: Pipe) -> bytes:
    """Take the one request with a number out; return the number."""
    (request,) = take_out(pipe)
    assert isinstance(request, list)
    number, delimiter, *_ = request
    assert len(number) == 4
    assert delimiter == b""
    return number


# In order


def test_a_request_has_an_empty_frame_before_it_and_the_reply_loses_its_own(
    req: ReqPattern,
) -> None:
    pipe = accept(req)
    assert req.try_send([b"q", b"", b"r"])
    assert queued(pipe) == [[b"", b"q", b"", b"r"]]
    req.deliver(pipe, [[b"", b"a", b"", b"b"]])
    assert req.take() == (pipe, [b"a", b"", b"b"])


def test_requests_go_to_all_peers_in_turn(req: ReqPattern) -> None:
    pipes = [accept(req), accept(req)]
    for number in range(4):
        pipe = pipes[number % 2]
        req.try_send([b"%d" % number])
        assert req.asked is pipe
        assert take_out(pipe) == [[b"", b"%d" % number]]
        req.deliver(pipe, [[b"", b"a"]])
        assert req.asked is None
        receive_all(req)


def test_a_second_request_before_the_reply_is_out_of_order(req: ReqPattern) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    for _ in range(2):
        with pytest.raises(WrongState):
            req.check_send()
        with pytest.raises(WrongState):
            req.try_send([b"r"])
    assert queued(pipe) == [[b"", b"q"]]


def test_even_a_reply_that_was_not_received_yet_comes_before_the_next_request(
    req: ReqPattern,
) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    req.deliver(pipe, [[b"", b"a"]])
    with pytest.raises(WrongState):
        req.try_send([b"r"])
    assert receive_all(req) == [[b"a"]]
    assert req.try_send([b"r"])


def test_to_receive_before_a_request_is_out_of_order(req: ReqPattern) -> None:
    accept(req)
    with pytest.raises(WrongState):
        req.check_receive()
    req.try_send([b"q"])
    req.check_receive()


def test_after_the_reply_the_order_begins_anew(req: ReqPattern) -> None:
    pipe = accept(req)
    req.check_send()
    req.try_send([b"q"])
    req.deliver(pipe, [[b"", b"a"]])
    req.check_receive()
    assert req.take_batch(10) == [[b"a"]]
    with pytest.raises(WrongState):
        req.check_receive()
    req.check_send()
    assert req.take_batch(10) == []


def test_of_a_batch_only_the_first_request_is_in_order(req: ReqPattern) -> None:
    pipe = accept(req)
    with pytest.raises(WrongState):
        req.try_send_batch([[b"q"], [b"r"]])
    assert queued(pipe) == [[b"", b"q"]]


def test_without_peers_a_request_waits_and_is_not_made(req: ReqPattern) -> None:
    assert not req.try_send([b"q"])
    assert req.dropped_sent == 0
    assert req.asked is None
    req.check_send()
    with pytest.raises(WrongState):
        req.check_receive()
    req.on_writable = writable = Calls()
    accept(req)
    assert writable.count == 1
    assert req.try_send([b"q"])


def test_a_request_may_be_made_before_the_peer_is_there(req: ReqPattern) -> None:
    pipe = begin_connect(req)
    assert req.try_send([b"q"])
    finish_connect(req, pipe)
    assert take_out(pipe) == [[b"", b"q"]]
    req.deliver(pipe, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


# What is no reply


@pytest.mark.parametrize("message", [
    [b"a"],
    [b"a", b"", b"b"],
    [b"1234", b"", b"a"],
    [b""],
    [b"x", b"y"],
])  # fmt: skip
def test_a_reply_with_a_bad_envelope_is_skipped_and_a_good_one_still_taken(
    req: ReqPattern, message: Message
) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    req.deliver(pipe, [message])
    assert not req.readable
    assert req.asked is pipe
    req.deliver(pipe, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]
    assert req.dropped_received == 1


def test_a_reply_of_somebody_who_was_not_asked_is_dropped(req: ReqPattern) -> None:
    asked, other = accept(req), accept(req)
    req.try_send([b"q"])
    req.deliver(other, [[b"", b"not me"]])
    assert not req.readable
    req.deliver(asked, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]
    assert req.dropped_received == 1


def test_what_comes_unasked_is_dropped(req: ReqPattern) -> None:
    pipe = accept(req)
    req.on_readable = readable = Calls()
    req.deliver(pipe, [[b"", b"early"]])
    assert readable.count == 0
    req.try_send([b"q"])
    assert not req.readable
    assert req.dropped_received == 1


def test_only_one_reply_is_taken(req: ReqPattern) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    req.deliver(pipe, [[b"", b"a"], [b"", b"b"]])
    req.deliver(pipe, [[b"", b"c"]])
    assert receive_all(req) == [[b"a"]]
    assert req.dropped_received == 2
    req.try_send([b"r"])
    assert not req.readable


def test_an_application_is_told_of_the_reply_alone(req: ReqPattern) -> None:
    asked, other = accept(req), accept(req)
    req.on_readable = readable = Calls()
    req.try_send([b"q"])
    req.deliver(other, [[b"", b"not me"]])
    req.deliver(asked, [[b"x"]])
    assert readable.count == 0
    req.deliver(asked, [[b"", b"a"]])
    assert readable.count == 1


def test_a_reply_that_waits_is_counted_as_queued(req: ReqPattern) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    assert req.queued == 0
    req.deliver(pipe, [[b"", b"a"]])
    assert req.queued == 1
    receive_all(req)
    assert req.queued == 0


def test_a_reply_that_nobody_will_receive_can_be_discarded(req: ReqPattern) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    assert req.discard_all() == 0
    req.deliver(pipe, [[b"", b"a"]])
    assert req.discard_all() == 1
    assert not req.readable


# Correlate


def test_a_numbered_request_has_four_bytes_before_the_empty_frame() -> None:
    req = ReqPattern(options(req_correlate=True))
    pipe = accept(req)
    req.try_send([b"q", b"r"])
    (request,) = queued(pipe)
    assert isinstance(request, list)
    assert request[1:] == [b"", b"q", b"r"]
    number = _number(pipe)
    req.deliver(pipe, [[number, b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


def test_each_request_has_another_number_and_each_socket_another_start() -> None:
    numbers = set()
    for _ in range(5):
        req = ReqPattern(options(req_correlate=True))
        pipe = accept(req)
        for _ in range(5):
            req.try_send([b"q"])
            number = _number(pipe)
            numbers.add(number)
            req.deliver(pipe, [[number, b"", b"a"]])
            receive_all(req)
    assert len(numbers) == 25


def test_the_number_after_the_largest_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyzmtp.patterns.req.secrets.randbits", lambda bits: 2**bits - 2)
    req = ReqPattern(options(req_correlate=True, req_relaxed=True))
    pipe = accept(req)
    numbers = []
    for _ in range(3):
        req.try_send([b"q"])
        numbers.append(_number(pipe))
    assert numbers == [b"\xff" * 4, b"\0" * 4, b"\0\0\0\1"]


def test_numbered_a_reply_without_the_number_is_skipped() -> None:
    req = ReqPattern(options(req_correlate=True))
    pipe = accept(req)
    req.try_send([b"q"])
    number = _number(pipe)
    wrong = bytes((number[0] ^ 1,)) + number[1:]
    bad: list[Message] = [
        [b"", b"a"],
        [wrong, b"", b"a"],
        [number, b"a"],
        [number],
        [number, b""],
        [b"", number, b"", b"a"],
        [b"a"],
    ]
    req.deliver(pipe, bad)
    assert not req.readable
    assert req.dropped_received == len(bad)
    req.deliver(pipe, [[number, b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


# Relaxed


def test_relaxed_a_second_request_abandons_the_first() -> None:
    req = ReqPattern(options(req_relaxed=True))
    first, second = accept(req), accept(req)
    req.try_send([b"q"])
    req.check_send()
    assert req.try_send([b"r"])
    assert req.asked is second
    req.deliver(first, [[b"", b"late"]])
    assert not req.readable
    req.deliver(second, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


def test_relaxed_a_reply_that_was_not_received_goes_with_its_request() -> None:
    req = ReqPattern(options(req_relaxed=True))
    first, second = accept(req), accept(req)
    req.try_send([b"q"])
    req.deliver(first, [[b"", b"old"]])
    req.try_send([b"r"])
    assert not req.readable
    assert req.dropped_received == 1
    req.deliver(second, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


def test_relaxed_alone_a_late_reply_of_the_same_peer_is_taken_for_the_new_one() -> None:
    req = ReqPattern(options(req_relaxed=True))
    pipe = accept(req)
    req.try_send([b"q"])
    req.try_send([b"r"])
    req.deliver(pipe, [[b"", b"to q"]])
    assert receive_all(req) == [[b"to q"]]


def test_relaxed_and_numbered_a_late_reply_is_told_from_the_new_one() -> None:
    req = ReqPattern(options(req_relaxed=True, req_correlate=True))
    pipe = accept(req)
    req.try_send([b"q"])
    old = _number(pipe)
    req.try_send([b"r"])
    new = _number(pipe)
    req.deliver(pipe, [[old, b"", b"to q"]])
    assert not req.readable
    req.deliver(pipe, [[new, b"", b"to r"]])
    assert receive_all(req) == [[b"to r"]]


def test_relaxed_to_receive_without_a_request_is_still_out_of_order() -> None:
    req = ReqPattern(options(req_relaxed=True))
    with pytest.raises(WrongState):
        req.check_receive()


def test_a_request_that_finds_no_room_leaves_the_one_before_it_as_it_was() -> None:
    req = ReqPattern(options(req_relaxed=True, req_correlate=True, send_hwm=1))
    pipe = accept(req)
    req.try_send([b"q"])
    assert not req.try_send([b"r"])
    number = _number(pipe)
    req.deliver(pipe, [[number, b"", b"to q"]])
    assert receive_all(req) == [[b"to q"]]


# Peers that are lost


def test_when_the_asked_has_left_a_new_request_can_be_made(req: ReqPattern) -> None:
    asked, other = accept(req), accept(req)
    req.on_asked_lost = lost = Calls()
    req.try_send([b"q"])
    leave(req, asked)
    assert lost.count == 1
    assert req.asked is None
    with pytest.raises(WrongState):
        req.check_receive()
    assert req.try_send([b"r"])
    req.deliver(other, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


def test_when_the_asked_has_left_nobody_else_can_answer(req: ReqPattern) -> None:
    asked, other = accept(req), accept(req)
    req.try_send([b"q"])
    leave(req, asked)
    req.deliver(other, [[b"", b"not me"]])
    assert not req.readable


def test_a_reply_that_came_before_its_peer_left_can_be_received(req: ReqPattern) -> None:
    pipe = accept(req)
    req.on_asked_lost = lost = Calls()
    req.try_send([b"q"])
    req.deliver(pipe, [[b"", b"a"]])
    leave(req, pipe)
    assert lost.count == 0
    req.check_receive()
    assert receive_all(req) == [[b"a"]]


def test_that_somebody_else_has_left_means_nothing(req: ReqPattern) -> None:
    asked, other = accept(req), accept(req)
    req.on_asked_lost = lost = Calls()
    req.try_send([b"q"])
    leave(req, other)
    assert lost.count == 0
    assert req.asked is asked


def test_a_reply_on_the_next_connection_of_the_asked_is_taken(req: ReqPattern) -> None:
    pipe = begin_connect(req)
    finish_connect(req, pipe)
    req.on_asked_lost = lost = Calls()
    req.try_send([b"q"])
    take_out(pipe)
    lose_connection(req, pipe)
    assert lost.count == 1
    assert req.asked is pipe
    finish_connect(req, pipe)
    req.deliver(pipe, [[b"", b"a"]])
    assert receive_all(req) == [[b"a"]]


def test_a_request_that_is_still_queued_survives_the_connection(req: ReqPattern) -> None:
    pipe = begin_connect(req)
    finish_connect(req, pipe)
    req.on_asked_lost = lost = Calls()
    req.try_send([b"q"])
    lose_connection(req, pipe)
    assert lost.count == 0
    assert not req.was_taken()
    finish_connect(req, pipe)
    assert take_out(pipe) == [[b"", b"q"]]
    assert req.was_taken()


def test_a_connection_that_is_lost_after_the_reply_means_nothing(req: ReqPattern) -> None:
    pipe = begin_connect(req)
    finish_connect(req, pipe)
    req.on_asked_lost = lost = Calls()
    req.try_send([b"q"])
    take_out(pipe)
    req.deliver(pipe, [[b"", b"a"]])
    lose_connection(req, pipe)
    assert lost.count == 0
    assert receive_all(req) == [[b"a"]]


def test_nothing_was_taken_where_nothing_was_asked(req: ReqPattern) -> None:
    assert not req.was_taken()


# To abandon a request


def test_an_abandoned_request_that_is_still_queued_is_taken_back(req: ReqPattern) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    assert req.abandon() is None
    assert queued(pipe) == []
    assert req.try_send([b"r"])


def test_an_abandoned_request_that_was_sent_names_who_may_answer_late(req: ReqPattern) -> None:
    pipe = accept(req)
    req.try_send([b"q"])
    take_out(pipe)
    assert req.abandon() is pipe
    req.check_send()
    req.deliver(pipe, [[b"", b"late"]])
    assert not req.readable


def test_a_numbered_request_can_be_abandoned_without_more_ado() -> None:
    req = ReqPattern(options(req_correlate=True))
    pipe = accept(req)
    req.try_send([b"q"])
    old = _number(pipe)
    assert req.abandon() is None
    req.try_send([b"r"])
    req.deliver(pipe, [[old, b"", b"late"]])
    assert not req.readable


def test_without_a_request_there_is_nothing_to_abandon(req: ReqPattern) -> None:
    accept(req)
    assert req.abandon() is None
    req.check_send()


# Probes, and REP at the other end


@pytest.mark.parametrize("probe", [False, True])
def test_a_probe_is_sent_if_it_is_asked_for(probe: bool) -> None:
    req = ReqPattern(options(probe_router=probe))
    assert queued(accept(req)) == ([[b""]] if probe else [])


@pytest.mark.parametrize("correlate", [False, True])
def test_a_rep_understands_the_envelope_and_returns_it(correlate: bool) -> None:
    req, rep = ReqPattern(options(req_correlate=correlate)), RepPattern(SocketOptions())
    cable = Cable(req, rep)
    req.try_send([b"q"])
    cable.carry()
    assert receive_all(rep) == [[b"q"]]
    rep.try_send([b"a"])
    cable.carry()
    assert receive_all(req) == [[b"a"]]
