"""ROUTER: whom it knows, and what becomes of the rest."""

from __future__ import annotations

from interop.conformance.raw_peer import frame
from interop.conformance.scenario import (
    EVERYWHERE,
    INPROC,
    OUR_FIRST,
    OURS,
    TCP,
    scenario,
)
from interop.conformance.stage import Stage
from pyzmtp import RouterNotify

_DRAFT = "ZMQ_ROUTER_NOTIFY is a draft option, which the wheel's libzmq does not have"


@scenario(
    "spec_router",
    expected=[[b"A", b"M"], [b"A", b"M"], [b"A", b"B", b"C", b"D", b"E"]],
    transports=EVERYWHERE,
)
async def takes_from_each_in_turn(stage: Stage) -> object:
    """ROUTER takes one message of each peer that has any."""
    router = stage.first("ROUTER")
    senders = [stage.second("DEALER", routing_id=bytes([name])) for name in b"ABCDE"]
    await stage.link(router, *senders)
    seen: list[object] = []
    for _ in range(2):
        await senders[0].send(b"M")
        seen.append(await router.receive())
    for sender in senders:
        for _ in range(10):
            await sender.send(b"M")
    await stage.settle()
    # One more than peers: libzmq has read the first one's first message before others came.
    first = {(await router.receive())[0] for _ in range(len(senders) + 1)}
    return [*seen, sorted(first)]


@scenario("spec_router", expected=["ok", [[b"Hello"]]], transports=EVERYWHERE)
async def unknown_destinations_are_dropped(stage: Stage) -> object:
    """What goes to nobody is dropped without a word, and nobody else gets it."""
    router, dealer = stage.first("ROUTER"), stage.second("DEALER", routing_id=b"X")
    await stage.link(router, dealer)
    await dealer.send(b"here")
    await router.receive()
    unknown = router.try_send(b"UNKNOWN", b"DATA")
    await router.send(b"X", b"Hello")
    return [unknown, [await dealer.receive(), *dealer.drain()]]


@scenario("router_mandatory", expected=["host-unreachable", [b"X", b"Hello"], "ok", [b"Hello"]])
async def unknown_destinations_are_told(stage: Stage) -> object:
    """With ROUTER_MANDATORY there is an error for what goes to nobody."""
    router = stage.first("ROUTER", router_mandatory=True)
    dealer = stage.second("DEALER", routing_id=b"X")
    address = await router.bind(stage.address())
    unknown = router.try_send(b"UNKNOWN", b"DATA")
    dealer.connect(address)
    await dealer.send(b"Hello")
    hello = await router.receive()
    return [unknown, hello, router.try_send(b"X", b"Hello"), await dealer.receive()]


@scenario("router_mandatory_hwm", expected=[True, "would-block", "ok"], transports=TCP)
async def a_full_peer_blocks(stage: Stage) -> object:
    """A full peer is told, not dropped for; after it has read, it can be sent to again."""
    router = stage.first("ROUTER", router_mandatory=True, send_hwm=1, send_buffer=65536)
    dealer = stage.second("DEALER", routing_id=b"X", receive_hwm=1, receive_buffer=65536)
    await stage.link(router, dealer)
    await dealer.send(b"Hello")
    await router.receive()
    body = bytes(65536)
    sent = await stage.fill(router, b"X", body, limit=1000)
    full = router.try_send(b"X", body)
    for _ in range(sent):
        await dealer.receive()
    await stage.settle()
    return [0 < sent < 200, full, router.try_send(b"X", body)]


@scenario("router_mandatory", expected=[2, "would-block", "ok"], transports=INPROC)
async def one_full_peer_of_two(stage: Stage) -> object:
    """A peer that does not read becomes full, while the other is served.

    libzmq's test asks for it with zmq_socket_get_peer_state(), a draft; a send that does not wait
    tells the same.
    """
    router = stage.first("ROUTER", router_mandatory=True, send_hwm=1)
    x, y = (stage.second("DEALER", routing_id=name, receive_hwm=1) for name in (b"X", b"Y"))
    await stage.link(router, x, y)
    sent = router.fill(b"Y", b"Hello", limit=1000)
    full = router.try_send(b"Y", b"Hello")
    for _ in range(10):
        await router.send(b"X", b"Hello")
        await x.receive()
    return [sent, full, router.try_send(b"X", b"Hello")]


