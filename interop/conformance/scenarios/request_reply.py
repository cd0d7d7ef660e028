"""REQ and REP together, on each transport, and a broker between them."""

from __future__ import annotations

import warnings

from interop.conformance.actor import Actor
from interop.conformance.scenario import EVERYWHERE, INPROC, PURE, TCP, scenario
from interop.conformance.stage import Stage
from interop.reactor import until

_BODY = [b"12345678ABCDEFGH12345678abcdefgh"] * 2


async def _bounce(server: Actor, client: Actor) -> bool:
    """As libzmq's ``bounce``: two frames there and back."""
    await client.send(*_BODY)
    request = await server.receive()
    await server.send(*request)
    return request == _BODY and await client.receive() == _BODY


@scenario("reqrep_inproc", expected=True, transports=INPROC)
@scenario("reqrep_ipc", expected=True, transports=("ipc",))
async def round_trip(stage: Stage) -> object:
    """A request and its reply."""
    rep, req = stage.first("REP"), stage.second("REQ")
    await stage.link(rep, req)
    return await _bounce(rep, req)


async def _single_connect(stage: Stage, address: str, ipv6: bool) -> object:
    rep, req = stage.first("REP", ipv6=ipv6), stage.second("REQ", ipv6=ipv6)
    bound = await stage.link(rep, req, address=address)
    bounced = await _bounce(rep, req)
    await req.disconnect(bound)
    await rep.unbind(bound)
    return bounced


@scenario("reqrep_tcp", expected=True, transports=TCP)
async def one_connect(stage: Stage) -> object:
    """Bounce, then disconnect and unbind what was connected and bound."""
    return await _single_connect(stage, "tcp://127.0.0.1:*", False)


@scenario("reqrep_tcp", expected=True, transports=TCP)
async def one_connect_ipv6(stage: Stage) -> object:
    """The same with IPv6."""
    return await _single_connect(stage, "tcp://[::1]:*", True)


def _from_port(source: str, address: str) -> str:
    """Give the address to connect to from a port of one's own."""
    return f"tcp://{source.removeprefix('tcp://')};{address.removeprefix('tcp://')}"


async def _several_connects(stage: Stage, address: str, ipv6: bool) -> object:
    reps = [stage.first("REP", ipv6=ipv6) for _ in range(3)]
    req = stage.second("REQ", ipv6=ipv6)
    source = stage.lasting_address()
    if ipv6:
        source = source.replace("127.0.0.1", "[::1]")
    ends = [await rep.bind(address) for rep in reps]
    ends[2] = _from_port(source, ends[2])
    for end, rep in zip(ends, reps, strict=True):
        await stage.join(req, end, rep)
    bounced = [await _bounce(reps[number % 3], req) for number in range(7)]
    for end in (ends[0], ends[2], ends[1]):
        await req.disconnect(end)
    return bounced


@scenario("reqrep_tcp", expected=[True] * 7, transports=TCP)
async def several_connects(stage: Stage) -> object:
    """One REQ connected to three REP, one of them from a given port; each is asked in turn."""
    return await _several_connects(stage, "tcp://127.0.0.1:*", False)


@scenario("reqrep_tcp", expected=[True] * 7, transports=TCP)
async def several_connects_ipv6(stage: Stage) -> object:
    """The same with IPv6."""
    return await _several_connects(stage, "tcp://[::1]:*", True)


async def _connected(req: Actor, number: int) -> bool:
    """Wait until that many connections are there, or one was refused."""

    def met() -> bool:
        return req.events.count("handshake-succeeded") == number

    await until(lambda: met() or "connect-retried" in req.events, f"{req}: connected or refused")
    return met()


