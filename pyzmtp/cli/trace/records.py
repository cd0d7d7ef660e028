"""What a trace tells: :class:`Record`, and the contents that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

from attrs import field, frozen

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.rules import Fault
from pyzmtp.constants import SocketType

__all__ = [
    "Closed",
    "Command",
    "Content",
    "Ended",
    "Frame",
    "Greeting",
    "Hello",
    "Identity",
    "Listening",
    "Membership",
    "Message",
    "Metadata",
    "Opened",
    "Ping",
    "Pong",
    "Record",
    "Refusal",
    "Said",
    "Sealed",
    "Side",
    "Subscription",
    "Undecoded",
    "Unreachable",
]


class Side(Enum):
    """One end of a connection."""

    CLIENT = "client"
    """Whoever has connected to the trace."""
    TARGET = "target"
    """Whom the trace has connected to."""

    @property
    def other(self) -> Side:
        """The other end."""
        return Side.TARGET if self is Side.CLIENT else Side.CLIENT


@frozen
class Content:
    """What happened.

    :ivar kind: what it is called in JSON.
    :ivar faults: the rules that it breaks.
    """

    kind: ClassVar[str]
    faults: tuple[Fault, ...] = field(default=(), kw_only=True)


@frozen
class Record:
    """What happened, when and where.

    :ivar at: seconds since the trace began; what takes long is told when it is whole.
    :ivar connection: its number, from 1 on; 0 for what concerns none.
    :ivar side: whose doing it was; ``None``: nobody's.
    :ivar socket_type: that side's, if it has said it by now.
    """

    at: float
    content: Content
    connection: int = 0
    side: Side | None = None
    socket_type: SocketType | None = None


# What becomes of connections


@frozen
class Listening(Content):
    """The trace has begun.

    :ivar address: where it listens.
    :ivar since: the beginning, in seconds of Unix time.
    """

    kind = "listening"
    address: str
    target: str
    since: float


@frozen
class Opened(Content):
    """Somebody has connected; the target is connected to now."""

    kind = "opened"
    address: str


@frozen
class Unreachable(Content):
    """The target could not be connected to."""

    kind = "unreachable"
    problem: str


@frozen
class Ended(Content):
    """A side says nothing more.

    :ivar problem: how the connection broke; empty if it was closed.
    :ivar undecoded: bytes behind a fault, which were passed on all the same.
    """

    kind = "ended"
    problem: str
    undecoded: int


@frozen
class Closed(Content):
    """A connection is over; what passed, by side.

    :ivar sealed: frames whose content is encrypted.
    """

    kind = "closed"
    seconds: float
    messages: Mapping[Side, int]
    sealed: Mapping[Side, int]
    bytes: Mapping[Side, int]


# What a side says


@frozen
class Said(Content):
    """What one side said.

    :ivar wire: its bytes.
    """

    wire: Preview = field(kw_only=True)


@frozen
class Greeting(Said):
    """The opening of a ZMTP connection, of 64 bytes or, for ZMTP 2.0, of 12.

    :ivar version: the one that is spoken, as it is announced.
    :ivar socket_type: in ZMTP 2.0, where READY does not tell; a number that nobody knows as such.
    """

    kind = "greeting"
    version: tuple[int, int]
    mechanism: str | None = None
    as_server: bool | None = None
    socket_type: str | None = None


@frozen
class Identity(Said):
    """The first frame of ZMTP 2.0 and 1.0, which is all there is of a handshake."""

    kind = "identity"
    version: tuple[int, int]
    identity: Preview


@frozen
class Command(Said):
    """A command, and how many bytes of data it has.

    :ivar data: as far as it may be seen.
    """

    kind = "command"
    name: str
    size: int
    data: Preview | None = None


@frozen
class Hello(Command):
    """HELLO of PLAIN. The password is nowhere in it."""

    user: Preview = field(kw_only=True)


@frozen
class Metadata(Command):
    """READY or INITIATE in the clear."""

    properties: Mapping[str, Preview] = field(kw_only=True)


@frozen
class Refusal(Command):
    """ERROR."""

    reason: str = field(kw_only=True)


@frozen
class Subscription(Command):
    """SUBSCRIBE or CANCEL.

    :ivar as_message: whether it has the form that all versions know.
    """

    topic: Preview = field(kw_only=True)
    as_message: bool = field(default=False, kw_only=True)


@frozen
class Membership(Command):
    """JOIN or LEAVE."""

    group: Preview = field(kw_only=True)


@frozen
class Ping(Command):
    """PING.

    :ivar ttl: seconds; 0 asks for nothing.
    """

    ttl: float = field(kw_only=True)
    context: Preview = field(kw_only=True)


@frozen
class Pong(Command):
    """PONG.

    :ivar round_trip: seconds since the PING that it answers.
    """

    context: Preview = field(kw_only=True)
    round_trip: float | None = field(kw_only=True)


@frozen
class Sealed(Command):
    """A command whose data is encrypted.

    :ivar payload: how many bytes are in it, without what encrypting adds; ``None``: not known.
    :ivar nonce: the counter in it, in the clear.
    """

    payload: int | None = field(kw_only=True)
    nonce: int | None = field(kw_only=True)


@frozen
class Frame:
    """One frame of a message.

    :ivar flags: of ``MORE`` and ``LONG`` those that are set.
    """

    flags: tuple[str, ...]
    body: Preview


@frozen
class Message(Said):
    """A whole message.

    :ivar frames: the first of them.
    :ivar count: how many there are.
    :ivar size: the bytes of their bodies together.
    :ivar topic: the first frame, where that is what subscribers go by.
    """

    kind = "message"
    frames: tuple[Frame, ...]
    count: int
    size: int
    topic: Preview | None = None


@frozen
class Undecoded(Said):
    """Nothing of what follows can be understood; it is passed on all the same."""

    kind = "undecoded"
