"""One message for many: shared, never held up by a peer that is full (ZMTP.md 7.1, DESIGN.md 3)."""

from __future__ import annotations

from functools import partial

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe, SubscriptionTrie, distribute, have_room, publish
from pyzmtp.wire.message import Message, SharedMessage

from .links import FakeLink, take_out


def _pipes(count: int, send_hwm: int = 1000) -> list[Pipe]:
    options = SocketOptions(send_hwm=send_hwm)
    return [Pipe(options, lambda pipe: None) for _ in range(count)]


def test_every_pipe_gets_the_message() -> None:
    pipes = _pipes(3)
    assert distribute([b"a", b"b"], pipes) == 0
    assert [pipe.outbox for pipe in pipes] == [[[b"a", b"b"]]] * 3


def test_many_pipes_share_one_encoding() -> None:
    pipes = _pipes(3)
    distribute([b"topic", b"body"], pipes)
    messages = [pipe.outbox[0] for pipe in pipes]
    wires = [message.wire for message in messages if isinstance(message, SharedMessage)]
    assert len(wires) == 3
    assert wires[0] is wires[1] is wires[2]
    assert wires[0] == b"\x01\x05topic\x00\x04body"


def test_a_single_pipe_gets_the_message_as_it_is() -> None:
    (pipe,) = _pipes(1)
    message: Message = [b"a"]
    distribute(message, [pipe])
    assert pipe.outbox[0] is message


def test_to_nobody_nothing_is_sent_and_nothing_dropped() -> None:
    assert distribute([b"a"], []) == 0


def test_a_full_pipe_misses_the_message_and_holds_up_no_other() -> None:
    slow, quick, idle = _pipes(3, send_hwm=2)
    slow.extend([[b"old"], [b"older"]])
    quick.push([b"old"])
    assert distribute([b"new"], [slow, quick, idle]) == 1
    assert slow.outbox == [[b"old"], [b"older"]]
    assert quick.outbox == [[b"old"], [b"new"]]
    assert idle.outbox == [[b"new"]]


def test_a_pipe_that_was_full_joins_again_when_half_has_been_taken() -> None:
    slow, _ = pipes = _pipes(2, send_hwm=4)
    slow.extend([[b"old"]] * 4)
    assert distribute([b"a"], pipes) == 1
    take_out(slow, 1)
    assert distribute([b"b"], pipes) == 1
    take_out(slow, 1)
    assert distribute([b"c"], pipes) == 0
    assert slow.outbox[-1] == [b"c"]


def test_a_peer_that_is_lost_while_it_is_sent_to_keeps_the_message_from_nobody() -> None:
    pipes = _pipes(3)
    subscribers = set(pipes)
    for pipe in pipes:
        FakeLink(pipe).on_wake = partial(subscribers.discard, pipe)
    assert distribute([b"a"], subscribers) == 0
    assert [pipe.outbox for pipe in pipes] == [[[b"a"]]] * 3


def test_there_is_room_if_all_have_some() -> None:
    full, free = _pipes(2, send_hwm=1)
    full.push([b"old"])
    assert have_room([])
    assert have_room([free])
    assert not have_room([free, full])


def _subscriptions(**topics: Pipe) -> SubscriptionTrie:
    trie: SubscriptionTrie = SubscriptionTrie()
    for topic, pipe in topics.items():
        trie.add(topic.encode(), pipe)
    return trie


def test_a_batch_goes_to_those_who_have_subscribed() -> None:
    one, other = _pipes(2)
    batch = [[b"a1"], [b"b1", b"a"], [b"c"], [b"a2"]]
    assert publish(batch, _subscriptions(a=one, b=other), False) == (4, 0)
    assert one.outbox == [[b"a1"], [b"a2"]]
    assert other.outbox == [[b"b1", b"a"]]


def test_what_a_full_pipe_misses_of_a_batch_is_counted() -> None:
    (pipe,) = _pipes(1, send_hwm=2)
    assert publish([[b"a"]] * 5, _subscriptions(a=pipe), False) == (5, 3)
    assert pipe.outbox == [[b"a"]] * 2


def test_with_nodrop_a_batch_ends_before_what_somebody_has_no_room_for() -> None:
    full, free = _pipes(2, send_hwm=2)
    subscriptions = _subscriptions(a=full, b=free)
    subscriptions.add(b"a", free)
    assert publish([[b"a"], [b"a"], [b"b"]], subscriptions, True) == (2, 0)
    take_out(free, 2)
    assert publish([[b"b"], [b"a"], [b"b"]], subscriptions, True) == (1, 0)
    assert free.outbox == [[b"b"]]