@scenario("reqrep_tcp", expected=[True] * 6, transports=TCP)
async def connects_from_the_same_port(stage: Stage) -> object:
    """Two REQ connect to two REP each, from the same two ports, crosswise."""
    reps = [stage.first("REP") for _ in range(2)]
    reqs = [stage.second("REQ") for _ in range(2)]
    bound = [await rep.bind("tcp://127.0.0.1:*") for rep in reps]
    ports = [stage.lasting_address() for _ in range(2)]
    connected = []
    with warnings.catch_warnings():
        # Twisted leaves a socket that it could not bind to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        for number, req in enumerate(reqs):
            for end, rep in enumerate(reps):
                where = _from_port(ports[(end + number) % 2], bound[end])
                req.connect(where)
                if not await _connected(req, end + 1):
                    await req.close()
                    return "connect-retried"
                await rep.met(number + 1)
                connected.append((req, where))
    bounced = [
        await _bounce(reps[end], reqs[number])
        for number, end in ((0, 0), (0, 1), (1, 0), (1, 1), (0, 0), (0, 1))
    ]
    for req, where in connected:
        await req.disconnect(where)
    return bounced


@scenario(
    "reqrep_tcp",
    expected=True,
    transports=TCP,
    combinations=PURE,
    why="a raw peer sees where the connection comes from",
)
async def the_port_of_origin(stage: Stage) -> object:
    """The connection comes from the port before the semicolon."""
    req, listener, source = stage.first("REQ"), await stage.raw_listen(), stage.lasting_address()
    req.connect(_from_port(source, listener.address))
    raw = await listener.peer()
    return raw.remote_address == source


@scenario("reqrep_ipc", expected=["ok", True], transports=("ipc", "tcp"))
async def the_client_leaves_before_the_reply(stage: Stage) -> object:
    """A reply to a client that has left goes nowhere; the next one is served."""
    rep, req, other = stage.first("REP"), stage.second("REQ"), stage.second("REQ")
    address = await stage.link(rep, req)
    await req.send(b"leakymsg")
    await rep.receive()
    await req.close()
    await rep.wait_event("disconnected")
    sent = rep.try_send(b"leakymsg", b"more")
    await stage.join(other, address, rep)
    return [sent, await _bounce(rep, other)]


@scenario("reqrep_device", expected=[[b"ABC", b"DEF"], [b"GHI", b"JKL"]], transports=EVERYWHERE)
async def a_broker_by_hand(stage: Stage) -> object:
    """ROUTER and DEALER, passing on what they get, keep envelopes and frames."""
    router, dealer = stage.first("ROUTER"), stage.first("DEALER")
    rep, req = stage.second("REP"), stage.second("REQ")
    await stage.link(dealer, rep)
    await stage.link(router, req)
    await req.send(b"ABC", b"DEF")
    await dealer.send(*await router.receive())
    request = await rep.receive()
    await rep.send(b"GHI", b"JKL")
    await router.send(*await dealer.receive())
    return [request, await req.receive()]


@scenario(
    "spec_rep",
    expected=[[b"A", b"B", b"C"], [[b"a"], [b"b"], [b"c"]]],
    transports=EVERYWHERE,
)
async def serves_each_in_turn(stage: Stage) -> object:
    """REP takes one request of each client, and each gets its own reply."""
    rep = stage.first("REP")
    reqs = [stage.second("REQ") for _ in range(3)]
    await stage.link(rep, *reqs)
    for req, name in zip(reqs, (b"A", b"B", b"C"), strict=True):
        await req.send(name)
    await stage.settle()
    served = []
    for _ in reqs:
        (name,) = await rep.receive()
        served.append(name)
        await rep.send(name.lower())
    return [sorted(served), [await req.receive() for req in reqs]]


@scenario(
    "spec_rep",
    expected=[[b"A"], [b"", b"A"], [b"A"], [b"X", b"Y", b"", b"A"]],
    transports=EVERYWHERE,
)
async def keeps_the_envelope(stage: Stage) -> object:
    """REP keeps the frames before the empty one for the reply."""
    rep, dealer = stage.first("REP"), stage.second("DEALER")
    await stage.link(rep, dealer)
    seen = []
    for envelope in ((b"",), (b"X", b"Y", b"")):
        await dealer.send(*envelope, b"A")
        seen.append(await rep.receive())
        await rep.send(b"A")
        seen.append(await dealer.receive())
    return seen
