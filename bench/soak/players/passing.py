"""Sockets that come and go: every pair of types, every transport, every way to part."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, gatherResults

from bench import keys
from bench.soak.players.player import Player
from bench.soak.world import PATIENCE
from pyzmtp import (
    ConnectRetried,
    CurveClient,
    CurveServer,
    DealerSocket,
    PairSocket,
    PlainClient,
    PlainServer,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SocketClosed,
    SubSocket,
    XPubSocket,
    XSubSocket,
)

#: Who sends first, and who receives that.
_PAIRS: tuple[tuple[type[Any], type[Any]], ...] = (
    (PairSocket, PairSocket),
    (PubSocket, SubSocket),
    (XPubSocket, SubSocket),
    (PubSocket, XSubSocket),
    (XPubSocket, XSubSocket),
    (PushSocket, PullSocket),
    (ReqSocket, RepSocket),
    (ReqSocket, RouterSocket),
    (DealerSocket, RepSocket),
    (DealerSocket, RouterSocket),
    (DealerSocket, DealerSocket),
)

_PUBLISHERS, _SUBSCRIBERS = (PubSocket, XPubSocket), (SubSocket, XSubSocket)

#: What a server and a client are given.
_SECURITY: dict[str, tuple[Any, Any]] = {
    "NULL": (None, None),
    "PLAIN": (PlainServer({"user": "password"}), PlainClient("user", "password")),
    "CURVE": (
        CurveServer(keys.SERVER_SECRET, allow=[keys.CLIENT_PUBLIC]),
        CurveClient(keys.SERVER_PUBLIC, (keys.CLIENT_PUBLIC, keys.CLIENT_SECRET)),
    ),
}


class Passing(Player):
    """A step is the life of one socket that binds, and of some that connect to it."""

    async def step(self, chance: Random) -> None:
        way = chance.choice((self._talk, self._talk, self._talk, self._in_vain, self._turned_away))
        await way(chance)

    async def _talk(self, chance: Random) -> None:
        sender, receiver = chance.choice(_PAIRS)
        transport = chance.choice(("tcp", "ipc", "inproc"))
        mechanism = "NULL" if transport == "inproc" else chance.choice(tuple(_SECURITY))
        server, client = _SECURITY[mechanism]
        sender_binds = chance.random() < 0.5
        only_two = sender is PairSocket or (sender is ReqSocket and sender_binds)
        number = 1 if only_two else chance.randrange(1, 4)
        binder, connecter = (sender, receiver) if sender_binds else (receiver, sender)
        async with AsyncExitStack() as stack:
            bound = self.world.socket(binder, security=server)
            others = [self.world.socket(connecter, security=client) for _ in range(number)]
            everybody = [bound, *others]
            chance.shuffle(everybody)
            for socket in everybody:  # the last of them is closed first
                await stack.enter_async_context(socket)
            address = await bound.bind(self.world.place(transport))
            for other in others:
                connected = other.connect(address)
                if chance.random() < 0.8:
                    await self.world.within(connected, "connect")
            self.world.tally["sockets that came and went"] += len(everybody)
            if chance.random() < 0.1:
                return
            for other in others:
                senders = (bound, other) if sender_binds else (other, bound)
                await self._exchange(*senders, len(others), chance)
            if chance.random() < 0.2:
                await self.world.within(others[0].disconnect(address), "disconnect")
                await self.world.pause()  # over inproc the other side learns of it one turn later
                if chance.random() < 0.5:
                    await self.world.within(others[0].connect(address), "connect again")
            if chance.random() < 0.2:
                await self.world.within(bound.unbind(address), "unbind")
            for socket in everybody:
                if hasattr(socket, "receive") and not isinstance(socket, ReqSocket | RepSocket):
                    socket.receive().addErrback(lambda failure: failure.trap(SocketClosed))

    async def _exchange(self, sender: Any, receiver: Any, number: int, chance: Random) -> None:
        """Send something; it may be received, or left to lie where it is."""
        within = self.world.within
        body = bytes(chance.choice((0, 10, 1000, 10_000, 300_000)))
        if isinstance(receiver, SubSocket):
            receiver.subscribe(b"")
        elif isinstance(receiver, XSubSocket):
            await within(receiver.send(b"\x01"), "subscription")
        if isinstance(sender, PubSocket | XPubSocket):
            await within(sender.wait_subscribed(), "subscription")
        if isinstance(sender, ReqSocket):
            reply = sender.request([b"question", body], timeout=PATIENCE)
            request = await within(receiver.receive(), "request")
            assert request[-2:] == [b"question", body]
            if chance.random() < 0.2:
                reply.addErrback(lambda failure: failure.trap(CancelledError))
                reply.cancel()
                await within(receiver.send(request), "reply to nobody")
            else:
                await within(receiver.send(request), "reply")
                assert await reply == [b"question", body]
            return
        messages = [[b"", body]] * (1 if len(body) > 100_000 else chance.randrange(1, 30))
        await within(sender.send_batch(messages), "send")
        if number == 1 and chance.random() < 0.7:
            for _ in messages:
                assert (await within(receiver.receive(), "receive"))[-1] == body
                if isinstance(receiver, RepSocket):
                    await within(receiver.send(body), "reply")

    async def _in_vain(self, chance: Random) -> None:
        """Connect where nobody is, queue something, and give up."""
        nowhere = "tcp://127.0.0.1:1" if chance.random() < 0.5 else self.world.place("ipc")
        async with self.world.socket(PushSocket, reconnect_interval=0.01) as push:
            retried: Deferred[None] = Deferred()
            push.on_event(_fire_at(ConnectRetried, retried))
            push.connect(nowhere)
            push.try_send([b"nobody", b"will get this"])
            await self.world.within(retried, "an attempt in vain")
            if chance.random() < 0.5:
                await self.world.within(push.disconnect(nowhere), "disconnect")
        self.world.tally["connects in vain"] += 1

    async def _turned_away(self, chance: Random) -> None:
        """Connect with the wrong type, keys or password; and many at once that change their minds."""
        world = self.world
        mechanism = chance.choice(tuple(_SECURITY))
        server = _SECURITY[mechanism][0]
        wrong = {
            "NULL": None,
            "PLAIN": PlainClient("user", "guess"),
            "CURVE": CurveClient(keys.SERVER_PUBLIC),  # with keys that nobody knows
        }
        async with world.socket(PullSocket, security=server) as pull:
            address = await pull.bind(world.place(chance.choice(("tcp", "ipc"))))
            async with world.socket(DealerSocket, security=wrong[mechanism]) as stranger:
                refused = stranger.connect(address)
                try:
                    await world.within(refused, "refusal")
                except TimeoutError:
                    raise
                except Exception:
                    world.tally["turned away"] += 1
                else:
                    raise AssertionError("a stranger was let in")
            hasty = [world.socket(PushSocket) for _ in range(chance.randrange(1, 6))]
            for one in hasty:
                one.connect(address)
            await world.pause(chance.choice((0.0, 0.001, 0.01)))
            closing = gatherResults([one.close() for one in hasty], consumeErrors=True)
            await world.within(closing, "close")


def _fire_at(kind: type[Any], deferred: Deferred[None]) -> Callable[[object], None]:
    def heard(event: object) -> None:
        if isinstance(event, kind) and not deferred.called:
            deferred.callback(None)

    return heard
