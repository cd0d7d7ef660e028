"""Heartbeats: when a PING is sent, and when a silent peer is given up."""

from __future__ import annotations

import pytest

from pyzmtp.constants import MAX_TTL
from pyzmtp.engine.heartbeat import Heartbeat
from pyzmtp.errors import HeartbeatTimeout

INFINITY = float("inf")


def started(
    interval: float | None = 1.0, timeout: float | None = None, ttl: float = 0.0
) -> Heartbeat:
    heartbeat = Heartbeat(interval, timeout, ttl)
    heartbeat.start(100.0)
    return heartbeat


def ping_at(heartbeat: Heartbeat, now: float) -> bytes:
    """What is sent when the timer is due at ``now``."""
    heartbeat.handle_timer(now)
    ping = heartbeat.ping
    if ping:
        heartbeat.sent(now)
    return ping


def test_without_an_interval_nothing_is_ever_due() -> None:
    heartbeat = started(None)
    assert heartbeat.next_deadline() == INFINITY
    assert ping_at(heartbeat, 1e9) == b""


def test_a_ping_is_due_after_each_interval_whatever_the_traffic() -> None:
    heartbeat = started(timeout=0)
    for number in range(1, 5):
        due = 100.0 + number
        assert heartbeat.next_deadline() == due
        assert ping_at(heartbeat, due - 0.01) == b""
        heartbeat.heard(due - 0.005)
        assert ping_at(heartbeat, due) == bytes.fromhex("0407 0450494e47 0000")


@pytest.mark.parametrize(
    ("ttl", "sent"), [(0.0, "0000"), (0.09, "0000"), (2.5, "0019"), (MAX_TTL, "028f")]
)
def test_the_time_to_live_travels_in_tenths_of_a_second_cut(ttl: float, sent: str) -> None:
    """ZMTP.md 3.4 and 6: TTL 2500 ms is 0019, and 655 is the last value that libzmq understands."""
    assert ping_at(started(ttl=ttl), 101.0) == bytes.fromhex("0407 0450494e47" + sent)


def test_a_peer_that_is_silent_for_the_timeout_after_a_ping_is_given_up() -> None:
    heartbeat = started(interval=0.2)
    assert ping_at(heartbeat, 100.2)
    heartbeat.handle_timer(100.39)
    with pytest.raises(HeartbeatTimeout) as raised:
        heartbeat.handle_timer(100.4)
    assert raised.value.seconds == 0.2


def test_later_pings_do_not_extend_the_time() -> None:
    """ZMTP.md 6: IVL 100/TIMEOUT 450: PINGs at .10 .20 .30 .40 .50, the end at .55."""
    heartbeat = started(interval=0.1, timeout=0.45)
    for number in range(1, 6):
        assert ping_at(heartbeat, 100 + number / 10 + 1e-6)
    heartbeat.handle_timer(100.549)
    with pytest.raises(HeartbeatTimeout):
        heartbeat.handle_timer(100.56)


def test_whatever_arrives_is_a_sign_of_life() -> None:
    heartbeat = started(interval=1.0, timeout=0.5)
    assert ping_at(heartbeat, 101.0)
    heartbeat.heard(101.4)
    assert heartbeat.next_deadline() == 102.0
    heartbeat.handle_timer(101.9)
    assert ping_at(heartbeat, 102.0)
    assert heartbeat.next_deadline() == 102.5


def test_a_timeout_of_0_waits_for_ever() -> None:
    heartbeat = started(timeout=0)
    for number in range(1, 100):
        assert ping_at(heartbeat, 100.0 + number)


def test_a_ping_that_cannot_leave_is_as_good_as_an_unanswered_one() -> None:
    """A peer that is stopped reads nothing: libzmq gives it up, however full its own queue is."""
    heartbeat = started(timeout=1.5)
    heartbeat.handle_timer(101.0)
    heartbeat.handle_timer(102.0)
    assert heartbeat.ping
    assert heartbeat.next_deadline() == 102.5
    with pytest.raises(HeartbeatTimeout):
        heartbeat.handle_timer(102.5)


def test_a_ping_that_cannot_leave_yet_waits_as_long_as_something_moves() -> None:
    heartbeat = started(timeout=0.5)
    heartbeat.handle_timer(101.0)
    for tenths in range(1, 100):
        heartbeat.moved(101 + tenths / 10)
        heartbeat.handle_timer(101 + tenths / 10 + 0.01)
    assert heartbeat.ping
    heartbeat.sent(112.0)
    heartbeat.handle_timer(112.4)
    with pytest.raises(HeartbeatTimeout):
        heartbeat.handle_timer(112.5)


def test_what_is_taken_answers_no_ping_that_has_left() -> None:
    """It may be the kernel that takes it."""
    heartbeat = started(timeout=1.5)
    assert ping_at(heartbeat, 101.0)
    heartbeat.moved(101.9)
    heartbeat.handle_timer(102.0)
    assert heartbeat.ping
    heartbeat.moved(102.4)
    with pytest.raises(HeartbeatTimeout):
        heartbeat.handle_timer(102.5)


def test_who_is_heard_while_a_ping_waits_is_alive() -> None:
    heartbeat = started(interval=2.0, timeout=1.0)
    heartbeat.handle_timer(102.0)
    heartbeat.heard(102.9)
    assert heartbeat.next_deadline() == 103.9


def test_the_peers_time_to_live_is_honoured_without_heartbeats_of_our_own() -> None:
    heartbeat = started(None)
    heartbeat.heard(200.0)
    heartbeat.peer_wants(0.3)
    assert heartbeat.next_deadline() == 200.3
    heartbeat.handle_timer(200.29)
    with pytest.raises(HeartbeatTimeout) as raised:
        heartbeat.handle_timer(200.3)
    assert raised.value.seconds == 0.3


def test_what_arrives_starts_the_time_to_live_anew_and_a_ping_of_0_ends_it() -> None:
    """libzmq forgets it with the next frame; RFC 37 means every silence."""
    heartbeat = started(None)
    heartbeat.heard(200.0)
    heartbeat.peer_wants(0.3)
    heartbeat.heard(200.2)
    assert heartbeat.next_deadline() == 200.5
    heartbeat.peer_wants(0.0)
    assert heartbeat.next_deadline() == INFINITY
