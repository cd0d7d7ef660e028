"""Load balancing: a round robin over the pipes that have room (RFC 28, 30; ZMTP.md 7.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import LoadBalancer, Pipe
from pyzmtp.wire.message import Message

from .links import FakeLink, take_out


def _balanced(count: int, send_hwm: int = 1000) -> tuple[LoadBalancer, list[Pipe]]:
    """A load balancer and its pipes, which join again as soon as they have room."""
    balancer = LoadBalancer()
    options = SocketOptions(send_hwm=send_hwm)
    pipes = [Pipe(options, balancer.add) for _ in range(count)]
    for pipe in pipes:
        balancer.add(pipe)
    return balancer, pipes


def _numbered(start: int, end: int) -> list[Message]:
    return [[b"m%d" % number] for number in range(start, end)]


def _send(balancer: LoadBalancer, start: int, end: int) -> list[Pipe | None]:
    return [balancer.send(message) for message in _numbered(start, end)]


def test_the_round_moves_on_with_each_message() -> None:
    balancer, (first, second) = _balanced(2)
    assert _send(balancer, 0, 6) == [first, second] * 3
    assert first.outbox == [[b"m0"], [b"m2"], [b"m4"]]
    assert second.outbox == [[b"m1"], [b"m3"], [b"m5"]]


def test_a_batch_is_spread_like_single_messages() -> None:
    balancer, (first, second) = _balanced(2)
    assert balancer.send_batch(_numbered(0, 6)) == 6
    assert first.outbox == [[b"m0"], [b"m2"], [b"m4"]]
    assert second.outbox == [[b"m1"], [b"m3"], [b"m5"]]


def test_a_multipart_message_goes_to_one_pipe_whole() -> None:
    balancer, (first, second) = _balanced(2)
    balancer.send([b"a", b"b", b"c"])
    balancer.send([b"d", b"e"])
    assert first.outbox == [[b"a", b"b", b"c"]]
    assert second.outbox == [[b"d", b"e"]]


def test_without_pipes_nothing_is_taken() -> None:
    balancer = LoadBalancer()
    assert balancer.send([b"a"]) is None
    assert balancer.send_batch([[b"a"], [b"b"]]) == 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_batch_is_taken_as_far_as_there_is_room(count: int) -> None:
    balancer, pipes = _balanced(count, send_hwm=2)
    assert balancer.send_batch(_numbered(0, 10)) == 2 * count
    assert balancer.send([b"one more"]) is None
    assert [len(pipe.outbox) for pipe in pipes] == [2] * count


def test_a_full_pipe_leaves_the_round() -> None:
    balancer, (first, second) = _balanced(2, send_hwm=2)
    second.push([b"a burden"])
    assert _send(balancer, 0, 3) == [first, second, first]
    assert balancer.send([b"m3"]) is None


def test_a_pipe_that_has_room_again_joins_at_the_end_of_the_round() -> None:
    balancer, (first, second, third) = _balanced(3, send_hwm=2)
    first.push([b"a burden"])
    assert _send(balancer, 0, 2) == [first, second]  # first is full now
    take_out(first)
    assert _send(balancer, 2, 5) == [third, first, second]


def test_a_new_pipe_joins_at_the_end_of_the_round() -> None:
    balancer, (first, second) = _balanced(2)
    assert _send(balancer, 0, 1) == [first]
    newcomer = Pipe(SocketOptions(), balancer.add)
    balancer.add(newcomer)
    assert _send(balancer, 1, 5) == [second, newcomer, first, second]


def test_a_pipe_that_is_added_twice_gets_no_second_turn() -> None:
    balancer, (first, second) = _balanced(2)
    balancer.add(first)
    assert _send(balancer, 0, 4) == [first, second, first, second]


def test_a_full_pipe_is_not_added() -> None:
    balancer, (pipe,) = _balanced(1, send_hwm=1)
    balancer.send([b"a"])
    balancer.add(pipe)
    assert balancer.send([b"b"]) is None


@pytest.mark.parametrize(("sent", "removed", "then"), [
    (1, 0, [1, 2, 1]),  # before the one whose turn it is
    (1, 1, [2, 0, 2]),  # the one whose turn it is
    (1, 2, [1, 0, 1]),  # behind it
    (2, 2, [0, 1, 0]),  # the last, whose turn it is
    (2, 0, [2, 1, 2]),
])  # fmt: skip
def test_a_removed_pipe_costs_nobody_else_a_turn(sent: int, removed: int, then: list[int]) -> None:
    balancer, pipes = _balanced(3)
    _send(balancer, 0, sent)
    balancer.remove(pipes[removed])
    assert _send(balancer, sent, sent + 3) == [pipes[index] for index in then]


def test_to_remove_a_pipe_that_takes_no_part_does_nothing() -> None:
    balancer, (first, second) = _balanced(2)
    stranger = Pipe(SocketOptions(), balancer.add)
    balancer.remove(stranger)
    balancer.remove(first)
    balancer.remove(first)
    assert _send(balancer, 0, 2) == [second, second]


def test_the_last_pipe_can_be_removed() -> None:
    balancer, (pipe,) = _balanced(1)
    balancer.remove(pipe)
    assert balancer.send([b"a"]) is None


@pytest.mark.parametrize("count", [1, 2])
def test_a_link_that_takes_at_once_keeps_its_pipe_in_the_round(count: int) -> None:
    balancer, pipes = _balanced(count, send_hwm=1)
    links = [FakeLink(pipe, takes=1) for pipe in pipes]
    assert balancer.send_batch(_numbered(0, 6)) == 6
    assert [len(link.taken) for link in links] == [6 // count] * count


_MARK = 3

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 7)),
        st.tuples(st.just("send_batch"), st.integers(0, 7)),
        st.tuples(st.just("add"), st.integers(0, 3)),
        st.tuples(st.just("remove"), st.integers(0, 3)),
        st.tuples(st.just("drain"), st.integers(0, 3)),
    ),
    max_size=40,
)


class _Model:
    """The round as a list whose first is next; full pipes wait outside until they have been drained."""

    def __init__(self) -> None:
        self.round: list[int] = []
        self.before: list[int] = []  # those of this round that have had their turn
        self.load = [0, 0, 0, 0]

    def add(self, pipe: int) -> None:
        if pipe not in self.round + self.before and self.load[pipe] < _MARK:
            self.round.append(pipe)

    def remove(self, pipe: int) -> None:
        self.round = [other for other in self.round if other != pipe]
        self.before = [other for other in self.before if other != pipe]
        self._turn_over()

    def send(self) -> int | None:
        if not self.round:
            return None
        pipe = self.round.pop(0)
        self.load[pipe] += 1
        if self.load[pipe] < _MARK:
            self.before.append(pipe)
        self._turn_over()
        return pipe

    def _turn_over(self) -> None:
        if not self.round:
            self.round, self.before = self.before, []


@given(_STEPS)
def test_it_does_what_a_list_whose_first_is_next_does(steps: list[tuple[str, int]]) -> None:
    balancer, model = LoadBalancer(), _Model()
    out = [False] * 4  # removed, so that room does not bring it back
    pipes: list[Pipe] = []

    def has_room(pipe: Pipe) -> None:
        if not out[pipes.index(pipe)]:
            balancer.add(pipe)

    pipes += [Pipe(SocketOptions(send_hwm=_MARK), has_room) for _ in range(4)]
    out = [True] * 4
    for step, argument in steps:
        if step == "send":
            for _ in range(argument):
                index = model.send()
                sent = balancer.send([b""])
                assert sent is (None if index is None else pipes[index])
        elif step == "send_batch":
            expected = [model.send() for _ in range(argument)]
            assert balancer.send_batch(_numbered(0, argument)) == argument - expected.count(None)
        elif step == "add":
            out[argument] = False
            balancer.add(pipes[argument])
            model.add(argument)
        elif step == "remove":
            out[argument] = True
            balancer.remove(pipes[argument])
            model.remove(argument)
        else:
            was_full = model.load[argument] >= _MARK
            take_out(pipes[argument])
            model.load[argument] = 0
            if was_full and not out[argument]:
                model.add(argument)
        assert [len(pipe.outbox) for pipe in pipes] == model.load


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("mark", [1, 1000])
def test_a_pipe_may_be_removed_from_within_its_own_push(lost: int, mark: int) -> None:
    balancer, pipes = _balanced(3, mark)
    for pipe in pipes:
        FakeLink(pipe, takes=1)

    def lose() -> None:
        balancer.remove(pipes[lost])

    link = pipes[lost].link
    assert isinstance(link, FakeLink)
    link.on_wake = lose
    sent = _send(balancer, 0, 9)
    assert sent[:3] == pipes
    assert sent.count(pipes[lost]) == 1
    left = [pipe for pipe in pipes if pipe is not pipes[lost]]
    assert sorted(sent[3:], key=id) == sorted(left * 3, key=id)
    assert all(sent[index] is not sent[index + 1] for index in range(3, 8))


@pytest.mark.parametrize("first", [0, 1, 2])
def test_all_others_may_be_removed_from_within_a_push(first: int) -> None:
    balancer = LoadBalancer()
    marks = [1 if index == first else 1000 for index in range(3)]
    pipes = [Pipe(SocketOptions(send_hwm=mark), balancer.add) for mark in marks]
    for pipe in pipes:
        balancer.add(pipe)
    _send(balancer, 0, first)
    link = FakeLink(pipes[first])

    def lose_others() -> None:
        for pipe in pipes:
            if pipe is not pipes[first]:
                balancer.remove(pipe)

    link.on_wake = lose_others
    assert balancer.send([b"y"]) is pipes[first]
    assert balancer.send([b"z"]) is None
    take_out(pipes[first])
    assert balancer.send([b"z"]) is pipes[first]


def test_it_may_be_sent_to_from_within_a_push() -> None:
    balancer, pipes = _balanced(3)
    nested: list[Pipe | None] = []
    link = FakeLink(pipes[0])
    link.on_wake = lambda: nested.append(balancer.send([b"nested"]))
    assert _send(balancer, 0, 2) == [pipes[0], pipes[2]]
    assert nested == [pipes[1]]
    assert pipes[1].outbox == [[b"nested"]]


def test_whose_turn_it_is_can_be_asked() -> None:
    balancer, pipes = _balanced(2)
    for number in range(5):
        asked = balancer.peek()
        assert asked is pipes[number % 2]
        assert balancer.send([b"x"]) is asked
    for pipe in pipes:
        balancer.remove(pipe)
    assert balancer.peek() is None
