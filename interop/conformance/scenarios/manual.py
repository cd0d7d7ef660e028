"""XPUB with manual subscriptions, and messages from subscribers."""

from __future__ import annotations

from interop.conformance.actor import Actor, Message
from interop.conformance.scenario import TCP, TCP_INPROC, scenario
from interop.conformance.stage import Stage


async def _pass_on_subscription(xpub: Actor, xsub: Actor) -> Message:
    """As the proxies of libzmq's tests: confirm what was asked for, and ask for it upstream."""
    (frame,) = await xpub.receive()
    if frame[0]:
        xpub.subscribe(frame[1:])
    else:
        xpub.unsubscribe(frame[1:])
    await xsub.send(frame)
    return [frame]


async def _remapped(stage: Stage, option: str) -> object:
    publisher, subscriber = stage.first("XPUB", **{option: True}), stage.second("XSUB")
    await stage.link(publisher, subscriber)
    subscriber.subscribe(b"A")
    told = await publisher.receive()
    publisher.subscribe(b"B")
    await publisher.send(b"A")
    await publisher.send(b"B")
    return [told, await subscriber.receive()]


@scenario("xpub_manual", expected=[[b"\x01A"], [b"B"]], transports=TCP_INPROC)
async def another_topic(stage: Stage) -> object:
    """A subscription to A is told, and made one to B."""
    return await _remapped(stage, "xpub_manual")


@scenario("xpub_manual_last_value", expected=[[b"\x01A"], [b"B"]], transports=TCP_INPROC)
async def another_topic_last_value(stage: Stage) -> object:
    """The same."""
    return await _remapped(stage, "xpub_manual_last_value")


async def _unsubscribed(stage: Stage, option: str) -> object:
    publisher, subscriber = stage.first("XPUB", **{option: True}), stage.second("XSUB")
    await stage.link(publisher, subscriber)
    subscriber.subscribe(b"A")
    subscriber.subscribe(b"B")
    told = [await publisher.receive()]
    publisher.subscribe(b"XA")
    told.append(await publisher.receive())
    publisher.subscribe(b"XB")
    subscriber.unsubscribe(b"A")
    told.append(await publisher.receive())
    publisher.unsubscribe(b"XA")
    await publisher.send(b"XA")
    await publisher.send(b"XB")
    got = await subscriber.receive()
    await subscriber.close()
    told.append(await publisher.receive())
    return [told, got]


_UNSUBSCRIBED = [[[b"\x01A"], [b"\x01B"], [b"\x00A"], [b"\x00B"]], [b"XB"]]


@scenario("xpub_manual", expected=_UNSUBSCRIBED, transports=TCP_INPROC)
async def unsubscribing_by_hand(stage: Stage) -> object:
    """Cancellations are told and made by hand; what the peer leaves behind is told at its end."""
    return await _unsubscribed(stage, "xpub_manual")


@scenario("xpub_manual_last_value", expected=_UNSUBSCRIBED, transports=TCP_INPROC)
async def unsubscribing_by_hand_last_value(stage: Stage) -> object:
    """The same."""
    return await _unsubscribed(stage, "xpub_manual_last_value")


async def _through_a_proxy(stage: Stage, option: str, copies: int) -> object:
    xsub, xpub = stage.first("XSUB"), stage.first("XPUB", **{option: True})
    publisher = stage.second("PUB")
    await stage.link(xsub, publisher)
    address = await xpub.bind(stage.address())
    subscribers = [stage.second("SUB") for _ in range(2)]
    for subscriber in subscribers:
        await stage.join(subscriber, address, xpub)
        subscriber.subscribe(b"1")
        await _pass_on_subscription(xpub, xsub)
    await stage.settle()
    await publisher.send(b"1", b"X")
    message = await xsub.receive()
    for _ in range(copies):
        await xpub.send(*message)
    await stage.settle()
    got = [subscriber.drain() for subscriber in subscribers]
    for subscriber in subscribers:
        await subscriber.close()
    ended = [await _pass_on_subscription(xpub, xsub) for _ in subscribers]
    await stage.settle()
    await publisher.send(b"1", b"X")
    await stage.settle()
    return [got, ended, xsub.drain()]


