"""What all patterns share: the life of a pipe, hooks, and the two halves that most are made of."""

from __future__ import annotations

from types import ModuleType

import pytest

from pyzmtp.constants import SocketType
from pyzmtp.options import SocketOptions
from pyzmtp.patterns import (
    channel,
    client,
    dealer,
    dgram,
    dish,
    gather,
    pair,
    peer,
    pub,
    pull,
    push,
    radio,
    rep,
    req,
    router,
    scatter,
    server,
    stream,
    sub,
    xpub,
    xsub,
)
from pyzmtp.patterns.base import BalancedSender, FairReceiver, Pattern, Receiver, Sender
from pyzmtp.patterns.hot import Pipe
from pyzmtp.wire.message import Message

from .links import Calls, accept, leave, new_peer, queued, receive_all, take_out

_MODULES: list[ModuleType] = [
    pair, pub, sub, req, rep, dealer, router, pull, push, xpub, xsub, stream, radio, dish, dgram,
    server, client, gather, scatter, peer, channel,
]  # fmt: skip


def _pattern_class(module: ModuleType) -> type[Pattern]:
    (name,) = module.__all__
    found: type[Pattern] = getattr(module, name)
    return found


_PATTERNS = {cls.socket_type: cls for cls in map(_pattern_class, _MODULES)}
_ALL = pytest.mark.parametrize("socket_type", SocketType)


def _pattern(socket_type: SocketType) -> Pattern:
    return _PATTERNS[socket_type](SocketOptions())


class _Stubborn(Sender):
    """Takes so many messages and no more."""

    def __init__(self, room: int) -> None:
        super().__init__(SocketOptions())
        self.room = room
        self.sent: list[Message] = []

    def try_send(self, message: Message) -> bool:
        if len(self.sent) == self.room:
            return False
        self.sent.append(message)
        return True


class _Single(Receiver):
    """Has one message at a time."""

    def __init__(self) -> None:
        super().__init__(SocketOptions())
        self.messages: list[Message] = [[b"a"], [b"b"]]

    @property
    def readable(self) -> bool:
        return bool(self.messages)

    def take(self) -> tuple[Pipe, Message]:
        return self.new_pipe(self.options), self.messages.pop(0)


def test_every_socket_type_has_its_pattern() -> None:
    assert set(_PATTERNS) == set(SocketType)


# The life of a pipe, whatever the type


@_ALL
def test_a_pipe_has_the_marks_of_its_socket(socket_type: SocketType) -> None:
    pattern = _PATTERNS[socket_type](SocketOptions(send_hwm=2, receive_hwm=3))
    pipe = pattern.new_pipe(pattern.options)
    assert pipe.room() == 3
    assert pipe.extend([[b""]] * 5) == 2


@_ALL
def test_a_pipe_is_attached_then_ready_then_neither(socket_type: SocketType) -> None:
    pattern = _pattern(socket_type)
    pipe = pattern.new_pipe(pattern.options)
    pipe.peer = new_peer()
    pattern.attach(pipe)
    assert (pipe.attached, pipe.ready) == (True, False)
    pattern.ready(pipe)
    assert (pipe.attached, pipe.ready) == (True, True)
    pattern.hiccup(pipe)
    assert (pipe.attached, pipe.ready) == (True, False)
    pattern.ready(pipe)
    pattern.detach(pipe)
    assert (pipe.attached, pipe.ready) == (False, False)


@_ALL
def test_a_pipe_may_be_detached_twice_or_without_having_been_attached(
    socket_type: SocketType,
) -> None:
    pattern = _pattern(socket_type)
    pipe, stranger = accept(pattern), pattern.new_pipe(pattern.options)
    pattern.detach(stranger)
    assert pipe.attached
    pattern.detach(pipe)
    pattern.detach(pipe)
    assert not pipe.attached


@_ALL
def test_an_attached_pipe_is_room_to_send(socket_type: SocketType) -> None:
    pattern = _pattern(socket_type)
    pattern.on_writable = writable = Calls()
    pipe = pattern.new_pipe(pattern.options)
    pipe.peer = new_peer()
    pattern.attach(pipe)
    assert writable.count >= 1


@_ALL
def test_room_in_a_pipe_that_was_full_is_room_to_send(socket_type: SocketType) -> None:
    pattern = _PATTERNS[socket_type](SocketOptions(send_hwm=2))
    pipe = accept(pattern)
    pipe.extend([[b"a"], [b"b"]])
    pattern.on_writable = writable = Calls()
    take_out(pipe)
    assert writable.count == 1


@_ALL
def test_without_hooks_nothing_is_told(socket_type: SocketType) -> None:
    pattern = _pattern(socket_type)
    pattern.on_readable()
    pattern.on_writable()
    assert pattern.queued == 0
    assert (pattern.dropped_sent, pattern.dropped_received) == (0, 0)


@_ALL
def test_a_pattern_is_of_the_type_that_it_says(socket_type: SocketType) -> None:
    assert _pattern(socket_type).socket_type is socket_type


@_ALL
def test_what_is_queued_for_a_peer_can_be_thrown_away_and_counted(socket_type: SocketType) -> None:
    pattern = _pattern(socket_type)
    pipe = accept(pattern)
    pipe.extend([[b"a"], [b"b", b"c"]])
    assert pattern.clear(pipe) == 2
    assert queued(pipe) == []


# The bases


