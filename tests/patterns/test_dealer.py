"""DEALER: PUSH and PULL in one, frames as they are (RFC 28; ZMTP.md 7.4)."""

from __future__ import annotations

import pytest

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.dealer import DealerPattern

from .links import (
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
def dealer() -> DealerPattern:
    return DealerPattern(SocketOptions())


def test_it_sends_to_its_peers_in_turn_and_adds_no_envelope(dealer: DealerPattern) -> None:
    first, second = accept(dealer), accept(dealer)
    assert dealer.try_send([b"a"])
    assert dealer.try_send([b"", b"b"])
    assert dealer.try_send([b"c"])
    assert queued(first) == [[b"a"], [b"c"]]
    assert queued(second) == [[b"", b"b"]]


def test_it_receives_from_its_peers_in_turn_and_removes_nothing(dealer: DealerPattern) -> None:
    first, second = accept(dealer), accept(dealer)
    dealer.deliver(first, [[b"", b"a0"], [b"a1"]])
    dealer.deliver(second, [[b"", b"b0"]])
    assert receive_all(dealer) == [[b"", b"a0"], [b"", b"b0"], [b"a1"]]


def test_it_waits_without_peers(dealer: DealerPattern) -> None:
    assert not dealer.try_send([b"a"])
    assert dealer.next_pipe() is None
    assert dealer.dropped_sent == 0


def test_it_can_say_who_is_next(dealer: DealerPattern) -> None:
    first, second = accept(dealer), accept(dealer)
    turns = []
    for number in range(3):
        turns.append(dealer.next_pipe())
        dealer.try_send([b"%d" % number])
    assert turns == [first, second, first]
    assert queued(first) == [[b"0"], [b"2"]]


def test_the_queue_for_a_peer_that_left_is_gone(dealer: DealerPattern) -> None:
    leaver = accept(dealer)
    dealer.try_send([b"a"])
    leave(dealer, leaver)
    newcomer = accept(dealer)
    assert queued(leaver) == queued(newcomer) == []
    assert not leaver.attached


def test_no_probe_is_sent_by_default(dealer: DealerPattern) -> None:
    assert queued(accept(dealer)) == []


def test_a_probe_is_one_empty_message_for_each_pipe() -> None:
    dealer = DealerPattern(options(probe_router=True))
    assert queued(accept(dealer)) == [[b""]]
    connecting = begin_connect(dealer)
    dealer.try_send([b"to the first"])
    dealer.try_send([b"a"])
    assert queued(connecting) == [[b""], [b"a"]]


def test_a_probe_is_not_repeated_on_a_reconnection() -> None:
    dealer = DealerPattern(options(probe_router=True))
    pipe = begin_connect(dealer)
    finish_connect(dealer, pipe)
    assert take_out(pipe) == [[b""]]
    lose_connection(dealer, pipe)
    finish_connect(dealer, pipe)
    assert queued(pipe) == []


def test_a_probe_that_fills_the_queue_keeps_the_peer_out_until_it_is_sent() -> None:
    dealer = DealerPattern(options(probe_router=True, send_hwm=1))
    pipe = accept(dealer)
    assert not dealer.try_send([b"a"])
    take_out(pipe)
    assert dealer.try_send([b"a"])


def test_a_lost_connection_is_told_and_whether_another_follows(dealer: DealerPattern) -> None:
    lost: list[tuple[object, bool]] = []
    pipe = begin_connect(dealer)
    finish_connect(dealer, pipe)
    lose_connection(dealer, pipe)  # nobody listens
    dealer.on_lost = lambda pipe: lost.append((pipe, pipe.attached))
    finish_connect(dealer, pipe)
    lose_connection(dealer, pipe)
    leave(dealer, pipe)
    assert lost == [(pipe, True), (pipe, False)]
