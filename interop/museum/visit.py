"""A visit to an exhibit: its sockets and ours, and all that a pair of types can say there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from interop.conversations import (
    CONVERSATIONS,
    MULTIPART,
    OUR_ID,
    ROOM,
    THEIR_ID,
    Case,
    Conversation,
    let_publish,
)
from interop.museum.exhibits import Exhibit
from interop.payloads import Made
from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from interop.reactor import reactor
from interop.sockets import CLASSES, EventLog, lasting_address, link
from pyzmtp import Disconnected, HandshakeFailed, HandshakeSucceeded

#: Who binds: the columns of the table come once for each.
BINDERS = ("pyzmtp", "libzmq")

SINGLE = Case("single", tuple((Made(size, 7),) for size in (0, 1, 254, 255, 256, 65536)))

BURST = Case("burst", tuple((b"#%03d" % n, Made(n, n)) for n in range(200)))

#: Seconds between two attempts of ours to connect, and milliseconds between two of libzmq's.
OUR_RECONNECT, THEIR_RECONNECT = 0.02, 20

#: The security options of NULL, on both sides.
NOTHING: Mapping[str, Any] = {}


@attrs.frozen
class Visit:
    """One trial: an exhibit, who binds, and a way to start processes with that libzmq."""

    exhibit: Exhibit
    binder: str
    spawn: Spawn

    def our_options(self, kind: str) -> dict[str, Any]:
        """Give the options of the pyzmtp socket."""
        options: dict[str, Any] = {
            "send_hwm": ROOM,
            "receive_hwm": ROOM,
            "linger": 0,
            "reconnect_interval": OUR_RECONNECT,
        }
        if kind in ("REQ", "DEALER", "ROUTER"):
            options["routing_id"] = OUR_ID
        if kind == "ROUTER":
            options["router_mandatory"] = True
        if self.exhibit.zmtp == (1, 0):
            options["min_version"] = (1, 0)
        return options

    async def open(self, peer: LibzmqPeer, kind: str, **more: int | bytes) -> RemoteSocket:
        """Open a libzmq socket."""
        options: dict[str, int | bytes] = dict.fromkeys(self.exhibit.high_water_marks, ROOM)
        options["RECONNECT_IVL"] = THEIR_RECONNECT
        if kind in ("REQ", "DEALER", "ROUTER"):
            options["IDENTITY"] = THEIR_ID
        return await peer.open(kind, **{**options, **more})

    async def join(
        self, theirs: RemoteSocket, ours: Any, events: EventLog, address: str = ""
    ) -> None:
        """Join both; see that they speak the version of ZMTP that the exhibit is known for."""
        where = address or lasting_address("tcp", Path())
        await link(ours, events, theirs, self.binder, where)
        spoken = events.of(HandshakeSucceeded)[-1].peer.version
        assert spoken == self.exhibit.zmtp, f"ZMTP {spoken} is spoken"


Trial = Callable[[Visit], Awaitable[None]]


async def talk_to(
    visit: Visit,
    peer: LibzmqPeer,
    our_kind: str,
    their_kind: str,
    our_security: Mapping[str, Any] = NOTHING,
    their_security: Mapping[str, int | bytes] = NOTHING,
) -> None:
    """Try all that a pair of types can say, over one connection."""
    theirs = await visit.open(peer, their_kind, **their_security)
    options = visit.our_options(our_kind)
    async with CLASSES[our_kind](reactor, **options, **our_security) as ours:
        events = EventLog(ours)
        await visit.join(theirs, ours, events)
        await let_publish(ours, theirs, notices=visit.exhibit.subscriptions_travel)
        for case in (SINGLE, MULTIPART, BURST):
            for conversation in conversations_of(visit.exhibit, our_kind, their_kind):
                await conversation(ours, theirs, case)
        assert not events.of(Disconnected), "the connection was lost"
        assert not events.of(HandshakeFailed), "a handshake failed"


def conversations_of(exhibit: Exhibit, our_kind: str, their_kind: str) -> tuple[Conversation, ...]:
    """Return all that a pair of types can say: from subscriber to publisher not in each version."""
    conversations = CONVERSATIONS[our_kind, their_kind]
    only_down = {
        ("XSUB", "XPUB"): not exhibit.xpub_takes_messages,
        ("XPUB", "XSUB"): not exhibit.xsub_sends_messages,
    }
    return conversations[:1] if only_down.get((our_kind, their_kind)) else conversations
