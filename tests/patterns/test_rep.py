"""REP: a request, then the reply to it, envelope and all (RFC 28; ZMTP.md 7.3)."""

from __future__ import annotations

import pytest

from pyzmtp.errors import WrongState
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.dealer import DealerPattern
from pyzmtp.patterns.rep import RepPattern
from pyzmtp.patterns.req import ReqPattern
from pyzmtp.patterns.router import RouterPattern
from pyzmtp.wire.message import Message

from .links import Cable, Calls, accept, leave, options, queued, receive_all, take_out


@pytest.fixture
def rep() -> RepPattern:
    return RepPattern(SocketOptions(send_hwm=1))


# In order


def test_a_request_and_its_reply_alternate(rep: RepPattern) -> None:
    pipe = accept(rep)
    rep.deliver(pipe, [[b"", b"q1"], [b"", b"q2"]])
    rep.check_receive()
    assert rep.take() == (pipe, [b"q1"])
    assert not rep.readable
    with pytest.raises(WrongState):
        rep.check_receive()
    rep.check_send()
    assert rep.try_send([b"a1"])
    with pytest.raises(WrongState):
        rep.check_send()
    with pytest.raises(WrongState):
        rep.try_send([b"a2"])
    assert take_out(pipe) == [[b"", b"a1"]]
    assert receive_all(rep) == [[b"q2"]]


def test_a_batch_is_one_request(rep: RepPattern) -> None:
    rep.deliver(accept(rep), [[b"", b"q1"], [b"", b"q2"]])
    assert rep.take_batch(10) == [[b"q1"]]
    assert rep.take_batch(10) == []


def test_a_reply_before_any_request_is_out_of_order(rep: RepPattern) -> None:
    accept(rep)
    with pytest.raises(WrongState):
        rep.check_send()
    with pytest.raises(WrongState):
        rep.try_send_batch([[b"a"]])


def test_requests_are_taken_from_all_peers_in_turn(rep: RepPattern) -> None:
    first, second = accept(rep), accept(rep)
    rep.deliver(first, [[b"", b"a0"], [b"", b"a1"]])
    rep.deliver(second, [[b"", b"b0"]])
    taken = []
    for _ in range(3):
        taken.append(rep.take())
        rep.skip_reply()
    assert taken == [(first, [b"a0"]), (second, [b"b0"]), (first, [b"a1"])]


def test_each_reply_goes_to_who_asked(rep: RepPattern) -> None:
    first, second = accept(rep), accept(rep)
    rep.deliver(first, [[b"", b"q1"]])
    rep.deliver(second, [[b"", b"q2"]])
    for answer in (b"to first", b"to second"):
        rep.take()
        rep.try_send([answer])
    assert queued(first) == [[b"", b"to first"]]
    assert queued(second) == [[b"", b"to second"]]


@pytest.mark.parametrize("end", ["reply", "skip"])
def test_who_waits_for_a_request_is_told_when_its_turn_comes(rep: RepPattern, end: str) -> None:
    rep.deliver(accept(rep), [[b"", b"q1"], [b"", b"q2"]])
    rep.on_readable = readable = Calls()
    for count in (1, 1):  # after the last there is nothing to be told of
        rep.take()
        if end == "reply":
            rep.try_send([b"a"])
        else:
            rep.skip_reply()
        assert readable.count == count


# Envelopes


@pytest.mark.parametrize(("request_", "body", "reply"), [
    ([b"", b"q"], [b"q"], [b"", b"a", b"b"]),
    ([b"id1", b"id2", b"", b"q", b"r"], [b"q", b"r"], [b"id1", b"id2", b"", b"a", b"b"]),
    ([b"", b"", b"q"], [b"", b"q"], [b"", b"a", b"b"]),
    ([b"id", b"", b""], [b""], [b"id", b"", b"a", b"b"]),
    ([b"id", b"", b"q", b"", b"r"], [b"q", b"", b"r"], [b"id", b"", b"a", b"b"]),
])  # fmt: skip
def test_the_envelope_up_to_the_first_empty_frame_is_kept_and_restored(
    rep: RepPattern, request_: Message, body: Message, reply: Message
) -> None:
    pipe = accept(rep)
    rep.deliver(pipe, [request_])
    assert rep.take()[1] == body
    rep.try_send([b"a", b"b"])
    assert queued(pipe) == [reply]


