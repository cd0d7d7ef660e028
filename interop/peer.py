"""The test's side of a libzmq process: start it, tell it what to do, stop it, kill it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from interop.payloads import Message, to_json
from interop.reactor import PATIENCE, reactor, within

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent

#: What a command is given on top of its own time limit before its process is taken for lost.
GRACE = 5.0


#: The program that owns the libzmq sockets.
PROGRAM = (sys.executable, "-m", "interop.libzmq_peer")


class PeerFailed(Exception):
    """The libzmq process could not do a command, or has ended."""


class LibzmqPeer(ProcessProtocol):
    """One process with libzmq sockets in it."""

    #: Every process that is alive, for the check of what may be left in the reactor.
    alive: ClassVar[set[LibzmqPeer]] = set()

    def __init__(self) -> None:
        self._numbers = count(1)
        self._unanswered: dict[int, Deferred[Any] | None] = {}
        self._pending = b""
        self._complaints = b""
        self._ended: Deferred[None] | None = None

    @classmethod
    async def start(cls, program: Sequence[str] = PROGRAM, python_path: Path = ROOT) -> LibzmqPeer:
        """Start a process, which imports from `python_path`, and wait until it answers."""
        peer = cls()
        reactor.spawnProcess(
            peer, program[0], program, env={**os.environ, "PYTHONPATH": str(python_path)}
        )
        await peer.call("close_all")
        return peer

    # -- commands ---------------------------------------------------------------------------

    def call(self, do: str, patience: float = PATIENCE, **arguments: object) -> Deferred[Any]:
        """Have the process do a command; fire with its result."""
        if not self.running:
            raise PeerFailed(f"{do}: the process has ended")
        number = next(self._numbers)
        answer: Deferred[Any] = Deferred(lambda _: self._forget(number))
        self._unanswered[number] = answer
        line = json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n"
        self._process.write(line)
        return within(answer, f"libzmq process, {do}", patience + GRACE)

    def _forget(self, number: int) -> None:
        """Stop waiting for an answer; the process is not idle before it has come."""
        self._unanswered[number] = None

    async def open(self, kind: str, **options: int | bytes) -> RemoteSocket:
        """Open a socket of type `kind`, with options by their `ZMQ_` names."""
        name = f"{kind}-{next(self._numbers)}"
        values = {key: v.hex() if isinstance(v, bytes) else v for key, v in options.items()}
        await self.call("open", socket=name, kind=kind, options=values)
        return RemoteSocket(self, name, kind)

    async def close_all(self) -> None:
        """Close all sockets of the process."""
        await self.call("close_all")

    async def authenticate(
        self,
        passwords: Mapping[str, str] | None = None,
        keys: Path | None = None,
        allow: Sequence[str] = (),
        deny: Sequence[str] = (),
    ) -> None:
        """Have pyzmq answer the ZAP requests of this process's sockets; a second call adds to the first.

        `keys`: a directory of certificates; without it all CURVE clients are let in.
        """
        await self.call(
            "authenticate",
            passwords=dict(passwords or {}),
            keys=None if keys is None else str(keys),
            allow=list(allow),
            deny=list(deny),
        )

    def ping(
        self, address: str, seconds: float, reads: bool, context: bytes = b""
    ) -> Deferred[list[int]]:
        """Flood `address` with PINGs; fire with how many left and how many PONGs were read."""
        arguments = {"address": address, "seconds": seconds, "reads": reads}
        return self.call("ping", seconds + PATIENCE, **arguments, context=context.hex())

    @property
    def running(self) -> bool:
        """Whether the process has started and not ended."""
        return self in self.alive

    @property
    def process_id(self) -> int:
        """Give the number of the process."""
        pid = self._process.pid
        assert isinstance(pid, int), "the process has ended"
        return pid

    @property
    def idle(self) -> bool:
        """Whether the process runs and every command has been answered."""
        return self.running and not self._unanswered

    # -- life and death ---------------------------------------------------------------------

    def stop(self) -> None:
        """Freeze the process, all its threads, and return when it is frozen."""
        pid = self._signal(signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a frozen process run on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> Deferred[None]:
        """Kill the process, frozen or not, without any warning; fire when it is gone."""
        if not self.running:
            return succeed(None)
        ended: Deferred[None] = Deferred()
        self._ended = ended
        self._signal(signal.SIGKILL)
        return within(ended, "SIGKILL")

    def discard(self) -> Deferred[None]:
        """Kill the process when its test is over, and nobody waits for answers any more."""
        for number in self._unanswered:
            self._forget(number)
        return self.kill()

    def _signal(self, number: signal.Signals) -> int:
        os.kill(self.process_id, number)
        return self.process_id

    # -- ProcessProtocol --------------------------------------------------------------------

    @property
    def _process(self) -> IProcessTransport:
        assert self.transport is not None
        return self.transport

    def descriptors(self) -> set[object]:
        """Give the reactor's descriptors for the pipes to this process."""
        return set(self._process.pipes.values())  # type: ignore[attr-defined]

    def connectionMade(self) -> None:
        self.alive.add(self)

    def outReceived(self, data: bytes) -> None:
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            waiting = self._unanswered.pop(answer["id"])
            if waiting is None:
                continue
            if "error" in answer:
                waiting.errback(PeerFailed(answer["error"]))
            else:
                waiting.callback(answer["result"])

    def errReceived(self, data: bytes) -> None:
        self._complaints += data

    def processEnded(self, reason: Failure) -> None:
        assert isinstance(reason.value, ProcessDone | ProcessTerminated)
        self.alive.discard(self)
        complaint = f"{reason.getErrorMessage()}\n{self._complaints.decode(errors='replace')}"
        while self._unanswered:
            _, waiting = self._unanswered.popitem()
            if waiting is not None:
                waiting.errback(PeerFailed(f"the libzmq process ended: {complaint}"))
        if self._ended is not None:
            self._ended.callback(None)


