"""Where a scenario is played: it opens sockets for the parts, and clears up after them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path

import zmq
from twisted.internet.task import LoopingCall, deferLater

from interop.conformance.actor import Actor, outcome
from interop.conformance.libzmq_actor import LibzmqActor
from interop.conformance.pyzmtp_actor import PyzmtpActor
from interop.conformance.raw_peer import RawListener, RawPeer, raw_connect
from interop.conformance.zap_handler import ZAP_ADDRESS, Answer, ZapHandler
from interop.reactor import reactor
from interop.sockets import any_address, lasting_address

#: How often libzmq's sockets are called.
_POKE = 0.002

#: How long nothing has to happen until a scenario believes that nothing will.
SETTLE = 0.1


class Combination(Enum):
    """Who plays the first part, and who the second."""

    LIBZMQ_LIBZMQ = ("libzmq", "libzmq")
    PYZMTP_LIBZMQ = ("pyzmtp", "libzmq")
    LIBZMQ_PYZMTP = ("libzmq", "pyzmtp")
    PYZMTP_PYZMTP = ("pyzmtp", "pyzmtp")

    def __str__(self) -> str:
        return "-".join(self.value)


class Stage:
    """The sockets of one play.

    :ivar transport: ``tcp``, ``ipc`` or ``inproc``.
    :ivar context: of all that libzmq plays.
    """

    def __init__(self, combination: Combination, transport: str, directory: Path) -> None:
        self.combination = combination
        self.transport = transport
        self.directory = directory
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._actors: list[Actor] = []
        self._raw: list[RawPeer | RawListener] = []
        self._handlers: list[ZapHandler] = []
        self._addresses = 0

    # Parts

    def first(self, kind: str, **options: object) -> Actor:
        """Open a socket of a type (``"PUSH"``) for the first part."""
        return self._open(self.combination.value[0], kind, options)

    def second(self, kind: str, **options: object) -> Actor:
        """Open a socket for the second part."""
        return self._open(self.combination.value[1], kind, options)

    def try_first(self, kind: str, **options: object) -> str:
        """Open a socket for the first part, and say what came of it."""
        with outcome() as came:
            self.first(kind, **options)
        return came.name

    def try_second(self, kind: str, **options: object) -> str:
        """Open a socket for the second part, and say what came of it."""
        with outcome() as came:
            self.second(kind, **options)
        return came.name

    def _open(self, player: str, kind: str, options: dict[str, object]) -> Actor:
        actor: Actor
        if player == "libzmq":
            actor = LibzmqActor(self.context, kind, options)
        else:
            actor = PyzmtpActor(kind, options)
        self._actors.append(actor)
        return actor

    async def zap(self, answer: Answer, kind: str = "REP") -> ZapHandler:
        """Have a ZAP handler answer the first part's questions."""
        handler = ZapHandler(self.first(kind), answer)
        await handler.actor.bind(ZAP_ADDRESS)
        self._handlers.append(handler)
        return handler

    # Addresses

    def address(self) -> str:
        """Give a new address to bind once."""
        self._addresses += 1
        if self.transport == "inproc":
            return f"inproc://{self.directory.name}-{self._addresses}"
        directory = self.directory / str(self._addresses)
        directory.mkdir()
        return any_address(self.transport, directory)

    def lasting_address(self) -> str:
        """Give a new address whose port is known, to bind again and again or later."""
        if self.transport == "tcp":
            return lasting_address(self.transport, self.directory)
        return self.address()

    async def link(self, binder: Actor, *connecters: Actor, address: str = "") -> str:
        """Bind one, connect the others one after another; return when all are ready."""
        bound = await binder.bind(address or self.address())
        for connecter in connecters:
            await self.join(connecter, bound, binder)
        return bound

    async def join(self, connecter: Actor, address: str, binder: Actor) -> None:
        """Connect to what the other has bound; return when both are ready."""
        known = [actor.events.count("handshake-succeeded") for actor in (connecter, binder)]
        connecter.connect(address)
        if self.transport == "inproc":  # no events
            await self.turn()
            return
        await connecter.met(known[0] + 1)
        await binder.met(known[1] + 1)

    # Raw peers, for TCP

    async def raw_connect(self, address: str) -> RawPeer:
        """Connect to ``tcp://...`` without any library."""
        peer = await raw_connect(address)
        self._raw.append(peer)
        return peer

    async def raw_listen(self) -> RawListener:
        """Listen at a TCP port without any library; ``address`` is where."""
        listener = RawListener()
        self._raw.append(listener)
        return listener

    # Time

    async def turn(self) -> None:
        """Let both libraries do what can be done at once."""
        for _ in range(3):
            await deferLater(reactor, _POKE)

    async def settle(self, seconds: float = SETTLE) -> None:
        """Wait until what will not happen would have happened."""
        await deferLater(reactor, seconds)

    async def fill(self, sender: Actor, *frames: bytes, limit: int = 100_000) -> int:
        """Send until there has been no room for a while; give the number that was taken."""
        sent = 0
        while sent < limit and (taken := sender.fill(*frames, limit=limit - sent)):
            sent += taken
            await self.settle()
        return sent

    async def in_force(self, publisher: Actor, *subscribers: Actor) -> None:
        """Return when all that the SUB sockets have subscribed to is known to the publisher."""
        for number, subscriber in enumerate(subscribers):
            topic = b"\xff-in-force-%d-" % number
            subscriber.subscribe(topic)
            arrived = None
            while arrived is None:
                publisher.try_send(topic)
                await self.turn()
                arrived = subscriber.receive_now()
            publisher.try_send(topic + b"last")
            while arrived != [topic + b"last"]:
                arrived = await subscriber.receive()
            subscriber.unsubscribe(topic)

    # The end

    def _poke(self) -> None:
        for actor in self._actors:
            if isinstance(actor, LibzmqActor):
                actor.poke()
        for handler in self._handlers:
            handler.poke()

    async def _clear(self) -> None:
        for raw in self._raw:
            await raw.close()
        for actor in self._actors:
            await actor.close()
        self.context.term()


@asynccontextmanager
async def open_stage(combination: Combination, transport: str) -> AsyncIterator[Stage]:
    """Give a stage, and clear it afterwards."""
    # Not pytest's directory, whose name may be too long for a socket's path.
    directory = Path(tempfile.mkdtemp(prefix="pyzmtp-"))
    stage = Stage(combination, transport, directory)
    poking = LoopingCall(stage._poke)
    poking.clock = reactor
    stopped = poking.start(_POKE)
    try:
        yield stage
    finally:
        if poking.running:
            poking.stop()
        await stage._clear()
        await stopped
        shutil.rmtree(directory)
