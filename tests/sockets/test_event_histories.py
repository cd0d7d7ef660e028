"""Whatever happens to a socket, its events make one story (pyzmtp.engine.events, docstring)."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from pyzmtp import DealerSocket, IncompatibleSocketType, PullSocket, SubSocket
from pyzmtp.engine.events import (
    Accepted,
    BindFailed,
    Closed,
    ConnectDelayed,
    Connected,
    ConnectRetried,
    Disconnected,
    Event,
    HandshakeFailed,
    HandshakeSucceeded,
    Listening,
    MessagesDropped,
    MonitorStopped,
)
from pyzmtp.testing import FailureLog

from .world import GREETING, Outcomes, World, hello, message, short

#: What strangers say: nothing, half of it, noise, the wrong type, a refusal, the right thing.
SAID = (
    b"",
    GREETING[:20],
    GREETING,
    b"GET / HTTP/1.1\r\n\r\n",
    hello("SUB"),
    GREETING + short(4, b"\x05ERROR\x03400"),
    hello("DEALER") + message(b"hello"),
)
NAMES = ("a", "b")


class Story:
    """Follows the events of one socket, and fails at the first that has no place."""

    #: Of a connect: what may follow what. "down" is no attempt, none announced either.
    STEPS: Final[dict[tuple[str, type[Event]], str]] = {
        ("", ConnectDelayed): "trying",
        ("trying", Connected): "up",
        ("trying", ConnectRetried): "waiting",
        ("trying", Closed): "",
        ("up", Disconnected): "down",
        ("down", ConnectRetried): "waiting",
        ("down", Closed): "",
        ("waiting", ConnectDelayed): "trying",
        ("waiting", Closed): "",
    }

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.listening: Counter[str] = Counter()
        self.connects: dict[str, str] = {}
        self.connections: dict[int, list[Event]] = {}
        self.wrong: list[str] = []

    def add(self, event: Event) -> None:
        """The next event."""
        if self.events and isinstance(self.events[-1], MonitorStopped):
            self.wrong.append(f"{event} after the last")
        self.events.append(event)
        state = self.connects.get(event.address, "")
        if isinstance(event, Listening):
            self.listening[event.address] += 1
        elif isinstance(event, Closed) and not state:
            self.listening[event.address] -= 1
            if self.listening[event.address] < 0:
                self.wrong.append(f"{event} of nothing")
        elif type(event) in {kind for _, kind in self.STEPS} and not self._came_to_us(event):
            step = self.STEPS.get((state, type(event)))
            if step is None:
                self.wrong.append(f"{event} when {state or 'not begun'}")
            self.connects[event.address] = step or ""
        if isinstance(
            event, Accepted | Connected | HandshakeSucceeded | HandshakeFailed | Disconnected
        ):
            self.connections.setdefault(event.connection, []).append(event)

    def _came_to_us(self, event: Event) -> bool:
        known = (
            self.connections.get(event.connection, []) if isinstance(event, Disconnected) else []
        )
        return bool(known) and isinstance(known[0], Accepted)

    def end(self) -> None:
        """All is over: nothing may be left open."""
        assert self.wrong == []
        assert isinstance(self.events[-1], MonitorStopped)
        assert +self.listening == Counter()
        assert set(self.connects.values()) <= {""}
        assert sorted(self.connections) == list(range(1, len(self.connections) + 1))
        for events in self.connections.values():
            first, *middle, last = events
            assert isinstance(first, Accepted | Connected)
            assert isinstance(last, Disconnected)
            assert first.peer_address == last.peer_address
            assert {event.address for event in events} == {first.address}
            assert len(middle) <= 1
            peer = None
            for event in middle:
                if isinstance(event, HandshakeSucceeded):
                    peer = event.peer
                else:
                    assert isinstance(event, HandshakeFailed)
                    assert event.error is last.reason
            assert last.peer is peer


class History:
    """Things that are done to two sockets of one host, by number."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        on = world.network.reactor()
        options: dict[str, Any] = {"handshake_timeout": 3.0, "reconnect_interval": 0.5}
        self.server = world.make(DealerSocket, on=on, **options)
        self.client = world.make(DealerSocket, on=on, **options)
        self.sockets = (self.server, self.client)
        self.stories = {socket: Story() for socket in self.sockets}
        self.streams = {socket: socket.events() for socket in self.sockets}
        self.reactions: dict[Any, list[tuple[int, str]]] = {socket: [] for socket in self.sockets}
        for socket, story in self.stories.items():
            # The story comes last: what others do when they are told must not come before it.
            socket.on_event(partial(self._react, socket))
            socket.on_event(story.add)
        self.ports = [40001]  # nobody is there
        self.bound: list[str] = []
        self.connected: list[str] = []
        self.strangers: list[Any] = []
        self.hosts = 1

    def do(self, action: str) -> None:
        """Do one thing."""
        try:
            getattr(self, action)()
        except Exception as error:
            if type(error).__name__ != "SocketClosed":
                raise

    def bind_tcp(self) -> None:
        def bound(where: str) -> None:
            self.bound.append(where)
            self.ports.append(int(where.rpartition(":")[2]))

        Outcomes(self.server.bind("tcp://*:*").addCallback(bound))

    def bind_inproc(self) -> None:
        where = f"inproc://{self.random.choice(NAMES)}"
        self.bound.append(where)
        Outcomes(self.server.bind(where))

    def unbind(self) -> None:
        if self.bound:
            Outcomes(self.server.unbind(self.bound.pop(self.random.randrange(len(self.bound)))))

    def connect_tcp(self) -> None:
        self.hosts += 1  # each connect has an address of its own, so that they can be told apart
        self._connect(f"tcp://127.0.0.{self.hosts}:{self.random.choice(self.ports)}")

    def connect_inproc(self) -> None:
        self._connect(f"inproc://{self.random.choice(NAMES)}")

    def _connect(self, where: str) -> None:
        self.connected.append(where)
        Outcomes(self.client.connect(where))

    def disconnect(self) -> None:
        if self.connected:
            where = self.connected.pop(self.random.randrange(len(self.connected)))
            # One that lingers could not be told from the next to the same name.
            self.client.configure(linger=0 if where.startswith("inproc") else 5)
            Outcomes(self.client.disconnect(where))

    def stranger_comes(self) -> None:
        peer = self.world.network.raw_connect(self.random.choice(self.ports))
        peer.send(self.random.choice(SAID))
        self.strangers.append(peer)

    def stranger_goes(self) -> None:
        for peer in self.strangers:
            if peer.transport is not None and peer.closed is None:
                self.random.choice((peer.close, peer.abort))()
                return

    def reset(self) -> None:
        if self.world.network.connections:
            self.random.choice(self.world.network.connections).reset()

    def send(self) -> None:
        for socket in self.sockets:
            socket.try_send(b"x")

    def close_server(self) -> None:
        Outcomes(self.server.close(self.random.choice((0, 1))))

    def close_client(self) -> None:
        Outcomes(self.client.close(self.random.choice((0, 1))))

    def from_within(self) -> None:
        """With one of the next events, do something from within the callback."""
        action = self.random.choice([*ACTIONS, "close_server", "close_client"])
        self.reactions[self.random.choice(self.sockets)].append((self.random.randrange(4), action))

    def _react(self, socket: Any, event: Event) -> None:
        waiting, self.reactions[socket] = self.reactions[socket], []
        for left, action in waiting:
            if left:
                self.reactions[socket].append((left - 1, action))
            else:
                self.do(action)

    def end(self) -> None:
        """Close both, and judge the whole."""
        for socket in self.sockets:
            Outcomes(socket.close(0))
        for peer in self.strangers:
            if peer.transport is not None and peer.closed is None:
                peer.abort()
        self.world.advance(5)
        for socket, story in self.stories.items():
            story.end()
            assert self.world.run(_read(self.streams[socket])) == story.events