@scenario("xpub_manual", expected=[[[[b"1", b"X"]], [[b"1", b"X"]]], [[b"\x00" + b"1"]] * 2, []])
async def unsubscribed_by_leaving(stage: Stage) -> object:
    """Subscribers that leave are unsubscribed upstream, through a proxy, each once."""
    return await _through_a_proxy(stage, "xpub_manual", 1)


@scenario(
    "xpub_manual_last_value",
    expected=[[[[b"1", b"X"]], [[b"1", b"X"], [b"1", b"X"]]], [[b"\x00" + b"1"]] * 2, []],
    transports=TCP,
)
async def unsubscribed_by_leaving_last_value(stage: Stage) -> object:
    """The same; of two messages the first goes only to who subscribed last."""
    return await _through_a_proxy(stage, "xpub_manual_last_value", 2)


async def _in_quick_succession(stage: Stage, option: str) -> object:
    xsub, xpub = stage.first("XSUB"), stage.first("XPUB", **{option: True})
    publisher = stage.second("PUB")
    await stage.link(xsub, publisher)
    one, two = stage.second("SUB"), stage.second("SUB")
    await stage.link(xpub, one, two)
    one.subscribe(b"1")
    await stage.settle()  # or the other's may come first
    two.subscribe(b"2")
    for _ in range(2):
        await _pass_on_subscription(xpub, xsub)
    await stage.settle()
    for topic in (b"1", b"2"):
        await publisher.send(topic, b"X")
        await xpub.send(*await xsub.receive())
    await stage.settle()
    return [one.drain(), two.drain()]


@scenario("xpub_manual", expected=[[[b"1", b"X"]], [[b"2", b"X"]]], transports=TCP)
async def none_is_missed(stage: Stage) -> object:
    """Two that subscribe before the first was answered both get what they asked for."""
    return await _in_quick_succession(stage, "xpub_manual")


@scenario("xpub_manual_last_value", expected=[[], [[b"2", b"X"]]], transports=TCP)
async def a_last_value_that_does_not_match(stage: Stage) -> object:
    """The first message is for the last subscriber alone, even if it did not ask for it."""
    return await _in_quick_succession(stage, "xpub_manual_last_value")


async def _cleaned_up(stage: Stage, option: str) -> object:
    publisher = stage.first("XPUB", **{option: True})
    address = await publisher.bind(stage.address())
    seen: list[object] = []
    for name in (b"A", b"B"):
        subscriber = stage.second("XSUB")
        await stage.join(subscriber, address, publisher)
        subscriber.subscribe(name)
        seen.append(await publisher.receive())
        publisher.subscribe(b"X" + name)
        await publisher.send(b"XA")
        await publisher.send(b"XB")
        seen.append(await subscriber.receive())
        await stage.settle()
        seen.append(subscriber.drain())
        await subscriber.close()
        seen.append(await publisher.receive())
    return seen


_CLEANED_UP = [[b"\x01A"], [b"XA"], [], [b"\x00A"], [b"\x01B"], [b"XB"], [], [b"\x00B"]]


@scenario("xpub_manual", expected=_CLEANED_UP, transports=TCP)
async def a_new_peer_begins_anew(stage: Stage) -> object:
    """Nothing of a peer's subscriptions is left for the next."""
    return await _cleaned_up(stage, "xpub_manual")


@scenario("xpub_manual_last_value", expected=_CLEANED_UP, transports=TCP)
async def a_new_peer_begins_anew_last_value(stage: Stage) -> object:
    """The same."""
    return await _cleaned_up(stage, "xpub_manual_last_value")


