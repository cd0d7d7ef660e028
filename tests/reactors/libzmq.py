"""A smoke test against libzmq, whose sockets live in the same process: its own threads do its work."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, Final

from pyzmtp import PubSocket, PullSocket, PushSocket, RepSocket, ReqSocket, SubSocket

from .case import Case, Stage
from .conversations import BURST, MESSAGES
from .security import need

__all__ = ["CASES"]


class Theirs:
    """A socket of libzmq that is asked again and again, and so blocks nothing."""

    def __init__(self, stage: Stage, kind: str) -> None:
        zmq = import_module("zmq")
        self._stage = stage
        self._again = zmq.Again
        self._now = zmq.NOBLOCK
        self._context = zmq.Context()
        self.socket: Any = self._context.socket(getattr(zmq, kind))
        self.socket.linger = 0

    async def send(self, message: list[bytes]) -> None:
        """Send when there is room."""

        def sent() -> bool:
            with suppress(self._again):
                self.socket.send_multipart(message, self._now)
                return True
            return False

        await self._stage.until(sent, "room in libzmq")

    async def receive(self) -> list[bytes]:
        """Receive when there is something."""
        received: list[list[bytes]] = []

        def arrived() -> bool:
            with suppress(self._again):
                received.append(self.socket.recv_multipart(self._now))
            return bool(received)

        await self._stage.until(arrived, "a message to libzmq")
        return received[0]

    def look(self) -> bool:
        """Let libzmq do what is left for the thread of its user, such as to pass subscriptions on."""
        return bool(self.socket.poll(0))

    def close(self) -> None:
        """Close, and wait for its threads."""
        self.socket.close()
        self._context.term()


async def meet(stage: Stage, ours: Any, theirs: Theirs, we_bind: bool, transport: str) -> None:
    """Connect the two."""
    if we_bind:
        theirs.socket.connect(await stage.within(ours.bind(stage.somewhere(transport)), "bind"))
    else:
        theirs.socket.bind(stage.somewhere(transport))
        await stage.within(ours.connect(theirs.socket.last_endpoint.decode()), "connect")
    await stage.until(lambda: ours.peers, "libzmq's handshake")


async def we_request(stage: Stage, ours: ReqSocket, theirs: Theirs) -> None:
    """Our REQ, their REP."""
    for message in MESSAGES:
        reply = ours.request(message, timeout=10)
        assert await theirs.receive() == message
        await theirs.send([b"reply", *message])
        assert await reply == [b"reply", *message]


async def they_request(stage: Stage, ours: RepSocket, theirs: Theirs) -> None:
    """Their REQ, our REP."""
    ours.serve(lambda request: [b"reply", *request])
    for message in MESSAGES:
        await theirs.send(message)
        assert await theirs.receive() == [b"reply", *message]


async def we_publish(stage: Stage, ours: PubSocket, theirs: Theirs) -> None:
    """Our PUB, their SUB."""
    theirs.socket.subscribe(b"a")
    await stage.until(lambda: theirs.look() or b"a" in ours.topics, "subscription")
    for message in MESSAGES:
        assert ours.try_send([b"b", *message])
        assert ours.try_send([b"a", *message])
        assert await theirs.receive() == [b"a", *message]


async def they_publish(stage: Stage, ours: SubSocket, theirs: Theirs) -> None:
    """Their PUB, our SUB."""
    ours.subscribe(b"a")

    def heard() -> bool:
        theirs.socket.send_multipart([b"a", b"probe"])
        return ours.try_receive() is not None

    await stage.until(heard, "the first publication")
    for message in ([b"probed"], *MESSAGES):
        await theirs.send([b"b", *message])
        await theirs.send([b"a", *message])
        while (received := await stage.within(ours.receive(), "message")) == [b"a", b"probe"]:
            pass
        assert received == [b"a", *message]


async def we_push(stage: Stage, ours: PushSocket, theirs: Theirs) -> None:
    """Our PUSH, their PULL."""
    messages = [*MESSAGES, *BURST]
    sending = stage.within(ours.send_batch(messages), "send")
    for message in messages:
        assert await theirs.receive() == message
    await sending


async def they_push(stage: Stage, ours: PullSocket, theirs: Theirs) -> None:
    """Their PUSH, our PULL."""
    for message in (*MESSAGES, *BURST):
        await theirs.send(message)
    for message in (*MESSAGES, *BURST):
        assert await stage.within(ours.receive(), "message") == message


Conversation = Callable[[Stage, Any, Theirs], Coroutine[Any, Any, None]]

_CONVERSATIONS: Final[Sequence[tuple[type[Any], str, Conversation]]] = (
    (ReqSocket, "REP", we_request),
    (RepSocket, "REQ", they_request),
    (PubSocket, "SUB", we_publish),
    (SubSocket, "PUB", they_publish),
    (PushSocket, "PULL", we_push),
    (PullSocket, "PUSH", they_push),
)


async def _talk(
    kind: type[Any],
    their_kind: str,
    conversation: Conversation,
    we_bind: bool,
    transport: str,
    stage: Stage,
) -> None:
    need("zmq")
    await stage.check_transport(transport)
    theirs = Theirs(stage, their_kind)
    try:
        ours = stage.open(kind)
        await meet(stage, ours, theirs, we_bind, transport)
        await conversation(stage, ours, theirs)
        await stage.within(ours.close(), "close")
    finally:
        theirs.close()


CASES: Final = [
    Case(
        f"{kind.socket_type.value} with libzmq's {their_kind} over {transport}, "
        f"{'ours' if we_bind else 'theirs'} bound",
        ("libzmq",),
        partial(_talk, kind, their_kind, conversation, we_bind, transport),
    )
    for kind, their_kind, conversation in _CONVERSATIONS
    for transport, we_bind in (("tcp", True), ("tcp", False), ("ipc", True))
]
