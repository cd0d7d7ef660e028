"""Trials of PLAIN and CURVE: either side is the server, and who has other credentials stays outside."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from interop.museum.visit import Trial, Visit, talk_to
from interop.peer import LibzmqPeer
from interop.reactor import reactor
from interop.secured import PASSWORD, SERVER_KEYS, USER, Scheme
from interop.sockets import EventLog, lasting_address
from pyzmtp import (
    AuthenticationFailed,
    CurveClient,
    HandshakeFailed,
    HandshakeSucceeded,
    PlainClient,
    PullSocket,
    PushSocket,
    curve_keypair,
)

#: Types of ours and of libzmq's that talk to each other, each pattern from either side.
PAIRS: Final = (
    ("PAIR", "PAIR"),
    ("REQ", "REP"),
    ("REP", "REQ"),
    ("DEALER", "ROUTER"),
    ("ROUTER", "DEALER"),
    ("PUSH", "PULL"),
    ("PULL", "PUSH"),
    ("XPUB", "SUB"),
    ("SUB", "XPUB"),
)

STRANGER: Final = curve_keypair()

#: Policies of ours with credentials that no server knows.
OUR_STRANGERS: Final[dict[str, Callable[[], object]]] = {
    "PLAIN": lambda: PlainClient(USER, PASSWORD + "!"),
    "CURVE": lambda: CurveClient(SERVER_KEYS.public, STRANGER),
}

#: The same for libzmq: what is another than in the options of a client that is let in.
THEIR_STRANGERS: Final[dict[str, dict[str, bytes]]] = {
    "PLAIN": {"PLAIN_PASSWORD": PASSWORD.encode() + b"!"},
    "CURVE": {
        "CURVE_PUBLICKEY": STRANGER.public.encode(),
        "CURVE_SECRETKEY": STRANGER.secret.encode(),
    },
}


def secured(scheme: Scheme) -> Trial:
    """Make the trial of one mechanism."""

    async def trial(visit: Visit) -> None:
        peer = await visit.spawn()
        built = await peer.call("mechanisms")
        assert scheme.mechanism in built, f"this build has {built}"
        for server in ("pyzmtp", "libzmq"):
            try:
                if server == "pyzmtp":
                    await all_pairs_talk(visit, peer, scheme, server)
                    await their_stranger_is_refused(visit, peer, scheme)
                else:
                    if scheme.handled:
                        await scheme.admit(peer)
                    await all_pairs_talk(visit, peer, scheme, server)
                    await our_stranger_is_refused(visit, peer, scheme)
            except Exception as error:
                error.args = (f"{server} is the server: {error}",)
                raise

    return trial


async def all_pairs_talk(visit: Visit, peer: LibzmqPeer, scheme: Scheme, server: str) -> None:
    """Whoever is let in can say what he can say without security."""
    for our_kind, their_kind in PAIRS:
        if scheme.allows(server, their_kind):
            ours, theirs = scheme.ours(server), scheme.theirs(server)
            await talk_to(visit, peer, our_kind, their_kind, ours, theirs)
            await peer.close_all()


async def their_stranger_is_refused(visit: Visit, peer: LibzmqPeer, scheme: Scheme) -> None:
    """A client of libzmq that our server does not know."""
    options = {**scheme.their_client, **THEIR_STRANGERS[scheme.mechanism]}
    theirs = await visit.open(peer, "PUSH", **options)
    async with PullSocket(reactor, security=scheme.our_server()) as ours:
        await check_refused(visit, ours, theirs)
        assert ours.try_receive() is None


async def our_stranger_is_refused(visit: Visit, peer: LibzmqPeer, scheme: Scheme) -> None:
    """A client of ours that a server of libzmq does not know."""
    with tempfile.TemporaryDirectory() as nobody:
        await peer.authenticate({USER: PASSWORD}, keys=Path(nobody))
        # libzmq 4.1 aborts when a server with a handler connects a second time.
        theirs = await visit.open(peer, "PULL", RECONNECT_IVL=-1, **scheme.their_server)
        policy = OUR_STRANGERS[scheme.mechanism]()
        async with PushSocket(reactor, linger=0, security=policy) as ours:
            await check_refused(visit, ours, theirs)
            ours.try_send(b"all the same")
            assert await theirs.receive_some() == []


async def check_refused(visit: Visit, ours: Any, theirs: Any) -> None:
    """Both sockets are joined, and the handshake fails for one reason."""
    events = EventLog(ours)
    address = lasting_address("tcp", Path())
    if visit.binder == "pyzmtp":
        await ours.bind(address)
        await theirs.connect(address)
    else:
        await theirs.bind(address)
        ours.connect(address).addErrback(lambda _: None)  # the event says it, too
    failed = await events.wait(HandshakeFailed)
    assert isinstance(failed.error, AuthenticationFailed), f"refused with {failed.error!r}"
    assert failed.error.status == 400, f"refused with {failed.error}"
    assert not events.of(HandshakeSucceeded), "the stranger came in"
