"""High-water marks that change under a pipe: what is full, who is told, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.wire.message import Outgoing

from .links import FakeLink, frames_of


class _Room:
    """Counts how often a pipe has said that it has room again."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, pipe: Pipe) -> None:
        self.count += 1


def _pipe(**settings: Any) -> tuple[Pipe, _Room]:
    room = _Room()
    return Pipe(SocketOptions(**settings), room), room


def _change(pipe: Pipe, **settings: Any) -> bool:
    changed = pipe.change_marks(SocketOptions(**settings))
    if changed:
        pipe.settle()
    return changed


def _bytes_in(queue: Iterable[Outgoing]) -> int:
    return sum(sum(map(len, frames_of(message))) for message in queue)


def _fill(pipe: Pipe, frame: bytes = b"x") -> int:
    count = 0
    while pipe.writable:
        pipe.push([frame])
        count += 1
        assert count < 10_000
    return count


# The way out


def test_a_larger_mark_makes_a_full_outbox_writable_and_tells_of_it_once() -> None:
    pipe, room = _pipe(send_hwm=2)
    assert _fill(pipe) == 2
    assert _change(pipe, send_hwm=5)
    assert pipe.writable
    assert room.count == 1
    assert _fill(pipe) == 3


def test_nobody_is_told_before_the_marks_are_settled() -> None:
    pipe, room = _pipe(send_hwm=2)
    _fill(pipe)
    pipe.change_marks(SocketOptions(send_hwm=5))
    assert not pipe.writable
    assert room.count == 0


def test_a_smaller_mark_closes_an_outbox_that_holds_as_much_until_it_has_drained() -> None:
    pipe, room = _pipe(send_hwm=100)
    for _ in range(10):
        pipe.push([b"x"])
    _change(pipe, send_hwm=4)
    assert not pipe.writable
    assert len(pipe.outbox) == 10  # nothing is thrown away
    pipe.taken_out(7)
    assert not pipe.writable  # 3 of 4
    pipe.taken_out(1)
    assert pipe.writable
    assert room.count == 1
    assert _fill(pipe) == 2


def test_a_smaller_mark_that_is_not_reached_leaves_the_outbox_open() -> None:
    pipe, room = _pipe(send_hwm=100)
    pipe.push([b"x"])
    _change(pipe, send_hwm=2)
    assert pipe.writable
    assert room.count == 0
    assert _fill(pipe) == 1


def test_0_takes_the_mark_away() -> None:
    pipe, _ = _pipe(send_hwm=2)
    _fill(pipe)
    _change(pipe, send_hwm=0)
    for _ in range(5000):
        assert pipe.writable
        pipe.push([b"x"])


def test_the_same_marks_again_change_nothing() -> None:
    pipe, room = _pipe(send_hwm=10)
    _fill(pipe)
    pipe.taken_out(3)  # 7 of 10: it opens again at 5
    assert not _change(pipe, send_hwm=10, linger=0)
    assert not pipe.writable
    assert room.count == 0


def test_a_mark_in_bytes_counts_what_is_queued_already() -> None:
    pipe, _ = _pipe()
    for _ in range(10):
        pipe.push([bytes(60), bytes(40)])
    _change(pipe, send_hwm_bytes=1000)
    assert not pipe.writable
    pipe.taken_out(5)
    assert pipe.writable
    assert _fill(pipe, bytes(100)) == 5
    _change(pipe, send_hwm_bytes=1200)
    assert _fill(pipe, bytes(100)) == 2
    _change(pipe)
    assert pipe.writable


def test_a_link_makes_room_before_an_outbox_is_called_full() -> None:
    pipe, room = _pipe(send_hwm=10)
    for _ in range(5):
        pipe.push([b"x"])
    link = FakeLink(pipe, takes=4)
    _change(pipe, send_hwm=3)
    assert link.calls == ["flush"]
    assert pipe.writable
    assert room.count == 1


def test_a_batch_heeds_a_mark_in_bytes_that_is_set_while_it_is_queued() -> None:
    pipe, _ = _pipe(send_hwm=2)
    link = FakeLink(pipe, takes=1)

    def limit_bytes() -> None:
        _change(pipe, send_hwm=10, send_hwm_bytes=10)
        link.takes = 0

    link.on_wake = limit_bytes
    assert pipe.extend([[bytes(5)] for _ in range(20)]) == 3  # one was taken, two are 10 bytes
    assert len(pipe.outbox) == 2
    assert not pipe.writable
    pipe.taken_out(1)
    assert pipe.writable
    assert _fill(pipe, bytes(5)) == 1


def test_the_marks_of_a_conflating_pipe_mean_nothing() -> None:
    pipe, room = _pipe(conflate=True)
    assert not _change(pipe, send_hwm=1, receive_hwm=1, send_hwm_bytes=1, receive_hwm_bytes=1)
    for text in (b"a", b"b"):
        pipe.push([text])
        pipe.put([[text]])
    assert pipe.writable
    assert pipe.room() > 0
    assert [*pipe.outbox, *pipe.take_all()] == [[b"b"], [b"b"]]
    assert room.count == 0


