"""The two queues of a peer: marks in messages and in bytes, and what the link is asked for when."""

from __future__ import annotations

import pytest

from pyzmtp.errors import ProtocolError
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.wire.message import Message, Outgoing, SharedMessage
from pyzmtp.wire.subscription import SUBSCRIBE, subscription_command

from .links import FakeLink

_MARKS = [1, 2, 3, 4, 5, 1000]


class _Room:
    """Writes down which pipes have said that they have room again."""

    def __init__(self) -> None:
        self.pipes: list[Pipe] = []

    def __call__(self, pipe: Pipe) -> None:
        self.pipes.append(pipe)


def _pipe(**settings: int) -> tuple[Pipe, _Room]:
    room = _Room()
    return Pipe(SocketOptions(**settings), room), room  # type: ignore[arg-type]


def _numbered(count: int) -> list[Message]:
    return [[b"%d" % number] for number in range(count)]


# The way out: the mark in messages


@pytest.mark.parametrize("mark", _MARKS)
def test_an_outbox_is_full_exactly_at_its_high_water_mark(mark: int) -> None:
    pipe, _ = _pipe(send_hwm=mark)
    for message in _numbered(mark - 1):
        pipe.push(message)
    assert pipe.writable
    pipe.push([b"the last"])
    assert not pipe.writable


