"""The forms of send (DESIGN.md 1)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from pyzmtp import DealerSocket, PullSocket, PushSocket
from pyzmtp.errors import SendTimeout

from .world import Outcomes, World

NOWHERE = "tcp://127.0.0.1:40001"


@pytest.mark.parametrize(
    ("given", "frames"),
    [
        (b"", [b""]),
        (b"bytes", [b"bytes"]),
        (bytearray(b"array"), [b"array"]),
        (memoryview(b"view"), [b"view"]),
        ([b"a", b"", b"c"], [b"a", b"", b"c"]),
        ((b"a", b"b"), [b"a", b"b"]),
        ([bytearray(b"a"), memoryview(b"b")], [b"a", b"b"]),
    ],
)
def test_what_can_be_sent(world: World, given: Any, frames: list[bytes]) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    world.run(push.send(given))
    assert world.drain(pull) == [frames]


@pytest.mark.parametrize("form", ["send", "try_send", "send_batch"])
@pytest.mark.parametrize(
    "given", ["text", ["text"], [b"a", "text"], 5, None, [5], [[b"a"]], {b"a"}, {b"a": 1}]
)
def test_anything_but_bytes_is_a_type_error(world: World, form: str, given: Any) -> None:
    push = world.make(PushSocket)
    push.connect(NOWHERE)
    with pytest.raises(TypeError, match="a message is bytes") as raised:
        getattr(push, form)([given] if form == "send_batch" else given)
    assert ("encode" in str(raised.value)) == ("text" in repr(given))
    assert push.stats.send_queue == 0


@pytest.mark.parametrize("form", ["send", "try_send", "send_batch"])
def test_a_message_of_no_frames_is_a_value_error(world: World, form: str) -> None:
    push = world.make(PushSocket)
    with pytest.raises(ValueError, match="at least one frame"):
        getattr(push, form)([[]] if form == "send_batch" else [])


def test_what_was_sent_may_be_changed_afterwards(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    frames, buffer = [b"a", b"b"], bytearray(b"buffer")
    push.try_send(frames)
    push.try_send(frames)
    push.try_send(buffer)
    frames.append(b"c")
    buffer[:] = b"change"
    assert world.drain(pull) == [[b"a", b"b"], [b"a", b"b"], [b"buffer"]]


def test_try_send_never_waits_and_says_whether_it_sent(world: World) -> None:
    push = world.make(PushSocket, send_hwm=1)
    assert push.try_send(b"x") is False
    push.connect(NOWHERE)
    assert push.try_send(b"x") is True
    assert push.try_send(b"x") is False
    assert push.stats.send_queue == 1


def test_try_send_does_not_overtake_who_waits(world: World) -> None:
    push = world.make(PushSocket)
    waiting = Outcomes(push.send(b"first"))
    assert not push.try_send(b"second")
    push.connect(NOWHERE)
    assert waiting == [None]
    assert push.try_send(b"third")


def test_an_empty_batch_is_sent_at_once(world: World) -> None:
    assert world.run(world.make(PushSocket).send_batch([])) is None


def test_a_batch_may_come_from_a_generator(world: World) -> None:
    pull, push = world.pair(PullSocket, PushSocket)
    world.run(push.send_batch([b"%d" % number, b""] for number in range(3)))
    assert world.drain(pull) == [[b"0", b""], [b"1", b""], [b"2", b""]]


def test_a_batch_goes_to_all_peers_in_turn(world: World) -> None:
    push = world.make(PushSocket)
    address = world.bind(push)
    pulls = [world.make(PullSocket) for _ in range(2)]
    for pull in pulls:
        world.run(pull.connect(address))
    world.run(push.send_batch([b"%d" % number for number in range(5)]))
    assert world.drain(pulls[0]) == [[b"0"], [b"2"], [b"4"]]
    assert world.drain(pulls[1]) == [[b"1"], [b"3"]]


def test_a_batch_waits_behind_who_waits(world: World) -> None:
    push, pull = world.make(PushSocket), world.make(PullSocket)
    outcomes = [
        Outcomes(push.send(b"0")),
        Outcomes(push.send_batch([b"1", b"2"])),
        Outcomes(push.send(b"3")),
    ]
    push.connect(world.bind(pull))
    assert world.drain(pull) == [[b"0"], [b"1"], [b"2"], [b"3"]]
    assert all(outcome == [None] for outcome in outcomes)


def test_a_send_timeout_of_zero_fails_at_once(world: World) -> None:
    push = world.make(PushSocket, send_timeout=0)
    for failing in (push.send(b"x"), push.send_batch([b"x"])):
        assert isinstance(Outcomes(failing).error, SendTimeout)
    push.connect(NOWHERE)
    assert world.run(push.send(b"x")) is None


def test_a_send_that_times_out_is_not_sent_and_those_behind_it_are(world: World) -> None:
    push = world.make(PushSocket, send_timeout=2.0)
    first = Outcomes(push.send(b"first"))
    world.advance(1)
    second = Outcomes(push.send(b"second"))
    world.advance(1.5)
    assert isinstance(first.error, SendTimeout)
    assert isinstance(first.error, TimeoutError)
    assert first.error.seconds == 2.0
    assert second.pending
    pull = world.make(PullSocket)
    push.connect(world.bind(pull))
    assert world.drain(pull) == [[b"second"]]
    assert second == [None]
    world.advance(10)


def test_a_batch_that_times_out_has_sent_its_beginning(world: World) -> None:
    push = world.make(PushSocket, send_timeout=1.0, send_hwm=2)
    push.connect(NOWHERE)
    batch = Outcomes(push.send_batch([b"0", b"1", b"2", b"3"]))
    world.advance(1.1)
    assert isinstance(batch.error, SendTimeout)
    assert push.stats.send_queue == 2


def test_a_cancelled_send_is_not_sent_and_those_behind_it_are(world: World) -> None:
    push, pull = world.make(PushSocket), world.make(PullSocket)
    sends = [push.send(b"%d" % number) for number in range(4)]
    outcomes = [Outcomes(send) for send in sends]
    for number in (0, 2):
        sends[number].cancel()
    push.connect(world.bind(pull))
    assert world.drain(pull) == [[b"1"], [b"3"]]
    assert isinstance(outcomes[0].error, CancelledError)
    assert isinstance(outcomes[2].error, CancelledError)


def test_cancelling_a_send_with_a_timeout_stops_its_clock(world: World) -> None:
    push = world.make(PushSocket, send_timeout=5.0)
    send = push.send(b"x")
    outcome = Outcomes(send)
    send.cancel()
    assert isinstance(outcome.error, CancelledError)
    world.network.assert_clean()


def test_a_cancelled_batch_sends_no_more(world: World) -> None:
    push, pull = world.make(PushSocket, send_hwm=2), world.make(PullSocket)
    push.connect(NOWHERE)
    batch = push.send_batch([b"%d" % number for number in range(5)])
    outcome = Outcomes(batch)
    batch.cancel()
    assert isinstance(outcome.error, CancelledError)
    world.run(pull.bind(NOWHERE))
    world.advance(1)
    assert world.drain(pull) == [[b"0"], [b"1"]]


def test_whoever_is_told_that_a_send_went_may_send_cancel_and_close(world: World) -> None:
    push, pull = world.make(PushSocket, send_hwm=1), world.make(PullSocket)
    log: list[str] = []
    first = push.send(b"0")
    second, third = push.send(b"1"), push.send(b"2")
    thirds = Outcomes(third)

    def go_on(_: None) -> None:
        log.append("first went")
        push.send(b"3")
        third.cancel()

    first.addCallback(go_on)
    second.addCallback(lambda _: log.append("second went"))
    push.connect(world.bind(pull))
    assert world.drain(pull) == [[b"0"], [b"1"], [b"3"]]
    assert log == ["first went", "second went"]
    assert isinstance(thirds.error, CancelledError)


def test_closing_from_within_a_send_ends_all_waiting(world: World) -> None:
    push = world.make(PushSocket, send_hwm=1)
    sends = [push.send(b"%d" % number) for number in range(3)]

    def close(_: None) -> None:
        push.close(0)

    sends[0].addCallback(close)
    outcomes = [Outcomes(send) for send in sends[1:]]
    push.connect(NOWHERE)
    assert not any(outcome.pending for outcome in outcomes)
    assert push.closed


def test_sends_that_need_not_wait_still_let_the_reactor_run(world: World) -> None:
    """A publisher in a loop must not keep the reactor from its other work."""
    dealer = world.make(DealerSocket, send_hwm=0)
    dealer.connect(NOWHERE)
    fired = [bool(Outcomes(dealer.send(b"x"))) for _ in range(5000)]
    assert not all(fired)
    waiting = dealer.send(b"last")
    world.settle()
    assert world.run(waiting) is None
    assert dealer.stats.send_queue == 5001


def test_a_turns_wait_can_be_cancelled(world: World) -> None:
    dealer = world.make(DealerSocket, send_hwm=0)
    dealer.connect(NOWHERE)
    while (waiting := dealer.send(b"x")).called:
        pass
    outcome = Outcomes(waiting)
    waiting.cancel()
    world.settle()
    assert isinstance(outcome.error, CancelledError)


def test_who_is_told_that_its_message_went_may_make_more_room(world: World) -> None:
    """The others are served once, and in their order."""
    push, pulls = world.make(PushSocket), [world.make(PullSocket) for _ in range(2)]
    addresses = [world.bind(pull) for pull in pulls]
    sends = [push.send(b"%d" % number) for number in range(4)]
    sends[0].addCallback(lambda _: push.connect(addresses[1]))
    outcomes = [Outcomes(send) for send in sends[1:]]
    world.run(push.connect(addresses[0]), 1)
    assert outcomes == [[None]] * 3
    received = [[frames[0] for frames in world.drain(pull)] for pull in pulls]
    assert sorted(received[0] + received[1]) == [b"0", b"1", b"2", b"3"]
    assert all(messages == sorted(messages) for messages in received)
