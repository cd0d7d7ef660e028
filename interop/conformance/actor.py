"""A socket on the stage, whichever library plays it: :class:`Actor`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from interop.reactor import PATIENCE, until

Message = list[bytes]

#: What an operation that worked comes to, beside the names of errors in :class:`Refused`.
OK = "ok"

#: The events of a handshake that failed, by libzmq's numbers.
FAILURES = {0x0800: "no-detail", 0x2000: "protocol", 0x4000: "refused"}


class Refused(Exception):
    """An operation was refused; ``name`` says why, in terms that both libraries share."""

    def __init__(self, name: str, detail: object = "") -> None:
        super().__init__(f"{name} ({detail})")
        self.name = name


class Outcome:
    """What came of an operation: ``name`` is :data:`OK`, or that of its refusal."""

    name = OK


@contextmanager
def outcome() -> Iterator[Outcome]:
    """Do something that may be refused."""
    came = Outcome()
    try:
        yield came
    except Refused as refused:
        came.name = refused.name


class Actor(ABC):
    """One socket. Options have pyzmtp's names, units and values on both sides.

    ``events`` are the names of the socket's events so far, oldest first, in the words of libzmq's
    monitor: ``listening``, ``handshake-succeeded``, ``disconnected`` ...
    ``failures`` says of each ``handshake-failed`` why: ``("refused", status)``, ``("protocol", code)``
    with the code of libzmq's monitor, or ``("no-detail", 0)``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.events: list[str] = []
        self.failures: list[tuple[str, int]] = []

    # Addresses

    @abstractmethod
    async def bind(self, address: str) -> str:
        """Bind; give the real address."""

    @abstractmethod
    def connect(self, address: str, routing_id: bytes = b"") -> None:
        """Begin to connect; ``routing_id`` is what a ROUTER shall call the peer."""

    @abstractmethod
    async def unbind(self, address: str) -> None:
        """Undo :meth:`bind`."""

    @abstractmethod
    async def disconnect(self, address: str) -> None:
        """Undo :meth:`connect`."""

    @abstractmethod
    async def close(self, linger: float = 0) -> None:
        """Close; what is unsent is kept for ``linger`` seconds."""

    # Messages

    @abstractmethod
    def send_now(self, *frames: bytes) -> None:
        """Send without waiting; raise :class:`Refused`."""

    @abstractmethod
    def receive_now(self) -> Message | None:
        """Give a message if there is one; raise :class:`Refused` for anything but patience."""

    def try_send(self, *frames: bytes) -> str:
        """Send without waiting, and say what came of it: ``ok`` or the name of the error."""
        try:
            self.send_now(*frames)
        except Refused as refused:
            return refused.name
        return OK

    def try_receive(self) -> Message | str:
        """Give a message without waiting, or the name of the error."""
        try:
            message = self.receive_now()
        except Refused as refused:
            return refused.name
        return "would-block" if message is None else message

    async def send(self, *frames: bytes) -> None:
        """Send, as soon as there is room and a route."""
        taken: list[str] = []

        def attempt() -> bool:
            taken[:] = [self.try_send(*frames)]
            return taken[0] not in ("would-block", "host-unreachable")

        await until(attempt, f"{self}: send {frames!r:.60}")
        if taken[0] != OK:
            raise Refused(taken[0])

    async def receive(self) -> Message:
        """Give the next message, waiting for it."""
        got: list[Message] = []

        def attempt() -> bool:
            message = self.receive_now()
            if message is not None:
                got.append(message)
            return bool(got)

        await until(attempt, f"{self}: receive")
        return got[0]

    async def receive_many(self, number: int) -> list[Message]:
        """Give the next ``number`` messages, waiting for them."""
        return [await self.receive() for _ in range(number)]

    def drain(self) -> list[Message]:
        """Give all messages that are there."""
        messages = []
        while (message := self.receive_now()) is not None:
            messages.append(message)
        return messages

    def fill(self, *frames: bytes, limit: int = 100_000) -> int:
        """Send until there is no room; give the number that was taken."""
        sent = 0
        while sent < limit and self.try_send(*frames) == OK:
            sent += 1
        return sent

    # The rest

    @abstractmethod
    def configure(self, **options: object) -> None:
        """Change options of the living socket; raise :class:`Refused`."""

    @abstractmethod
    def subscribe(self, topic: bytes = b"") -> None:
        """Subscribe a SUB; an XSUB sends the message for it. XPUB: for the peer just read."""

    @abstractmethod
    def unsubscribe(self, topic: bytes = b"") -> None:
        """Undo :meth:`subscribe`."""

    def try_unsubscribe(self, topic: bytes) -> str:
        """Unsubscribe, and say what came of it."""
        try:
            self.unsubscribe(topic)
        except Refused as refused:
            return refused.name
        return OK

    @abstractmethod
    def topic_count(self) -> int:
        """Give the number of topics that are subscribed to here, or by the peers."""

    async def wait_event(self, name: str, number: int = 1, patience: float = PATIENCE) -> None:
        """Wait until there have been ``number`` events of that name."""
        await until(
            lambda: self.events.count(name) >= number, f"{self}: {name} number {number}", patience
        )

    async def met(self, number: int = 1) -> None:
        """Wait until the handshake was done with ``number`` peers in all."""
        await self.wait_event("handshake-succeeded", number)
