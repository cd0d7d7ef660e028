"""The two forms of the queues are one: whatever is done to them, in whatever order."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyzmtp import SocketOptions
from pyzmtp.wire.message import Message

_PIPES = 4
_FIELDS = [
    "writable",
    "sent",
    "received",
    "unread",
    "send_hwm",
    "send_mark",
    "conflate_out",
    "sender",
]

_messages = st.lists(st.lists(st.binary(max_size=4), min_size=1, max_size=3), max_size=6)
_marks = st.fixed_dictionaries(
    {},
    optional={
        "send_hwm": st.integers(0, 6),
        "receive_hwm": st.integers(0, 6),
        "send_hwm_bytes": st.integers(0, 12),
        "receive_hwm_bytes": st.integers(0, 12),
        "conflate": st.booleans(),
    },
)
_pipe = st.integers(0, _PIPES - 1)
_counts = st.integers(0, 8)


class _Link:
    """Notes what it is called for, by the number of its pipe."""

    def __init__(self, number: int, calls: list[Any]) -> None:
        self._number, self._calls = number, calls

    def wake(self) -> None:
        self._calls.append((self._number, "wake"))

    def flush(self) -> None:
        self._calls.append((self._number, "flush"))

    def resume(self) -> None:
        self._calls.append((self._number, "resume"))


class _Form:
    """Pipes in one form, and the queues over them."""

    def __init__(self, package: str, options: list[dict[str, Any]]) -> None:
        def of(module: str, name: str) -> Any:
            return getattr(importlib.import_module(f"{package}.{module}"), name)

        self.calls: list[Any] = []
        self.balancer = of("load_balancer", "LoadBalancer")()
        self.fair = of("fair_queue", "FairQueue")()
        self.distributor = importlib.import_module(f"{package}.distributor")
        self.trie = of("subscription_trie", "SubscriptionTrie")()
        self.envelope = importlib.import_module(f"{package}.envelope")
        self.pipes = [of("pipe", "Pipe")(SocketOptions(**each), self._room) for each in options]
        for number, pipe in enumerate(self.pipes):
            pipe.link = _Link(number, self.calls)
            self.balancer.add(pipe)

    def _room(self, pipe: Any) -> None:
        self.calls.append((self.pipes.index(pipe), "room"))
        self.balancer.add(pipe)

    def plain(self, value: Any) -> Any:
        """``value`` with the numbers of the pipes in their places."""
        if isinstance(value, tuple):
            return tuple(map(self.plain, value))
        return self.pipes.index(value) if value in self.pipes else value

    def look(self) -> Any:
        """All that can be seen."""
        fields = [
            "writable",
            "sent",
            "received",
            "unread",
            "send_hwm",
            "send_mark",
            "conflate_out",
            "sender",
        ]
        seen = [[getattr(pipe, name) for name in fields] for pipe in self.pipes]
        rooms = [pipe.room() for pipe in self.pipes]
        outboxes = [[list(message) for message in pipe.outbox] for pipe in self.pipes]
        next_pipe = self.plain(self.balancer.peek())
        return seen, rooms, outboxes, self.calls, next_pipe, len(self.fair), bool(self.fair)


class Queues(RuleBasedStateMachine):
    """Does the same to both forms."""

    @rule(options=st.lists(_marks, min_size=_PIPES, max_size=_PIPES))
    @precondition(lambda self: not hasattr(self, "forms"))
    def begin(self, options: list[dict[str, Any]]) -> None:
        packages = ("pyzmtp.patterns", "pyzmtp._speedups")
        self.forms = [_Form(package, options) for package in packages]

    def both(self, act: Callable[[_Form], Any]) -> None:
        pure, compiled = ((form.plain(act(form)), form) for form in self.forms)
        assert pure[0] == compiled[0]
        assert type(pure[0]) is type(compiled[0])

    @invariant()
    def look_the_same(self) -> None:
        if hasattr(self, "forms"):
            pure, compiled = self.forms
            assert pure.look() == compiled.look()

    begun = precondition(lambda self: hasattr(self, "forms"))

    @begun
    @rule(messages=_messages)
    def send(self, messages: list[Message]) -> None:
        def act(form: _Form) -> list[Any]:
            return [form.plain(form.balancer.send(list(message))) for message in messages]

        self.both(act)

    @begun
    @rule(messages=_messages)
    def send_batch(self, messages: list[Message]) -> None:
        self.both(lambda form: form.balancer.send_batch(list(map(list, messages))))

    @begun
    @rule(number=_pipe, messages=_messages)
    def extend(self, number: int, messages: list[Message]) -> None:
        self.both(lambda form: form.pipes[number].extend(list(map(list, messages))))

    @begun
    @rule(number=_pipe, message=st.lists(st.binary(max_size=4), min_size=1))
    def push_and_withdraw(self, number: int, message: Message) -> None:
        def act(form: _Form) -> Any:
            own = list(message)
            form.pipes[number].push(own)
            return form.pipes[number].withdraw(own)

        self.both(act)

    @begun
    @rule(message=st.lists(st.binary(max_size=4), min_size=1), to=st.sets(_pipe))
    def distribute(self, message: Message, to: set[int]) -> None:
        def act(form: _Form) -> Any:
            pipes = [form.pipes[number] for number in to]
            return form.distributor.distribute(list(message), pipes), (
                form.distributor.have_room(pipes)
            )

        self.both(act)

    @begun
    @rule(topic=st.binary(max_size=1), number=_pipe)
    def subscribe(self, topic: bytes, number: int) -> None:
        self.both(lambda form: form.trie.add(topic, form.pipes[number]))

    @begun
    @rule(messages=_messages, nodrop=st.booleans())
    def publish(self, messages: list[Message], nodrop: bool) -> None:
        self.both(
            lambda form: form.distributor.publish(list(map(list, messages)), form.trie, nodrop)
        )

    @begun
    @rule(
        messages=st.lists(st.tuples(st.integers(0, _PIPES), st.lists(st.binary(max_size=4)))),
        start=st.integers(0, 2),
    )
    def route(self, messages: list[tuple[int, Message]], start: int) -> None:
        def act(form: _Form) -> Any:
            known = {b"%d" % number: pipe for number, pipe in enumerate(form.pipes)}
            batch = [[b"%d" % number, *body] for number, body in messages]
            index = form.envelope.route_batch(known, batch, start)
            return index, batch, [form.envelope.route(known, batch[-1])] if batch else []

        self.both(act)

    @begun
    @rule(messages=_messages, sender=st.binary(max_size=4))
    def address(self, messages: list[Message], sender: bytes) -> None:
        def act(form: _Form) -> list[Message]:
            own = [list(message) for message in messages]
            form.envelope.address(own, sender)
            return own

        self.both(act)

    @begun
    @rule(number=_pipe, add=st.booleans())
    def take_part(self, number: int, add: bool) -> None:
        self.both(
            lambda form: (form.balancer.add if add else form.balancer.remove)(form.pipes[number])
        )

    @begun
    @rule(number=_pipe, count=_counts, halves=st.booleans())
    def taken_out(self, number: int, count: int, halves: bool) -> None:
        def act(form: _Form) -> None:
            pipe = form.pipes[number]
            some = min(count, len(pipe.outbox))
            if halves:
                pipe.take_out(some)
                pipe.relieved()
            else:
                pipe.taken_out(some)

        self.both(act)

    @begun
    @rule(number=_pipe)
    def clear_outbox(self, number: int) -> None:
        self.both(lambda form: form.pipes[number].clear_outbox())

    @begun
    @rule(number=_pipe, messages=_messages.filter(bool), block=st.booleans())
    def arrive(self, number: int, messages: list[Message], block: bool) -> None:
        def act(form: _Form) -> Any:
            pipe = form.pipes[number]
            fitting = pipe.fitting(messages)
            form.fair.put(pipe, list(map(list, messages)))
            if block:
                pipe.block()
            return fitting

        self.both(act)

    @begun
    @rule(number=_pipe, peer=st.text(max_size=3))
    def change_peer(self, number: int, peer: str) -> None:
        self.both(lambda form: form.pipes[number].change_peer(peer))

    @begun
    @rule()
    def take(self) -> None:
        self.both(lambda form: form.fair.take() if form.fair else None)

    @begun
    @rule()
    def take_next(self) -> None:
        self.both(lambda form: form.fair.take_next())

    @begun
    @rule(limit=st.integers(1, 8))
    def take_batch(self, limit: int) -> None:
        self.both(lambda form: form.fair.take_batch(limit))

    @begun
    @rule(number=_pipe)
    def take_from(self, number: int) -> None:
        self.both(lambda form: form.fair.take_from(form.pipes[number]))

    @begun
    @rule(number=_pipe, marks=_marks)
    def change_marks(self, number: int, marks: dict[str, Any]) -> None:
        def act(form: _Form) -> Any:
            changed = form.pipes[number].change_marks(SocketOptions(**marks))
            form.pipes[number].settle()
            return changed

        self.both(act)


TestQueues = Queues.TestCase

_topics = st.binary(max_size=4).map(lambda topic: topic.translate(bytes(2 * [*b"ab"] * 64)))


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "leave"]), _topics, st.integers(0, 3))))
def test_the_tries_are_one(steps: list[tuple[str, bytes, int]]) -> None:
    pure, compiled = (
        importlib.import_module(f"{package}.subscription_trie").SubscriptionTrie()
        for package in ("pyzmtp.patterns", "pyzmtp._speedups")
    )

    def do(trie: Any, what: str, topic: bytes, who: int) -> Any:
        if what == "leave":
            return trie.remove_subscriber(who)
        return (trie.add if what == "add" else trie.remove)(topic, who)

    for what, topic, who in steps:
        results = [do(trie, what, topic, who) for trie in (pure, compiled)]
        assert results[0] == results[1]
        assert type(results[0]) is type(results[1])
        for data in (b"", topic, topic + b"a", b"abab"):
            assert set(pure.match(data)) == set(compiled.match(data))
            assert pure.matches(data) is compiled.matches(data)
        for number in range(4):
            assert set(pure.topics(number)) == set(compiled.topics(number))


_NO_MESSAGES: list[Any] = ["", "text", {}, {b"a": b"b"}, set(), None, 1, [], (), ["a"], [b"", 1]]


@pytest.mark.parametrize("value", _NO_MESSAGES, ids=repr)
def test_what_is_no_message_is_refused_alike(value: Any) -> None:
    told = []
    for module in ("pyzmtp.wire.sendable", "pyzmtp._speedups.sendable"):
        with pytest.raises((TypeError, ValueError)) as caught:
            importlib.import_module(module).to_message(value)
        told.append((caught.type, str(caught.value)))
    assert told[0] == told[1]


_bytes_like = st.binary(max_size=4).flatmap(
    lambda data: st.sampled_from([data, bytearray(data), memoryview(data)])
)


@given(_bytes_like | st.lists(_bytes_like, min_size=1) | st.tuples(_bytes_like))
def test_what_is_a_message_is_taken_alike(value: Any) -> None:
    modules = ("pyzmtp.wire.sendable", "pyzmtp._speedups.sendable")
    pure, compiled = (importlib.import_module(module).to_message(value) for module in modules)
    assert pure == compiled
    assert all(type(frame) is bytes for frame in compiled)
    assert compiled is not value


def test_the_collector_does_not_look_at_what_is_compiled() -> None:
    """A list of bytes is in no cycle. One that an application changes is its own affair, and safe."""
    framing = importlib.import_module("pyzmtp._speedups.framing")
    sendable = importlib.import_module("pyzmtp._speedups.sendable")
    received = framing.FrameDecoder(0).feed(b"\x00\x01a" + b"\x01\x01a\x00\x01b", 10)
    sent = sendable.to_message([b"a", b"b"])
    for message in (*received, sent):
        assert not gc.is_tracked(message)
        message.append(message)
        message.clear()
    gc.collect()
