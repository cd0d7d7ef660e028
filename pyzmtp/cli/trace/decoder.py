"""Understands one direction of a connection, whatever passes: :class:`Decoder`."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from pyzmtp.cli.trace.frames import FrameReader, RawFrame
from pyzmtp.cli.trace.handshake import (
    Handshake,
    is_handshake_command,
    rule_of,
    type_faults,
)
from pyzmtp.cli.trace.opening import Opening
from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import Identity, Said, Undecoded
from pyzmtp.cli.trace.rules import (
    GRAMMAR,
    IDENTITY,
    ZMTP_1_IDENTITY,
    ZMTP_2,
    ZMTP_2_TYPES,
    Fault,
    Undecodable,
)
from pyzmtp.cli.trace.traffic import MESSAGE_HEAD, Traffic
from pyzmtp.constants import LONG, MAX_IDENTITY, SocketType

__all__ = ["Decoder"]


class Decoder:
    """Takes the bytes of one side, and tells what it said, each thing when it is whole.

    What is against the rules is told with the rule. Most of it can be read on; but where nobody can
    tell any more where frames begin, nothing further of that side is understood. It never raises for
    what passes, and keeps no more of it than is shown, or than a command may have.

    :ivar other: that of the other side: only both together make sense, so :meth:`pair` makes them.
    :ivar socket_type: the side's, once it has said it.
    :ivar undecoded: how many bytes have passed that were not understood.
    """

    other: Decoder

    def __init__(self, limit: int) -> None:
        self.socket_type: SocketType | None = None
        self.undecoded = 0
        self._limit = limit
        self._is_lost = False
        self._version = (0, 0)
        self._opening = Opening()
        self._frames: FrameReader | None = None  # behind the greeting
        self._handshake: Handshake | None = None  # of ZMTP 3.0 and later
        self._early: Traffic | None = None  # what should have waited for its end
        self._traffic: Traffic | None = None  # behind the handshake

    @classmethod
    def pair(cls, limit: int) -> tuple[Decoder, Decoder]:
        """Those of both sides of a connection."""
        one, other = cls(limit), cls(limit)
        one.other, other.other = other, one
        one._opening.other, other._opening.other = other._opening, one._opening
        return one, other

    def feed(self, data: bytes, at: float) -> Iterator[Said]:
        """Take bytes, at a time in seconds, and give what is whole. To be used up before the next call.

        Also to be called with none when the other side has been fed, which may tell what this one meant.
        """
        if self._is_lost:
            self.undecoded += len(data)
            return
        try:
            if self._frames is None:
                yield from self._read_opening(data)
            else:
                self._frames.feed(data)
            while self._frames is not None and (frame := self._frames.next()) is not None:
                what = self._read(frame, at)
                if what is not None:
                    yield what
        except Undecodable as error:
            self._is_lost = True
            self.undecoded = self._unread()
            yield Undecoded(wire=Preview(self.undecoded, b""), faults=(error.fault,))

    def end(self) -> tuple[Fault, ...]:
        """What is wrong with the end coming now."""
        if self._is_lost:
            return ()
        if self._frames is None:
            partial = f"{self._unread()} bytes of a greeting" if self._unread() else ""
        else:
            message = "" if self._traffic is None else self._traffic.partial
            partial = self._frames.partial or message
        return (Fault(f"the end came behind {partial}", GRAMMAR),) if partial else ()

    def _unread(self) -> int:
        return len(self._opening.data) if self._frames is None else self._frames.unread

    def _read_opening(self, data: bytes) -> Iterator[Said]:
        opened = self._opening.feed(data)
        if opened is None:
            return
        self._version = opened.version
        self._frames = opened.frames
        self.socket_type = opened.socket_type
        greeting = opened.greeting
        if greeting is not None and greeting.mechanism is not None:
            self._handshake = Handshake(greeting.mechanism, self._limit)
            theirs = self.other._handshake
            if theirs is not None:
                self._handshake.other, theirs.other = theirs, self._handshake
        elif greeting is not None:
            faults = type_faults(self.socket_type, self.other.socket_type, ZMTP_2_TYPES)
            greeting = evolve(greeting, faults=(*greeting.faults, *faults))
        if greeting is not None:
            yield greeting

    def _read(self, frame: RawFrame, at: float) -> Said | None:
        if self._traffic is not None:
            return self._read_traffic(self._traffic, frame, at)
        handshake = self._handshake
        if handshake is None:
            self._begin_traffic("", 0)
            return self._identity(frame)
        if not is_handshake_command(frame):
            if self._early is None:
                self._early = Traffic(self._version, "", None, self._limit, 0)
            fault = Fault("a message before the handshake is over", rule_of(handshake.mechanism))
            # Not to be shown: it may be a command that went wrong, password and all.
            return self._early.read(evolve(frame, body=b""), at, fault)
        command = handshake.read(frame)
        self.socket_type = handshake.socket_type
        if handshake.done:
            self._begin_traffic(handshake.mechanism, handshake.nonce)
        return command

    def _read_traffic(self, traffic: Traffic, frame: RawFrame, at: float) -> Said | None:
        # RFC 23 lets a peer of ZMTP 3.0 send at once.
        if self._handshake is not None and self._version > (3, 0):
            theirs = self.other._handshake
            if theirs is None or not theirs.done:
                problem = "it comes before the other side's part of the handshake"
                return traffic.read(frame, at, Fault(problem, rule_of(self._handshake.mechanism)))
        return traffic.read(frame, at)

    def _begin_traffic(self, mechanism: str, nonce: int) -> Traffic:
        assert self._frames is not None  # there has been a frame
        self._frames.keep = max(self._limit, MESSAGE_HEAD)
        ours = Traffic(self._version, mechanism, self.socket_type, self._limit, nonce)
        theirs = self.other._traffic
        if theirs is not None:
            ours.other, theirs.other = theirs, ours
        self._traffic = ours
        return ours

    def _identity(self, frame: RawFrame) -> Identity:
        """The first frame of ZMTP 2.0 and 1.0."""
        faults = []
        if frame.size > MAX_IDENTITY:
            faults.append(Fault(f"an identity of {frame.size} bytes", IDENTITY))
        if self._version > (1, 0) and frame.flags & ~LONG:
            faults.append(Fault("an identity with flags", ZMTP_2))
        if frame.body.startswith(b"\0"):
            faults.append(Fault("the identity begins with a zero byte", ZMTP_1_IDENTITY))
        return Identity(
            version=self._version,
            identity=Preview(frame.size, frame.body[: self._limit]),
            wire=frame.wire(),
            faults=tuple(faults),
        )
