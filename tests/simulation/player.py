"""One socket in the simulation, and all that it was asked to do: :class:`Player`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from pyzmtp import (
    Disconnected,
    Event,
    HandshakeSucceeded,
    HostUnreachable,
    MessagesDropped,
    Peer,
    PeerLost,
    ReceiveTimeout,
    RequestTimeout,
    SendTimeout,
    SocketClosed,
    Stats,
)
from pyzmtp.testing import MemoryReactor

from .kinds import KINDS
from .ledger import Entry, Fate
from .plan import Role
from .violation import Violation

if TYPE_CHECKING:
    from .stage import Stage

__all__ = ["Link", "Player", "Promise"]

#: How a send, a receive or a request may fail.
_ENDS = (
    CancelledError,
    SocketClosed,
    SendTimeout,
    ReceiveTimeout,
    RequestTimeout,
    PeerLost,
    HostUnreachable,
)


class Link:
    """A connect of a player.

    :ivar holder: who was bound to the place first, and is for ever where links are not remade.
    """

    def __init__(self, holder: Player | None) -> None:
        self.holder = holder


class Promise:
    """A Deferred that has to fire in the end."""

    def __init__(self, what: str, deferred: Deferred[Any]) -> None:
        self.what = what
        self.deferred = deferred
        self.kept = False


class Player:
    """A socket, and what it has sent, received and been told.

    :ivar number: tells it from others, those included that play the same role.
    :ivar gone: whether its process has died.
    :ivar closing: whether it was closed; :attr:`closed`, whether that is done.
    :ivar settled: whether it was counted for the last time.
    :ivar bound: the addresses that it has bound, by place; empty until that is done.
    :ivar connected: the places that it connects to.
    :ivar parted: the addresses that it has disconnected from at some time.
    :ivar met: how often a handshake was done with each other player.
    :ivar offered: messages that it was asked to send, but for those that were refused.
    :ivar uncertain: how many of those may not have been taken: the rest of a batch that failed.
    :ivar taken: messages that it has received.
    :ivar marks: the highest high-water marks that it had: sent, received, and the same in bytes.
    """

    def __init__(self, stage: Stage, number: int, role_number: int, role: Role) -> None:
        self.stage = stage
        self.number = number
        self.role_number, self.role = role_number, role
        self.kind = KINDS[role.kind]
        self.reactor: MemoryReactor = stage.processes[role.process]
        self.gone = self.closing = self.closed = self.settled = False
        self.bound: dict[int, str] = {}
        self.connected: dict[int, Link] = {}
        self.parted: set[str] = set()
        self.met: Counter[int] = Counter()
        self.offered = self.uncertain = self.taken = 0
        self.told_dropped = Counter[bool]()
        self.lost_connections = 0
        self.topics: Counter[bytes] = Counter()
        self.ever: dict[bytes, float] = {}
        self.promises: list[Promise] = []
        self.waiting_sends: list[tuple[Deferred[Any], list[Entry]]] = []
        self.waiting_receives: list[Deferred[Any]] = []
        self.reading = 0
        self.paused: Deferred[None] | None = None
        self.pausing = False
        self.excused: set[str] = set()
        self.last_timeout = -1.0
        options = dict(role.options)
        self.marks = [
            options.get(name, default)
            for name, default in (
                ("send_hwm", 1000),
                ("receive_hwm", 1000),
                ("send_hwm_bytes", 0),
                ("receive_hwm_bytes", 0),
            )
        ]
        options["metadata"] = {"X-Player": b"%d" % number}
        self.socket: Any = self.kind.make(self.reactor, **options)
        self.socket.on_event(self._on_event)
        if role.reads == "consume":
            self.promise("consume", self.socket.consume(self._consume))
        if self.kind.serves:
            self.promise("serve", self.socket.serve(self._answer))

    def __repr__(self) -> str:
        return f"player {self.number} ({self.role.kind})"

    @property
    def live(self) -> bool:
        """Whether it can be asked to do anything."""
        return not (self.gone or self.closing)

    @property
    def sockets(self) -> list[Any]:
        """All that it has, which of some is more than one."""
        return [self.socket]

    @property
    def stats(self) -> Stats:
        stats: Stats = self.socket.stats
        return stats

    @property
    def peers(self) -> list[Peer]:
        """Whom it is connected to."""
        return [peer for socket in self.sockets for peer in socket.peers]

    def bind(self, place: int) -> Deferred[str]:
        """Bind at a place of its role."""
        bound: Deferred[str] = self.socket.bind(self.stage.plan.places[place].bind)
        return bound

    def unbind(self, place: int) -> Deferred[Any]:
        """Undo :meth:`bind`."""
        unbound: Deferred[Any] = self.socket.unbind(self.bound.pop(place))
        return unbound

    def close(self, linger: float) -> Deferred[Any]:
        """Close all that it has."""
        closed: Deferred[Any] = self.socket.close(linger=linger)
        return closed

    def promise(
        self, what: str, deferred: Deferred[Any], done: Callable[[Any], object] | None = None
    ) -> Promise:
        """Expect a Deferred to fire; call ``done`` with its result or its Failure."""
        promise = Promise(what, deferred)

        def fired(result: Any) -> None:
            promise.kept = True
            if done is not None:
                done(result)
            elif isinstance(result, Failure) and not result.check(*_ENDS):
                self.stage.fail("error", f"{self!r}: {what} failed: {result.value!r}")

        deferred.addBoth(fired)
        self.promises.append(promise)
        return promise

    # Events

    def _on_event(self, event: Event) -> None:
        if self.gone:
            return
        stage = self.stage
        stage.note(self, type(event).__name__)
        if isinstance(event, HandshakeSucceeded):
            other = int(event.peer.metadata["X-Player"])
            self.met[other] += 1
            if stage.is_intruder(other):
                stage.fail("intruder", f"{self!r} let player {other} in")
        elif isinstance(event, Disconnected):
            self.lost_connections += 1
            self.excused.add(event.address)
            if type(event.reason).__name__ == "HeartbeatTimeout":
                self.last_timeout = stage.network.seconds()
            stage.connection_lost(self, event)
        elif isinstance(event, MessagesDropped):
            self.told_dropped[event.unsent] += event.count
            stage.messages_dropped(self, event)

    # Sending

    def target(self, role: int | None) -> tuple[int, bytes] | None:
        """Who plays a role for this one at present, and the id that it is known by."""
        for peer in self.socket.peers:
            other = int(peer.metadata["X-Player"])
            if role is None or self.stage.players[other].role_number == role:
                return other, peer.routing_id
        return None

    def send(
        self, how: str, count: int, sizes: Sequence[int], topic: bytes = b"", to: int | None = None
    ) -> int:
        """Offer some messages; return how many were taken at once."""
        prefix: list[bytes] = []
        target: int | None = None
        if self.kind.named:
            found = self.target(to)
            if found is None:
                return 0
            target, name = found
            prefix = [name]
        now = self.stage.network.seconds()
        ledger = self.stage.ledger
        in_frame = topic if self.kind.publishes and self.role.kind != "Radio" else b""
        if self.role.kind == "Radio":
            prefix = [topic]
        sizes = sizes[:1] if self.kind.single or self.role.kind == "Radio" else sizes
        entries = [ledger.offer(self.number, sizes, now, in_frame, target) for _ in range(count)]
        for entry in entries:
            entry.topic = topic
        if how == "try":
            return sum([self._try(entry, [*prefix, *entry.frames]) for entry in entries])
        messages = [[*prefix, *entry.frames] for entry in entries]
        if how == "batch":
            self._wait_for(self.socket.send_batch(messages), entries)
        else:
            for entry, message in zip(entries, messages, strict=True):
                self._wait_for(self.socket.send(message), [entry])
        return sum(entry.fate is Fate.TAKEN for entry in entries)

    def _try(self, entry: Entry, message: list[bytes]) -> bool:
        try:
            taken: bool = self.socket.try_send(message)
        except (HostUnreachable, SocketClosed):
            taken = False
        entry.fate = Fate.TAKEN if taken else Fate.REFUSED
        self.offered += taken
        return taken

    def _wait_for(self, deferred: Deferred[Any], entries: list[Entry]) -> None:
        self.offered += len(entries)
        waiting = (deferred, entries)
        self.waiting_sends.append(waiting)

        def done(result: Any) -> None:
            self.waiting_sends.remove(waiting)
            if not isinstance(result, Failure):
                for entry in entries:
                    entry.fate = Fate.TAKEN
                return
            if not result.check(*_ENDS):
                self.stage.fail("error", f"{self!r}: a send failed: {result.value!r}")
            if len(entries) == 1:
                entries[0].fate = Fate.REFUSED
                self.offered -= 1
            else:
                for entry in entries:
                    entry.fate = Fate.UNCERTAIN
                self.uncertain += len(entries)

        self.promise("send", deferred, done)

    def cancel_send(self, which: int) -> None:
        """Cancel one of the sends that wait."""
        if self.waiting_sends:
            self.waiting_sends[which % len(self.waiting_sends)][0].cancel()

    # Receiving

    def receive(self, count: int) -> None:
        """Receive some messages, now or when they come."""
        reads, socket = self.role.reads, self.socket
        if reads == "try":
            for _ in range(count):
                message = socket.try_receive() if not self.waiting_receives else None
                if message is None:
                    return
                self._took(message)
        elif reads == "iterate":
            self.reading += count
            if not self.waiting_receives:
                self._expect(Deferred.fromCoroutine(self._iterate()), lambda _: None)
        elif reads != "consume":
            for _ in range(min(count, 6 - len(self.waiting_receives))):
                if reads == "from":
                    self._expect(socket.receive_from(), lambda pair: self._took(pair[1], pair[0]))
                elif reads == "batch":
                    self._expect(socket.receive_batch(3), self._took_all)
                else:
                    self._expect(socket.receive(), self._took)

    async def _iterate(self) -> None:
        async for message in self.socket:
            self._took(message)
            self.reading -= 1
            if self.reading <= 0:
                break

    def _expect(self, deferred: Deferred[Any], take: Callable[[Any], object]) -> None:
        self.waiting_receives.append(deferred)

        def done(result: Any) -> None:
            self.waiting_receives.remove(deferred)
            if not isinstance(result, Failure):
                take(result)
            elif not result.check(*_ENDS):
                self.stage.fail("error", f"{self!r}: a receive failed: {result.value!r}")

        self.promise("receive", deferred, done)

    def cancel_receive(self, which: int) -> None:
        """Cancel one of the receives that wait."""
        if self.waiting_receives:
            self.reading = 0
            self.waiting_receives[which % len(self.waiting_receives)].cancel()

    def _took_all(self, messages: list[list[bytes]]) -> None:
        for message in messages:
            self._took(message)

    def _consume(self, messages: list[list[bytes]]) -> Deferred[None] | None:
        self._took_all(messages)
        if self.pausing:
            self.paused = Deferred()
            return self.paused
        return None

    def pause(self, pausing: bool) -> None:
        """Let the consumer take its time, or end that."""
        self.pausing = pausing
        if not pausing and self.paused is not None:
            paused, self.paused = self.paused, None
            paused.callback(None)

    def _took(self, message: list[bytes], peer: Peer | None = None) -> None:
        if self.gone:
            return
        self.taken += 1
        if not self.kind.publishes:  # those receive somebody's subscription
            skipped = self.kind.named or self.role.kind == "Dish"
            self.stage.received(self, message, message[skipped:], peer)
        message.clear()  # it is ours

    def drain(self) -> bool:
        """Take all that is there; return whether there was anything."""
        before = self.taken
        if self.pausing:
            self.pause(False)
        if self.role.reads in ("consume", "none", "intruder") or not self.live:
            return self.taken > before
        while self.socket.readable and not self.waiting_receives:
            if self.role.reads == "iterate":
                self.reading = 0
            self.receive(1)
        return self.taken > before

    # Requests

    def ask(self, sizes: Sequence[int], timeout: float | None, must: bool = False) -> None:
        """Make a request, whose reply is to be its own."""
        if self.waiting_sends and (self.role.kind == "Req" or len(self.waiting_sends) > 5):
            return
        entry = self.stage.ledger.offer(self.number, sizes, self.stage.network.seconds())
        deferred = self.socket.request(entry.frames, timeout=timeout)
        waiting = (deferred, [entry])
        self.waiting_sends.append(waiting)

        def done(result: Any) -> None:
            self.waiting_sends.remove(waiting)
            self.stage.note(self, "reply")
            if isinstance(result, Failure):
                entry.fate = Fate.UNCERTAIN
                if must or not result.check(*_ENDS):
                    self.stage.fail("request", f"{self!r}: a request failed: {result.value!r}")
            elif result != [b"re", *entry.frames]:
                self.stage.fail("reply", f"{self!r} got {result} for {entry.frames}")

        self.promise("request", deferred, done)

    async def _answer(self, request: list[bytes]) -> list[bytes]:
        if self.gone:
            raise Violation("dead", f"{self!r} is asked, and is dead")
        self.stage.received(self, request, request, None)
        delay = len(request[-1]) % 3 * 0.01
        if delay:
            await deferLater(self.reactor, delay)
        return [b"re", *request]