@scenario("router_handover", expected=[[], [[b"Hello"]]])
async def with_handover(stage: Stage) -> object:
    """A second peer of the same name takes it over."""
    router = stage.first("ROUTER", router_handover=True)
    # pyzmtp closes the connection that lost its name; dialled again, it would take the name back.
    one, two = (stage.second("DEALER", routing_id=b"X", reconnect_interval=None) for _ in range(2))
    address = await router.bind(stage.address())
    for dealer in (one, two):
        dealer.connect(address)
        await dealer.send(b"Hello")
        assert await router.receive() == [b"X", b"Hello"]
    await router.send(b"X", b"Hello")
    got = await two.receive()
    await stage.settle()
    return [one.drain(), [got, *two.drain()]]


@scenario("router_handover", expected=[None, [], [b"Hello"]])
async def without_handover(stage: Stage) -> object:
    """A second peer of the same name is not heard, and gets nothing."""
    router = stage.first("ROUTER")
    one, two = (stage.second("DEALER", routing_id=b"X") for _ in range(2))
    address = await router.bind(stage.address())
    one.connect(address)
    await one.send(b"Hello")
    assert await router.receive() == [b"X", b"Hello"]
    two.connect(address)
    await two.send(b"Hello")
    await stage.settle()
    heard = router.receive_now()
    await router.send(b"X", b"Hello")
    got = await one.receive()
    return [heard, two.drain(), got]


@scenario(
    "router_notify",
    expected=["ok", "ok", "ok", "ok", "invalid", "invalid"],
    transports=INPROC,
    combinations=OURS,
    why=_DRAFT,
)
async def values_of_notify(stage: Stage) -> object:
    """The option takes connect, disconnect, both or nothing, on a ROUTER."""
    both = RouterNotify.CONNECT | RouterNotify.DISCONNECT
    seen = []
    for kind, value in (
        ("ROUTER", RouterNotify.CONNECT),
        ("ROUTER", RouterNotify.DISCONNECT),
        ("ROUTER", RouterNotify.NOTHING),
        ("ROUTER", both),
        ("ROUTER", -1),
        ("DEALER", RouterNotify.CONNECT),
    ):
        seen.append(stage.try_first(kind, router_notify=value))
    return seen


async def _notices(stage: Stage, notify: RouterNotify) -> object:
    router = stage.first("ROUTER", router_notify=notify)
    dealer = stage.second("DEALER", routing_id=b"X")
    address = await stage.link(router, dealer)
    await dealer.send(b"Hello")
    seen = []
    while [b"X", b"Hello"] not in seen:
        seen.append(await router.receive())
    await dealer.disconnect(address)
    await stage.settle()
    return [*seen, *router.drain()]


@scenario(
    "router_notify", expected=[[b"X", b""], [b"X", b"Hello"]], combinations=OUR_FIRST, why=_DRAFT
)
async def notice_of_connect(stage: Stage) -> object:
    """ROUTER_NOTIFY of connections: the name and an empty frame."""
    return await _notices(stage, RouterNotify.CONNECT)


@scenario(
    "router_notify", expected=[[b"X", b"Hello"], [b"X", b""]], combinations=OUR_FIRST, why=_DRAFT
)
async def notice_of_disconnect(stage: Stage) -> object:
    """ROUTER_NOTIFY of disconnections."""
    return await _notices(stage, RouterNotify.DISCONNECT)


@scenario(
    "router_notify",
    expected=[[b"X", b""], [b"X", b"Hello"], [b"X", b""]],
    combinations=OUR_FIRST,
    why=_DRAFT,
)
async def notices_of_both(stage: Stage) -> object:
    """ROUTER_NOTIFY of both."""
    return await _notices(stage, RouterNotify.CONNECT | RouterNotify.DISCONNECT)


@scenario("router_notify", expected=[], transports=TCP, combinations=OURS, why=_DRAFT)
async def no_notice_of_a_failed_handshake(stage: Stage) -> object:
    """Who never shook hands is not told of."""
    both = RouterNotify.CONNECT | RouterNotify.DISCONNECT
    router = stage.first("ROUTER", router_notify=both)
    raw = await stage.raw_connect(await router.bind(stage.address()))
    raw.write(b"not-a-handshake")
    await router.wait_event("handshake-failed")
    await raw.close()
    await stage.settle()
    return router.drain()


@scenario("router_notify", expected=[[b"X", b""]], combinations=OUR_FIRST, why=_DRAFT)
async def half_a_message_is_no_part_of_the_notice(stage: Stage) -> object:
    """A second frame that is too large ends the connection; the first is not delivered."""
    router = stage.first("ROUTER", router_notify=RouterNotify.DISCONNECT, max_message_size=64)
    dealer = stage.second("DEALER", routing_id=b"X", reconnect_interval=None)
    await stage.link(router, dealer)
    await dealer.send(b"Hello2", b"*" * 127)
    notice = await router.receive()
    await stage.settle()
    return [notice, *router.drain()]


