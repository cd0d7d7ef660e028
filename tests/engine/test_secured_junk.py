"""PLAIN and CURVE against peers that say anything: no bytes raise, or pass for somebody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.states import State
from pyzmtp.errors import ProtocolError
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.mechanisms.curve_client import CurveClientMechanism
from pyzmtp.mechanisms.curve_server import CurveServerMechanism
from pyzmtp.mechanisms.plain import PlainClientMechanism, PlainServerMechanism

from ..helpers import PLENTY, chunked, command, drive, frames, greeting, mutations, new_connection
from ..mechanisms.curve_peers import PULL_PROPERTIES, PUSH_PROPERTIES, Long

KEYS: Final = Long()

CLIENTS: Final[dict[str, Callable[[], Mechanism]]] = {
    "PLAIN": lambda: PlainClientMechanism(PUSH_PROPERTIES, b"admin", bytearray(b"password")),
    "CURVE": lambda: CurveClientMechanism(PUSH_PROPERTIES, KEYS.S, KEYS.C, bytearray(KEYS.c)),
}
SERVERS: Final[dict[str, Callable[[], Mechanism]]] = {
    "PLAIN": lambda: PlainServerMechanism(PULL_PROPERTIES),
    "CURVE": lambda: CurveServerMechanism(PULL_PROPERTIES, KEYS.S, bytearray(KEYS.s)),
}

MECHANISMS: Final = st.sampled_from(list(CLIENTS))
CUTS: Final = st.lists(st.integers(0, 600), max_size=6)

#: Commands of all handshakes, of any and of the right size.
COMMANDS: Final = st.builds(
    command,
    st.sampled_from([b"HELLO", b"WELCOME", b"INITIATE", b"READY", b"ERROR", b"^RROR", b"MESSAGE"]),
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"\x05admin\x08password", b"\x0bSocket-Type\x00\x00\x00\x04PUSH"]),
        st.sampled_from([160, 194, 248, 282]).flatmap(
            lambda size: st.binary(min_size=size, max_size=size)
        ),
        # The version of a HELLO that is right, and random keys and boxes.
        st.binary(min_size=192, max_size=192).map(lambda data: b"\x01\x00" + data),
    ),
)


def new_client(mechanism: str) -> Connection:
    """A PUSH that says who it is."""
    return new_connection(SocketType.PUSH, mechanism=CLIENTS[mechanism])


def new_server(mechanism: str) -> Connection:
    """A PULL that asks who is there."""
    return new_connection(SocketType.PULL, mechanism=SERVERS[mechanism])


def end(connection: Connection) -> tuple[type[ProtocolError] | None, State]:
    """How far a connection came."""
    error = connection.error
    assert (error is not None) is (connection.state is State.CLOSED)
    assert connection.peer is None or connection.state in (State.READY, State.CLOSED)
    return None if error is None else type(error), connection.state


@given(
    st.sampled_from([new_client, new_server]),
    MECHANISMS,
    st.lists(st.one_of(COMMANDS, frames, st.binary(max_size=60)), max_size=4),
    CUTS,
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_any_bytes_end_in_an_error_or_wait_for_more(
    new: Callable[[str], Connection], mechanism: str, said: list[bytes], cuts: list[int]
) -> None:
    data = greeting(mechanism.encode()) + b"".join(said)
    whole, cut = new(mechanism), new(mechanism)
    messages = drive(whole, [data])
    assert drive(cut, chunked(data, cuts)) == messages
    assert end(cut) == end(whole)
    if mechanism == "CURVE":  # without the keys nobody comes that far
        assert whole.peer is None


def exchange(
    client: Connection, server: Connection, change: Callable[[int, bytes], Iterable[bytes]]
) -> None:
    """Carry bytes between both until they are silent; ``change`` says what becomes of each flight."""
    silent = flight = 0
    sides = (client, server)
    while silent < 2:
        said = sides[flight % 2].data_to_send(0.0)
        silent = 0 if said else silent + 1
        chunks = change(flight, said)
        if said:
            drive(sides[(flight + 1) % 2], chunks)
        flight += 1


@given(MECHANISMS, st.integers(0, 9), CUTS, st.data())
@hypothesis.settings(max_examples=200, deadline=None)
def test_a_mutated_handshake_ends_in_an_error_or_waits_for_more(
    mechanism: str, place: int, cuts: list[int], data: st.DataObject
) -> None:
    client, server = new_client(mechanism), new_server(mechanism)
    mutated = False

    def change(flight: int, said: bytes) -> list[bytes]:
        nonlocal mutated
        other = data.draw(mutations(said)) if flight == place else said
        mutated = mutated or other != said
        return chunked(other, cuts)

    exchange(client, server, change)
    ends = [end(client)[0], end(server)[0]]
    if not mutated:
        assert ends == [None, None]
        assert client.state is server.state is State.READY


def ready_pair(mechanism: str) -> tuple[Connection, Connection]:
    """Both sides behind their handshake."""
    client, server = new_client(mechanism), new_server(mechanism)
    exchange(client, server, lambda flight, said: [said])
    assert client.state is server.state is State.READY
    return client, server


@pytest.mark.parametrize(
    "message", [[b""], [b"x" * 32], [b"x" * 2048], [b"", b""], [b"a", b"", b"b" * 300]], ids=str
)
@pytest.mark.parametrize("mechanism", CLIENTS)
def test_what_is_sealed_is_opened(mechanism: str, message: list[bytes]) -> None:
    client, server = ready_pair(mechanism)
    [sent], count = client.encode([message], PLENTY)
    assert count == 1
    assert drive(server, [sent]) == [message]


@given(
    st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=3), min_size=1, max_size=5),
    CUTS,
    st.data(),
)
@hypothesis.settings(max_examples=150, deadline=None)
def test_what_was_tampered_with_is_not_delivered(
    messages: list[list[bytes]], cuts: list[int], data: st.DataObject
) -> None:
    client, server = ready_pair("CURVE")
    [sent], _ = client.encode(list(messages), PLENTY)
    came = drive(server, chunked(data.draw(mutations(sent)), cuts))
    assert came == messages[: len(came)]
    end(server)
