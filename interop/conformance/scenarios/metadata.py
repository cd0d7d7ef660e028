"""What is known of who sent a message, and what a socket tells of itself."""

from __future__ import annotations

from interop.conformance.actor import OK
from interop.conformance.probes import option_of, ready, receive_with_properties
from interop.conformance.scenario import INPROC, PURE, TCP, scenario
from interop.conformance.stage import Stage

_ALONE = "one socket, and nobody to talk to"


@scenario(
    "metadata",
    expected=[
        [b"This is a message"],
        {
            "Socket-Type": "DEALER",
            "Identity": "name",
            "Peer-Address": "127.0.0.1",
            "User-Id": None,
            "No Such": None,
        },
    ],
    transports=TCP,
)
async def who_sent_a_message(stage: Stage) -> object:
    """Each message tells the type, the id and the address of its sender; NULL knows no User-Id."""
    server = stage.first("DEALER")
    client = stage.second("DEALER", routing_id=b"name")
    await stage.link(server, client)
    await client.send(b"This is a message")
    names = ("Socket-Type", "Identity", "Peer-Address", "User-Id", "No Such")
    return list(await receive_with_properties(server, *names))


@scenario("metadata", expected=[[b"id", b"", b"A request"], {"Socket-Type": "REQ"}])
async def what_a_router_has_fetched_already(stage: Stage) -> object:
    """A ROUTER that has looked for readiness tells the sender all the same (prefetched messages)."""
    server, client = stage.first("ROUTER"), stage.second("REQ", routing_id=b"id")
    await stage.link(server, client)
    await client.send(b"A request")
    await stage.settle()  # the stage asks for libzmq's readiness all the time
    return list(await receive_with_properties(server, "Socket-Type"))


@scenario(
    "app_meta",
    expected={
        "request": {
            "X-hello": "hello",
            "X-connection": "primary",
            "X-bin": "009c6",
            "X-foobar": None,
            "foobar": None,
        },
        "reply": {"X-hello": "world", "X-connection": "backup"},
    },
)
async def properties_of_the_application(stage: Stage) -> object:
    """What each side was told to tell of itself is with each message."""
    rep = stage.first("REP", metadata={"X-hello": b"world", "X-connection": b"backup"})
    req = stage.second(
        "REQ", metadata={"X-hello": b"hello", "X-connection": b"primary", "X-bin": b"009c6"}
    )
    await stage.link(rep, req)
    await req.send(b"\x01")
    names = ("X-hello", "X-connection", "X-bin", "X-foobar", "foobar")
    message, request = await receive_with_properties(rep, *names)
    await rep.send(*message)
    _, reply = await receive_with_properties(req, "X-hello", "X-connection")
    return {"request": request, "reply": reply}


_BAD: tuple[dict[str, bytes], ...] = (
    {"": b""},
    {"key": b"value"},
    {"": b"value"},
    {"X-" + "KeyTooLong" * 26: b"value"},
)


@scenario(
    "app_meta",
    expected=["invalid"] * len(_BAD),
    transports=INPROC,
    combinations=PURE,
    why=_ALONE,
)
async def names_of_properties_are_checked(stage: Stage) -> object:
    """A name begins with ``X-``, and has 255 characters at the most."""
    return [stage.try_first("REP", metadata=bad) for bad in _BAD]


@scenario(
    "monitor",
    expected={
        "client": ["connect-delayed", "connected", "handshake-succeeded"],
        "server": ["listening", "accepted", "handshake-succeeded", "disconnected"],
    },
    transports=TCP,
)
async def the_order_of_events(stage: Stage) -> object:
    """What both sides of a connection tell, in which order, until the client is closed."""
    server, client = stage.first("DEALER"), stage.second("DEALER")
    await stage.link(server, client)
    await client.send(b"there")
    await server.receive()
    told = list(client.events)
    await client.close()
    await server.wait_event("disconnected")
    await stage.settle()
    return {"client": told, "server": list(server.events)}


@scenario(
    "monitor",
    expected=["connect-delayed", "connect-retried", "connect-delayed"],
    transports=TCP,
    combinations=PURE,
    why=_ALONE,
)
async def nobody_listens(stage: Stage) -> object:
    """An attempt that fails is told, and that there will be another."""
    client = stage.first("DEALER", reconnect_interval=0.05)
    client.connect(stage.lasting_address())
    await client.wait_event("connect-delayed", 2)
    await stage.turn()
    return [event for event in client.events if event != "closed"][:3]


