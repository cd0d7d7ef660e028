"""PLAIN: HELLO, WELCOME, INITIATE, READY (ZMTP.md 3.2 and 4.2, RFC 24)."""

from __future__ import annotations

import copy
import pickle

import pytest

from pyzmtp.authentication import Grant, Refusal
from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.errors import (
    AuthenticationFailed,
    CommandError,
    HandshakeTimeout,
    MetadataError,
    PeerRefused,
    ProtocolError,
    RoleMismatch,
    UnexpectedCommand,
)
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.mechanisms.plain import PlainClientMechanism, PlainServerMechanism

from ..vectors import from_hex

HELLO = from_hex("04 0b 05 48454c4c4f 01 75 02 7077")
WELCOME = from_hex("04 08 07 57454c434f4d45")
INITIATE = from_hex("04 1d 08 494e495449415445 0b 536f636b65742d54797065 00000004 50555348")
READY = from_hex("04 1a 05 5245414459 0b 536f636b65742d54797065 00000004 50554c4c")
LIBZMQ_ERROR = from_hex("04 09 5e 52524f52 03 343030")
ERROR = from_hex("04 0a 05 4552524f52 03 343030")

PUSH, PULL = [("Socket-Type", b"PUSH")], [("Socket-Type", b"PULL")]


def client(username: bytes = b"u", password: bytes = b"pw") -> PlainClientMechanism:
    return PlainClientMechanism(PUSH, username, bytearray(password))


def server() -> PlainServerMechanism:
    mechanism: Mechanism = PlainServerMechanism(PULL)  # a type checker holds it to the protocol
    assert isinstance(mechanism, PlainServerMechanism)
    return mechanism


def greeting(as_server: int, mechanism: bytes = b"PLAIN") -> bytes:
    name = mechanism.ljust(20, b"\0")
    return b"\xff" + bytes(7) + b"\x01\x7f\x03\x01" + name + bytes((as_server,)) + bytes(31)


def connection(mechanism: Mechanism, kind: SocketType, timeout: float | None = None) -> Connection:
    settings = ConnectionSettings(kind, lambda: mechanism, handshake_timeout=timeout)
    return Connection(settings, 0.0, "tcp://there:1")


def feed(connected: Connection, data: bytes, size: int) -> None:
    for start in range(0, len(data), size):
        connected.receive_data(data[start : start + size], 0.0, 1)
        while connected.more:
            connected.receive_data(b"", 0.0, 1)


# What each side says


def test_the_client_says_hello_then_initiate() -> None:
    mechanism = client()
    assert (mechanism.name, mechanism.as_server, mechanism.min_version) == (b"PLAIN", False, (3, 0))
    assert mechanism.start() == HELLO
    assert mechanism.receive(b"WELCOME", b"") == INITIATE
    assert not mechanism.done
    assert mechanism.receive(b"READY", READY[8:]) == b""
    assert mechanism.done
    assert mechanism.peer_properties == {"Socket-Type": b"PULL"}
    assert mechanism.cipher is None


def test_the_server_says_welcome_then_ready() -> None:
    mechanism = server()
    assert (mechanism.name, mechanism.as_server, mechanism.min_version) == (b"PLAIN", True, (3, 0))
    assert mechanism.start() == b""
    assert mechanism.receive(b"HELLO", HELLO[8:]) == b""
    assert mechanism.question == (b"u", b"pw")
    assert mechanism.answer(Grant()) == WELCOME
    assert mechanism.question is None
    assert not mechanism.done
    assert mechanism.receive(b"INITIATE", INITIATE[11:]) == READY
    assert mechanism.done
    assert mechanism.peer_properties == {"Socket-Type": b"PUSH"}


@pytest.mark.parametrize("username", [b"", b"u", b"\0\xff", b"x" * 255])
@pytest.mark.parametrize("password", [b"", b"p", b"\0\xff", b"y" * 255])
def test_any_credentials_up_to_255_bytes_arrive(username: bytes, password: bytes) -> None:
    connected = connection(server(), SocketType.PULL)
    feed(connected, greeting(0) + client(username, password).start(), 1000)
    assert connected.question == (username, password)