#: All that takes no time.
ACTIONS = (
    "bind_tcp",
    "bind_inproc",
    "unbind",
    "connect_tcp",
    "connect_inproc",
    "disconnect",
    "stranger_comes",
    "stranger_goes",
    "reset",
    "send",
)
#: How the time goes: one round of all reactors, all that is due, a while.
TIMES = {"round": -1.0, "settle": 0.0, "moment": 0.3, "while": 4.0}

steps = st.lists(
    st.one_of(
        st.sampled_from([*ACTIONS, *ACTIONS, "from_within", "close_server", "close_client"]),
        st.sampled_from(sorted(TIMES)),
    ),
    min_size=10,
    max_size=60,
)


async def _read(stream: Any) -> list[Event]:
    return [event async for event in stream]


def _play(steps: list[str], seed: int) -> None:
    failures = FailureLog()
    world = World(failures)
    history = History(world, seed)
    for step in steps:
        if step not in TIMES:
            history.do(step)
        elif TIMES[step] < 0:
            world.network.step()
        else:
            world.advance(TIMES[step])
    history.end()
    world.close()


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(0, 10_000))
def test_the_events_of_any_history_make_one_story(steps: list[str], seed: int) -> None:
    _play(steps, seed)


def test_long_histories_have_everything_in_them() -> None:
    """Lest the above prove something about nothing."""
    seen: Counter[str] = Counter()
    chance = random.Random(7)
    for seed in range(40):
        world = World(FailureLog())
        history = History(world, seed)
        for _ in range(60):
            history.do(chance.choice((*ACTIONS, *ACTIONS, "from_within")))
            world.advance(chance.choice((0.0, 0.0, 0.3, 4.0)))
        history.do(chance.choice(("close_server", "close_client")))
        world.advance(2)
        history.end()
        for story in history.stories.values():
            seen.update(type(event).__name__ for event in story.events)
        world.close()
    kinds = {
        Accepted, BindFailed, Closed, ConnectDelayed, Connected, ConnectRetried, Disconnected,
        HandshakeFailed, HandshakeSucceeded, Listening, MessagesDropped, MonitorStopped,
    }  # fmt: skip
    assert set(seen) == {kind.__name__ for kind in kinds}


