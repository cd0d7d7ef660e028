"""ZMQ_ONLY_FIRST_SUBSCRIBE: multipart messages with subscriptions in them, between the two libraries."""

from __future__ import annotations

from pathlib import Path

from interop.payloads import expected
from interop.peer import LibzmqPeer
from interop.reactor import reactor, within
from interop.sockets import EventLog, any_address, link
from pyzmtp import XPubSocket, XSubSocket

PLAIN = [b"h", b"\x01C", b"\x00z", b"t"]
MIXED = [b"\x01A", b"x", b"\x01B", b"y"]


async def test_our_xpub_takes_them_apart_as_libzmq_does(
    binder: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("XSUB", ONLY_FIRST_SUBSCRIBE=1)
    async with XPubSocket(reactor, only_first_subscribe=True, linger=0) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address("tcp", directory))
        await theirs.send([PLAIN, MIXED, [b"\x01A", b"z"]])
        got = [await within(ours.receive(), "what was sent") for _ in range(5)]
        assert got == [PLAIN, [b"\x01A"], [b"\x01B"], [b"x", b"y"], [b"z"]]
        assert ours.topics == {b"A", b"B"}


async def test_libzmqs_xpub_understands_what_our_xsub_has_taken_apart(
    binder: str, libzmq: LibzmqPeer, directory: Path
) -> None:
    theirs = await libzmq.open("XPUB", ONLY_FIRST_SUBSCRIBE=1)
    async with XSubSocket(reactor, only_first_subscribe=True, linger=0) as ours:
        await link(ours, EventLog(ours), theirs, binder, any_address("tcp", directory))
        for message in (PLAIN, MIXED):
            await ours.send(message)
        told = [PLAIN, [b"\x01A"], [b"\x01B"], [b"x", b"y"]]
        assert await theirs.receive(4) == expected(told)
        await theirs.send([[b"A1"], [b"C1"], [b"B1"]])
        got = [await within(ours.receive(), "what was published") for _ in range(2)]
        assert got == [[b"A1"], [b"B1"]]
