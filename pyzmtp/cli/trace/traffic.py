"""What one side says behind its handshake: :class:`Traffic`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from attrs import evolve, field, mutable

from pyzmtp.cli.trace.frames import WIRE_KEPT, RawFrame, flag_faults
from pyzmtp.cli.trace.preview import Preview, printable
from pyzmtp.cli.trace.records import (
    Command,
    Frame,
    Membership,
    Message,
    Ping,
    Pong,
    Said,
    Sealed,
    Subscription,
)
from pyzmtp.cli.trace.rules import (
    CURVE,
    GRAMMAR,
    HEARTBEAT,
    ONE_FRAME,
    PIPELINE,
    PUB_SUB,
    RADIO_DISH,
    REQ_REP,
    SCATTER_GATHER,
    SUBSCRIBER,
    Fault,
)
from pyzmtp.constants import LONG, MAX_GROUP, MORE, SocketType
from pyzmtp.errors import CommandError
from pyzmtp.wire.command import decode_command, decode_ping
from pyzmtp.wire.subscription import CANCEL, SUBSCRIBE

__all__ = ["MESSAGE_HEAD", "Traffic"]

#: The frames of one message that are told of.
_FRAMES_KEPT: Final = 32
#: The PINGs whose PONG is waited for.
_PINGS_KEPT: Final = 64
#: RFC 37: "ping-context = 0*16OCTET".
_MAX_CONTEXT: Final = 16

#: A MESSAGE of CURVE: its name, a counter of 8 bytes, and a box of 17 bytes and what is in it (RFC 26).
_MESSAGE: Final = b"\x07MESSAGE"
_CURVE_MESSAGE: Final = 33
#: What has to be kept of any frame, to see the counter.
MESSAGE_HEAD: Final = len(_MESSAGE) + 8

_SUBSCRIBERS: Final = frozenset({SocketType.SUB, SocketType.XSUB})
_PUBLISHERS: Final = frozenset({SocketType.PUB, SocketType.XPUB, SocketType.RADIO})
_SUBSCRIPTIONS: Final = {SUBSCRIBE: "SUBSCRIBE", CANCEL: "CANCEL"}
_SILENT: Final = {
    SocketType.SUB: SUBSCRIBER,
    SocketType.PULL: PIPELINE,
    SocketType.GATHER: SCATTER_GATHER,
    SocketType.DISH: RADIO_DISH,
}
_ONE_FRAME: Final = frozenset(
    {
        SocketType.CLIENT,
        SocketType.SERVER,
        SocketType.SCATTER,
        SocketType.PEER,
        SocketType.CHANNEL,
    }
)
#: Between a message's data and what is before it, these have an empty frame.
_WITH_ENVELOPE: Final[frozenset[SocketType | None]] = frozenset({SocketType.REQ, SocketType.REP})
#: Whose commands these are.
_OWNERS: Final = {
    "SUBSCRIBE": (_SUBSCRIBERS, PUB_SUB),
    "CANCEL": (_SUBSCRIBERS, PUB_SUB),
    "JOIN": (frozenset({SocketType.DISH}), RADIO_DISH),
    "LEAVE": (frozenset({SocketType.DISH}), RADIO_DISH),
}
_HANDSHAKE: Final = frozenset({"HELLO", "WELCOME", "INITIATE", "READY", "ERROR"})


@mutable
class _Gathering:
    """The frames so far of a message."""

    frames: list[Frame] = field(factory=list)
    count: int = 0
    size: int = 0
    wire: bytes = b""
    wire_size: int = 0
    faults: list[Fault] = field(factory=list)


class Traffic:
    """Understands the frames of one side, in any version.

    :ivar other: that of the other side, as soon as that may send messages too.
    :ivar socket_type: what it said of that.
    :ivar pings: the contexts of the PINGs that have no PONG yet, and when they passed.
    """

    other: Traffic | None = None

    def __init__(
        self,
        version: tuple[int, int],
        mechanism: str,
        socket_type: SocketType | None,
        limit: int,
        nonce: int,
    ) -> None:
        """:param limit: how many bytes are kept of a frame's body.
        :param nonce: the counter in the last command of the handshake.
        """
        self.pings: deque[tuple[bytes, float]] = deque(maxlen=_PINGS_KEPT)
        self._version = version
        self._mechanism = mechanism
        self.socket_type = socket_type
        self._limit = limit
        self._nonce = nonce
        self._message = _Gathering()

    @property
    def partial(self) -> str:
        """What there is of a message that is not whole; empty if there is none."""
        return f"{self._message.count} frames of a message" if self._message.count else ""

    def read(self, frame: RawFrame, at: float, *faults_before: Fault) -> Said | None:
        """What is whole with ``frame``, if anything is; commands may be among a message's frames.

        :param faults_before: what is wrong with there being a frame at all.
        """
        faults = [*faults_before, *flag_faults(frame, self._version)]
        if self._mechanism == "CURVE" or (
            self._mechanism not in ("", "NULL", "PLAIN") and frame.body.startswith(_MESSAGE)
        ):
            command = self._sealed(frame, faults)
        elif frame.is_command and self._version > (1, 0):
            command = self._command(frame, at, faults)
        else:
            known = self._message.faults
            known += [fault for fault in faults if fault not in known]
            return self._gather(frame)
        return evolve(command, faults=tuple(faults))

    # Messages

    def _gather(self, frame: RawFrame) -> Said | None:
        message = self._message
        if message.count < _FRAMES_KEPT:
            long = self._version > (1, 0) and frame.flags & LONG
            flags = tuple(
                name for name, bit in (("MORE", frame.flags & MORE), ("LONG", long)) if bit
            )
            message.frames.append(Frame(flags, self._preview(frame.body, frame.size)))
        message.count += 1
        message.size += frame.size
        wire = frame.wire()
        message.wire = (message.wire + wire.head)[:WIRE_KEPT]
        message.wire_size += wire.size
        if frame.flags & MORE:
            return None
        self._message = _Gathering()
        return self._subscription(message, frame) or self._whole(message)

    def _whole(self, message: _Gathering) -> Message:
        topic = message.frames[0].body if self.socket_type in _PUBLISHERS else None
        return Message(
            frames=tuple(message.frames),
            count=message.count,
            size=message.size,
            topic=topic,
            wire=Preview(message.wire_size, message.wire),
            faults=(*message.faults, *self._message_faults(message)),
        )

    def _subscription(self, message: _Gathering, frame: RawFrame) -> Subscription | None:
        """The subscription that a message is, if it is one."""
        name = _SUBSCRIPTIONS.get(frame.body[:1])
        if self.socket_type not in _SUBSCRIBERS or message.count > 1 or name is None:
            return None
        return Subscription(
            name,
            frame.size - 1,
            topic=self._preview(frame.body[1:], frame.size - 1),
            as_message=True,
            wire=Preview(message.wire_size, message.wire),
            faults=tuple(message.faults),
        )

    def _message_faults(self, message: _Gathering) -> Iterator[Fault]:
        kind = self.socket_type
        if kind is None:
            return
        if kind in _SILENT:
            yield Fault(f"a message from a {kind.value}", _SILENT[kind])
        elif kind in _ONE_FRAME and message.count > 1:
            yield Fault(f"a message of {message.count} frames from a {kind.value}", ONE_FRAME)
        elif kind is SocketType.RADIO and message.count != 2:
            yield Fault(f"a RADIO's message of {message.count} frames, not 2", RADIO_DISH)
        theirs = None if self.other is None else self.other.socket_type
        if not _WITH_ENVELOPE.isdisjoint({kind, theirs}) and not _has_envelope(message):
            yield Fault("no empty frame before the data, as REQ and REP have it", REQ_REP)

    # Commands

    def _command(self, frame: RawFrame, at: float, faults: list[Fault]) -> Command:
        try:
            name, data = decode_command(frame.body)
        except CommandError as error:
            faults.append(Fault(str(error), GRAMMAR))
            return Command("", frame.size, self._preview(frame.body), wire=frame.wire())
        if not (name.isalpha() and name.isascii()):
            faults.append(
                Fault(f"the command name {name!r} has other characters than letters", GRAMMAR)
            )
        spelt = printable(name)
        size = frame.size - (len(frame.body) - len(data))
        shown = self._preview(data, size)
        faults += self._owner_faults(spelt)
        match spelt:
            case "SUBSCRIBE" | "CANCEL":
                return Subscription(spelt, size, topic=shown, wire=frame.wire())
            case "JOIN" | "LEAVE":
                if size > MAX_GROUP or b"\0" in data:
                    faults.append(
                        Fault("a group is at most 255 bytes, none of them zero", RADIO_DISH)
                    )
                return Membership(spelt, size, group=shown, wire=frame.wire())
            case "PING" if size >= 2:
                return self._ping(data, frame, at, faults)
            case "PING":
                faults.append(Fault("PING without its time to live", HEARTBEAT))
            case "PONG":
                return self._pong(data, frame, at, faults)
        if spelt in _HANDSHAKE:  # of which one may hold a password
            faults.append(Fault(f"{spelt} behind the handshake", GRAMMAR))
            return Command(spelt, size, wire=frame.wire(frame.size - size))
        return Command(spelt, size, shown, wire=frame.wire())

    def _ping(self, data: bytes, frame: RawFrame, at: float, faults: list[Fault]) -> Command:
        ttl, context = decode_ping(data)
        self.pings.append((context, at))
        shown = self._preview(data[2:])
        faults += _context_faults("PING", shown)
        return Ping("PING", len(data), ttl=ttl, context=shown, wire=frame.wire())

    def _pong(self, context: bytes, frame: RawFrame, at: float, faults: list[Fault]) -> Command:
        shown = self._preview(context)
        faults += _context_faults("PONG", shown)
        pings = () if self.other is None else self.other.pings
        asked = next((ping for ping in pings if ping[0] == context), None)
        if asked is None:
            faults.append(Fault("PONG to no PING with this context", HEARTBEAT))
        elif self.other is not None:
            self.other.pings.remove(asked)
        return Pong(
            "PONG",
            len(context),
            context=shown,
            round_trip=None if asked is None else at - asked[1],
            wire=frame.wire(),
        )

    def _owner_faults(self, name: str) -> Iterator[Fault]:
        if name in _OWNERS and self.socket_type is not None:
            owners, rule = _OWNERS[name]
            if self.socket_type not in owners:
                yield Fault(f"{name} from a {self.socket_type.value}", rule)

    # What is encrypted

    def _sealed(self, frame: RawFrame, faults: list[Fault]) -> Command:
        if not frame.body.startswith(_MESSAGE):
            faults.append(Fault("no MESSAGE behind the handshake", CURVE))
            return Command("", frame.size, wire=frame.wire(0))
        size = frame.size - len(_MESSAGE)
        wire = frame.wire(len(_MESSAGE))
        if self._mechanism != "CURVE":
            return Sealed("MESSAGE", size, payload=None, nonce=None, wire=wire)
        if frame.size < _CURVE_MESSAGE:
            faults.append(
                Fault(f"MESSAGE of {frame.size} bytes, not {_CURVE_MESSAGE} or more", CURVE)
            )
            return Command("MESSAGE", size, wire=wire)
        nonce = int.from_bytes(frame.body[len(_MESSAGE) : MESSAGE_HEAD], "big")
        if nonce <= self._nonce:
            faults.append(Fault(f"the nonce {nonce} comes after {self._nonce}", CURVE))
        self._nonce = max(nonce, self._nonce)
        payload = frame.size - _CURVE_MESSAGE
        return Sealed("MESSAGE", size, payload=payload, nonce=nonce, wire=wire)

    def _preview(self, data: bytes, size: int | None = None) -> Preview:
        return Preview(len(data) if size is None else size, data[: self._limit])


def _has_envelope(message: _Gathering) -> bool:
    """Whether there is an empty frame before the last; among many, it may be one that is not kept."""
    if message.count > _FRAMES_KEPT:
        return True
    return any(not each.body.size for each in message.frames[:-1])


def _context_faults(name: str, context: Preview) -> Iterator[Fault]:
    if context.size > _MAX_CONTEXT:
        problem = f"a {name} with a context of {context.size} bytes, at most {_MAX_CONTEXT} allowed"
        yield Fault(problem, HEARTBEAT)
