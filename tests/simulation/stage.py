"""Where a plan is played: :class:`Stage`, which does the steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

from attrs import evolve
from twisted.python.failure import Failure

from pyzmtp import Disconnected, MessagesDropped, Peer, ZMTPError
from pyzmtp.testing import Conditions, MemoryNetwork, MemoryReactor

from .broker import Broker
from .exercises import Exercises
from .ledger import Entry, Ledger
from .plan import Plan
from .player import Link, Player
from .policies import policy_of
from .rules import Rules
from .violation import Violation

__all__ = ["Stage"]

#: Seconds that any close of a plan is given.
_LONGEST_LINGER: Final = 2.0

#: What strangers say.
_NOISE: Final = (
    b"",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff" + bytes(8) + b"\x7f\x03",
    b"\xff" + bytes(7) + b"\x01\x7f\x03\x01NULL" + bytes(48),
    b"\xff" + bytes(7) + b"\x01\x7f\x03\x01NULL" + bytes(48) + b"\x04\xff" + bytes(100),
    bytes(range(256)),
)


class Stage:
    """The network, the players, and the steps, one method each.

    A step that makes no sense at the moment does nothing, so that any part of a plan is a plan.

    :ivar players: all that there ever were, by number.
    :ivar cast: who plays each role at present.
    :ivar failure: the first violation.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        conditions = Conditions(segment_size=plan.segment)
        self.network = MemoryNetwork(seed=plan.seed, conditions=conditions)
        self.processes: list[MemoryReactor] = [self.network.reactor(host) for host in plan.hosts]
        self.players: list[Player] = []
        self.cast: dict[int, Player] = {}
        self.holders: dict[int, Player] = {}
        self.ledger = Ledger(copies=plan.family in ("topics", "groups"))
        self.rules = Rules(self)
        self.exercises = Exercises(self)
        self.failure: Violation | None = None
        self.trace: list[str] = []
        self.tracing = False
        self._digest = blake2b(digest_size=8)
        self._particular: set[tuple[int, int]] = set()
        self._heard: list[int] | None = None  # who has sent what is received just now

    # What happened

    def note(self, player: Player, what: str) -> None:
        """Something happened, of which the digest of the run is made."""
        line = f"{self.network.seconds():.6f} {player.number} {what}"
        self._digest.update(line.encode())
        if self.tracing:
            self.trace.append(line)

    @property
    def digest(self) -> str:
        """The same for the same run, and for no other."""
        return self._digest.hexdigest()

    def fail(self, kind: str, text: str) -> None:
        """A rule is broken; told at the end of the step."""
        if self.failure is None:
            self.failure = Violation(kind, text)

    def do(self, action: str, arguments: dict[str, Any]) -> None:
        """Do a step, and look whether all rules still hold. Raises :exc:`Violation`."""
        step: Callable[..., None] = getattr(self, action)
        try:
            step(**arguments)
        except Violation as violation:
            self.failure = self.failure or violation
        except Exception as error:
            where = Failure(error).getTraceback()
            self.fail("escaped", f"{type(error).__name__}: {error}\n{where}")
        if self.failure is None:
            self.rules.after_step()
        if self.failure is not None:
            raise self.failure

    def received(
        self, player: Player, message: list[bytes], frames: list[bytes], peer: Peer | None
    ) -> None:
        """A player has received a message."""
        try:
            entry = self.rules.received(player, message, frames, peer)
            if self._heard is not None:
                self._heard.append(entry.sender)
        except Violation as violation:
            self.failure = self.failure or violation

    def connection_lost(self, player: Player, event: Disconnected) -> None:
        """A player has lost a connection."""
        self.rules.connection_lost(player, event)

    def messages_dropped(self, player: Player, event: MessagesDropped) -> None:
        """A player has dropped messages."""
        self.rules.messages_dropped(player, event)

    # Who there is

    def live_player(self, role: int) -> Player | None:
        """Who plays a role, if somebody does who can be asked."""
        player = self.cast.get(role)
        return player if player is not None and player.live else None

    def living(self) -> list[Player]:
        """All who can be asked."""
        return [player for player in self.cast.values() if player.live]

    def roles_met(self, player: Player) -> set[str]:
        """The kinds of those whom a player has met."""
        return {self.players[number].role.kind for number in player.met}

    def is_intruder(self, number: int) -> bool:
        """Whether a player has no business here."""
        return self.players[number].role.reads == "intruder"

    # Steps: coming and going

    def make(self, role: int) -> None:
        """Somebody plays a role that nobody plays."""
        if self.live_player(role) is not None:
            return
        part = self.plan.roles[role]
        reactor = self.processes[part.process]
        if not reactor.alive:
            return
        policy = policy_of(self.plan.security, part.binds, part.reads == "intruder")
        if policy is not None:
            part = evolve(part, options={**part.options, "security": policy})
        kind = Broker if part.kind == "Proxy" else Player
        player = kind(self, len(self.players), role, part)
        self.players.append(player)
        self.cast[role] = player

    def enter(self, role: int) -> None:
        """Bind or connect at all places of a role."""
        for place in self.plan.roles[role].places:
            self.bind(role, place)
            self.connect(role, place)

    def revive(self, role: int) -> None:
        """Somebody plays a role that nobody plays any more, and does all that belongs to it."""
        self.make(role)
        self.enter(role)

    def bind(self, role: int, place: int) -> None:
        player = self.live_player(role)
        if player is None or not player.role.binds or place in player.bound:
            return
        player.bound[place] = ""

        def done(result: Any) -> None:
            if isinstance(result, Failure):
                player.bound.pop(place, None)
            elif place in player.bound and player.live:
                player.bound[place] = result
                self.holders[place] = player
                for other in self.players:
                    if place in other.connected:
                        link = other.connected[place]
                        link.holder = link.holder or player

        player.promise("bind", player.bind(place), done)

    def unbind(self, role: int, place: int) -> None:
        player = self.live_player(role)
        if player is None or self.holders.get(place) is not player:
            return
        del self.holders[place]
        player.promise("unbind", player.unbind(place))

    def connect(self, role: int, place: int) -> None:
        player = self.live_player(role)
        if player is None or player.role.binds or place in player.connected:
            return
        where = self.plan.places[place].connect
        link = player.connected[place] = Link(self.holders.get(place))

        def done(result: Any) -> None:
            if isinstance(result, Failure):
                self.rules.connect_failed(player, where, result)
                if player.connected.get(place) is link:
                    del player.connected[place]

        player.promise("connect", player.socket.connect(where), done)

    def disconnect(self, role: int, place: int) -> None:
        player = self.live_player(role)
        if player is None or place not in player.connected:
            return
        del player.connected[place]
        where = self.plan.places[place].connect
        player.parted.add(where)
        with suppress(ZMTPError):
            player.promise("disconnect", player.socket.disconnect(where), lambda _: None)

    def close(self, role: int, linger: float) -> None:
        player = self.live_player(role)
        if player is not None:
            self.rules.close(player, linger)

    def kill(self, process: int, power_cut: bool) -> None:
        """End a process, and all players in it."""
        reactor = self.processes[process]
        if reactor.alive:
            self.rules.dies(process)
            for player in self.players:
                if player.role.process == process:
                    player.gone = True
            for place, holder in list(self.holders.items()):
                if holder.gone:
                    del self.holders[place]
            if power_cut:
                reactor.crash()
            else:
                reactor.kill()

    def restart(self, process: int) -> None:
        """Start a dead process anew; all roles in it are played again."""
        if not self.processes[process].alive:
            self.processes[process] = self.processes[process].restart()
            for number, role in enumerate(self.plan.roles):
                if role.process == process and number in self.cast:
                    self.make(number)
                    self.enter(number)

    # Steps: traffic

    def send(
        self, role: int, how: str, count: int, sizes: tuple[int, ...], topic: bytes, to: int | None
    ) -> None:
        player = self.live_player(role)
        if player is not None:
            player.send(how, count, sizes, topic, to)

    def receive(self, role: int, count: int) -> None:
        player = self.live_player(role)
        if player is not None:
            player.receive(count)

    def ask(self, role: int, sizes: tuple[int, ...], timeout: float | None) -> None:
        player = self.live_player(role)
        if player is not None:
            player.ask(sizes, timeout)

    def cancel_send(self, role: int, which: int) -> None:
        player = self.live_player(role)
        if player is not None:
            player.cancel_send(which)

    def cancel_receive(self, role: int, which: int) -> None:
        player = self.live_player(role)
        if player is not None:
            player.cancel_receive(which)

    def pause(self, role: int, pausing: bool) -> None:
        player = self.live_player(role)
        if player is not None:
            player.pause(pausing)

    def subscribe(self, role: int, topic: bytes) -> None:
        player = self.live_player(role)
        if player is None or (player.role.kind == "Dish" and player.topics[topic]):
            return
        if player.role.kind == "XSub":
            player.socket.try_send(b"\x01" + topic)
        elif player.role.kind == "Dish":
            player.socket.join(topic)
        else:
            player.socket.subscribe(topic)
        player.topics[topic] += 1

    def unsubscribe(self, role: int, topic: bytes) -> None:
        player = self.live_player(role)
        if player is None or not player.topics[topic]:
            return
        if player.role.kind == "XSub":
            player.socket.try_send(b"\x00" + topic)
        elif player.role.kind == "Dish":
            player.socket.leave(topic)
        else:
            player.socket.unsubscribe(topic)
        player.topics[topic] -= 1
        player.ever[topic] = self.network.seconds()

    def configure(self, role: int, option: str, value: int) -> None:
        player = self.live_player(role)
        if player is not None:
            player.socket.configure(**{option: value})
            self.rules.marks_changed(player)

    # Steps: faults

    def _connection(self, which: int) -> Any:
        connections = self.network.connections
        return connections[which % len(connections)] if connections else None

    def reset(self, which: int) -> None:
        connection = self._connection(which)
        if connection is not None:
            connection.reset()

    def cut(self, which: int, side: str) -> None:
        connection = self._connection(which)
        if connection is not None:
            connection.cut(side)

    def half_close(self, which: int, side: str) -> None:
        connection = self._connection(which)
        if connection is not None:
            connection.half_close(side)

    def stall(self, which: int, stalled: bool) -> None:
        connection = self._connection(which)
        if connection is not None:
            if stalled:
                connection.stall()
            else:
                connection.resume()

    def _between(self, one: int, other: int) -> list[MemoryReactor]:
        """Two processes, or one and all others, itself included where conditions are meant."""
        return [self.processes[number] for number in sorted({one, other})]

    def partition(self, one: int, other: int, parted: bool) -> None:
        between = self._between(one, other)
        if parted:
            self.network.partition(*between)
        else:
            self.network.heal(*between)

    def conditions(self, one: int, other: int, values: dict[str, Any]) -> None:
        """Let bytes travel otherwise between two processes, or to and from one."""
        self._particular.add((one, other))
        conditions = evolve(self.network.conditions, **values)
        self.network.set_conditions(conditions, *self._between(one, other))

    def stranger(self, place: int, noise: int) -> None:
        """Somebody comes who speaks no ZMTP, or something like it."""
        where = self.plan.places[place].connect
        if where.startswith("tcp"):
            host, _, port = where.removeprefix("tcp://").rpartition(":")
            self.network.raw_connect(int(port), host).send(_NOISE[noise])

    # Steps: time

    def rounds(self, count: int) -> None:
        """A few rounds of all reactors."""
        for _ in range(count):
            self.network.step()

    def settle(self) -> None:
        """All that takes no time."""
        self.network.settle()

    def advance(self, seconds: float) -> None:
        """A while."""
        self.network.advance(seconds)

    # Steps: judgement

    def calm(self, revived: bool = False) -> None:
        """Let all that is wrong end, all be received, and judge.

        ``revived``: whether those who have left come back, to all of their places.
        """
        network = self.network
        network.heal()
        for one, other in sorted(self._particular):
            network.set_conditions(network.conditions, *self._between(one, other))
        self._particular.clear()
        for connection in list(network.connections):
            connection.resume()
            ends = connection.client_end, connection.server_end
            if any(end.severed or end.shut for end in ends):
                connection.reset()  # lest somebody believe in it for ever
        for process in range(len(self.processes)):
            self.restart(process)
        for role in list(self.cast):
            if revived:
                self.revive(role)
        for seconds in (1, 4, 4):  # so that connections are made anew over what is unread
            network.advance(seconds)
            self.drain()
        for _ in range(30):
            if self.rules.everybody_is_there():
                break
            network.advance(0.5)
            self.drain()
        self.rules.when_calm()

    def drain(self) -> None:
        """Receive all that there is, everywhere."""
        while True:
            self.network.settle()
            progress = [player.drain() for player in self.living()]
            if not any(progress):
                return

    def exercise(
        self, what: str, role: int, count: int, sizes: tuple[int, ...], topic: bytes
    ) -> None:
        """Do something whose outcome is certain, now that all is calm."""
        self.exercises.run(what, role, count, sizes, topic)

    def end(self, linger: float) -> None:
        """Close all, and see that nothing is left."""
        for role in self.cast:
            self.close(role, linger)
        self.network.advance(_LONGEST_LINGER + 1.5)
        self.rules.at_the_end()

    def senders_to(self, player: Player, count: int) -> list[int]:
        """Receive so many messages that are there, and tell who has sent each."""
        senders: list[int] = []
        self._heard = senders
        player.receive(count)
        self._heard = None
        return senders

    def entries_of(self, player: Player) -> list[Entry]:
        """What a player has offered."""
        return self.ledger.entries.get(player.number, [])