@pytest.mark.parametrize("mark", _MARKS)
def test_a_full_outbox_has_room_again_when_half_has_been_taken(mark: int) -> None:
    pipe, room = _pipe(send_hwm=mark)
    pipe.extend(_numbered(mark))
    for _ in range((mark + 1) // 2 - 1):  # libzmq's low-water mark
        pipe.taken_out(1)
        assert not pipe.writable
    assert room.pipes == []
    pipe.taken_out(1)
    assert pipe.writable
    assert room.pipes == [pipe]


def test_an_outbox_that_was_not_full_tells_of_no_room() -> None:
    pipe, room = _pipe(send_hwm=4)
    pipe.extend(_numbered(3))
    pipe.taken_out(3)
    assert room.pipes == []


def test_a_mark_of_zero_is_none() -> None:
    pipe, _ = _pipe(send_hwm=0, receive_hwm=0)
    assert pipe.extend(_numbered(5000)) == 5000
    pipe.put(_numbered(5000))
    assert pipe.writable
    assert pipe.room() > 1_000_000


def test_a_multipart_message_counts_once() -> None:
    pipe, _ = _pipe(send_hwm=2, receive_hwm=2)
    pipe.push([b"a", b"b", b"c"])
    pipe.put([[b"a", b"b", b"c"]])
    assert pipe.writable
    assert pipe.room() == 1


def test_a_full_outbox_takes_what_may_not_be_lost_all_the_same() -> None:
    pipe, _ = _pipe(send_hwm=1)
    pipe.push([b"a"])
    pipe.push([b"b"])
    assert pipe.outbox == [[b"a"], [b"b"]]
    assert not pipe.writable


# The way out: the mark in bytes


def test_an_outbox_is_full_exactly_at_its_mark_in_bytes() -> None:
    pipe, _ = _pipe(send_hwm_bytes=10)
    pipe.push([b"12345", b"6789"])
    assert pipe.writable
    pipe.push([b"0"])
    assert not pipe.writable


def test_one_message_beyond_the_mark_in_bytes_is_taken_and_fills_the_outbox() -> None:
    pipe, _ = _pipe(send_hwm_bytes=10)
    assert pipe.extend([[b"x" * 100], [b"y"]]) == 1
    assert not pipe.writable


def test_a_full_outbox_has_room_again_at_half_of_its_bytes() -> None:
    pipe, room = _pipe(send_hwm_bytes=10)
    for message in ([b"1"], [b"1234"], [b"12345"]):
        pipe.push(message)
    pipe.taken_out(1)
    assert not pipe.writable
    pipe.taken_out(1)
    assert pipe.writable
    assert room.pipes == [pipe]


def test_of_two_marks_either_fills_the_outbox_and_both_have_to_be_at_half() -> None:
    pipe, _ = _pipe(send_hwm=4, send_hwm_bytes=100)
    pipe.extend([[b"x" * 10], [b"x"], [b"x" * 60], [b"x"]])
    assert not pipe.writable  # four messages, 72 bytes
    pipe.taken_out(2)
    assert not pipe.writable  # two messages, 61 bytes
    pipe.taken_out(1)
    assert pipe.writable


def test_commands_and_shared_messages_count_in_bytes_too() -> None:
    pipe, _ = _pipe(send_hwm_bytes=20)
    pipe.push(SharedMessage([b"x" * 15]))
    assert pipe.writable
    pipe.push(subscription_command(SUBSCRIBE, b"topic"))
    assert not pipe.writable
    pipe.taken_out(2)
    assert pipe.writable
    pipe.push([b"x" * 19])
    assert pipe.writable  # nothing of the former is left in the count
    pipe.push([b"x"])
    assert not pipe.writable


def test_a_link_is_told_to_flush_at_the_mark_in_bytes() -> None:
    pipe, _ = _pipe(send_hwm_bytes=10)
    link = FakeLink(pipe)
    pipe.push([b"123456789"])
    assert link.calls == ["wake"]
    pipe.push([b"0"])
    assert link.calls == ["wake", "flush"]


# The way out: the link


def test_a_link_is_woken_by_the_first_message_and_not_by_the_next() -> None:
    pipe, _ = _pipe()
    link = FakeLink(pipe)
    pipe.push([b"a"])
    pipe.push([b"b"])
    pipe.extend([[b"c"], [b"d"]])
    assert link.calls == ["wake"]


def test_a_link_is_woken_again_after_it_has_taken_everything() -> None:
    pipe, _ = _pipe()
    link = FakeLink(pipe)
    pipe.extend([[b"a"], [b"b"]])
    pipe.taken_out(2)
    pipe.extend([[b"c"], [b"d"]])
    assert link.calls == ["wake", "wake"]


def test_a_full_outbox_stays_writable_if_the_link_makes_room_at_once() -> None:
    pipe, room = _pipe(send_hwm=3)
    link = FakeLink(pipe)
    pipe.extend(_numbered(2))
    link.takes = 3
    pipe.push([b"the last"])
    assert link.calls == ["wake", "flush"]
    assert pipe.writable
    assert room.pipes == []
    assert pipe.outbox == []


def test_a_batch_goes_through_a_link_that_keeps_making_room() -> None:
    pipe, _ = _pipe(send_hwm=3)
    link = FakeLink(pipe, takes=2)
    assert pipe.extend(_numbered(20)) == 20
    assert [*link.taken, *pipe.outbox] == _numbered(20)


@pytest.mark.parametrize("bytes_mark", [0, 4])
def test_a_batch_is_queued_as_far_as_there_is_room(bytes_mark: int) -> None:
    pipe, _ = _pipe(send_hwm=4, send_hwm_bytes=bytes_mark)
    assert pipe.extend(_numbered(6)) == 4
    assert pipe.outbox == _numbered(4)
    assert not pipe.writable
    assert pipe.extend(_numbered(6)) == 0
    assert pipe.outbox == _numbered(4)


@pytest.mark.parametrize("bytes_mark", [0, 100])
def test_a_batch_that_fits_is_queued_whole(bytes_mark: int) -> None:
    pipe, _ = _pipe(send_hwm=4, send_hwm_bytes=bytes_mark)
    assert pipe.extend(_numbered(3)) == 3
    assert pipe.extend([]) == 0
    assert pipe.writable


def test_without_a_link_messages_wait_in_the_outbox() -> None:
    pipe, _ = _pipe(send_hwm=2)
    pipe.push([b"a"])
    assert pipe.extend([[b"b"], [b"c"]]) == 1
    assert pipe.outbox == [[b"a"], [b"b"]]


def test_what_the_link_takes_is_counted_and_what_is_thrown_away_is_not() -> None:
    pipe, room = _pipe(send_hwm=5)
    pipe.extend(_numbered(5))
    pipe.taken_out(2)
    assert pipe.sent == 2
    assert pipe.clear_outbox() == 3
    assert pipe.sent == 2
    assert pipe.outbox == []
    assert room.pipes == [pipe]


@pytest.mark.parametrize(("mark", "bytes_mark"), [(4, 0), (100, 10)])
def test_what_has_to_go_first_is_queued_before_all_else(mark: int, bytes_mark: int) -> None:
    pipe, room = _pipe(send_hwm=mark, send_hwm_bytes=bytes_mark)
    pipe.push([b"123"])
    pipe.push_first([[b"456"], [b"789"]])
    assert pipe.outbox == [[b"456"], [b"789"], [b"123"]]
    pipe.push([b"0"])
    assert not pipe.writable
    pipe.taken_out(4)
    assert room.pipes == [pipe]
    pipe.extend([[b"1"]] * 3)
    assert pipe.writable  # nothing of the former is left in the count


# Taking a message back


def test_a_message_is_withdrawn_by_identity() -> None:
    pipe, _ = _pipe()
    first, second = [b"same"], [b"same"]
    pipe.push(first)
    pipe.push(second)
    assert pipe.withdraw(second)
    assert len(pipe.outbox) == 1
    assert pipe.outbox[0] is first


def test_a_message_that_was_taken_cannot_be_withdrawn() -> None:
    pipe, _ = _pipe()
    message = [b"gone"]
    pipe.push(message)
    pipe.taken_out(1)
    assert not pipe.withdraw(message)


@pytest.mark.parametrize("bytes_mark", [0, 4])
def test_a_withdrawn_message_leaves_room(bytes_mark: int) -> None:
    pipe, room = _pipe(send_hwm=1, send_hwm_bytes=bytes_mark)
    message = [b"1234"]
    pipe.push(message)
    assert not pipe.writable
    assert pipe.withdraw(message)
    assert room.pipes == [pipe]
    pipe.push([b"123"])
    assert not pipe.writable  # by the mark in messages
    assert pipe.sent == 0


# The way in


def test_an_inbox_has_room_up_to_its_high_water_mark() -> None:
    pipe, _ = _pipe(receive_hwm=3)
    assert pipe.room() == 3
    pipe.put(_numbered(2))
    assert pipe.room() == 1
    pipe.put(_numbered(2))
    assert pipe.room() <= 0


def test_an_inbox_has_no_room_at_its_mark_in_bytes() -> None:
    pipe, _ = _pipe(receive_hwm_bytes=10)
    pipe.put([[b"12345", b"6789"]])
    assert pipe.room() > 0
    pipe.put([[b"0"]])
    assert pipe.room() <= 0


@pytest.mark.parametrize(("bytes_mark", "queued", "fitting"), [
    (0, 0, 3),  # the mark in messages
    (0, 1, 2),
    (0, 3, 0),
    (0, 4, 0),
    (100, 0, 3),
    (15, 0, 2),  # 15 bytes are reached by the second message
    (10, 0, 1),
    (10, 1, 0),
    (5, 0, 1),  # one message may pass the mark
    (11, 1, 1),
])  # fmt: skip
def test_it_can_be_asked_how_many_messages_fit(bytes_mark: int, queued: int, fitting: int) -> None:
    pipe, _ = _pipe(receive_hwm=3, receive_hwm_bytes=bytes_mark)
    pipe.put([[b"12345", b"67890"]] * queued)
    messages: list[Outgoing] = [[b"12345", b"67890"]] * 5
    assert pipe.fitting(messages) == fitting
    assert pipe.fitting(messages[:1]) == min(fitting, 1)


@pytest.mark.parametrize("mark", _MARKS)
def test_a_link_that_has_stopped_reads_on_when_half_has_been_taken(mark: int) -> None:
    pipe, _ = _pipe(receive_hwm=mark)
    link = FakeLink(pipe)
    pipe.put(_numbered(mark))
    pipe.block()
    for _ in range((mark + 1) // 2 - 1):
        pipe.take()
    assert link.calls == []
    pipe.take()
    assert link.calls == ["resume"]
    while pipe.unread:
        pipe.take()
    assert link.calls == ["resume"]


def test_a_link_that_has_stopped_reads_on_at_half_of_the_bytes() -> None:
    pipe, _ = _pipe(receive_hwm_bytes=10)
    link = FakeLink(pipe)
    pipe.put([[b"1"], [b"1234"], [b"12345"]])
    pipe.block()
    pipe.take()
    assert link.calls == []
    pipe.take()
    assert link.calls == ["resume"]
    assert pipe.room() > 0


def test_a_link_that_has_not_stopped_is_not_told_to_read_on() -> None:
    pipe, _ = _pipe(receive_hwm=2)
    link = FakeLink(pipe)
    pipe.put(_numbered(2))
    pipe.take()
    pipe.put(_numbered(1))
    pipe.take_all()
    assert link.calls == []


@pytest.mark.parametrize("bytes_mark", [0, 2])
def test_to_take_everything_makes_room_for_everything(bytes_mark: int) -> None:
    pipe, _ = _pipe(receive_hwm=2, receive_hwm_bytes=bytes_mark)
    link = FakeLink(pipe)
    pipe.put(_numbered(2))
    pipe.block()
    assert pipe.take_all() == _numbered(2)
    assert link.calls == ["resume"]
    assert pipe.room() == 2
    assert pipe.take_all() == []


def test_a_pipe_whose_connection_is_gone_can_still_be_read() -> None:
    pipe, _ = _pipe(receive_hwm=1)
    pipe.put([[b"late"]])
    pipe.block()
    assert pipe.take() == [b"late"]


def test_messages_come_out_in_the_order_in_which_they_came() -> None:
    pipe, _ = _pipe()
    pipe.put(_numbered(3))
    pipe.put([[b"3"]])
    assert [pipe.take(), pipe.take()] == _numbered(2)
    assert pipe.take_all() == [[b"2"], [b"3"]]


def test_a_link_may_deliver_more_while_it_is_told_to_read_on() -> None:
    pipe, _ = _pipe(receive_hwm=1)
    link = FakeLink(pipe)
    pipe.put([[b"a"]])
    pipe.block()
    link.on_resume = lambda: pipe.put([[b"b"]])
    assert pipe.take() == [b"a"]
    assert pipe.take() == [b"b"]
    assert link.calls == ["resume"]


def test_a_new_pipe_is_empty_and_has_nobody() -> None:
    pipe, _ = _pipe()
    assert not pipe.unread
    assert not pipe.outbox
    assert pipe.writable
    assert (pipe.link, pipe.peer, pipe.routing_id) == (None, None, b"")
    assert (pipe.attached, pipe.ready, pipe.reads_commands) == (False, False, False)
    assert (pipe.sent, pipe.received) == (0, 0)


def test_a_fake_link_does_all_that_a_link_must() -> None:
    pipe, _ = _pipe()
    link = FakeLink(pipe)
    error = ProtocolError("why")
    link.drop(error)
    link.reset()
    assert link.calls == ["drop", "reset"]
    assert link.errors == [error]
