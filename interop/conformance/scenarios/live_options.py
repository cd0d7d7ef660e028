"""Options that libzmq's tests change on a socket that is connected."""

from __future__ import annotations

from interop.conformance.scenario import TCP_INPROC, scenario
from interop.conformance.scenarios.subscriptions import what_is_told
from interop.conformance.stage import Stage


@scenario(
    "xpub_verbose",
    expected=[[b"\x01A", b"\x01B"], [b"\x01A"], [b"A"], [b"B"]],
    transports=TCP_INPROC,
)
async def verbose_from_now_on(stage: Stage) -> object:
    """VERBOSE set on a connected XPUB shows the next duplicate."""
    publisher, subscriber = stage.first("XPUB"), stage.second("SUB")
    await stage.link(publisher, subscriber)
    for topic in (b"A", b"B", b"A"):
        subscriber.subscribe(topic)
    before = await what_is_told(publisher, subscriber)
    publisher.configure(xpub_verbose=True)
    subscriber.subscribe(b"A")
    after = await what_is_told(publisher, subscriber)
    await publisher.send(b"A")
    await publisher.send(b"B")
    return [before, after, *await subscriber.receive_many(2)]


@scenario(
    "xpub_verbose",
    expected=[[b"\x01A"], [], [], [b"\x00A"], [b"\x01A"], [b"\x01A"], [b"\x00A"], [b"\x00A"]],
    transports=TCP_INPROC,
)
async def verboser_from_now_on(stage: Stage) -> object:
    """VERBOSER set on a connected XPUB shows duplicates of both from then on."""
    publisher = stage.first("XPUB")
    subscribers = [stage.second("SUB") for _ in range(2)]
    await stage.link(publisher, *subscribers)
    seen = []
    for _ in range(2):
        for subscriber in subscribers:
            subscriber.subscribe(b"A")
            seen.append(await what_is_told(publisher, subscriber))
        for subscriber in subscribers:
            subscriber.unsubscribe(b"A")
            seen.append(await what_is_told(publisher, subscriber))
        publisher.configure(xpub_verboser=True)
    return seen


@scenario("xsub_verbose", expected=[[b"\x01A"], [b"\x01A", b"\x01A"]], transports=TCP_INPROC)
async def verboser_for_an_xsub(stage: Stage) -> object:
    """The same with an XSUB."""
    publisher, subscriber = stage.first("XPUB"), stage.second("XSUB")
    await stage.link(publisher, subscriber)
    seen = []
    for _ in range(2):
        subscriber.subscribe(b"A")
        subscriber.subscribe(b"A")
        seen.append(await what_is_told(publisher, subscriber))
        subscriber.unsubscribe(b"A")
        subscriber.unsubscribe(b"A")
        await what_is_told(publisher, subscriber)
        publisher.configure(xpub_verboser=True)
    return seen


@scenario("router_mandatory", expected=["ok", "host-unreachable"], transports=TCP_INPROC)
async def mandatory_from_now_on(stage: Stage) -> object:
    """A ROUTER drops for an unknown peer, and tells so once the option is set."""
    router = stage.first("ROUTER")
    await router.bind(stage.address())
    dropped = router.try_send(b"UNKNOWN", b"DATA")
    router.configure(router_mandatory=True)
    return [dropped, router.try_send(b"UNKNOWN", b"DATA")]


@scenario("xpub_manual", expected=[[b"\x01A"], [b"XA"]], transports=TCP_INPROC)
async def manual_after_binding(stage: Stage) -> object:
    """MANUAL can be set on an XPUB that is bound."""
    publisher, subscriber = stage.first("XPUB"), stage.second("XSUB")
    address = await publisher.bind(stage.address())
    publisher.configure(xpub_manual=True)
    await stage.join(subscriber, address, publisher)
    subscriber.subscribe(b"A")
    subscription = await publisher.receive()
    publisher.subscribe(b"XA")
    await publisher.send(b"A")
    await publisher.send(b"XA")
    return [subscription, await subscriber.receive()]


@scenario("xpub_welcome_msg", expected=[b"W"], transports=TCP_INPROC)
async def welcome_after_binding(stage: Stage) -> object:
    """So can the welcome message."""
    publisher, subscriber = stage.first("XPUB"), stage.second("SUB")
    address = await publisher.bind(stage.address())
    publisher.configure(xpub_welcome_message=b"W")
    subscriber.subscribe(b"W")
    await stage.join(subscriber, address, publisher)
    return await subscriber.receive()


@scenario(
    "pub_invert_matching",
    expected=[[[b"prefix1"]], [[b"p2"]], [[b"p2"]], [[b"prefix1"]]],
    transports=TCP_INPROC,
)
async def inverted_from_now_on(stage: Stage) -> object:
    """INVERT_MATCHING set on both sides delivers what did not match before."""
    publisher = stage.first("XPUB")
    one, two = stage.second("SUB"), stage.second("SUB")
    await stage.link(publisher, one, two)
    seen = []
    for subscriber, topic in ((one, b"prefix1"), (two, b"p2")):
        subscriber.subscribe(topic)
        await publisher.receive()
    for _ in range(2):
        await publisher.send(b"prefix1")
        await publisher.send(b"p2")
        await stage.settle()
        seen += [one.drain(), two.drain()]
        for actor in (publisher, one, two):
            actor.configure(invert_matching=True)
    return seen


@scenario("conflate", expected=[[b"19"], "would-block"])
async def conflated_before_binding(stage: Stage) -> object:
    """CONFLATE set on a socket that has no peers yet."""
    pull, push = stage.first("PULL"), stage.second("PUSH")
    pull.configure(conflate=True)
    await stage.link(pull, push)
    for number in range(20):
        await push.send(b"%d" % number)
    await stage.settle()
    return [await pull.receive(), pull.try_receive()]
