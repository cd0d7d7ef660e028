"""inproc://, where a name may be connected before it is bound."""

from __future__ import annotations

from twisted.internet.defer import Deferred, gatherResults

from interop.conformance.probes import bounce
from interop.conformance.scenario import INPROC, scenario
from interop.conformance.stage import Stage


@scenario("inproc_connect", expected=[b"foobar"], transports=INPROC)
async def bind_before_connect(stage: Stage) -> object:
    """The usual order."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    address = await binder.bind(stage.address())
    connecter.connect(address)
    await connecter.send(b"foobar")
    return await binder.receive()


@scenario("inproc_connect", expected=[b"foobar"], transports=INPROC)
async def connect_before_bind(stage: Stage) -> object:
    """A message that is sent before the bind arrives after it."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    address = stage.address()
    connecter.connect(address)
    await connecter.send(b"foobar")
    await binder.bind(address)
    return await binder.receive()


@scenario("inproc_connect", expected=[[b"after"]], transports=INPROC)
async def a_pub_drops_before_the_bind(stage: Stage) -> object:
    """A PUB that is connected before its SUB is bound has no subscribers yet."""
    pub, sub = stage.first("PUB"), stage.second("SUB")
    address = stage.address()
    pub.connect(address)
    await pub.send(b"before")
    sub.subscribe(b"")
    await sub.bind(address)
    await stage.settle()
    await pub.send(b"after")
    return [await sub.receive(), *sub.drain()]


@scenario("inproc_connect", expected=["closed"] * 20, transports=INPROC)
async def connections_that_never_come_hinder_no_close(stage: Stage) -> object:
    """Twenty ROUTERs that wait for names which nobody binds can be closed."""
    routers = [stage.first("ROUTER") for _ in range(20)]
    for router in routers:
        router.connect(stage.address())
    await stage.turn()
    for router in routers:
        await router.close()
    return [router.try_send(b"id", b"") for router in routers]


@scenario("inproc_connect", expected=[[b"foobar"]] * 10, transports=INPROC)
async def ten_connect_before_the_bind(stage: Stage) -> object:
    """All who waited for the name are served."""
    address = stage.address()
    for _ in range(10):
        push = stage.first("PUSH")
        push.connect(address)
        await push.send(b"foobar")
    pull = stage.second("PULL")
    await pull.bind(address)
    return await pull.receive_many(10)


@scenario("inproc_connect", expected=[[b"foobar"]] * 30, transports=INPROC)
async def thirty_send_and_close(stage: Stage) -> object:
    """What a socket sent just before it was closed arrives. (libzmq's test: in thirty threads)"""
    pull = stage.second("PULL")
    address = await pull.bind(stage.address())
    for _ in range(30):
        push = stage.first("PUSH")
        push.connect(address)
        await push.send(b"foobar")
        await push.close(linger=5)
    return await pull.receive_many(30)


@scenario("inproc_connect", expected=[[b"foobar"]] * 5, transports=INPROC)
async def send_and_close_before_the_bind(stage: Stage) -> object:
    """The same before the name is bound: the messages wait for that as long as linger lets them."""
    address = stage.address()
    closing = []
    for _ in range(5):
        push = stage.first("PUSH")
        push.connect(address)
        await push.send(b"foobar")
        closing.append(Deferred.fromCoroutine(push.close(linger=5)))
    pull = stage.second("PULL")
    await pull.bind(address)
    await gatherResults(closing)
    await stage.settle()
    return pull.drain()


@scenario("inproc_connect", expected=[[b"foobar"]] * 50, transports=INPROC)
async def fifty_names_bound_and_connected_at_once(stage: Stage) -> object:
    """Whichever of the two comes first, each pair meets."""
    got = []
    for number in range(50):
        address = stage.address()
        binder, connecter = stage.first("PAIR"), stage.second("PAIR")
        if number % 2:
            connecter.connect(address)
            await binder.bind(address)
        else:
            await binder.bind(address)
            connecter.connect(address)
        await binder.send(b"foobar")
        got.append(await connecter.receive())
    return got


@scenario("inproc_connect", expected=[[b"me", b"A", b"B"], 3], transports=INPROC)
async def the_routing_id_is_kept(stage: Stage) -> object:
    """A DEALER that was connected before the bind has its routing id at the ROUTER."""
    named, unnamed = stage.first("DEALER", routing_id=b"me"), stage.first("DEALER")
    address = stage.address()
    named.connect(address)
    router = stage.second("ROUTER")
    await router.bind(address)
    await named.send(b"A", b"B")
    got = await router.receive()
    unnamed.connect(address)
    await unnamed.send(b"A", b"B")
    return [got, len(await router.receive())]


@scenario("inproc_connect", expected="closed", transports=INPROC)
async def connect_only(stage: Stage) -> object:
    """A socket whose name is never bound can be closed, with a message waiting in it."""
    push = stage.first("PUSH")
    push.connect(stage.address())
    await push.send(b"for nobody")
    await push.close()
    return push.try_send(b"more")


@scenario("inproc_connect", expected=[b"foobar"], transports=INPROC)
async def unbind_frees_the_name(stage: Stage) -> object:
    """A name that was unbound can be bound by another socket, which gets what is sent to it."""
    former, binder, connecter = stage.first("PAIR"), stage.first("PAIR"), stage.second("PAIR")
    address = await former.bind(stage.address())
    await former.unbind(address)
    await binder.bind(address)
    connecter.connect(address)
    await connecter.send(b"foobar")
    return await binder.receive()


@scenario(
    "disconnect_inproc",
    expected={"notices": [[b"\x01foo"], [b"\x00foo"]], "received": [[b"foo", b"this is foo!"]] * 3},
    transports=INPROC,
)
async def a_disconnected_sub_is_unsubscribed(stage: Stage) -> object:
    """What is published between connect and disconnect arrives; XPUB sees both ends of it."""
    xpub, sub = stage.first("XPUB"), stage.second("SUB")
    sub.subscribe(b"foo")
    address = await xpub.bind(stage.address())
    received, notices = [], []
    for step in range(8):
        if step == 2:
            sub.connect(address)
        if step == 5:
            await sub.disconnect(address)
        await stage.turn()
        notices += xpub.drain()
        await xpub.send(b"foo", b"this is foo!")
        await stage.turn()
        received += sub.drain()
    return {"notices": notices, "received": received}


@scenario("pair_inproc", expected=[True, True], transports=INPROC)
async def bounce_inproc(stage: Stage) -> object:
    """A message goes there and back between two PAIRs."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    await stage.link(binder, connecter)
    return await bounce(binder, connecter)


@scenario("pair_inproc", expected=[b"foo", b"foobar"], transports=INPROC)
async def two_frames(stage: Stage) -> object:
    """Two frames arrive as one message. (libzmq's test: zmq_send_const)"""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    await stage.link(binder, connecter)
    await binder.send(b"foo", b"foobar")
    return await connecter.receive()
