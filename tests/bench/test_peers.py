"""What the peers of the bench share: topics, shares of the work, and matching, which needs no network."""

from __future__ import annotations

import pytest

from bench.model import Job
from bench.peers import pyzmtp_matching, topics
from bench.peers.timing import groups, shares


def job(count: int, subscriptions: int = 1, pushers: int = 1) -> Job:
    """A job of so many operations."""
    return Job(size=16, count=count, timeout=1.0, subscriptions=subscriptions, pushers=pushers)


@pytest.mark.parametrize(
    ("number", "most", "expected"),
    [(10, 5, [5, 5]), (12, 5, [5, 5, 2]), (3, 5, [3]), (2, 1, [1, 1]), (0, 5, [])],
)
def test_groups(number: int, most: int, expected: list[int]) -> None:
    assert groups(number, most) == expected


@pytest.mark.parametrize(("count", "expected"), [(6, [2, 2, 2]), (8, [3, 3, 2]), (3, [1, 1, 1])])
def test_pushers_share_the_messages(count: int, expected: list[int]) -> None:
    assert shares(job(count, pushers=3)) == expected


class TestTopics:
    def test_they_are_as_many_as_asked_for_and_of_one_length(self) -> None:
        found = topics.subscriptions(job(1, subscriptions=1000))
        assert len(set(found)) == 1000
        assert {len(topic) for topic in found} == {13}
        assert not topics.LAST.startswith(b"topic")

    def test_each_message_matches_one(self) -> None:
        every = job(5000, subscriptions=20)
        messages = topics.messages(every)
        assert len(messages) == 5000
        assert {len(message) for message in messages} == {16}
        assert {message[:13] for message in messages} == set(topics.subscriptions(every))

    def test_messages_for_some_of_them_are_from_all_over(self) -> None:
        some = {message[:13] for message in topics.messages(job(5000, subscriptions=1000), 10)}
        assert some == {b"topic.%07d" % number for number in range(0, 1000, 100)}

    def test_they_are_the_same_in_every_process(self) -> None:
        one = job(100, subscriptions=50)
        assert topics.messages(one) == topics.messages(one)
        topics.check(topics.messages(one)[-1], one)
        with pytest.raises(AssertionError, match="received b'another'"):
            topics.check(b"another", one)


def test_matching_is_measured_for_some_topics_and_for_all() -> None:
    sample = pyzmtp_matching.match(job(200, subscriptions=1000), lambda address: None)
    assert sample.operations == 200
    assert sample.seconds > 0
    assert sample.details["any_ns"] > 0