# The way in


def test_a_larger_mark_lets_a_link_that_was_blocked_read_on() -> None:
    pipe, _ = _pipe(receive_hwm=2)
    link = FakeLink(pipe)
    pipe.put([[b"1"], [b"2"]])
    pipe.block()
    _change(pipe, receive_hwm=3)
    assert link.calls == ["resume"]
    assert pipe.room() == 1


def test_a_larger_mark_that_is_still_reached_does_not() -> None:
    pipe, _ = _pipe(receive_hwm=4)
    link = FakeLink(pipe)
    pipe.put([[b"%d" % number] for number in range(6)])
    pipe.block()
    _change(pipe, receive_hwm=5)
    assert link.calls == []
    for _ in range(4):  # to half of 5
        pipe.take()
    assert link.calls == ["resume"]


def test_a_smaller_mark_leaves_no_room_until_half_of_it() -> None:
    pipe, _ = _pipe(receive_hwm=100)
    link = FakeLink(pipe)
    pipe.put([[b"%d" % number] for number in range(10)])
    _change(pipe, receive_hwm=4)
    assert pipe.room() <= 0
    pipe.block()
    assert [pipe.take() for _ in range(7)] == [[b"%d" % number] for number in range(7)]
    assert link.calls == []
    pipe.take()
    assert link.calls == ["resume"]


def test_unread_bytes_are_counted_from_when_they_are_limited() -> None:
    pipe, _ = _pipe()
    pipe.put([[bytes(100)] for _ in range(10)])
    _change(pipe, receive_hwm_bytes=1000)
    assert pipe.room() == 0
    pipe.take()
    assert pipe.room() > 0
    _change(pipe)
    pipe.put([[bytes(100_000)]])
    assert pipe.room() > 0


# All at once

_MARK = st.integers(0, 8)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 12), st.integers(0, 6)),
        st.tuples(st.just("carry"), st.integers(0, 12), st.just(0)),
        st.tuples(st.just("take"), st.integers(0, 12), st.just(0)),
        st.tuples(st.sampled_from(["send", "receive"]), _MARK, st.integers(0, 20)),
    ),
    max_size=60,
)


@given(_STEPS)
def test_whatever_the_marks_become_nothing_is_lost_doubled_or_out_of_order(
    steps: list[tuple[str, int, int]],
) -> None:
    """A link between an outbox and an inbox, marks that change, and what the queues may hold."""
    source, room = _pipe(send_hwm=4)
    target, _ = _pipe(receive_hwm=4)
    sent: list[list[bytes]] = []
    received: list[list[bytes]] = []
    link = FakeLink(target)
    FakeLink(source)
    options = {"send": SocketOptions(send_hwm=4), "receive": SocketOptions(receive_hwm=4)}
    blocked = False

    def carry(count: int) -> None:
        nonlocal blocked
        if blocked:
            return
        messages: Any = source.outbox[: min(count, target.fitting(source.outbox))]
        source.taken_out(len(messages))
        before = target.unread
        target.put(messages)
        mark = options["receive"].receive_hwm
        assert not messages or not mark or before + len(messages) <= mark
        if target.room() <= 0:
            target.block()
            blocked = True

    def resume() -> None:
        nonlocal blocked
        assert target.room() > 0
        blocked = False

    link.on_resume = resume
    for step, count, size in steps:
        if step == "push":
            for _ in range(count):
                mark, limit = options["send"].send_hwm, options["send"].send_hwm_bytes
                queued = _bytes_in(source.outbox)
                if source.writable:
                    assert not mark or len(source.outbox) < mark
                    assert not limit or queued < limit
                    message = [b"%d" % len(sent), bytes(size)]
                    sent.append(message)
                    source.push(message)
                else:
                    assert mark or limit
                    assert source.outbox  # there is somebody to wait for
        elif step == "carry":
            carry(count)
        elif step == "take":
            received += [target.take() for _ in range(min(count, target.unread))]
        elif step == "send":
            options["send"] = SocketOptions(send_hwm=count, send_hwm_bytes=size)
            full, told = not source.writable, room.count
            _change(source, send_hwm=count, send_hwm_bytes=size)
            assert (room.count - told) == int(full and source.writable)
        else:
            options["receive"] = SocketOptions(receive_hwm=count, receive_hwm_bytes=size)
            _change(target, receive_hwm=count, receive_hwm_bytes=size)
    while len(received) < len(sent):
        count = len(received)
        carry(1000)
        received += [target.take() for _ in range(target.unread)]
        assert len(received) > count, "it stands still"
    assert received == sent
    assert source.writable
