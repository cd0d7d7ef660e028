"""Somebody on the line between libzmq and pyzmtp touches a CURVE session, at every place that it has.

Whatever is done to it, no message comes out changed or twice; what is refused ends that one connection,
and the peer beside it goes on as if nothing were. What is not looked at are the flags of frames that libzmq
takes: it does not mind reserved bits, and joins messages if somebody sets MORE outside of the box.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final

import pytest

from interop.peer import LibzmqPeer, PeerFailed
from interop.reactor import PATIENCE, reactor, until
from interop.secured import CLIENT_KEYS, CURVE, SERVER_KEYS
from interop.sockets import EventLog
from interop.tamperer import (
    GREETING,
    Cut,
    Direction,
    Exchanged,
    Flipped,
    Framed,
    Repeated,
    Tamperer,
)
from pyzmtp import (
    CurveClient,
    CurveServer,
    DealerSocket,
    Disconnected,
    Event,
    HandshakeSucceeded,
    RouterSocket,
    UnknownEndpoint,
)

ANYWHERE: Final = "tcp://127.0.0.1:*"

#: The message upon which libzmq's side stops sending back.
LAST: Final = b"last"

#: How long to wait for a session that waits itself, for bytes which never come; seconds.
STUCK: Final = 0.15

#: The part of a session that nobody checks (ZMTP.md 5): zeros in HELLO, behind its head, name and version.
PADDING: Final = range(GREETING + 2 + 6 + 2, GREETING + 2 + 6 + 2 + 72)


class Line:
    """A server, a client that is tampered with, and a client beside it that is not.

    Our side says two messages whenever it is ready for them, and libzmq's sends them back.
    """

    server: str
    tamperer: Tamperer
    pyzmtp_serves: bool

    def open(self, libzmq: LibzmqPeer) -> AbstractAsyncContextManager[None]:
        """Have it all there."""
        raise NotImplementedError

    def __init__(self) -> None:
        self.sessions = 0
        self.said: list[bytes] = []
        self.came: list[bytes] = []

    async def tamper(
        self, to_server: Direction, to_client: Direction, ends: bool = False, comes: bool = False
    ) -> bool:
        """Have a session with this done to it; whether what was said came back.

        With `ends` it must end by itself, whatever came back, and with `comes` all must come back: either
        is given its time. Without, the session may wait, and is left when it seems to.
        """
        self.sessions += 1
        self.said = [b"%05d %d" % (self.sessions, number) for number in range(2)]
        self.came.clear()
        # Each at an address of its own: libzmq, which ends a connect by its address and in its own time,
        # could otherwise end the next one with it.
        async with Tamperer(self.server) as self.tamperer:
            await self.begin()
            joined = await self.tamperer.join(to_server, to_client)
            if ends:
                await until(lambda: joined.gone, "end of a session")
            elif comes:
                await until(lambda: len(self.came) == len(self.said), "answers of a session")
            else:
                with suppress(TimeoutError):
                    await until(lambda: joined.gone or len(self.came) == len(self.said), "", STUCK)
            await self.end()
            await joined.end()
        # Nothing else comes than was said, nothing twice, and nothing behind what was said after it.
        assert self.came in ([], self.said[:1], self.said[1:], self.said)
        return self.came == self.said

    async def untouched(self) -> tuple[Framed, Framed]:
        """Have a session that nobody touches; what passed, to the server and to the client."""
        up, down = Framed(), Framed()
        assert await self.tamper(up, down, comes=True)
        return up, down

    async def begin(self) -> None:
        """Have the client connect, once."""
        raise NotImplementedError

    async def end(self) -> None:
        """Have the client forget the connect; before, see that messages go on on the line beside."""
        raise NotImplementedError


class PyzmtpServes(Line):
    """Our ROUTER is the server; libzmq's is both clients, with a connection for each."""

    pyzmtp_serves = True

    @asynccontextmanager
    async def open(self, libzmq: LibzmqPeer) -> AsyncIterator[None]:
        """See `Line`."""
        security = CurveServer(SERVER_KEYS.secret, {CLIENT_KEYS.public})
        self._server = RouterSocket(reactor, security=security)
        self._server.consume(self._take)
        events = EventLog(self._server)
        self.server = await self._server.bind(ANYWHERE)
        # It gives up a connect that is refused as it is, so each session has a connect of its own.
        self._client = await libzmq.open("ROUTER", **CURVE.their_client, RECONNECT_IVL=-1)
        await self._client.connect(self.server)
        self._beside = (await events.wait(HandshakeSucceeded)).peer
        self._server.on_event(self._say)
        yield
        await self._client.close()
        await self._server.close()
        lost = [event.peer for event in events.of(Disconnected)]
        assert lost.count(self._beside) == 1
        assert lost[-1] == self._beside

    def _say(self, event: Event) -> None:
        if isinstance(event, HandshakeSucceeded):
            for message in self.said:
                self._server.try_send([event.peer.routing_id, message])

    def _take(self, messages: list[list[bytes]]) -> None:
        self.came += [frames[-1] for frames in messages if frames[0] != self._beside.routing_id]

    async def begin(self) -> None:
        """See `Line`."""
        await self._client.connect(self.tamperer.address)
        self._returned = self._client.echo_until(b"%05d" % self.sessions)

    async def end(self) -> None:
        """See `Line`. The message beside ends the sending back."""
        self._server.try_send([self._beside.routing_id, b"%05d" % self.sessions])
        await self._returned
        with suppress(PeerFailed):  # what it has given up, it does not know
            await self._client.disconnect(self.tamperer.address)


