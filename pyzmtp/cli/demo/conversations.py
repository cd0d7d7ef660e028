"""What the sockets of the demo say to each other.

A conversation is written as two programs, one a side: send this, expect that. The same programs are
run by pyzmtp sockets and, in a process of its own, by libzmq, so that neither side can be lenient
with itself. Every message that is expected is compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

__all__ = [
    "CONVERSATIONS",
    "EXCERPTS",
    "SYNC",
    "AwaitSubscriber",
    "Conversation",
    "Expect",
    "Message",
    "Role",
    "Send",
    "Step",
    "Subscribe",
    "plain_program",
]

Message = tuple[bytes, ...]


@frozen
class Send:
    """Send one message."""

    message: Message


@frozen
class Expect:
    """Receive one message, which must be this one."""

    message: Message


@frozen
class Subscribe:
    """Subscribe to a prefix."""

    topic: bytes


@frozen
class AwaitSubscriber:
    """Go on once somebody has subscribed to this prefix: what is published before is lost."""

    topic: bytes


Step = Send | Expect | Subscribe | AwaitSubscriber


@frozen
class Role:
    """One side of a conversation."""

    socket_type: str
    """In ZMTP's spelling: ``DEALER``."""
    program: Sequence[Step]
    routing_id: bytes = b""


@frozen
class Conversation:
    """Two sides whose programs fit together."""

    name: str
    roles: tuple[Role, Role]

    @property
    def messages(self) -> int:
        """How many messages are received and compared, both sides together."""
        return sum(isinstance(step, Expect) for role in self.roles for step in role.program)


#: What a libzmq PUB, which cannot see its subscribers, repeats until the SUB has heard it. A SUB
#: skips it. It starts with the topic of the conversation.
SYNC: Final[Message] = (b"weather.sync",)

_TOPIC: Final = b"weather."

#: Messages at the edges of the framing: nothing, one byte, the last short and the first long frame,
#: more than one read of the transport, and several frames, empty ones among them.
_EDGES: Final[Sequence[Message]] = (
    (b"",),
    (b"x",),
    (b"s" * 255,),
    (b"l" * 256,),
    (bytes(range(256)) * 256,),
    (b"head", b"", b"tail", b""),
)


def _numbered(text: bytes, count: int) -> list[Message]:
    return [(b"%s %d" % (text, number),) for number in range(1, count + 1)]


def _req_rep(requests: Iterable[Message]) -> Conversation:
    asking: list[Step] = []
    answering: list[Step] = []
    for request in requests:
        reply = (b"you said", *request)
        asking += [Send(request), Expect(reply)]
        answering += [Expect(request), Send(reply)]
    return Conversation("REQ/REP", (Role("REP", answering), Role("REQ", asking)))


def _pub_sub(count: int) -> Conversation:
    wanted = [(_TOPIC + b"%d" % number, b"sunny") for number in range(1, count + 1)]
    publishing: list[Step] = [AwaitSubscriber(_TOPIC)]
    for message in wanted:
        publishing += [Send((b"sport.football", b"nobody subscribed to this")), Send(message)]
    reading: list[Step] = [Subscribe(_TOPIC), *map(Expect, wanted)]
    return Conversation("PUB/SUB", (Role("PUB", publishing), Role("SUB", reading)))


def _push_pull(tasks: Sequence[Message]) -> Conversation:
    return Conversation(
        "PUSH/PULL",
        (
            Role("PULL", [Expect(task) for task in tasks]),
            Role("PUSH", [Send(task) for task in tasks]),
        ),
    )


def _dealer_router(questions: Sequence[Message]) -> Conversation:
    """All questions are under way before the first answer is read: no lock-step as in REQ/REP."""
    name = b"dealer-7"
    answers = [(b"routed", *question) for question in questions]
    routing: list[Step] = []
    for question, answer in zip(questions, answers, strict=True):
        routing += [Expect((name, *question)), Send((name, *answer))]
    dealing: list[Step] = [*map(Send, questions), *map(Expect, answers)]
    return Conversation("DEALER/ROUTER", (Role("ROUTER", routing), Role("DEALER", dealing, name)))


#: What the demo runs.
CONVERSATIONS: Final = (
    _req_rep([*_EDGES, *_numbered(b"question", 50)]),
    _pub_sub(50),
    _push_pull([*_EDGES, *_numbered(b"task", 500)]),
    _dealer_router([*_EDGES, *_numbered(b"question", 50)]),
)

#: The same four, so short that all their bytes can be shown.
EXCERPTS: Final = (
    _req_rep([(b"hello",)]),
    _pub_sub(1),
    _push_pull([(b"head", b"", b"tail")]),
    _dealer_router([(b"hello",)]),
)


def plain_program(program: Iterable[Step]) -> list[list[object]]:
    """Return ``program`` as JSON can hold it, for the libzmq process: bytes become Latin-1 text."""
    plain: list[list[object]] = []
    for step in program:
        match step:
            case Send(message):
                plain.append(["send", [frame.decode("latin-1") for frame in message]])
            case Expect(message):
                plain.append(["expect", [frame.decode("latin-1") for frame in message]])
            case Subscribe(topic):
                plain.append(["subscribe", topic.decode("latin-1")])
            case AwaitSubscriber():
                plain.append(["beat", [frame.decode("latin-1") for frame in SYNC]])
    return plain