@scenario("xpub_manual", expected="ok", transports=TCP_INPROC)
async def unsubscribing_who_has_left(stage: Stage) -> object:
    """To answer the cancellation of a peer that has left does nothing."""
    publisher, subscriber = stage.first("XPUB", xpub_manual=True), stage.second("XSUB")
    await stage.link(publisher, subscriber)
    subscriber.subscribe(b"A")
    await publisher.receive()
    publisher.subscribe(b"XA")
    await subscriber.close()
    assert await publisher.receive() == [b"\x00A"]
    return publisher.try_unsubscribe(b"XA")


@scenario(
    "xpub_manual_last_value", expected=[[b"A"], [b"A"], [], [[b"A"], [b"A"]]], transports=TCP_INPROC
)
async def to_the_last_subscriber_only(stage: Stage) -> object:
    """What is sent right after a subscription goes to that subscriber only, the next to all."""
    publisher = stage.first("XPUB", xpub_manual_last_value=True)
    one, two = stage.second("SUB"), stage.second("SUB")
    await stage.link(publisher, one, two)
    seen: list[object] = []
    for subscriber in (one, two):
        subscriber.subscribe(b"A")
        assert await publisher.receive() == [b"\x01A"]
        publisher.subscribe(b"A")
        await publisher.send(b"A")
        seen.append(await subscriber.receive())
    await stage.settle()
    seen.append(one.drain())
    await publisher.send(b"A")
    return [*seen, [await one.receive(), await two.receive()]]


@scenario(
    "xpub_manual", expected=[[b"\x02A"], [b"other"], [b""], [b"\x01A"]], transports=TCP_INPROC
)
async def messages_of_subscribers(stage: Stage) -> object:
    """What an XSUB sends that is no subscription arrives at the XPUB as it is."""
    publisher, subscriber = stage.first("XPUB"), stage.second("XSUB")
    await stage.link(publisher, subscriber)
    for body in (b"\x02A", b"other", b""):
        await subscriber.send(body)
    subscriber.subscribe(b"A")
    return await publisher.receive_many(4)


@scenario("xpub_manual_last_value", expected=[b"A1"], transports=TCP_INPROC)
async def the_last_subscriber_has_left(stage: Stage) -> object:
    """If who subscribed last has left, what is sent goes to all."""
    publisher = stage.first("XPUB", xpub_manual_last_value=True)
    one, two = stage.second("SUB"), stage.second("SUB")
    await stage.link(publisher, one, two)
    for subscriber in (one, two):
        subscriber.subscribe(b"A")
        assert await publisher.receive() == [b"\x01A"]
        publisher.subscribe(b"A")
    await two.close()
    assert await publisher.receive() == [b"\x00A"]
    await publisher.send(b"A1")
    return await one.receive()


async def _multipart(stage: Stage, *messages: Message) -> object:
    publisher = stage.first("XPUB", only_first_subscribe=True)
    subscriber = stage.second("XSUB", only_first_subscribe=True)
    await stage.link(publisher, subscriber)
    for message in (*messages, [b"end"]):
        await subscriber.send(*message)
    seen = []
    while [b"end"] not in seen:
        seen.append(await publisher.receive())
    return seen[:-1]


@scenario(
    "xpub_manual",
    expected=[[b"ABC", b"\x00BC"], [b"ABC", b"\x01BC"]],
    transports=TCP_INPROC,
)
async def later_frames_are_no_subscriptions(stage: Stage) -> object:
    """With ONLY_FIRST_SUBSCRIBE a later frame may begin with 0 or 1 and is still a message's."""
    return await _multipart(stage, [b"ABC", b"\x00BC"], [b"ABC", b"\x01BC"])


@scenario(
    "xpub_manual",
    expected=[[b"\x01BC"], [b"\x01CD"], [b"\x00BC"], [b"\x00CD"]],
    transports=TCP_INPROC,
)
async def a_first_frame_is_a_subscription(stage: Stage) -> object:
    """The first frame of a message may be one; the frames arrive one by one then."""
    return await _multipart(stage, [b"\x01BC", b"\x01CD"], [b"\x00BC", b"\x00CD"])