class LibzmqServes(Line):
    """libzmq's ROUTER is the server, and two DEALERs of ours are the clients."""

    pyzmtp_serves = False

    @asynccontextmanager
    async def open(self, libzmq: LibzmqPeer) -> AsyncIterator[None]:
        """See `Line`."""
        server = await libzmq.open("ROUTER", **CURVE.their_server)
        self.server = await server.bind(ANYWHERE)
        over = server.echo_until(LAST, 100)
        security = CurveClient(SERVER_KEYS.public, CLIENT_KEYS)
        self._client = DealerSocket(reactor, security=security, reconnect_interval=None)
        self._client.on_event(self._say)
        self._client.consume(lambda messages: self.came.extend(frame for [frame] in messages))
        self._beside = DealerSocket(reactor, security=security, receive_timeout=PATIENCE)
        events = EventLog(self._beside)
        await self._beside.connect(self.server)
        yield
        assert not events.of(Disconnected)
        await self._beside.send(LAST)
        await over
        await self._beside.close()
        await self._client.close()
        await server.close()

    def _say(self, event: Event) -> None:
        if isinstance(event, HandshakeSucceeded):
            for message in self.said:
                self._client.try_send(message)

    async def begin(self) -> None:
        """See `Line`."""
        self._client.connect(self.tamperer.address).addErrback(lambda _: None)

    async def end(self) -> None:
        """See `Line`."""
        await self._beside.send(self.said[0])
        assert await self._beside.receive() == [self.said[0]]
        with suppress(UnknownEndpoint):  # given up
            await self._client.disconnect(self.tamperer.address)


@pytest.fixture(params=[PyzmtpServes, LibzmqServes])
def line(request: pytest.FixtureRequest) -> Line:
    """Both ways round."""
    made: Line = request.param()
    return made


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
async def test_a_changed_byte_is_refused(libzmq: LibzmqPeer, line: Line, mask: int) -> None:
    async with line.open(libzmq):
        up, down = await line.untouched()
        for at in range(GREETING, up.passed):
            if line.pyzmtp_serves or at not in up.heads:
                padding = at in PADDING
                came = await line.tamper(Flipped(at, mask), Direction(), comes=padding)
                assert came == padding
        for at in range(GREETING, down.passed):
            if not line.pyzmtp_serves or at not in down.heads:
                assert not await line.tamper(Direction(), Flipped(at, mask))


async def test_a_changed_greeting_changes_no_message(libzmq: LibzmqPeer, line: Line) -> None:
    async with line.open(libzmq):
        for at in range(GREETING):
            for mask in (0x01, 0xFF):
                await line.tamper(Flipped(at, mask), Direction())
                await line.tamper(Direction(), Flipped(at, mask))


async def test_what_is_cut_short_is_not_taken(libzmq: LibzmqPeer, line: Line) -> None:
    async with line.open(libzmq):
        up, down = await line.untouched()
        for size in range(1, up.passed):
            assert not await line.tamper(Cut(size), Direction(), ends=True)
        for size in range(1, down.passed):
            assert not await line.tamper(Direction(), Cut(size), ends=True)


async def test_a_replayed_frame_is_refused(libzmq: LibzmqPeer, line: Line) -> None:
    async with line.open(libzmq):
        up, down = await line.untouched()
        for number in range(len(up.heads)):
            await line.tamper(Repeated(number), Direction(), ends=True)
        for number in range(len(down.heads)):
            await line.tamper(Direction(), Repeated(number), ends=True)


async def test_messages_in_another_order_are_refused(libzmq: LibzmqPeer, line: Line) -> None:
    """The last two frames of each side are messages; the first is too old when the second was taken."""
    async with line.open(libzmq):
        up, down = await line.untouched()
        assert not await line.tamper(Exchanged(len(up.heads) - 2), Direction(), ends=True)
        assert not await line.tamper(Direction(), Exchanged(len(down.heads) - 2), ends=True)
