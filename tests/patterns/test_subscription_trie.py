"""The prefix tree of topics, by example and against a set of pairs."""

from __future__ import annotations

import gc
from collections.abc import Collection
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.patterns.subscription_trie import SubscriptionTrie, _shared_length

Trie = SubscriptionTrie


def _size(trie: Trie) -> int:
    """How many containers the tree is made of."""
    seen: dict[int, object] = {}
    waiting: list[object] = [trie]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen and not isinstance(found, type | ModuleType):
            seen[id(found)] = found
            waiting += gc.get_referents(found)
    return sum(not isinstance(found, bytes | str | int) for found in seen.values())


def _trie(*pairs: tuple[bytes, str]) -> Trie:
    trie = Trie()
    for topic, subscriber in pairs:
        trie.add(topic, subscriber)
    return trie


# Matching


@pytest.mark.parametrize(("topic", "data"), [
    (b"", b""),
    (b"", b"anything"),
    (b"A", b"A"),
    (b"A", b"AB"),
    (b"\x00\xff", b"\x00\xff\x00"),
])  # fmt: skip
def test_a_topic_matches_what_begins_with_it(topic: bytes, data: bytes) -> None:
    trie = _trie((topic, "x"))
    assert set(trie.match(data)) == {"x"}
    assert trie.matches(data)


@pytest.mark.parametrize(("topic", "data"), [
    (b"A", b""),
    (b"A", b"B"),
    (b"AB", b"A"),
    (b"AB", b"AC"),
    (b"AB", b"aB"),
    (b"\x00", b"\xff"),
])  # fmt: skip
def test_a_topic_matches_nothing_else(topic: bytes, data: bytes) -> None:
    trie = _trie((topic, "x"))
    assert set(trie.match(data)) == set()
    assert not trie.matches(data)


def test_an_empty_tree_matches_nothing() -> None:
    assert list(Trie().match(b"")) == []
    assert not Trie().matches(b"")


def test_who_has_several_matching_topics_is_found_once() -> None:
    trie = _trie((b"", "x"), (b"A", "x"), (b"AB", "x"), (b"ABC", "y"), (b"B", "z"))
    assert sorted(trie.match(b"ABCD")) == ["x", "y"]


def test_topics_that_are_prefixes_of_one_another_are_told_apart() -> None:
    trie = _trie((b"ABC", "long"), (b"A", "short"), (b"ABCDE", "longest"), (b"ABD", "other"))
    assert set(trie.match(b"A")) == {"short"}
    assert set(trie.match(b"AB")) == {"short"}
    assert set(trie.match(b"ABC")) == {"short", "long"}
    assert set(trie.match(b"ABCDEF")) == {"short", "long", "longest"}
    assert set(trie.match(b"ABDE")) == {"short", "other"}


def test_subscribers_are_found_in_the_order_of_their_coming_once_each() -> None:
    trie: Trie = Trie()
    names = [f"subscriber {number}" for number in range(100)]
    for name in names:
        trie.add(b"AB", name)
    assert list(trie.match(b"ABC")) == names
    trie.add(b"A", names[70])
    trie.add(b"A", "another")
    first = [names[70], "another"]
    rest = [name for name in names if name not in first]
    assert list(trie.match(b"ABC")) == first + rest
    assert list(trie.match(b"AX")) == first


def test_a_later_search_is_not_changed_by_an_earlier_result() -> None:
    trie = _trie((b"", "x"), (b"A", "y"))
    assert set(trie.match(b"A")) == {"x", "y"}
    assert set(trie.match(b"B")) == {"x"}


# Subscriptions


def test_only_the_first_subscriber_of_a_topic_is_the_first() -> None:
    trie = Trie()
    assert trie.add(b"A", "x")
    assert not trie.add(b"A", "y")
    assert trie.add(b"AB", "y")
    assert trie.add(b"", "y")


def test_a_subscriber_holds_a_topic_once() -> None:
    trie = _trie((b"A", "x"))
    assert not trie.add(b"A", "x")
    assert trie.remove(b"A", "x")
    assert not trie.matches(b"A")


def test_only_the_last_cancellation_of_a_topic_is_the_last() -> None:
    trie = _trie((b"A", "x"), (b"A", "y"))
    assert not trie.remove(b"A", "x")
    assert set(trie.match(b"A")) == {"y"}
    assert trie.remove(b"A", "y")


@pytest.mark.parametrize("topic", [b"", b"A", b"AB", b"ABCD", b"B"])
def test_a_topic_that_the_subscriber_does_not_hold_cannot_be_cancelled(topic: bytes) -> None:
    trie = _trie((b"ABC", "x"), (b"", "y"), (b"A", "y"), (b"AB", "y"), (b"ABCD", "y"), (b"B", "y"))
    assert not trie.remove(topic, "x")
    assert not trie.remove(topic, "stranger")
    assert set(trie.match(b"ABCD")) == {"x", "y"}
    assert list(trie.topics("x")) == [b"ABC"]


def test_of_one_who_leaves_the_topics_that_nobody_else_holds_are_told() -> None:
    trie = _trie((b"B", "x"), (b"A", "x"), (b"AB", "x"), (b"A", "y"), (b"", "x"))
    assert trie.remove_subscriber("x") == [b"", b"AB", b"B"]
    assert list(trie.topics("x")) == []
    assert set(trie.match(b"AB")) == {"y"}
    assert trie.remove_subscriber("x") == []


