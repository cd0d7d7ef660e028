"""The security mechanisms as these tests use them: what each side is given in each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from interop.peer import LibzmqPeer, RemoteSocket, Spawn
from pyzmtp import CurveClient, CurveServer, PlainClient, PlainServer, curve_keypair

USER: Final = "admin"
PASSWORD: Final = "kept to myself"

SERVER_KEYS: Final = curve_keypair()
CLIENT_KEYS: Final = curve_keypair()


@frozen
class Scheme:
    """A mechanism with credentials that fit: whichever side is the server lets the other in.

    `user_id`: what the server calls the client. `handled`: whether a server of libzmq lets nobody in
    without a ZAP handler.
    """

    mechanism: str
    our_server: Callable[[], Any]
    our_client: Callable[[], Any]
    their_server: dict[str, int | bytes]
    their_client: dict[str, int | bytes]
    user_id: str
    handled: bool

    def allows(self, server: str, kind: str) -> bool:
        """Whether libzmq gets through with itself when its socket is a `kind`.

        From 4.2 on its REQ takes the user id, which its ZAP handler gives to a client, for the beginning
        of the first reply.
        """
        return not (self.handled and server == "libzmq" and kind == "REQ")

    def ours(self, server: str) -> dict[str, Any]:
        """The options of our socket, `server` being the side that is the server."""
        return {"security": self.our_server() if server == "pyzmtp" else self.our_client()}

    def theirs(self, server: str) -> dict[str, int | bytes]:
        """The options of libzmq's socket."""
        return self.their_client if server == "pyzmtp" else self.their_server

    async def open(
        self, peer: LibzmqPeer, server: str, kind: str, **options: int | bytes
    ) -> RemoteSocket:
        """Open a libzmq socket in its role, which lets our client in."""
        if self.handled:
            await self.admit(peer)
        return await peer.open(kind, **self.theirs(server), **options)

    async def admit(self, peer: LibzmqPeer) -> None:
        """Have the ZAP handler of a libzmq process let our client in, and say who it is."""
        await peer.authenticate({USER: PASSWORD})

    def spawn(self, spawn: Spawn) -> Spawn:
        """Make a `spawn` of one whose processes let our client in."""

        async def admitting() -> LibzmqPeer:
            peer = await spawn()
            if self.handled:
                await self.admit(peer)
            return peer

        return admitting


PLAIN: Final = Scheme(
    "PLAIN",
    lambda: PlainServer({USER: PASSWORD}),
    lambda: PlainClient(USER, PASSWORD),
    {"PLAIN_SERVER": 1},
    {"PLAIN_USERNAME": USER.encode(), "PLAIN_PASSWORD": PASSWORD.encode()},
    USER,
    handled=True,
)

CURVE: Final = Scheme(
    "CURVE",
    lambda: CurveServer(SERVER_KEYS.secret, {CLIENT_KEYS.public}),
    lambda: CurveClient(SERVER_KEYS.public, CLIENT_KEYS),
    {"CURVE_SERVER": 1, "CURVE_SECRETKEY": SERVER_KEYS.secret.encode()},
    {
        "CURVE_SERVERKEY": SERVER_KEYS.public.encode(),
        "CURVE_PUBLICKEY": CLIENT_KEYS.public.encode(),
        "CURVE_SECRETKEY": CLIENT_KEYS.secret.encode(),
    },
    CLIENT_KEYS.public,
    handled=False,
)

SCHEMES: Final = (PLAIN, CURVE)