# Faults


@pytest.mark.parametrize(
    "data",
    [
        "",
        "01",
        "01 75",
        "01 75 02",
        "01 75 02 70",
        "02 75",
        "01 75 02 7077 00",
        "ff 75 02 7077",
        "00",
    ],
)
def test_a_hello_that_does_not_end_exactly_behind_the_password(data: str) -> None:
    mechanism = server()
    with pytest.raises(CommandError) as caught:
        mechanism.receive(b"HELLO", from_hex(data))
    assert type(caught.value) is CommandError
    assert caught.value.libzmq_code == 0x10000013
    assert mechanism.question is None


def test_a_welcome_with_data() -> None:
    with pytest.raises(CommandError) as caught:
        client().receive(b"WELCOME", b"\0")
    assert caught.value.libzmq_code == 0x10000017


def test_initiate_with_bad_metadata() -> None:
    mechanism = server()
    mechanism.receive(b"HELLO", HELLO[8:])
    mechanism.answer(Grant())
    with pytest.raises(MetadataError) as caught:
        mechanism.receive(b"INITIATE", INITIATE[11:-1])
    assert caught.value.command == "INITIATE"
    assert not mechanism.done


def test_ready_with_bad_metadata() -> None:
    mechanism = client()
    mechanism.receive(b"WELCOME", b"")
    with pytest.raises(MetadataError) as caught:
        mechanism.receive(b"READY", READY[8:-1])
    assert caught.value.libzmq_code == 0x10000018
    assert not mechanism.done


@pytest.mark.parametrize("name", [b"READY", b"INITIATE", b"PING", b"welcome", b"", b"\xff"])
def test_a_client_that_waits_for_welcome_takes_nothing_else(name: bytes) -> None:
    """libzmq 4.3.0 expected a second WELCOME here for HELLO: it was tested against itself only."""
    with pytest.raises(UnexpectedCommand) as caught:
        client().receive(name, b"")
    assert (caught.value.expected, caught.value.libzmq_code) == ("WELCOME", 0x10000001)


@pytest.mark.parametrize("name", [b"WELCOME", b"INITIATE", b"READY", b"hello", b""])
def test_a_server_that_waits_for_hello_takes_nothing_else(name: bytes) -> None:
    with pytest.raises(UnexpectedCommand) as caught:
        server().receive(name, b"")
    assert (caught.value.expected, caught.value.libzmq_code) == ("HELLO", 0x10000001)


@pytest.mark.parametrize("name", [b"HELLO", b"INITIATE"])
def test_nothing_may_come_before_the_answer(name: bytes) -> None:
    mechanism = server()
    mechanism.receive(b"HELLO", HELLO[8:])
    with pytest.raises(UnexpectedCommand):
        mechanism.receive(name, HELLO[8:])
    assert not mechanism.done


def test_each_step_is_taken_once() -> None:
    mechanism = server()
    mechanism.receive(b"HELLO", HELLO[8:])
    mechanism.answer(Grant())
    with pytest.raises(UnexpectedCommand):
        mechanism.receive(b"HELLO", HELLO[8:])
    other = client()
    other.receive(b"WELCOME", b"")
    with pytest.raises(UnexpectedCommand):
        other.receive(b"WELCOME", b"")


# Refusals


@pytest.mark.parametrize(
    ("status", "said"),
    [(400, LIBZMQ_ERROR), (500, LIBZMQ_ERROR[:-3] + b"500"), (300, b"")],
)
def test_a_refusal_is_told_as_libzmq_tells_it(status: int, said: bytes) -> None:
    connected = connection(server(), SocketType.PULL)
    feed(connected, greeting(0) + HELLO, 1000)
    connected.data_to_send(0.0)
    connected.answer(Refusal(status, "because"), 0.0)
    assert connected.data_to_send(0.0) == said
    error = connected.error
    assert isinstance(error, AuthenticationFailed)
    assert (error.status, error.reason, error.mechanism) == (status, "because", "PLAIN")
    assert (error.address, error.libzmq_code) == ("tcp://there:1", status)


