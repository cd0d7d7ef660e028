"""CURVE, the client's side: each byte of ZMTP.md 4.3, each row of its table of failures."""

from __future__ import annotations

import pytest
from nacl.bindings import crypto_box_keypair

from pyzmtp import (
    CommandError,
    CryptographicError,
    MetadataError,
    ProtocolError,
    RoleMismatch,
    SequenceError,
    UnexpectedCommand,
)
from pyzmtp.mechanisms.curve_boxes import Secret
from pyzmtp.mechanisms.curve_client import CurveClientMechanism

from .curve_peers import (
    PULL,
    PUSH,
    PUSH_PROPERTIES,
    Long,
    ReferenceServer,
    body_of,
    give,
    seal,
    unseal,
)

_CRYPTOGRAPHIC = 0x11000001
_READY = 0x10000016


@pytest.fixture
def keys() -> Long:
    return Long()


def new_client(keys: Long) -> CurveClientMechanism:
    return CurveClientMechanism(PUSH_PROPERTIES, keys.S, keys.C, bytearray(keys.c))


def greeted(keys: Long) -> tuple[CurveClientMechanism, ReferenceServer]:
    """A client that has said HELLO, and the server that has read it."""
    client, server = new_client(keys), ReferenceServer(keys)
    server.read_hello(body_of(client.start()))
    return client, server


def welcomed(keys: Long) -> tuple[CurveClientMechanism, ReferenceServer]:
    """The same after WELCOME and INITIATE."""
    client, server = greeted(keys)
    server.read_initiate(body_of(give(client, server.welcome())))
    return client, server


def assert_refused(
    client: CurveClientMechanism, body: bytes, error: type[ProtocolError], code: int
) -> None:
    with pytest.raises(error) as caught:
        give(client, body)
    assert type(caught.value) is error
    assert caught.value.libzmq_code == code
    assert not client.done
    assert client.cipher is None


def test_the_whole_handshake(keys: Long) -> None:
    client, server = new_client(keys), ReferenceServer(keys)
    assert (client.name, client.as_server, client.min_version) == (b"CURVE", False, (3, 0))
    hello = client.start()
    assert hello[:2] == b"\x04\xc8"
    server.read_hello(hello[2:])
    initiate = give(client, server.welcome())
    assert initiate[:18] == bytes.fromhex("06 0000000000000115 08 494e495449415445")
    assert server.read_initiate(initiate[9:]) == PUSH
    assert server.C == keys.C
    assert give(client, server.ready()) == b""
    assert client.done
    assert client.question is None
    assert client.peer_properties == {"Socket-Type": b"PULL"}
    cipher = client.cipher
    assert cipher is not None
    assert server.read_message(b"".join(seal(cipher, 0, b"hello"))) == (3, b"\x00hello")
    assert unseal(cipher, server.message(2, b"\x01hi")) == (1, b"hi")


def test_hello_as_libzmq_has_it(keys: Long) -> None:
    hello = new_client(keys).start()
    again = new_client(keys).start()
    assert len(hello) == 202
    assert hello[2 + 80 : 2 + 112] != again[2 + 80 : 2 + 112]  # C' is new each time


def test_a_server_without_properties_is_fine(keys: Long) -> None:
    client, server = welcomed(keys)
    ready = server.ready(metadata=b"")
    assert len(ready) == 30
    give(client, ready)
    assert client.peer_properties == {}


def test_a_welcome_of_any_other_size_is_refused(keys: Long) -> None:
    client, server = greeted(keys)
    welcome = server.welcome()
    assert len(welcome) == 168
    for size in range(8, 168):
        assert_refused(client, welcome[:size], CryptographicError, _CRYPTOGRAPHIC)
    assert_refused(client, welcome + b"\x00", CryptographicError, _CRYPTOGRAPHIC)


def test_a_welcome_that_was_tampered_with_is_refused(keys: Long) -> None:
    for offset in range(8, 168):
        client, server = greeted(keys)
        bad = bytearray(server.welcome())
        bad[offset] ^= 0x01
        assert_refused(client, bytes(bad), CryptographicError, _CRYPTOGRAPHIC)


def test_a_welcome_of_another_server_is_refused(keys: Long) -> None:
    client, server = greeted(keys)
    keys.S, keys.s = crypto_box_keypair()
    assert_refused(client, server.welcome(), CryptographicError, _CRYPTOGRAPHIC)