@pytest.mark.parametrize("message", [[b"q"], [b"q", b"r"], [b""], [b"id", b""]])
def test_a_request_without_an_empty_frame_before_its_last_is_dropped(
    rep: RepPattern, message: Message
) -> None:
    pipe = accept(rep)
    rep.on_readable = readable = Calls()
    rep.deliver(pipe, [message])
    assert (rep.dropped_received, rep.queued, readable.count) == (1, 0, 0)
    assert not rep.readable
    rep.deliver(pipe, [message, [b"", b"good"]])
    assert rep.dropped_received == 2
    assert receive_all(rep) == [[b"good"]]


@pytest.mark.parametrize("hops", [0, 1, 3])
@pytest.mark.parametrize("correlate", [False, True])
def test_an_envelope_survives_any_number_of_brokers(hops: int, correlate: bool) -> None:
    plain = SocketOptions()
    req, rep = ReqPattern(options(req_correlate=correlate)), RepPattern(plain)
    brokers = [(RouterPattern(plain), DealerPattern(plain)) for _ in range(hops)]
    below: ReqPattern | DealerPattern = req
    cables = []
    for router, dealer in brokers:
        cables.append(Cable(below, router))
        below = dealer
    cables.append(Cable(below, rep))

    def settle() -> None:
        for _ in range(hops + 1):
            for cable in cables:
                cable.carry()
            for router, dealer in brokers:
                for message in receive_all(router):
                    dealer.try_send(message)
                for message in receive_all(dealer):
                    router.try_send(message)

    for number in range(3):
        req.try_send([b"q%d" % number, b""])
        settle()
        assert receive_all(rep) == [[b"q%d" % number, b""]]
        rep.try_send([b"", b"a%d" % number])
        settle()
        assert receive_all(req) == [[b"", b"a%d" % number]]


# Askers that are gone, full, or alike


def test_a_reply_to_one_who_left_is_dropped_and_the_next_is_served(rep: RepPattern) -> None:
    leaver, stayer = accept(rep), accept(rep)
    rep.deliver(leaver, [[b"", b"q1"]])
    rep.deliver(stayer, [[b"", b"q2"]])
    rep.take()
    leave(rep, leaver)
    assert rep.try_send([b"a1"])
    assert rep.dropped_sent == 1
    assert queued(leaver) == []
    assert receive_all(rep) == [[b"q2"]]
    rep.try_send([b"a2"])
    assert queued(stayer) == [[b"", b"a2"]]


def test_a_reply_to_one_who_has_no_room_is_dropped_and_nothing_waits(rep: RepPattern) -> None:
    pipe = accept(rep)
    rep.deliver(pipe, [[b"", b"q1"], [b"", b"q2"]])
    for _ in range(2):
        rep.take()
        assert rep.try_send([b"a"])
    assert queued(pipe) == [[b"", b"a"]]
    assert rep.dropped_sent == 1


def test_a_request_of_one_who_left_is_still_received(rep: RepPattern) -> None:
    pipe = accept(rep)
    rep.deliver(pipe, [[b"", b"q"]])
    leave(rep, pipe)
    assert receive_all(rep) == [[b"q"]]
    assert rep.try_send([b"a"])


def test_two_peers_with_the_same_identity_are_both_served(rep: RepPattern) -> None:
    twins = [accept(rep, identity=b"twin"), accept(rep, identity=b"twin")]
    for pipe in twins:
        rep.deliver(pipe, [[b"", b"q"]])
    for pipe in twins:
        assert rep.take() == (pipe, [b"q"])
        rep.try_send([b"a"])
        assert take_out(pipe) == [[b"", b"a"]]


def test_a_request_can_be_left_without_a_reply(rep: RepPattern) -> None:
    pipe = accept(rep)
    rep.deliver(pipe, [[b"", b"q"]])
    rep.take()
    rep.skip_reply()
    assert queued(pipe) == []
    rep.check_receive()
    with pytest.raises(WrongState):
        rep.check_send()
