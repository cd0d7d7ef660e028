"""Fair queueing: one message of each pipe and turn (RFC 28, 30; ZMTP.md 7.1)."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import FairQueue, Pipe
from pyzmtp.wire.message import Message

from .links import FakeLink


def _pipes(count: int, receive_hwm: int = 1000) -> list[Pipe]:
    options = SocketOptions(receive_hwm=receive_hwm)
    return [Pipe(options, lambda pipe: None) for _ in range(count)]


def _messages(*frames: bytes) -> list[Message]:
    return [[frame] for frame in frames]


def _filled() -> tuple[FairQueue, list[Pipe]]:
    """a0 a1 a2 of the first pipe, b0 of the second, c0 c1 of the third."""
    queue, pipes = FairQueue(), _pipes(3)
    queue.put(pipes[0], _messages(b"a0", b"a1", b"a2"))
    queue.put(pipes[1], _messages(b"b0"))
    queue.put(pipes[2], _messages(b"c0", b"c1"))
    return queue, pipes


_IN_TURN = _messages(b"a0", b"b0", b"c0", b"a1", b"c1", b"a2")


def test_one_message_of_each_pipe_and_turn() -> None:
    queue, _ = _filled()
    assert [queue.take()[1] for _ in range(6)] == _IN_TURN


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 100])
def test_batches_take_one_message_of_each_pipe_and_turn_too(limit: int) -> None:
    queue, _ = _filled()
    taken: list[Message] = []
    while queue:
        batch = queue.take_batch(limit)
        assert 0 < len(batch) <= limit
        taken += batch
    assert taken == _IN_TURN


def test_each_message_is_given_with_its_pipe() -> None:
    queue, (first, second, third) = _filled()
    assert [queue.take()[0] for _ in range(4)] == [first, second, third, first]


def test_a_pipe_that_ran_dry_comes_back_at_the_end_of_the_round() -> None:
    queue, (first, second) = FairQueue(), _pipes(2)
    queue.put(first, _messages(b"a0"))
    queue.put(second, _messages(b"b0", b"b1"))
    assert queue.take()[1] == [b"a0"]
    queue.put(first, _messages(b"a1"))
    assert [queue.take()[1] for _ in range(3)] == _messages(b"b0", b"a1", b"b1")


def test_its_length_is_the_number_of_unread_messages() -> None:
    queue, _ = _filled()
    assert len(queue) == 6
    assert bool(queue)
    queue.take()
    queue.take_batch(2)
    assert len(queue) == 3
    queue.take_batch(100)
    assert len(queue) == 0
    assert not queue
    assert queue.take_batch(100) == []


def test_a_batch_of_one_pipe_respects_the_limit() -> None:
    queue, (pipe,) = FairQueue(), _pipes(1)
    queue.put(pipe, _messages(b"0", b"1", b"2"))
    assert queue.take_batch(2) == _messages(b"0", b"1")
    assert queue.take_batch(1) == _messages(b"2")


def test_what_is_taken_out_of_turn_leaves_the_others_in_turn() -> None:
    queue, (first, second, _) = _filled()
    assert queue.take_from(first) == _messages(b"a0", b"a1", b"a2")
    assert queue.take_from(first) == []
    assert queue.take()[0] is second
    assert queue.take_batch(10) == _messages(b"c0", b"c1")


@pytest.mark.parametrize("by_batch", [False, True])
def test_a_link_that_reads_on_while_its_pipe_is_taken_from_keeps_the_order(by_batch: bool) -> None:
    queue, (first, second) = FairQueue(), _pipes(2, receive_hwm=1)
    link = FakeLink(first)
    link.on_resume = lambda: queue.put(first, _messages(b"a1"))
    queue.put(first, _messages(b"a0"))
    first.block()
    taken = queue.take_batch(1) if by_batch else [queue.take()[1]]
    queue.put(second, _messages(b"b0"))
    assert taken + queue.take_batch(10) == _messages(b"a0", b"a1", b"b0")
    assert link.calls == ["resume"]


class _Model:
    """A queue for each pipe, and the round of those that are not empty."""

    def __init__(self) -> None:
        self.queues: dict[int, deque[Message]] = {}
        self.round: list[int] = []

    def put(self, pipe: int, messages: list[Message]) -> None:
        self.queues.setdefault(pipe, deque()).extend(messages)
        if pipe not in self.round:
            self.round.append(pipe)

    def take(self) -> tuple[int, Message]:
        pipe = self.round.pop(0)
        message = self.queues[pipe].popleft()
        if self.queues[pipe]:
            self.round.append(pipe)
        return pipe, message

    def take_from(self, pipe: int) -> list[Message]:
        queue = self.queues.pop(pipe, deque())
        self.round = [other for other in self.round if other != pipe]
        return list(queue)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 3), st.integers(1, 5)),
        st.tuples(st.just("take"), st.just(0), st.just(1)),
        st.tuples(st.just("take_batch"), st.just(0), st.integers(0, 9)),
        st.tuples(st.just("take_from"), st.integers(0, 3), st.just(0)),
    ),
    max_size=40,
)


@given(_STEPS)
def test_it_does_what_a_round_of_queues_does(steps: list[tuple[str, int, int]]) -> None:
    queue, model, pipes, number = FairQueue(), _Model(), _pipes(4), 0
    for step, which, count in steps:
        if step == "put":
            messages = _messages(*(b"%d" % (number + offset) for offset in range(count)))
            number += count
            queue.put(pipes[which], messages)
            model.put(which, messages)
        elif step == "take_from":
            assert queue.take_from(pipes[which]) == model.take_from(which)
        elif step == "take_batch":
            expected = [model.take()[1] for _ in range(count) if model.round]
            assert queue.take_batch(count) == expected
        elif model.round:
            index, message = model.take()
            assert queue.take() == (pipes[index], message)
        assert len(queue) == sum(map(len, model.queues.values()))
        assert bool(queue) is bool(model.round)
