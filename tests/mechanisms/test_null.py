"""NULL: one READY each way, at once (ZMTP.md 3.1 and 4.1, RFC 37 "The NULL Security Mechanism")."""

from __future__ import annotations

import pytest

from pyzmtp.errors import MetadataError, UnexpectedCommand
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.mechanisms.null import NullMechanism

from .. import vectors


def null(*properties: tuple[str, bytes]) -> NullMechanism:
    mechanism: Mechanism = NullMechanism(properties)  # a type checker holds it to the protocol
    assert isinstance(mechanism, NullMechanism)
    return mechanism


def test_null_is_named_in_the_greeting_and_is_never_the_server() -> None:
    mechanism = null()
    assert (mechanism.name, mechanism.as_server, mechanism.expected) == (b"NULL", False, "READY")


@pytest.mark.parametrize(
    ("properties", "data"),
    [
        ([("Socket-Type", b"PUSH")], vectors.READY_PUSH),
        ([("Socket-Type", b"DEALER"), ("Identity", b"")], vectors.READY_DEALER),
        ([("Socket-Type", b"DEALER"), ("Identity", b"abc")], vectors.READY_DEALER_ABC),
        ([], vectors.READY_NOTHING),
    ],
)
def test_ready_is_said_first_and_as_libzmq_says_it(
    properties: list[tuple[str, bytes]], data: bytes
) -> None:
    assert null(*properties).start() == data


def test_the_peers_ready_ends_the_handshake_without_an_answer() -> None:
    mechanism = null(("Socket-Type", b"ROUTER"))
    assert mechanism.peer_properties is None
    assert mechanism.receive(b"READY", vectors.READY_DEALER_ABC[8:]) == b""
    assert mechanism.peer_properties == {"Socket-Type": b"DEALER", "Identity": b"abc"}


def test_a_peer_may_say_nothing_of_itself() -> None:
    mechanism = null()
    assert mechanism.receive(b"READY", b"") == b""
    assert mechanism.peer_properties == {}


def test_null_proves_nothing_whatever_the_peer_says() -> None:
    """A libzmq application reads this User-Id back as the authenticated one."""
    mechanism = null()
    mechanism.receive(b"READY", vectors.READY_USER_ID[8:])
    assert mechanism.question is None


@pytest.mark.parametrize(
    "name", [b"ready", b"HELLO", b"PING", b"SUBSCRIBE", b"READY2", b"", b"\xff"]
)
def test_any_command_but_ready_is_unexpected(name: bytes) -> None:
    mechanism = null()
    with pytest.raises(UnexpectedCommand) as caught:
        mechanism.receive(name, b"")
    assert caught.value.expected == "READY"
    assert caught.value.libzmq_code == 0x10000001
    assert mechanism.peer_properties is None


@pytest.mark.parametrize("vector", vectors.BAD_READIES, ids=str)
def test_a_bad_block_is_refused_and_names_ready(vector: vectors.Vector) -> None:
    mechanism = null()
    with pytest.raises(MetadataError) as caught:
        mechanism.receive(b"READY", vector.data[8:])
    assert caught.value.command == "READY"
    assert mechanism.peer_properties is None