def peer_pipes() -> set[object]:
    """Give the descriptors that outlive a test: those of the libzmq processes."""
    return {pipe for peer in LibzmqPeer.alive for pipe in peer.descriptors()}


#: Starts a libzmq process which the test may harm.
Spawn = Callable[[], Awaitable[LibzmqPeer]]


class RemoteSocket:
    """A libzmq socket in another process.

    What waits is a Deferred and starts when it is called: a test asks the other side to receive,
    then sends, then awaits the report.
    """

    def __init__(self, peer: LibzmqPeer, name: str, kind: str) -> None:
        self.peer = peer
        self.name = name
        self.kind = kind

    def _call(self, do: str, patience: float = PATIENCE, **arguments: object) -> Deferred[Any]:
        return self.peer.call(do, patience, socket=self.name, **arguments)

    async def bind(self, address: str) -> str:
        """Bind; give the real address."""
        bound: str = await self._call("bind", address=address, timeout=PATIENCE)
        return bound

    async def connect(self, address: str) -> None:
        """Connect, in the background as libzmq does."""
        await self._call("connect", address=address)

    async def disconnect(self, address: str) -> None:
        """Undo `connect`."""
        await self._call("disconnect", address=address)

    async def subscribe(self, topic: bytes) -> None:
        """Subscribe to `topic`, the way the socket type has for it."""
        if self.kind == "XSUB":
            await self.send([[b"\x01" + topic]])
        else:
            await self._call("subscribe", topic=topic.hex())

    async def unsubscribe(self, topic: bytes) -> None:
        """Undo `subscribe`."""
        if self.kind == "XSUB":
            await self.send([[b"\x00" + topic]])
        else:
            await self._call("unsubscribe", topic=topic.hex())

    async def watch(self) -> None:
        """Begin to note lost connections, for `wait_lost`."""
        await self._call("watch")

    async def wait_lost(self, patience: float = PATIENCE) -> None:
        """Wait until libzmq has noticed that a connection is lost; one for each call.

        What it sends before that is on its way to nobody.
        """
        await self._call("wait_lost", timeout=patience)

    async def monitor(self) -> None:
        """Begin to note all events, for `events`."""
        await self._call("monitor")

    async def events(self, last: int) -> list[tuple[int, int]]:
        """Give number and value of the events since `monitor`, up to the first that is `last`."""
        seen = await self._call("events", last=last, timeout=PATIENCE)
        return [(number, value) for number, value in seen]

    async def close(self, linger: float = 0) -> None:
        """Close; what is unsent is kept for `linger` seconds."""
        await self._call("close", linger=int(linger * 1000))

    def send(self, messages: Sequence[Message], patience: float = PATIENCE) -> Deferred[int]:
        """Send all; fire when libzmq has taken the last."""
        recipes = to_json(messages)
        return self._call("send", patience, messages=recipes, timeout=patience)

    def flood(self, message: Message, limit: int, settle: float = 0.5) -> Deferred[int]:
        """Send a message, behind its number, again and again till there is no room.

        Fires with the count when there has been none for `settle` seconds, or at `limit`.
        """
        recipes = to_json([message])
        return self._call("flood", message=recipes, limit=limit, settle=settle)

    def receive(self, number: int, patience: float = PATIENCE) -> Deferred[list[list[str]]]:
        """Receive; fire with the description of each message."""
        return self._call("receive", patience, count=number, timeout=patience)

    def receive_properties(self, *names: str) -> Deferred[list[str]]:
        """Receive one message; fire with what libzmq knows of it by these names."""
        return self._call("receive_properties", names=names, timeout=PATIENCE)

    def receive_bytes(self, size: int, patience: float = PATIENCE) -> Deferred[list[str]]:
        """Receive through a STREAM; fire with the description of who sent, and of all bytes."""
        return self._call("receive_bytes", patience, size=size, timeout=patience)

    def receive_until(self, last: bytes, patience: float = PATIENCE) -> Deferred[list[list[str]]]:
        """Receive up to the message that begins with the frame `last`; fire with descriptions."""
        return self._call("receive_until", patience, last=last.hex(), timeout=patience)

    def receive_some(self, patience: float = 0.1) -> Deferred[list[list[str]]]:
        """Receive what is there, after a wait if there is nothing; fire with descriptions."""
        return self._call("receive_some", timeout=patience)

    def echo(self, number: int, patience: float = PATIENCE) -> Deferred[int]:
        """Send back the next messages, one by one."""
        return self._call("echo", patience, count=number, timeout=patience)

    def echo_until(self, last: bytes, patience: float = PATIENCE) -> Deferred[None]:
        """Send back what comes, up to the message that ends with the frame `last`."""
        return self._call("echo_until", patience, last=last.hex(), timeout=patience)

    def request(
        self, messages: Sequence[Message], patience: float = PATIENCE
    ) -> Deferred[list[list[str]]]:
        """Send each and wait for its reply; fire with the description of each reply."""
        recipes = to_json(messages)
        return self._call("request", patience, messages=recipes, timeout=patience)