def test_the_topics_of_each_subscriber_are_known() -> None:
    trie = _trie((b"A", "x"), (b"B", "x"), (b"A", "y"))
    trie.remove(b"B", "x")
    assert sorted(trie.topics("x")) == [b"A"]
    assert sorted(trie.topics("y")) == [b"A"]
    assert sorted(trie.topics("z")) == []


# Size


def test_a_topic_of_any_length_needs_no_recursion() -> None:
    longest = b"x" * 100_000
    trie = _trie((longest, "a"), (longest[:-1], "b"), (longest[:50_000] + b"y", "c"))
    assert set(trie.match(longest)) == {"a", "b"}
    assert set(trie.match(longest[:50_000] + b"yz")) == {"c"}
    assert not trie.matches(longest[:-2])
    for topic, subscriber in ((longest, "a"), (longest[:-1], "b"), (longest[:50_000] + b"y", "c")):
        assert trie.remove(topic, subscriber)
    assert _size(trie) == _size(Trie())


def test_a_tree_that_is_deep_in_nodes_needs_no_recursion() -> None:
    depth = 1_100  # more than the recursion limit
    trie = Trie()
    for length in range(depth):
        assert trie.add(b"x" * length, str(length))
    assert len(trie.match(b"x" * depth)) == depth
    for length in range(depth):
        assert trie.remove(b"x" * length, str(length))
    assert _size(trie) == _size(Trie())


def test_a_long_topic_costs_no_more_nodes_than_a_short_one() -> None:
    assert _size(_trie((b"x" * 10_000, "a"))) == _size(_trie((b"x", "a")))


def test_a_cancelled_topic_leaves_the_tree_as_it_was() -> None:
    pairs = [(b"ABC", "x"), (b"AD", "x"), (b"", "y")]
    before = _size(_trie(*pairs))
    for extra in (b"", b"A", b"AB", b"ABC", b"ABCD", b"ABX", b"AX", b"X"):
        trie = _trie(*pairs)
        trie.add(extra, "y" if extra else "z")
        trie.remove(extra, "y" if extra else "z")
        assert _size(trie) == before, extra


# The model


_TOPICS = st.one_of(
    st.text("ab", max_size=5).map(str.encode),
    st.binary(max_size=3),
    st.sampled_from([b"", b"x" * 300, b"x" * 299 + b"y", b"x" * 150]),
)
_SUBSCRIBERS = st.sampled_from("pqr")
_STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "remove", "leave"]), _TOPICS, _SUBSCRIBERS),
    max_size=30,
)


def _matching(pairs: Collection[tuple[bytes, str]], data: bytes) -> set[str]:
    return {subscriber for topic, subscriber in pairs if data.startswith(topic)}


@given(_STEPS, st.lists(_TOPICS, max_size=5))
def test_it_does_what_a_set_of_pairs_does(
    steps: list[tuple[str, bytes, str]], others: list[bytes]
) -> None:
    trie = Trie()
    pairs: set[tuple[bytes, str]] = set()
    for step, topic, subscriber in steps:
        held = {other for other, holder in pairs if holder == subscriber}
        shared = {other for other, holder in pairs if holder != subscriber}
        if step == "add":
            assert trie.add(topic, subscriber) is (topic not in held | shared)
            pairs.add((topic, subscriber))
        elif step == "remove":
            assert trie.remove(topic, subscriber) is (topic in held - shared)
            pairs.discard((topic, subscriber))
        else:
            assert trie.remove_subscriber(subscriber) == sorted(held - shared)
            pairs -= {(other, subscriber) for other in held}
        for data in [topic, topic + b"a", topic[:-1], *others]:
            assert set(trie.match(data)) == _matching(pairs, data)
            assert trie.matches(data) is bool(_matching(pairs, data))
        for name in "pqr":
            assert set(trie.topics(name)) == {other for other, holder in pairs if holder == name}
    for topic, subscriber in pairs:
        trie.remove(topic, subscriber)
    assert _size(trie) == _size(Trie())


@given(_STEPS)
def test_the_tree_has_one_shape_for_one_set_of_subscriptions(
    steps: list[tuple[str, bytes, str]],
) -> None:
    trie = Trie()
    pairs: set[tuple[bytes, str]] = set()
    for step, topic, subscriber in steps:
        if step == "add":
            trie.add(topic, subscriber)
            pairs.add((topic, subscriber))
        else:
            trie.remove(topic, subscriber)
            pairs.discard((topic, subscriber))
    assert _size(trie) == _size(_trie(*sorted(pairs)))


class _Counting(bytes):
    """Bytes that count how often they are looked into."""

    looked = 0

    def __getitem__(self, index: Any) -> Any:
        type(self).looked += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("shared", [0, 1, 2, 63, 64, 65, 9_999, 16_384, 32_767, 32_768])
def test_what_two_long_topics_share_is_found_in_a_few_looks(shared: int) -> None:
    one, other = b"a" * 32_768, b"a" * shared + b"b" * (32_768 - shared)
    _Counting.looked = 0
    assert _shared_length(_Counting(one), other, 0) == shared
    assert _shared_length(_Counting(one), b"prefix" + other, 6) == shared
    assert _Counting.looked <= 2 * 16  # halves of halves, not byte by byte


@given(
    st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=5)
)
def test_what_two_topics_share(same: bytes, one: bytes, other: bytes, before: bytes) -> None:
    expected = len(same)
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        expected += 1
    assert _shared_length(same + one, before + same + other, len(before)) == expected
