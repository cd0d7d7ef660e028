"""A chat: what one says all others hear.

    python examples/chat.py serve tcp://127.0.0.1:5560
    python examples/chat.py join tcp://127.0.0.1:5560 anne
    python examples/chat.py join tcp://127.0.0.1:5560 bob

Whoever joins tells his name in the handshake (PLAIN). The server lets each name in once, and knows by it
who has said what: a message has no sender in it that could be forged. Events tell who comes and goes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.stdio import StandardIO
from twisted.internet.task import react
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from pyzmtp import (
    AuthenticationFailed,
    DealerSocket,
    Disconnected,
    Event,
    HandshakeSucceeded,
    Peer,
    PlainClient,
    PlainServer,
    Refusal,
    RouterSocket,
)
from pyzmtp.authentication import AuthenticationRequest
from pyzmtp.net.reactor import Reactor


class Server:
    """The room that all are in."""

    def __init__(self, reactor: Reactor) -> None:
        # A heartbeat notices who has gone without a word, and the name is free again.
        policy = PlainServer(self._admit)
        self.router = RouterSocket(reactor, security=policy, heartbeat_interval=5.0)
        self.router.on_event(self._announce)

    def _admit(self, request: AuthenticationRequest) -> str | Refusal:
        name = as_text([request.username])
        if not name.isalnum() or any(peer.user_id == name for peer in self.router.peers):
            return Refusal(400, f"{name!r} is no name, or somebody has it")
        return name

    def _announce(self, event: Event) -> None:
        if isinstance(event, HandshakeSucceeded):
            self._tell_others(event.peer, "has come")
        elif isinstance(event, Disconnected) and event.peer:
            self._tell_others(event.peer, "has left")

    async def run(self) -> None:
        """Tell everybody what anybody says, for ever."""
        while True:
            speaker, [_, *frames] = await self.router.receive_from()
            self._tell_others(speaker, f"says: {as_text(frames)}")

    def _tell_others(self, speaker: Peer, what: str) -> None:
        text = f"{speaker.user_id} {what}".encode()
        for peer in self.router.peers:
            if peer is not speaker:
                self.router.try_send([peer.routing_id, text])  # nobody waits for the slowest


class Member:
    """Somebody in the room; ``show`` is called with each line that he hears."""

    def __init__(self, reactor: Reactor, name: str, show: Callable[[str], None]) -> None:
        # What is said while the server is away is not kept for later.
        policy = PlainClient(name, "")
        self.dealer = DealerSocket(reactor, security=policy, immediate=True)
        self._show = show

    async def join(self, address: str) -> None:
        """Raises :exc:`AuthenticationFailed` if the name is not free."""
        self.dealer.consume(self._hear)
        await self.dealer.connect(address)

    def say(self, text: str) -> None:
        if not self.dealer.try_send(text.encode()):
            self._show("(nobody hears you: the server is away)")

    def _hear(self, messages: list[list[bytes]]) -> None:
        for frames in messages:
            self._show(as_text(frames))


def as_text(frames: list[bytes]) -> str:
    """What can be printed of a message, whatever it is. (A terminal obeys the rest.)"""
    return "".join(filter(str.isprintable, b" ".join(frames).decode(errors="replace")))


class Terminal(LineOnlyReceiver):
    """Says what is typed, until the end of the input."""

    delimiter = b"\n"

    def __init__(self, member: Member) -> None:
        self._member = member
        self.ended: Deferred[None] = Deferred()

    def lineReceived(self, line: bytes) -> None:
        self._member.say(as_text([line]))

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.ended.callback(None)


async def serve(reactor: Reactor, address: str) -> None:
    server = Server(reactor)
    async with server.router:
        print("the chat is at", await server.router.bind(address), flush=True)
        await server.run()


async def join(reactor: Reactor, address: str, name: str) -> None:
    member = Member(reactor, name, lambda text: print(text, flush=True))
    async with member.dealer:
        try:
            await member.join(address)
        except AuthenticationFailed:
            raise SystemExit(f"choose another name than {name}") from None
        print("welcome,", name, flush=True)
        terminal = Terminal(member)
        StandardIO(terminal, reactor=reactor)
        await terminal.ended


async def main(reactor: Reactor, role: str, *arguments: str) -> None:
    await (serve if role == "serve" else join)(reactor, *arguments)


if __name__ == "__main__":
    react(main, sys.argv[1:])
