"""pyzmtp's topic matching by itself: the prefix tree of a publisher, and nobody to send to."""

from __future__ import annotations

from time import perf_counter

from bench.model import Announce, Job, Role, Sample
from bench.peers import topics
from pyzmtp.patterns.hot import SubscriptionTrie

__all__ = ["ROLES"]

#: Subscribers that the topics are spread over.
_SUBSCRIBERS = 100


def match(job: Job, announce: Announce) -> Sample:
    """Find the subscribers of each message, and measure."""
    trie = SubscriptionTrie()
    for number, topic in enumerate(topics.subscriptions(job)):
        trie.add(topic, number % _SUBSCRIBERS)
    seconds = _time(trie, topics.messages(job, topics.POPULAR))
    any_topic = _time(trie, topics.messages(job))
    details = {"any_ns": any_topic / job.count * 1e9}
    return Sample(operations=job.count, seconds=seconds, details=details)


def _time(trie: SubscriptionTrie, messages: list[bytes]) -> float:
    """Return the seconds that it takes to match all of them."""
    find = trie.match
    if any(len(find(message)) != 1 for message in messages):  # and the first pass through cold code
        raise AssertionError("a message did not match exactly its own topic")
    start = perf_counter()
    for message in messages:
        find(message)
    return perf_counter() - start


ROLES: dict[str, Role] = {"match": match}
