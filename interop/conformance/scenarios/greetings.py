"""Messages that the library sends, or delivers, when a connection comes or goes."""

from __future__ import annotations

from interop.conformance.scenario import (
    INPROC,
    OUR_FIRST,
    OUR_SECOND,
    OURS,
    STREAMS,
    TCP,
    scenario,
)
from interop.conformance.stage import Stage

_DRAFT = "ZMQ_HELLO_MSG and its like are draft options, which the wheel's libzmq does not have"
_BOTH = (*STREAMS, *INPROC)


@scenario("hello_msg", expected=[b"H"], transports=_BOTH, combinations=OUR_FIRST, why=_DRAFT)
async def hello(stage: Stage) -> object:
    """Who connects receives the message."""
    router, dealer = stage.first("ROUTER", hello_message=b"H"), stage.second("DEALER")
    await stage.link(router, dealer)
    return await dealer.receive()


@scenario("hello_msg", expected=[b"X", b"H"], transports=_BOTH, combinations=OUR_SECOND, why=_DRAFT)
async def hello_from_who_connects(stage: Stage) -> object:
    """Who is connected to receives it as well."""
    router = stage.first("ROUTER")
    dealer = stage.second("DEALER", hello_message=b"H", routing_id=b"X")
    await stage.link(router, dealer)
    return await router.receive()


@scenario(
    "hello_msg", expected=[[b"W"], [b"X", b"H"]], transports=_BOTH, combinations=OURS, why=_DRAFT
)
async def bound_late(stage: Stage) -> object:
    """Both receive the other's message if the connecting side was there first."""
    server = stage.first("ROUTER", hello_message=b"W")
    client = stage.second("DEALER", hello_message=b"H", routing_id=b"X")
    address = stage.lasting_address()
    client.connect(address)
    await stage.settle()
    await server.bind(address)
    return [await client.receive(), await server.receive()]


@scenario("hello_msg", expected=[[b"H"], [b"H"], []], combinations=OUR_FIRST, why=_DRAFT)
async def hello_again(stage: Stage) -> object:
    """A connection that was lost and is there again begins with the message, too."""
    dealer = stage.second("DEALER")
    address = stage.lasting_address()
    dealer.connect(address)
    seen: list[object] = []
    for _ in range(2):
        router = stage.first("ROUTER", hello_message=b"H")
        await router.bind(address)
        seen.append(await dealer.receive())
        await router.close()
    return [*seen, dealer.drain()]


@scenario(
    "disconnect_msg", expected=[[b"X", b"D"]], transports=_BOTH, combinations=OUR_FIRST, why=_DRAFT
)
async def closed(stage: Stage) -> object:
    """The end of a peer's connection is received as a message."""
    server = stage.first("ROUTER", disconnect_message=b"D")
    client = stage.second("DEALER", routing_id=b"X")
    await stage.link(server, client)
    await client.send(b"H")
    assert await server.receive() == [b"X", b"H"]
    await client.close()
    return [await server.receive(), *server.drain()]


@scenario(
    "disconnect_msg", expected=[[b"X", b"D"]], transports=_BOTH, combinations=OUR_FIRST, why=_DRAFT
)
async def disconnected(stage: Stage) -> object:
    """So is a disconnect."""
    server = stage.first("ROUTER", disconnect_message=b"D")
    client = stage.second("DEALER", routing_id=b"X")
    address = await stage.link(server, client)
    await client.send(b"H")
    assert await server.receive() == [b"X", b"H"]
    await client.disconnect(address)
    return [await server.receive(), *server.drain()]


@scenario(
    "hiccup_msg",
    expected=[[b"X", b"HELLO"], [b"HICCUP"]],
    transports=STREAMS,
    combinations=OUR_SECOND,
    why=_DRAFT,
)
async def hiccup(stage: Stage) -> object:
    """A connection that is lost and will be dialled again is told by a message."""
    server = stage.first("ROUTER")
    client = stage.second(
        "DEALER", hello_message=b"HELLO", hiccup_message=b"HICCUP", routing_id=b"X"
    )
    await stage.link(server, client)
    hello = await server.receive()
    await server.close()
    return [hello, await client.receive()]


@scenario(
    "hiccup_msg", expected=[[b"X", b"HELLO"]], transports=TCP, combinations=OUR_SECOND, why=_DRAFT
)
async def no_hiccup_of_a_disconnect(stage: Stage) -> object:
    """To disconnect oneself is no hiccup."""
    server = stage.first("ROUTER")
    client = stage.second(
        "DEALER", hello_message=b"HELLO", hiccup_message=b"HICCUP", routing_id=b"X"
    )
    address = await stage.link(server, client)
    hello = await server.receive()
    await client.disconnect(address)
    await stage.settle()
    return [hello, *client.drain()]