@pytest.mark.parametrize("wrong", [
    [ConnectDelayed("a"), ConnectDelayed("a")],
    [Closed("a")],
    [Listening("a"), Closed("a"), Closed("a")],
    [MonitorStopped(""), Listening("a")],
    [ConnectDelayed("a"), Connected("a", "", 1), ConnectRetried("a", 1.0, OSError())],
])  # fmt: skip
def test_a_story_that_is_wrong_is_noticed(wrong: list[Event]) -> None:
    story = Story()
    for event in wrong:
        story.add(event)
    assert story.wrong


def test_a_callback_that_closes_is_told_what_it_caused(world: World) -> None:
    dealer = world.make(DealerSocket)
    closed: list[Deferred[None]] = []
    dealer.on_event(lambda event: closed.append(dealer.close(0)))
    dealer.bind("tcp://127.0.0.1:*")
    world.settle()
    assert world.names(dealer) == ["Listening", "Closed", "MonitorStopped"]


def test_close_fires_when_all_is_told_even_to_who_closes_from_within(world: World) -> None:
    dealer = world.make(DealerSocket)
    known: list[list[str]] = []

    async def watch() -> None:
        async for _ in dealer.events():
            await dealer.close()
            known.append(world.names(dealer))
            break

    watching = Outcomes(Deferred.fromCoroutine(watch()))
    dealer.connect("tcp://127.0.0.1:40001")
    world.settle()
    assert watching == [None]
    assert known == [["ConnectDelayed", "Closed", "MonitorStopped"]]


@pytest.mark.parametrize("told", ["Connected", "HandshakeSucceeded"])
def test_an_inproc_peer_that_is_closed_while_others_hear_of_it_has_a_whole_story(
    world: World, told: str
) -> None:
    on = world.network.reactor()
    server, client = world.make(DealerSocket, on=on), world.make(DealerSocket, on=on)
    world.run(server.bind("inproc://a"))

    def close(event: Event) -> None:
        if type(event).__name__ == told:
            server.close(0)

    client.on_event(close)
    client.connect("inproc://a")
    world.settle()
    rest = ["HandshakeSucceeded", "Disconnected", "Closed"]
    assert world.names(server) == ["Listening", "Accepted", *rest, "MonitorStopped"]
    assert world.names(client) == ["ConnectDelayed", "Connected", *rest]


def test_a_refused_inproc_peer_has_a_whole_story(world: World) -> None:
    on = world.network.reactor()
    pull, sub = world.make(PullSocket, on=on), world.make(SubSocket, on=on)
    world.run(pull.bind("inproc://a"))
    refused = Outcomes(sub.connect("inproc://a"))
    assert isinstance(refused.error, IncompatibleSocketType)
    assert world.names(pull) == ["Listening", "Accepted", "HandshakeFailed", "Disconnected"]
    assert world.names(sub) == [
        "ConnectDelayed", "Connected", "HandshakeFailed", "Disconnected", "Closed",
    ]  # fmt: skip
    assert world.of(sub, HandshakeFailed)[0].error is refused.error


@implementer(IStreamServerEndpoint)
class Never:
    """An endpoint that does not come to listen."""

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        return Deferred()


def test_a_bind_that_is_given_up_has_failed_and_nothing_else(world: World) -> None:
    pull = world.make(PullSocket)
    Outcomes(pull.bind(Never()))
    world.run(pull.close())
    assert world.names(pull) == ["BindFailed", "MonitorStopped"]


def test_a_bind_whose_last_inproc_peer_has_left_is_closed(world: World) -> None:
    server, client = world.pair(DealerSocket, DealerSocket, "inproc")
    [peer] = server.peers
    world.run(server.unbind(peer.address))
    assert world.names(server)[-1] == "HandshakeSucceeded"  # libzmq: links outlive the name
    world.run(client.close())
    world.settle()
    assert world.names(server)[-2:] == ["Disconnected", "Closed"]
