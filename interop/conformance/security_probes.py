"""Whether anything goes through between two sockets, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from interop.conformance.actor import Actor
from interop.conformance.stage import Stage


async def goes_through(stage: Stage, server: Actor, client: Actor) -> bool:
    """Whether a message arrives on either side."""
    return (await go_through(stage, [(server, client)]))[0]


async def go_through(stage: Stage, pairs: Sequence[tuple[Actor, Actor]]) -> list[bool]:
    """Whether a message arrives on either side, of each server and client."""
    for _ in range(2):
        for actor in chain.from_iterable(pairs):
            actor.try_send(b"let me in")
        await stage.settle()
    return [bool(server.drain() or client.drain()) for server, client in pairs]


def reasons(server: Actor, client: Actor) -> dict[str, list[tuple[str, int]]]:
    """Why handshakes failed, each reason once: a client may have tried again and again."""
    return {"server": sorted(set(server.failures)), "client": sorted(set(client.failures))}


async def sneak_in(stage: Stage, server: Actor, address: str) -> object:
    """Send a message as a peer of ZMTP 1.0 does, and give what the server receives."""
    peer = await stage.raw_connect(address)
    peer.write(b"\x01\x00")  # a greeting of ZMTP 1.0: an identity of no bytes
    peer.write(b"\x08\x00sneaky\x00")
    await stage.settle(0.25)
    return server.drain()
