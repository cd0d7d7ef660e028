"""zmq_proxy() and zmq_proxy_steerable(). The first part is the proxy, the second all others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from interop.conformance.actor import OK, Actor
from interop.conformance.probes import first_library
from interop.conformance.proxies import LibzmqProxy, Part, ProxyActor, PyzmtpProxy
from interop.conformance.scenario import INPROC, OUR_FIRST, scenario
from interop.conformance.stage import Stage


@asynccontextmanager
async def _proxy(stage: Stage, front: Part, back: Part | None) -> AsyncIterator[ProxyActor]:
    proxy: PyzmtpProxy | LibzmqProxy
    if first_library(stage) == "pyzmtp":
        proxy = PyzmtpProxy(front, back)
    else:
        proxy = LibzmqProxy(stage.context, front, back)
    await proxy.start(stage.address(), stage.address())
    try:
        yield proxy
    finally:
        await proxy.close()


@scenario("proxy", expected=[[b"request #%03d" % number for number in range(20)]] * 3)
async def clients_and_workers(stage: Stage) -> object:
    """Three clients and five workers: each client gets the answers to its own requests, all of them."""
    async with _proxy(stage, ("ROUTER", {}), ("DEALER", {})) as proxy:
        workers = [stage.second("DEALER") for _ in range(5)]
        clients = [stage.second("DEALER") for _ in range(3)]
        for worker in workers:
            worker.connect(proxy.back)
            await worker.met()
        for client in clients:
            client.connect(proxy.front)
            await client.met()
        for number in range(20):
            for client in clients:
                await client.send(b"request #%03d" % number)
        answers: list[list[bytes]] = [[] for _ in clients]
        while sum(map(len, answers)) < 60:
            for worker in workers:
                for request in worker.drain():
                    await worker.send(*request)
            for client, got in zip(clients, answers, strict=True):
                got += [message[0] for message in client.drain()]
            await stage.turn()
        return [sorted(got) for got in answers]


@scenario("proxy_single_socket", expected=[[b"msg1"], [b"msg22"]])
async def one_socket_at_both_ends(stage: Stage) -> object:
    """A proxy from a REP to itself answers each request with itself."""
    async with _proxy(stage, ("REP", {}), None) as proxy:
        req = stage.second("REQ")
        req.connect(proxy.front)
        answers = []
        for request in (b"msg1", b"msg22"):
            await req.send(request)
            answers.append(await req.receive())
        return answers


@asynccontextmanager
async def _steered(stage: Stage) -> AsyncIterator[tuple[ProxyActor, Actor, Actor]]:
    async with _proxy(stage, ("ROUTER", {}), ("DEALER", {})) as proxy:
        worker = stage.second("DEALER")
        client = stage.second("DEALER", routing_id=b"client")
        worker.connect(proxy.back)
        await worker.met()
        client.connect(proxy.front)
        yield proxy, client, worker


async def _answer(client: Actor, worker: Actor) -> list[bytes]:
    envelope, empty, _ = await worker.receive()
    await worker.send(envelope, empty, b"answer")
    return await client.receive()


@scenario(
    "proxy_steerable",
    expected=[[0] * 8, [b"", b"answer"], [3, 13, 3, 12, 3, 12, 3, 13], True, None],
)
async def statistics_and_the_end(stage: Stage) -> object:
    """STATISTICS counts frames and bytes, each way, of which the routing id is one; TERMINATE."""
    async with _steered(stage) as (proxy, client, worker):
        outcome: list[object] = [await proxy.command("STATISTICS")]
        await client.send(b"", b"request")
        outcome.append(await _answer(client, worker))
        outcome.append(await proxy.command("STATISTICS"))
        await proxy.command("TERMINATE")
        outcome.append(proxy.over())
        await client.send(b"", b"too late")
        await stage.settle()
        return [*outcome, worker.receive_now()]


@scenario(
    "proxy_steerable",
    expected={
        "paused": [[], [0] * 8],
        "resumed": [[b"", b"answer"], [3, 13, 3, 12, 3, 12, 3, 13]],
    },
    combinations=OUR_FIRST,
    why="after a PAUSE the proxy of libzmq 4.3.5 still forwards requests, and answers never again",
)
async def it_is_paused(stage: Stage) -> object:
    """Nothing is received while it is paused; after RESUME what has waited goes through."""
    async with _steered(stage) as (proxy, client, worker):
        await proxy.command("PAUSE")
        await client.send(b"", b"request")
        await stage.settle()
        paused = [worker.drain(), await proxy.command("STATISTICS")]
        await proxy.command("RESUME")
        answer = await _answer(client, worker)
        return {"paused": paused, "resumed": [answer, await proxy.command("STATISTICS")]}


@scenario("proxy_terminate", expected=[[b"through"], True, None])
async def it_ends_when_it_is_told_to(stage: Stage) -> object:
    """A proxy from a PULL to a PUSH forwards until it is ended."""
    async with _proxy(stage, ("PULL", {}), ("PUSH", {})) as proxy:
        push, pull = stage.second("PUSH"), stage.second("PULL")
        pull.connect(proxy.back)
        await pull.met()
        push.connect(proxy.front)
        await push.send(b"through")
        got = await pull.receive()
        await proxy.command("TERMINATE")
        over = proxy.over()
        await push.send(b"not any more")
        await stage.settle()
        return [got, over, pull.receive_now()]


@scenario("proxy_hwm", expected=["would-block", True, True, True], transports=INPROC)
async def back_pressure_goes_through(stage: Stage) -> object:
    """XPUB_NODROP and limits of 10 all the way: a publisher is stopped after 20 to 40 messages.

    All of those arrive when the subscriber reads. Over inproc, as there no kernel holds any.
    """
    limits: dict[str, object] = {"send_hwm": 10, "receive_hwm": 10}
    back = "XPUB", {**limits, "xpub_nodrop": True}
    async with _proxy(stage, ("XSUB", limits), back) as proxy:
        sub = stage.second("SUB", **limits)
        sub.subscribe(b"")
        sub.connect(proxy.back)
        pub = stage.second("XPUB", xpub_nodrop=True, **limits)
        pub.connect(proxy.front)
        await pub.receive()
        sent, quiet = 0, 0
        while quiet < 3:
            quiet += 1
            while pub.try_send(b"%d" % sent) == OK:
                sent, quiet = sent + 1, 0
            await stage.settle(0.02)
        last = pub.try_send(b"too much")
        got = await sub.receive_many(sent)
        in_order = got == [[b"%d" % number] for number in range(sent)]
        return [last, 20 <= sent <= 50, sent <= 40, in_order]
