"""What the tests of the lower layers share: ways to cut bytes up, and a peer to drive a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from attrs import frozen
from hypothesis import strategies as st

from pyzmtp.authentication import Grant
from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.interfaces import Engine
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.engine.states import State
from pyzmtp.errors import NotZMTP, ProtocolError
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.mechanisms.null import NullMechanism

from .vectors import from_hex

#: More messages than any test has.
PLENTY = 1_000_000


def joined(encoded: tuple[list[bytes], int]) -> tuple[bytes, int]:
    """What a batch was encoded to, in one piece, and how many messages it is."""
    parts, count = encoded
    return b"".join(parts), count


# Ways to cut bytes up


def pieces(data: bytes, size: int) -> list[bytes]:
    """``data`` in pieces of ``size`` bytes; the last may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def splits(data: bytes) -> Iterator[list[bytes]]:
    """``data`` in two pieces, at every place; one of them is empty at either end."""
    for position in range(len(data) + 1):
        yield [data[:position], data[position:]]


def chunkings(data: bytes, following: bytes = b"") -> Iterator[list[bytes]]:
    """``data`` and what follows it as the chunks in which a transport may deliver them.

    Whole, byte by byte, in odd sizes, with the first or last byte alone; and if something follows:
    apart from it, glued to it, glued to the first half of it, and with its own last byte glued to it.
    """
    everything = data + following
    yield [everything]
    for size in (1, 2, 3, 7):
        if size < len(everything):
            yield pieces(everything, size)
    edges = {1, len(everything) // 2, len(everything) - 1}
    if following:
        edges |= {len(data), len(data) - 1, len(data) + (len(following) + 1) // 2}
    for edge in sorted(edges):
        if 0 < edge < len(everything):
            yield [everything[:edge], everything[edge:]]


def chunked(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """``data`` cut at ``cuts`` (each counted modulo its length)."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(edges)] or [b""]


# Bytes of a peer


def greeting(mechanism: bytes = b"NULL", version: tuple[int, int] = (3, 1)) -> bytes:
    """The 64 bytes of a peer's greeting (RFC 37)."""
    start = from_hex("ff 0000000000000001 7f") + bytes(version)
    return start + mechanism.ljust(20, b"\0") + bytes(32)


def frame(flags: int, body: bytes) -> bytes:
    """A frame in the form that its size asks for (RFC 37), written without pyzmtp."""
    if len(body) > 255:
        return bytes((flags | 0x02,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body


def command(name: bytes, data: bytes = b"") -> bytes:
    """The frame of a command."""
    return frame(0x04, bytes((len(name),)) + name + data)


def message(*frames: bytes) -> bytes:
    """The frames of a message."""
    return b"".join(frame(0x01, body) for body in frames[:-1]) + frame(0x00, frames[-1])


def properties(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A property block."""
    return b"".join(
        bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value for name, value in pairs
    )


def ready(socket_type: str = "DEALER", *more: tuple[bytes, bytes]) -> bytes:
    """The READY of a ``socket_type`` with ``more`` properties."""
    return command(b"READY", properties([(b"Socket-Type", socket_type.encode()), *more]))


# A connection, and what becomes of it


def new_connection(
    socket_type: SocketType = SocketType.ROUTER,
    now: float = 0.0,
    mechanism: Callable[[], Mechanism] | None = None,
    *,
    routing_id: bytes = b"",
    min_version: tuple[int, int] = (2, 0),
    handshake_timeout: float | None = None,
    max_message_size: int = 0,
    max_message_parts: int = 0,
) -> Connection:
    """A connection of a ``socket_type`` under NULL."""
    own = [("Socket-Type", socket_type.value.encode())]
    if socket_type.sends_identity:
        own.append(("Identity", b""))
    return Connection(
        ConnectionSettings(
            socket_type,
            mechanism or (lambda: NullMechanism(own)),
            routing_id,
            min_version,
            handshake_timeout,
            max_message_size,
            max_message_parts,
        ),
        now,
    )


@frozen
class Outcome:
    """Everything that can be seen of a connection after it was fed.

    :ivar error: its type and text; of :exc:`NotZMTP` the type alone, as its text holds the first chunk.
    """

    messages: list[list[bytes]]
    error: tuple[type[ProtocolError], str] | None
    output: bytes
    state: State
    peer: object


def drive(connection: Engine, chunks: Iterable[bytes], limit: int = PLENTY) -> list[list[bytes]]:
    """Feed ``chunks`` in the way that the net layer does, and return all the messages.

    Who asks to be let in is, and is who the first of the credentials says.
    """
    messages: list[list[bytes]] = []
    for chunk in chunks:
        messages += connection.receive_data(chunk, 0.0, limit)
        while connection.more or connection.question is not None:
            if connection.question is not None:
                who = connection.question[0].decode("utf-8", "backslashreplace")
                connection.answer(Grant(who), 0.0)
            messages += connection.receive_data(b"", 0.0, limit)
    return messages


def outcome(connection: Connection, chunks: Iterable[bytes], limit: int = PLENTY) -> Outcome:
    """Feed ``chunks``, and tell everything that came of it. The output is read at the end."""
    messages = drive(connection, chunks, limit)
    error, peer = connection.error, connection.peer
    return Outcome(
        messages,
        None if error is None else (type(error), "" if type(error) is NotZMTP else str(error)),
        connection.data_to_send(0.0),
        connection.state,
        None
        if peer is None
        else (peer.version, peer.socket_type, peer.routing_id, {**peer.metadata}),
    )


# Random streams


frames: st.SearchStrategy[bytes] = st.one_of(
    st.builds(frame, st.sampled_from([0x00, 0x01]), st.binary(max_size=300)),
    st.builds(command, st.sampled_from([b"PING", b"PONG", b"SUBSCRIBE", b"X"]), st.binary(max_size=20)),
    st.builds(  # the long form, whatever the size
        lambda flags, body: bytes((flags | 0x02,)) + len(body).to_bytes(8, "big") + body,
        st.sampled_from([0x00, 0x01, 0x04]),
        st.binary(max_size=20),
    ),
)  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with a few bytes changed, removed, inserted or repeated."""
    mutable = bytearray(data)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(mutable)))
        end = min(len(mutable), start + draw(st.integers(0, 9)))
        kind = draw(st.sampled_from(["change", "remove", "insert", "repeat"]))
        if kind == "change":
            mutable[start:end] = draw(st.binary(min_size=end - start, max_size=end - start))
        elif kind == "remove":
            del mutable[start:end]
        elif kind == "insert":
            mutable[start:start] = draw(st.binary(max_size=9))
        else:
            mutable[start:start] = mutable[start:end]
    return bytes(mutable)
