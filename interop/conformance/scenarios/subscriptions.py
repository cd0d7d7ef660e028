"""XPUB and XSUB: which subscriptions are told, and subscribing by hand."""

from __future__ import annotations

from interop.conformance.actor import Actor
from interop.conformance.scenario import EVERYWHERE, OUR_SECOND, TCP, scenario
from interop.conformance.stage import Stage


async def what_is_told(publisher: Actor, subscriber: Actor) -> list[bytes]:
    """Give what the publisher is told up to now; a last topic of the subscriber's marks the end."""
    subscriber.subscribe(b"~")
    seen = []
    while True:
        (frame,) = await publisher.receive()
        if frame == b"\x01~":
            break
        seen.append(frame)
    subscriber.unsubscribe(b"~")
    assert await publisher.receive() == [b"\x00~"]
    return seen


@scenario("xpub_verbose", expected=[b"\x01A", b"\x01B", [b"A"], [b"B"]], transports=EVERYWHERE)
async def quiet_with_one_subscriber(stage: Stage) -> object:
    """A topic that is subscribed to again is not told."""
    return await _subscribe_again(stage)


@scenario(
    "xpub_verbose", expected=[b"\x01A", b"\x01B", b"\x01A", [b"A"], [b"B"]], transports=EVERYWHERE
)
async def verbose_with_one_subscriber(stage: Stage) -> object:
    """With VERBOSE it is."""
    return await _subscribe_again(stage, xpub_verbose=True)


async def _subscribe_again(stage: Stage, **options: object) -> object:
    publisher, subscriber = stage.first("XPUB", **options), stage.second("SUB")
    await stage.link(publisher, subscriber)
    for topic in (b"A", b"B", b"A"):
        subscriber.subscribe(topic)
    told = await what_is_told(publisher, subscriber)
    await publisher.send(b"A")
    await publisher.send(b"B")
    return [*told, *await subscriber.receive_many(2)]


@scenario(
    "xpub_verbose",
    expected=[[b"\x01A", b"\x01B"], [], [], [b"\x00A"], []],
    transports=EVERYWHERE,
)
async def quiet_with_two_subscribers(stage: Stage) -> object:
    """Only the first subscription to a topic is told, and only the last cancellation."""
    return await _two_subscribers(stage)


@scenario(
    "xpub_verbose",
    expected=[[b"\x01A", b"\x01B"], [b"\x01A"], [], [b"\x00A"], []],
    transports=EVERYWHERE,
)
async def verbose_with_two_subscribers(stage: Stage) -> object:
    """With VERBOSE every subscription is told, and only the last cancellation."""
    return await _two_subscribers(stage, xpub_verbose=True)


@scenario(
    "xpub_verbose",
    expected=[[b"\x01A", b"\x01B"], [b"\x01A"], [b"\x00A"], [b"\x00A"], []],
    transports=EVERYWHERE,
)
async def verboser_with_two_subscribers(stage: Stage) -> object:
    """With VERBOSER every subscription and every cancellation is told."""
    return await _two_subscribers(stage, xpub_verboser=True)


async def _two_subscribers(stage: Stage, **options: object) -> object:
    publisher = stage.first("XPUB", **options)
    one, two = stage.second("SUB"), stage.second("SUB")
    await stage.link(publisher, one, two)
    one.subscribe(b"A")
    one.subscribe(b"B")
    told = [await what_is_told(publisher, one)]
    two.subscribe(b"A")
    told.append(await what_is_told(publisher, two))
    for subscriber in (one, two, two):
        subscriber.unsubscribe(b"A")
        told.append(await what_is_told(publisher, subscriber))
    return told


@scenario(
    "xpub_verbose",
    expected=[[], [b"\x01A"], [b"\x00A"], []],
    transports=EVERYWHERE,
)
async def a_subscriber_counts(stage: Stage) -> object:
    """SUB cancels a topic when it was given up as often as it was subscribed to, and not again."""
    return await _counting(stage)


@scenario(
    "xpub_verbose",
    expected=[[], [b"\x01A", b"\x01A"], [b"\x00A"], []],
    transports=EVERYWHERE,
)
async def a_subscriber_counts_for_verboser(stage: Stage) -> object:
    """The same with VERBOSER: the subscriber sends both subscriptions and one cancellation."""
    return await _counting(stage, xpub_verboser=True)


async def _counting(stage: Stage, **options: object) -> object:
    publisher, subscriber = stage.first("XPUB", **options), stage.second("SUB")
    await stage.link(publisher, subscriber)
    subscriber.unsubscribe(b"A")
    told = [await what_is_told(publisher, subscriber)]
    subscriber.subscribe(b"A")
    subscriber.subscribe(b"A")
    told.append(await what_is_told(publisher, subscriber))
    subscriber.unsubscribe(b"A")
    subscriber.unsubscribe(b"A")
    told.append(await what_is_told(publisher, subscriber))
    subscriber.unsubscribe(b"A")
    told.append(await what_is_told(publisher, subscriber))
    return told


@scenario(
    "xsub_verbose",
    expected=[[], [b"\x01A", b"\x01A"], [], [b"\x00A"]],
    transports=EVERYWHERE,
)
async def an_xsub_counts(stage: Stage) -> object:
    """XSUB sends every subscription, and of a topic's cancellations the last."""
    return await _cancel_twice(stage)


@scenario(
    "xsub_verbose",
    expected=[[b"\x00A"], [b"\x01A", b"\x01A"], [b"\x00A"], [b"\x00A"]],
    transports=TCP,
    combinations=OUR_SECOND,
    why="ZMQ_XSUB_VERBOSE_UNSUBSCRIBE is a draft option, which the wheel's libzmq does not have",
)
async def a_verbose_xsub(stage: Stage) -> object:
    """With the option it sends every cancellation, even of what it never had."""
    return await _cancel_twice(stage, xsub_verbose_unsubscribe=True)


async def _cancel_twice(stage: Stage, **options: object) -> object:
    publisher = stage.first("XPUB", xpub_verboser=True)
    subscriber = stage.second("XSUB", **options)
    await stage.link(publisher, subscriber)
    told = []
    for changes in ((False,), (True, True), (False,), (False,)):
        for add in changes:
            (subscriber.subscribe if add else subscriber.unsubscribe)(b"A")
        told.append(await what_is_told(publisher, subscriber))
    return told
