"""The steps of a message's way, each measured by itself or with all that lies below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time
from typing import Final

import attrs
from twisted.internet.defer import Deferred

from bench.steps.nowhere import AbsentPeer, new_clock
from pyzmtp import PullSocket, PushSocket, SocketOptions
from pyzmtp.net.hot import Done
from pyzmtp.patterns.hot import FairQueue, LoadBalancer, Pipe, SubscriptionTrie
from pyzmtp.wire.hot import FrameDecoder, encode_batch, encode_message, to_message

__all__ = ["Step", "measure", "steps"]

_BODY: Final = bytes(16)
_MESSAGE: Final = [_BODY]
#: What a socket reads at once, at most, and how many messages that is.
_CHUNK: Final = encode_message(_MESSAGE) * (65536 // 18)
_IN_A_CHUNK: Final = len(_CHUNK) // 18

_UNBOUNDED: Final = SocketOptions(send_hwm=0, receive_hwm=0)


@attrs.frozen
class Step:
    """Something that is done with messages of 16 bytes."""

    name: str
    run: Callable[[int], object]
    """Do it with about so many messages; return how many it was, if not exactly so many."""


def measure(step: Step, messages: int, rounds: int) -> float:
    """Return the least processor time of ``rounds`` rounds, in nanoseconds a message."""
    times = []
    for _ in range(rounds):
        start = process_time()
        done = step.run(messages)
        taken = process_time() - start
        times.append(taken / (done if isinstance(done, int) else messages))
    return min(times) * 1e9


def steps() -> Iterator[Step]:
    """All of them, in the order of a message's way: in, then out."""
    yield from _on_the_way_in()
    yield from _on_the_way_out()
    yield from _by_themselves()


def _pull() -> tuple[PullSocket, AbsentPeer]:
    clock = new_clock()
    socket = PullSocket(clock, receive_hwm=0)
    return socket, AbsentPeer(socket, clock, b"PUSH")


def _push() -> tuple[PushSocket, AbsentPeer]:
    clock = new_clock()
    socket = PushSocket(clock)
    return socket, AbsentPeer(socket, clock, b"PULL")


def _on_the_way_in() -> Iterator[Step]:
    def decode(messages: int) -> int:
        decoder = FrameDecoder(0)
        for _ in range(messages // _IN_A_CHUNK):
            decoder.feed(_CHUNK, _IN_A_CHUNK)
        return messages // _IN_A_CHUNK * _IN_A_CHUNK

    yield Step("a chunk to lists of frames", decode)

    def queue(messages: int) -> None:
        pipe, fair = Pipe(_UNBOUNDED, lambda _: None), FairQueue()
        batch = [_MESSAGE] * _IN_A_CHUNK
        for _ in range(messages // _IN_A_CHUNK):
            fair.put(pipe, batch)
            fair.take_batch(_IN_A_CHUNK)

    yield Step("into the inbox, out as a batch", queue)

    def take(messages: int) -> None:
        pipe, fair = Pipe(_UNBOUNDED, lambda _: None), FairQueue()
        fair.put(pipe, [_MESSAGE] * messages)
        for _ in range(messages):
            fair.take_next()

    yield Step("into the inbox, out one by one", take)

    def consume(messages: int) -> int:
        socket, peer = _pull()
        socket.consume(lambda batch: None)
        for _ in range(messages // _IN_A_CHUNK):
            peer.say(_CHUNK)
        return messages // _IN_A_CHUNK * _IN_A_CHUNK

    yield Step("all the way in to consume()", consume)

    def iterate(messages: int) -> int:
        async def work() -> None:
            async for _ in socket:
                pass

        socket, peer = _pull()
        Deferred.fromCoroutine(work())
        for _ in range(messages // _IN_A_CHUNK):
            peer.say(_CHUNK)
        return messages // _IN_A_CHUNK * _IN_A_CHUNK

    yield Step("all the way in to async for", iterate)

    def receive(messages: int) -> int:
        async def work() -> None:
            while True:
                await socket.receive()

        socket, peer = _pull()
        working = Deferred.fromCoroutine(work()).addErrback(lambda _: None)
        for _ in range(messages // _IN_A_CHUNK):
            peer.say(_CHUNK)
        working.cancel()
        return messages // _IN_A_CHUNK * _IN_A_CHUNK

    yield Step("all the way in to await receive()", receive)


def _on_the_way_out() -> Iterator[Step]:
    def check(messages: int) -> None:
        for _ in range(messages):
            to_message(_BODY)

    yield Step("bytes to a list of frames", check)

    def balance(messages: int) -> None:
        pipe, balancer = Pipe(_UNBOUNDED, lambda _: None), LoadBalancer()
        balancer.add(pipe)
        for _ in range(messages):
            balancer.send(_MESSAGE)

    yield Step("to the peer whose turn it is, into its outbox", balance)

    def encode(messages: int) -> None:
        batch = [_MESSAGE] * 1000
        for _ in range(messages // 1000):
            encode_batch(batch, 65536)

    yield Step("lists of frames to the bytes of one write", encode)

    def send_batch(messages: int) -> None:
        socket, peer = _push()
        for _ in range(messages // 500):
            socket.send_batch([_BODY] * 500)
            peer.turn()

    yield Step("all the way out by send_batch()", send_batch)

    def try_send(messages: int) -> None:
        socket, peer = _push()
        for _ in range(messages // 500):
            for _ in range(500):
                socket.try_send(_BODY)
            peer.turn()

    yield Step("all the way out by try_send()", try_send)

    def send(messages: int) -> None:
        async def work() -> None:
            for _ in range(messages):
                await socket.send(_BODY)

        socket, peer = _push()
        working = Deferred.fromCoroutine(work())
        while not working.called:
            peer.turn()

    yield Step("all the way out by await send()", send)


def _by_themselves() -> Iterator[Step]:
    def wait(messages: int) -> None:
        async def work() -> None:
            for _ in range(messages):
                await Done()

        Deferred.fromCoroutine(work())

    yield Step("a Deferred that has fired, made and awaited", wait)
    for number in (1, 1000, 1_000_000):
        trie = SubscriptionTrie()
        topics = [b"topic.%08d" % (each * 7919 % 100_000_000) for each in range(number)]
        for index, topic in enumerate(topics):
            trie.add(topic, index % 100)
        published = [topics[index * number // 100] + b".rest" for index in range(100)]

        def match(
            messages: int, trie: SubscriptionTrie = trie, published: list[bytes] = published
        ) -> None:
            for _ in range(messages // 100):
                for topic in published:
                    trie.match(topic)

        yield Step(f"who wants it, of {number:,} topics", match)