def test_a_welcome_with_a_key_that_shares_nothing_secret_is_refused(keys: Long) -> None:
    client, server = greeted(keys)
    server.S1 = bytes(32)
    assert_refused(client, server.welcome(), CryptographicError, _CRYPTOGRAPHIC)


def test_a_welcome_of_another_connection_is_refused(keys: Long) -> None:
    client, _ = greeted(keys)
    _, other = greeted(keys)
    assert_refused(client, other.welcome(), CryptographicError, _CRYPTOGRAPHIC)


def test_a_ready_cut_short_anywhere_is_refused(keys: Long) -> None:
    ready_size = 30 + len(PULL)
    for size in range(6, ready_size):
        client, server = welcomed(keys)
        ready = server.ready()
        assert len(ready) == ready_size
        if size < 30:
            assert_refused(client, ready[:size], CommandError, _READY)
        else:
            assert_refused(client, ready[:size], CryptographicError, _CRYPTOGRAPHIC)


def test_a_ready_that_was_tampered_with_is_refused(keys: Long) -> None:
    for offset in range(6, 30 + len(PULL)):
        client, server = welcomed(keys)
        bad = bytearray(server.ready())
        bad[offset] ^= 0x01
        assert_refused(client, bytes(bad), CryptographicError, _CRYPTOGRAPHIC)


def test_metadata_that_are_cut_short_are_refused(keys: Long) -> None:
    client, server = welcomed(keys)
    assert_refused(client, server.ready(metadata=PULL[:-1]), MetadataError, 0x10000018)


@pytest.mark.parametrize("name", [b"\x05READY", b"\x08INITIATE", b"\x07MESSAGE", b"\x05OTHER"])
def test_only_welcome_comes_first(keys: Long, name: bytes) -> None:
    client, _ = greeted(keys)
    assert_refused(client, name + bytes(160), UnexpectedCommand, 0x10000001)


def test_welcome_comes_once(keys: Long) -> None:
    client, server = welcomed(keys)
    assert_refused(client, server.welcome(), UnexpectedCommand, 0x10000001)


def test_nothing_comes_after_ready(keys: Long) -> None:
    client, server = welcomed(keys)
    give(client, server.ready())
    with pytest.raises(UnexpectedCommand):
        give(client, server.ready(2))


def test_another_client_is_named(keys: Long) -> None:
    client, _ = greeted(keys)
    other = new_client(keys)
    assert_refused(client, body_of(other.start()), RoleMismatch, 0x10000001)


def test_the_nonces_of_messages_go_on_from_ready(keys: Long) -> None:
    client, server = welcomed(keys)
    give(client, server.ready(41))
    assert client.cipher is not None
    for number in (0, 1, 40, 41):
        with pytest.raises(SequenceError):
            unseal(client.cipher, server.message(number, b"\x00x"))
    assert unseal(client.cipher, server.message(42, b"\x00x")) == (0, b"x")


def test_the_next_command_may_be_no_longer_than_it_can_be(keys: Long) -> None:
    client, server = greeted(keys)
    assert client.max_command == 6 + 1 + 255
    give(client, server.welcome())
    assert client.max_command is None


def secrets_of(mechanism: object, names: list[str]) -> list[bytearray]:
    found = []
    for name in names:
        secret = getattr(mechanism, name)
        assert isinstance(secret, Secret), name
        assert any(secret._data)
        found.append(secret._data)
    return found


def test_keys_are_zeroed_as_soon_as_they_are_unused(keys: Long) -> None:
    client, server = greeted(keys)
    early = secrets_of(client, ["_connection_secret", "_welcome_key"])
    give(client, server.welcome())
    assert early == [bytes(32), bytes(32)]
    [key] = secrets_of(client, ["_key"])
    give(client, server.ready())
    client.wipe()  # as a connection does, which has the cipher now
    assert any(key)
    assert client.cipher is not None
    client.cipher.wipe()
    assert key == bytes(32)
    assert any(client._secret_key._data)  # it is the policy's


@pytest.mark.parametrize("steps", [1, 2])
def test_keys_are_zeroed_when_the_connection_ends(keys: Long, steps: int) -> None:
    client, server = greeted(keys)
    names = ["_connection_secret", "_welcome_key"]
    if steps == 2:
        give(client, server.welcome())
        names = ["_key"]
    secrets = secrets_of(client, names)
    client.wipe()
    assert secrets == [bytes(32)] * len(names)