def test_a_type_that_receives_nothing_counts_what_comes_as_dropped() -> None:
    pattern = Pattern(SocketOptions())
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"a"], [b"b"]])
    assert pattern.dropped_received == 2
    assert pattern.discard(pipe) == pattern.discard_all() == 0
    assert pattern.queued == 0


def test_a_batch_is_sent_until_there_is_no_room() -> None:
    sender = _Stubborn(2)
    assert sender.try_send_batch([[b"a"]]) == 1
    assert sender.try_send_batch([[b"b"], [b"c"], [b"d"]]) == 1
    assert sender.try_send_batch([[b"d"]]) == 0
    assert sender.try_send_batch([]) == 0
    assert sender.sent == [[b"a"], [b"b"]]


def test_to_send_is_in_order_at_any_time_and_all_messages_wait_in_one_queue() -> None:
    sender = Sender(SocketOptions())
    sender.check_send()
    assert sender.destination([b"a"]) == sender.destination([b"b"])


def test_to_receive_is_in_order_at_any_time() -> None:
    _Single().check_receive()


def test_a_batch_is_one_message_where_each_has_to_be_asked_for() -> None:
    receiver = _Single()
    assert [receiver.take_batch(10) for _ in range(3)] == [[[b"a"]], [[b"b"]], []]


def test_the_bases_alone_neither_send_nor_receive() -> None:
    receiver, sender = Receiver(SocketOptions()), Sender(SocketOptions())
    with pytest.raises(NotImplementedError):
        _ = receiver.readable
    with pytest.raises(NotImplementedError):
        receiver.take()
    with pytest.raises(NotImplementedError):
        sender.try_send([b"a"])


# Fair receiving


def test_a_fair_receiver_takes_from_all_peers_in_turn() -> None:
    receiver = FairReceiver(SocketOptions())
    first, second = accept(receiver), accept(receiver)
    receiver.deliver(first, [[b"a0"], [b"a1"]])
    receiver.deliver(second, [[b"b0"]])
    assert receiver.queued == 3
    assert receiver.take() == (first, [b"a0"])
    assert receiver.take_batch(10) == [[b"b0"], [b"a1"]]
    assert not receiver.readable


def test_a_fair_receiver_tells_when_there_is_something() -> None:
    receiver = FairReceiver(SocketOptions())
    receiver.on_readable = readable = Calls()
    receiver.deliver(accept(receiver), [[b"a"]])
    assert readable.count == 1
    assert receiver.readable


def test_what_a_peer_sent_before_it_left_can_be_received_until_it_is_discarded() -> None:
    receiver = FairReceiver(SocketOptions())
    leaver, stayer = accept(receiver), accept(receiver)
    receiver.deliver(leaver, [[b"a0"], [b"a1"], [b"a2"]])
    receiver.deliver(stayer, [[b"b0"]])
    leave(receiver, leaver)
    assert receiver.take()[1] == [b"a0"]
    assert receiver.discard(leaver) == 2
    assert receive_all(receiver) == [[b"b0"]]


def test_all_that_was_not_received_can_be_discarded() -> None:
    receiver = FairReceiver(SocketOptions())
    receiver.deliver(accept(receiver), [[b"a0"], [b"a1"]])
    receiver.deliver(accept(receiver), [[b"b0"]])
    receiver.take()
    assert receiver.discard_all() == 2
    assert not receiver.readable
    assert receiver.discard_all() == 0


# Balanced sending


def test_a_balanced_sender_sends_to_its_peers_in_turn() -> None:
    sender = BalancedSender(SocketOptions())
    first, second = accept(sender), accept(sender)
    for number in range(3):
        assert sender.try_send([b"m%d" % number])
    assert sender.try_send_batch([[b"m3"], [b"m4"], [b"m5"]]) == 3
    assert queued(first) == [[b"m0"], [b"m2"], [b"m4"]]
    assert queued(second) == [[b"m1"], [b"m3"], [b"m5"]]


def test_a_balanced_sender_waits_without_peers_and_drops_nothing() -> None:
    sender = BalancedSender(SocketOptions())
    assert not sender.try_send([b"a"])
    assert sender.try_send_batch([[b"a"]]) == 0
    leave(sender, accept(sender))
    assert not sender.try_send([b"a"])
    assert sender.dropped_sent == 0


def test_a_balanced_sender_goes_on_when_a_full_peer_has_room() -> None:
    sender = BalancedSender(SocketOptions(send_hwm=2))
    pipe = accept(sender)
    sender.on_writable = writable = Calls()
    assert sender.try_send_batch([[b"a"], [b"b"], [b"c"]]) == 2
    assert not sender.try_send([b"c"])
    take_out(pipe, 1)
    assert writable.count == 1
    assert sender.try_send([b"c"])


def test_a_full_peer_that_has_left_is_not_sent_to_again() -> None:
    sender = BalancedSender(SocketOptions(send_hwm=2))
    pipe = accept(sender)
    sender.try_send_batch([[b"a"], [b"b"]])
    sender.detach(pipe)
    sender.on_writable = writable = Calls()
    pipe.clear_outbox()
    assert pipe.writable
    assert writable.count == 0
    assert not sender.try_send([b"c"])


def test_who_has_lost_its_connection_for_a_while_keeps_its_turn() -> None:
    sender = BalancedSender(SocketOptions())
    first, second = accept(sender), accept(sender)
    sender.hiccup(first)
    sender.try_send_batch([[b"m0"], [b"m1"]])
    assert queued(first) == [[b"m0"]]
    assert queued(second) == [[b"m1"]]