@scenario(
    "monitor",
    expected=["listening", "closed", "closed", "bind-failed"],
    transports=TCP,
    combinations=PURE,
    why="two sockets of one library, which never connect",
)
async def binds_and_unbinds(stage: Stage) -> object:
    """A bind, its end, and a bind that fails."""
    holder, other = stage.first("DEALER"), stage.first("DEALER")
    address = await holder.bind(stage.lasting_address())
    await holder.unbind(address)
    await holder.wait_event("closed")
    told = list(holder.events)
    await holder.bind(address)
    failed = OK
    try:
        await other.bind(address)
    except Exception:
        failed = "refused"
    assert failed == "refused"
    await other.wait_event("bind-failed")
    return [*told, *other.events]


@scenario("sockopt_hwm", expected=[2, 4], transports=INPROC)
async def changed_before_it_is_connected(stage: Stage) -> object:
    """Limits of 2 on either side, set before the connection is made: 4 messages."""
    push, pull = stage.first("PUSH"), stage.second("PULL")
    pull.configure(receive_hwm=2)
    push.configure(send_hwm=2)
    address = stage.address()
    pull.connect(address)
    await push.bind(address)
    return [option_of(push, "send_hwm"), push.fill(b"", limit=3000)]


@scenario("sockopt_hwm", expected=[5, 6], transports=INPROC)
async def changed_after_it_is_connected(stage: Stage) -> object:
    """A limit of 5 in place of 1, set on a connected socket, and 1 at the other side: 6 messages."""
    push, pull = stage.first("PUSH", send_hwm=1), stage.second("PULL", receive_hwm=1)
    address = stage.address()
    pull.connect(address)
    await push.bind(address)
    push.configure(send_hwm=5)
    return [option_of(push, "send_hwm"), push.fill(b"", limit=3000)]


@scenario("sockopt_hwm", expected=[True, 70, True, True], transports=INPROC)
async def lowered_while_it_is_full(stage: Stage) -> object:
    """A limit below what is queued loses nothing, and holds from then on."""
    push, pull = stage.first("PUSH", send_hwm=100), stage.second("PULL", receive_hwm=1)
    await stage.link(push, pull)
    sent = 0
    while push.try_send(b"%d" % sent) == OK:
        sent += 1
    push.configure(send_hwm=70)
    told = option_of(push, "send_hwm")
    got = await pull.receive_many(sent)
    await stage.settle()
    again = push.fill(b"", limit=3000)
    in_order = got == [[b"%d" % number] for number in range(sent)]
    return [10 < sent <= 101, told, in_order, 7 < again <= 71]


@scenario("msg_flags", expected=[[b"id", b"A", b"B"]])
async def frames_are_told_from_messages(stage: Stage) -> object:
    """The frames of a message are told from the next message. (libzmq's test: zmq_msg_more)"""
    router, dealer = stage.first("ROUTER"), stage.second("DEALER", routing_id=b"id")
    await stage.link(router, dealer)
    await dealer.send(b"A", b"B")
    return [await router.receive(), *router.drain()]


@scenario("iov", expected=[[b"%d" % number for number in range(10)]])
async def ten_frames_at_once(stage: Stage) -> object:
    """All frames of a message are sent and received by one call."""
    push, pull = stage.first("PUSH"), stage.second("PULL")
    await stage.link(push, pull)
    await push.send(*(b"%d" % number for number in range(10)))
    return [await pull.receive(), *pull.drain()]


@scenario(
    "poller",
    expected={
        "alone": (False, False),
        "met": (False, True),
        "with a message": (True, True),
        "read": (False, True),
        "full": (False, False),
    },
    transports=INPROC,
)
async def what_a_socket_is_ready_for(stage: Stage) -> object:
    """POLLIN and POLLOUT are levels: they hold as long as there is a message, or room for one."""
    one, two = stage.first("DEALER", send_hwm=1), stage.second("DEALER", receive_hwm=1)
    outcome = {"alone": ready(one)}
    await stage.link(two, one)
    outcome["met"] = ready(one)
    await two.send(b"Hello")
    await stage.turn()
    outcome["with a message"] = ready(one)
    await one.receive()
    outcome["read"] = ready(one)
    one.fill(b"")
    outcome["full"] = ready(one)
    return outcome
