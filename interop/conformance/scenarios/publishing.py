"""PUB, SUB, XPUB and XSUB: what is delivered to whom."""

from __future__ import annotations

from interop.conformance.scenario import (
    EVERYWHERE,
    INPROC,
    OUR_FIRST,
    OUR_SECOND,
    OURS,
    STREAMS,
    TCP,
    scenario,
)
from interop.conformance.stage import Stage
from interop.reactor import until

_TOPICS_COUNT = "ZMQ_TOPICS_COUNT is a draft option, which the wheel's libzmq does not have"


@scenario("pubsub", expected=[[b"test"]])
async def delivery(stage: Stage) -> object:
    """What is published arrives at a subscriber of everything."""
    publisher, subscriber = stage.first("PUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    await stage.in_force(publisher, subscriber)
    subscriber.subscribe(b"")
    await stage.in_force(publisher, subscriber)
    await publisher.send(b"test")
    return [await subscriber.receive(), *subscriber.drain()]


@scenario("pubsub", expected=[[b"ab", b"1"], [b"abc", b"2"], [b"b"], [b"ab", b"end"]])
async def prefixes(stage: Stage) -> object:
    """A subscription is to all topics that begin so; two that match deliver once."""
    publisher, subscriber = stage.first("PUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    for topic in (b"ab", b"abc", b"b"):
        subscriber.subscribe(topic)
    await stage.in_force(publisher, subscriber)
    for message in ([b"a"], [b"ab", b"1"], [b"abc", b"2"], [b""], [b"b"], [b"c"], [b"ab", b"end"]):
        await publisher.send(*message)
    return await subscriber.receive_many(4)


@scenario("pubsub", expected=[[b"b"]])
async def after_unsubscribing(stage: Stage) -> object:
    """A topic that was given up is not delivered any more."""
    publisher, subscriber = stage.first("PUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    subscriber.subscribe(b"a")
    subscriber.subscribe(b"b")
    await stage.in_force(publisher, subscriber)
    subscriber.unsubscribe(b"a")
    await stage.in_force(publisher, subscriber)
    await publisher.send(b"a")
    await publisher.send(b"b")
    return [await subscriber.receive(), *subscriber.drain()]


@scenario("sub_forward", expected=[[b"\x01"], [b""], [b""]])
async def a_device_by_hand(stage: Stage) -> object:
    """XPUB and XSUB, passing on what they get, carry subscriptions up and messages down."""
    xpub, xsub = stage.first("XPUB"), stage.first("XSUB")
    publisher, subscriber = stage.second("PUB"), stage.second("SUB")
    await stage.link(xpub, subscriber)
    await stage.link(xsub, publisher)
    subscriber.subscribe(b"")
    subscription = await xpub.receive()
    await xsub.send(*subscription)
    await stage.settle()
    await publisher.send(b"")
    passed = await xsub.receive()
    await xpub.send(*passed)
    return [subscription, passed, await subscriber.receive()]


@scenario("xpub_nodrop", expected=["would-block", True, True], transports=EVERYWHERE)
async def nothing_is_dropped(stage: Stage) -> object:
    """With NODROP a full subscriber blocks the publisher, and gets everything that was taken."""
    publisher = stage.first("XPUB", xpub_nodrop=True, send_hwm=100)
    subscriber = stage.second("SUB", receive_hwm=100)
    await stage.link(publisher, subscriber)
    subscriber.subscribe(b"")
    assert await publisher.receive() == [b"\x01"]
    body = bytes(65536)
    sent = await stage.fill(publisher, body, limit=5000)
    full = publisher.try_send(body)
    received = 0
    while received < sent:
        await subscriber.receive()
        received += 1
    await stage.settle()
    return [full, 100 <= sent < 5000, subscriber.drain() == []]


@scenario("xpub_topic", expected=[True] * 4)
async def topics_around_the_long_frame(stage: Stage) -> object:
    """Topics of 245 and 246 bytes: a subscription command of 255 bytes, and a longer one."""
    publisher, subscriber = stage.first("XPUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    seen = []
    for size in (245, 246):
        topic = (b"ABCDEFGHIJKLMNOP" * 16)[:size]
        subscriber.subscribe(topic)
        seen.append(await publisher.receive() == [b"\x01" + topic])
        subscriber.unsubscribe(topic)
        seen.append(await publisher.receive() == [b"\x00" + topic])
    return seen


@scenario("xpub_welcome_msg", expected=[[b"\x01W"], [b"W"], [b"Wx"]], transports=EVERYWHERE)
async def welcome(stage: Stage) -> object:
    """A new subscriber that subscribed to the welcome message receives it first."""
    publisher = stage.first("XPUB", xpub_welcome_message=b"W")
    subscriber = stage.second("SUB")
    subscriber.subscribe(b"W")
    await stage.link(publisher, subscriber)
    subscription = await publisher.receive()
    await publisher.send(b"Wx")
    return [subscription, *await subscriber.receive_many(2)]


@scenario("pub_invert_matching", expected=[[[b"prefix1"], [b"both"]], [[b"p2"], [b"both"]]])
async def as_usual(stage: Stage) -> object:
    """Without the option each gets what matches."""
    return await _two_prefixes(stage, False, b"both")


@scenario("pub_invert_matching", expected=[[[b"p2"], [b"both"]], [[b"prefix1"], [b"both"]]])
async def inverted(stage: Stage) -> object:
    """With the option on both sides each gets what does not match."""
    return await _two_prefixes(stage, True, b"both")


async def _two_prefixes(stage: Stage, invert: bool, last: bytes) -> object:
    publisher = stage.first("XPUB", xpub_verbose=True, invert_matching=invert)
    subscribers = [stage.second("SUB", invert_matching=invert) for _ in range(2)]
    await stage.link(publisher, *subscribers)
    for subscriber, topic in zip(subscribers, (b"prefix1", b"p2"), strict=True):
        for wanted in (topic,) if invert else (topic, last):
            subscriber.subscribe(wanted)
            await publisher.receive()
    for topic in (b"prefix1", b"p2", last):
        await publisher.send(topic)
    return [await subscriber.receive_many(2) for subscriber in subscribers]


@scenario("conflate", expected=[[b"19"], "would-block"])
async def only_the_last(stage: Stage) -> object:
    """A conflating PULL has the last of 20 messages, and no other."""
    pull, push = stage.first("PULL", conflate=True), stage.second("PUSH")
    await stage.link(pull, push)
    for number in range(20):
        await push.send(b"%d" % number)
    await stage.settle()
    return [await pull.receive(), pull.try_receive()]


@scenario(
    "pubsub_topics_count",
    expected=[3, 2, 0, 3, 6],
    transports=STREAMS,
    combinations=OUR_FIRST,
    why=_TOPICS_COUNT,
)
async def topics_at_the_publisher(stage: Stage) -> object:
    """PUB counts the topics that are subscribed to, nested ones each."""
    publisher, subscriber = stage.first("PUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    counts = []

    async def change(expected: int, *topics: bytes, add: bool = True) -> None:
        for topic in topics:
            (subscriber.subscribe if add else subscriber.unsubscribe)(topic)
        await until(lambda: publisher.topic_count() == expected, f"{expected} topics")
        await stage.turn()
        counts.append(publisher.topic_count())

    await change(3, b"topicprefix1", b"topicprefix2", b"topicprefix3")
    await change(2, b"topicprefix3", add=False)
    await change(0, b"topicprefix1", b"topicprefix2", add=False)
    await change(3, b"a", b"ab", b"abc")
    await change(6, b"xyz", b"xy", b"x")
    return counts


@scenario(
    "pubsub_topics_count",
    expected=[3, 2, 0, 3, 6],
    transports=TCP,
    combinations=OUR_SECOND,
    why=_TOPICS_COUNT,
)
async def topics_at_the_subscriber(stage: Stage) -> object:
    """SUB counts its topics alike."""
    publisher, subscriber = stage.first("PUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    counts = []
    for add, topics in (
        (True, (b"topicprefix1", b"topicprefix2", b"topicprefix3")),
        (False, (b"topicprefix3",)),
        (False, (b"topicprefix1", b"topicprefix2")),
        (True, (b"a", b"ab", b"abc")),
        (True, (b"xyz", b"xy", b"x")),
    ):
        for topic in topics:
            (subscriber.subscribe if add else subscriber.unsubscribe)(topic)
        counts.append(subscriber.topic_count())
    return counts


@scenario(
    "pubsub_topics_count",
    expected=[3, 2, 0],
    transports=INPROC,
    combinations=OURS,
    why=_TOPICS_COUNT,
)
async def topics_at_an_xpub(stage: Stage) -> object:
    """XPUB counts as PUB does; two subscribers of one topic count once."""
    publisher = stage.first("XPUB")
    one, two = stage.second("SUB"), stage.second("SUB")
    await stage.link(publisher, one, two)
    counts = []
    for subscriber in (one, two):
        for topic in (b"a", b"ab", b"abc"):
            subscriber.subscribe(topic)
    await stage.turn()
    counts.append(publisher.topic_count())
    one.unsubscribe(b"a")
    two.unsubscribe(b"a")
    one.unsubscribe(b"ab")
    await stage.turn()
    counts.append(publisher.topic_count())
    await one.close()
    await two.close()
    await stage.turn()
    counts.append(publisher.topic_count())
    return counts