@scenario("router_notify", expected=[[b"X", b""]], transports=TCP, combinations=OURS, why=_DRAFT)
async def a_rest_that_never_comes(stage: Stage) -> object:
    """A peer that dies within a message leaves the notice only."""
    router = stage.first("ROUTER", router_notify=RouterNotify.DISCONNECT)
    raw = await stage.raw_connect(await router.bind(stage.address()))
    await raw.shake_hands(b"DEALER", Identity=b"X")
    raw.write(frame(b"Hello", more=True))
    await stage.settle()
    await raw.close()
    notice = await router.receive()
    return [notice, *router.drain()]


@scenario("probe_router", expected=[[b"X", b""], [5, 0, b"Hello"]])
async def a_router_probes(stage: Stage) -> object:
    """A probing ROUTER shows itself with an empty message; an id made up has 5 bytes, 0 first."""
    server = stage.first("ROUTER")
    client = stage.second("ROUTER", routing_id=b"X", probe_router=True)
    await stage.link(server, client)
    probe = await server.receive()
    await server.send(b"X", b"Hello")
    sender, body = await client.receive()
    return [probe, [len(sender), sender[0], body]]


@scenario("probe_router", expected=[[b"X", b""], [b"Hello"]])
async def a_dealer_probes(stage: Stage) -> object:
    """The same with a DEALER."""
    server = stage.first("ROUTER")
    client = stage.second("DEALER", routing_id=b"X", probe_router=True)
    await stage.link(server, client)
    probe = await server.receive()
    await server.send(b"X", b"Hello")
    return [probe, await client.receive()]


async def _router_to_router(stage: Stage, named: bool) -> object:
    binder = stage.first("ROUTER", **({"routing_id": b"X"} if named else {}))
    connecter = stage.second("ROUTER", **({"routing_id": b"Y"} if named else {}))
    connecter.connect(await binder.bind(stage.address()), routing_id=b"conn1")
    await connecter.send(b"conn1", b"hi 1")
    sender, body = await binder.receive()
    await binder.send(sender, b"ok")
    name: object = sender if named else (len(sender), sender[0])
    return [name, body, await connecter.receive()]


@scenario("connect_rid", expected=[(5, 0), b"hi 1", [b"conn1", b"ok"]], transports=EVERYWHERE)
async def routers_without_names(stage: Stage) -> object:
    """CONNECT_ROUTING_ID names the peer before it is there, whatever it calls itself."""
    return await _router_to_router(stage, named=False)


@scenario("connect_rid", expected=[b"Y", b"hi 1", [b"conn1", b"ok"]], transports=EVERYWHERE)
async def routers_with_names(stage: Stage) -> object:
    """The same if both sides have names."""
    return await _router_to_router(stage, named=True)


@scenario("connect_rid", expected=[None, [b"X", b"hi 1"], [b"Y", b"hi 1"]])
async def a_connect_while_receiving(stage: Stage) -> object:
    """A ROUTER connects and sends to a named peer while another's message waits for it."""
    x, z = stage.first("ROUTER", routing_id=b"X"), stage.second("ROUTER", routing_id=b"Z")
    y = stage.second("ROUTER", routing_id=b"Y")
    x_address, z_address = await x.bind(stage.address()), await z.bind(stage.address())
    y.connect(x_address, routing_id=b"X")
    await y.send(b"X", b"hi 1")
    await stage.settle()
    x.connect(z_address, routing_id=b"Z")
    await x.send(b"Z", b"hi 1")
    got = await z.receive()
    return [y.receive_now(), got, await x.receive()]


@scenario("connect_rid", expected=[[5, 0, b"hi 1"], [b"conn1", b"back"]], transports=TCP)
async def streams(stage: Stage) -> object:
    """CONNECT_ROUTING_ID names the peer of a STREAM as well."""
    binder, connecter = stage.first("STREAM", stream_notify=False), stage.second("STREAM")
    connecter.connect(await binder.bind(stage.address()), routing_id=b"conn1")
    notice = await connecter.receive()
    assert notice == [b"conn1", b""]
    await connecter.send(b"conn1", b"hi 1")
    sender, body = await binder.receive()
    await binder.send(sender, b"back")
    return [[len(sender), sender[0], body], await connecter.receive()]
