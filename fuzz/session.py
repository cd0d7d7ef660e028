"""One engine under fire: :class:`Session`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from attrs import frozen

from pyzmtp.authentication import DENIED, FAILED, TEMPORARY, Grant, Refusal, Verdict
from pyzmtp.engine.interfaces import Engine
from pyzmtp.errors import NotZMTP, ProtocolError
from pyzmtp.peer import Peer
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["VERDICTS", "Outcome", "Session", "own_frames"]

#: Who is asked may say any of these, or nothing.
VERDICTS: Final[tuple[Verdict | None, ...]] = (
    Grant("somebody", {"X-granted": b"yes", "User-Id": b"nobody"}),
    Grant(),
    Refusal(DENIED, "no"),
    Refusal(TEMPORARY),
    Refusal(FAILED),
    None,
)

#: Names that no peer can give itself properties by.
_RESERVED: Final = {"user-id", "peer-address", "socket-type", "identity"}


def own_frames(data: bytes) -> list[tuple[int, bytes]]:
    """The flags and bodies of what must be whole frames of ZMTP 2.0 or later."""
    found = []
    while data:
        start = 9 if data[0] & 2 else 2
        assert len(data) >= start
        size = int.from_bytes(data[1:start], "big")
        assert len(data) >= start + size, "half a frame"
        found.append((data[0] & 5, data[start : start + size]))
        data = data[start + size :]
    return found


@frozen
class Outcome:
    """What can be seen of a session, however the peer's bytes were cut."""

    messages: list[Message]
    error: tuple[type[ProtocolError], str] | None
    peer: object
    asked: tuple[bytes, ...] | None
    output: bytes

    @property
    def signature(self) -> tuple[object, ...]:
        """What tells sessions apart that went differently."""
        kind = None if self.error is None else self.error[0]
        return min(len(self.messages), 3), kind, self.peer is not None, self.asked is not None


class Session:
    """Drives an engine as the net layer does, and sees that it keeps its promises.

    :ivar verdict: what is said as soon as the engine asks whether the peer may come in.
    :ivar now: the time.
    """

    def __init__(self, engine: Engine, verdict: Verdict | None, room: int = 1000) -> None:
        self.engine = engine
        self.verdict = verdict
        self.now = 0.0
        self._room = room
        self._messages: list[Message] = []
        self._asked: tuple[bytes, ...] | None = None
        self._output = b""
        self._peer: Peer | None = None
        self._error: ProtocolError | None = None

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Give bytes of the peer, and take all messages that they make."""
        for chunk in chunks:
            self._receive(chunk)
            while self._answer() or self.engine.more:
                self._receive(b"")

    def _receive(self, data: bytes) -> None:
        over = self.engine.error is not None
        messages = self.engine.receive_data(data, self.now, self._room)
        assert not messages or not over
        assert len(messages) <= self._room
        assert not messages or self.engine.peer is not None
        self._messages += messages
        self._check()

    def _answer(self) -> bool:
        """Say the verdict, if there is a question and a verdict."""
        if self.engine.question is None:
            return False
        self._asked = self.engine.question
        if self.verdict is None:
            return False
        self.engine.answer(self.verdict, self.now)
        self._check()
        return True

    def do(self, action: Callable[[], object]) -> None:
        """Anything else that may happen to an engine."""
        action()
        self._check()

    def send(self, messages: list[Outgoing]) -> bytes:
        """Encode messages, as to a peer that is ready."""
        parts, count = self.engine.encode(messages, 1 << 20)
        assert count == len(messages) or (not count and self.engine.error is not None)
        self._check()
        return b"".join(parts)

    def take_output(self) -> bytes:
        """The engine's own bytes since the last time."""
        output = self.engine.data_to_send(self.now)
        assert not self.engine.attention
        self._output += output
        return output

    def _check(self) -> None:
        engine = self.engine
        if self._error is not None:
            assert engine.error is self._error, "another error after the first"
        self._error = engine.error
        if engine.error is not None:
            assert isinstance(engine.error, ProtocolError)
            assert str(engine.error)
            assert engine.error.__traceback__ is None
            assert engine.error.__context__ is None
            assert not engine.more
            assert engine.question is None
            assert engine.next_deadline() is None
        if self._peer is not None:
            assert engine.peer is self._peer
        self._peer = engine.peer
        if engine.peer is not None:
            for name in engine.peer.metadata:
                assert name.lower() not in _RESERVED
                assert not name.startswith("__")

    def outcome(self, exact: bool = True) -> Outcome:
        """What has come of it; without own bytes and an error's text if they are not to be ``exact``."""
        self.take_output()
        error, peer = self._error, self._peer
        told = None
        if error is not None:  # of what is no ZMTP, the text holds the first chunk
            text = "" if isinstance(error, NotZMTP) or not exact else str(error)
            told = type(error), text
        known = None
        if peer is not None:
            known = (
                peer.version,
                peer.socket_type,
                peer.routing_id,
                peer.user_id,
                {**peer.metadata},
            )
        return Outcome(self._messages, told, known, self._asked, self._output if exact else b"")