@pytest.mark.parametrize("said", [ERROR, LIBZMQ_ERROR], ids=["ERROR", "^RROR"])
@pytest.mark.parametrize("before", [b"", WELCOME])
@pytest.mark.parametrize("status", [300, 400, 500])
@pytest.mark.parametrize("size", [1, 1000])
def test_both_spellings_of_error_are_understood(
    said: bytes, before: bytes, status: int, size: int
) -> None:
    connected = connection(client(), SocketType.PUSH)
    feed(connected, greeting(0) + before + said[:-3] + str(status).encode(), size)
    error = connected.error
    assert isinstance(error, AuthenticationFailed)
    assert (error.status, error.reason, error.libzmq_code) == (status, "", status)


@pytest.mark.parametrize("head", [b"\x05ERROR", b"\x5eRROR"])
def test_an_error_in_words_and_one_cut_short(head: bytes) -> None:
    for data, kind, code in [(b"\x04Away", PeerRefused, 0), (b"\x09abc", CommandError, 0x10000015)]:
        connected = connection(client(), SocketType.PUSH)
        feed(connected, greeting(0) + bytes((4, len(head + data))) + head + data, 1000)
        assert type(connected.error) is kind
        assert isinstance(connected.error, ProtocolError)
        assert connected.error.libzmq_code == code


# Roles


def test_two_clients_are_told_so() -> None:
    connected = connection(client(), SocketType.PUSH)
    feed(connected, greeting(0) + HELLO, 1000)
    error = connected.error
    assert isinstance(error, RoleMismatch)
    assert (error.role, error.mechanism, error.libzmq_code) == ("client", "PLAIN", 0x10000001)


def test_two_servers_are_told_so_by_the_greeting() -> None:
    connected = connection(server(), SocketType.PULL)
    feed(connected, greeting(1), 1000)
    error = connected.error
    assert isinstance(error, RoleMismatch)
    assert (error.role, error.libzmq_code) == ("server", 0x10000001)
    assert connected.data_to_send(0.0) == greeting(1)  # so that the other knows as well


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", "greeting"),
        (greeting(0), "HELLO"),
        (greeting(0) + HELLO, "verdict"),
    ],
)
def test_a_server_that_waits_in_vain_says_for_what(said: bytes, expected: str) -> None:
    """libzmq's greeting never says that it is a server: two of them wait for each other."""
    connected = connection(server(), SocketType.PULL, timeout=5.0)
    feed(connected, said, 1000)
    connected.handle_timer(5.0)
    error = connected.error
    assert isinstance(error, HandshakeTimeout)
    assert (error.seconds, error.expected) == (5.0, expected)
    assert f"no {expected} came" in str(error)
    assert ("the peer may be a server too" in str(error)) == (expected == "HELLO")


# Whole handshakes


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_client_and_a_server(size: int) -> None:
    ours = connection(server(), SocketType.PULL)
    theirs = connection(client(), SocketType.PUSH)
    said, heard = b"", b""
    for _ in range(6):
        out = theirs.data_to_send(0.0)
        said += out
        feed(ours, out, size)
        if ours.question is not None:
            ours.answer(Grant("somebody", {"Role": b"reader"}), 0.0)
        out = ours.data_to_send(0.0)
        heard += out
        feed(theirs, out, size)
    assert said == greeting(0) + HELLO + INITIATE
    assert heard == greeting(1) + WELCOME + READY
    assert ours.peer is not None
    assert theirs.peer is not None
    assert (ours.peer.user_id, ours.peer.metadata) == ("somebody", {"Role": b"reader"})
    assert (theirs.peer.user_id, theirs.peer.mechanism) == (None, "PLAIN")


def test_a_server_forgets_the_password_with_the_connection() -> None:
    mechanism = server()
    connected = connection(mechanism, SocketType.PULL)
    feed(connected, greeting(0) + HELLO, 1000)
    connected.transport_lost()
    assert mechanism.question is connected.question is None


@pytest.mark.parametrize("mechanism", [client(), server()], ids=["client", "server"])
def test_a_mechanism_is_neither_pickled_nor_copied(mechanism: object) -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="secrets"):
            attempt(mechanism)
    assert "pw" not in repr(mechanism)
