"""CURVE, the server's side: each byte of ZMTP.md 4.3, each row of its table of failures."""

from __future__ import annotations

import pytest
from nacl.bindings import crypto_box_keypair

from pyzmtp import (
    CommandError,
    CryptographicError,
    Grant,
    KeyExchangeError,
    MetadataError,
    ProtocolError,
    Refusal,
    SequenceError,
    UnexpectedCommand,
)
from pyzmtp.mechanisms.curve_boxes import Secret
from pyzmtp.mechanisms.curve_server import CurveServerMechanism

from .curve_peers import (
    PULL,
    PULL_PROPERTIES,
    PUSH,
    Long,
    ReferenceClient,
    body_of,
    counter,
    give,
    seal,
    unseal,
)

_HELLO = 0x10000013
_INITIATE = 0x10000014
_CRYPTOGRAPHIC = 0x11000001
_KEY_EXCHANGE = 0x10000003
_SEQUENCE = 0x10000002
_UNEXPECTED = 0x10000001


@pytest.fixture
def keys() -> Long:
    return Long()


@pytest.fixture
def client(keys: Long) -> ReferenceClient:
    return ReferenceClient(keys)


def new_server(keys: Long) -> CurveServerMechanism:
    return CurveServerMechanism(PULL_PROPERTIES, keys.S, bytearray(keys.s))


@pytest.fixture
def server(keys: Long) -> CurveServerMechanism:
    return new_server(keys)


def greet(server: CurveServerMechanism, client: ReferenceClient) -> None:
    """HELLO and WELCOME."""
    client.read_welcome(body_of(give(server, client.hello())))


def introduce(server: CurveServerMechanism, client: ReferenceClient) -> None:
    """All up to the question."""
    greet(server, client)
    assert give(server, client.initiate()) == b""


def assert_refused(
    server: CurveServerMechanism, body: bytes, error: type[ProtocolError], code: int
) -> ProtocolError:
    with pytest.raises(error) as caught:
        give(server, body)
    assert type(caught.value) is error
    assert caught.value.libzmq_code == code
    assert server.question is None
    assert not server.done
    assert server.cipher is None
    return caught.value


def test_the_whole_handshake(
    server: CurveServerMechanism, client: ReferenceClient, keys: Long
) -> None:
    assert (server.name, server.as_server, server.min_version) == (b"CURVE", True, (3, 0))
    assert server.start() == b""
    frames = give(server, client.hello())
    assert frames[:2] == b"\x04\xa8"
    client.read_welcome(frames[2:])
    assert server.question is None
    assert give(server, client.initiate()) == b""
    assert server.question == (keys.C,)
    assert server.peer_properties is None  # nobody has let it in yet
    assert not server.done
    ready = server.answer(Grant("me"))
    assert ready[:8] == b"\x04\x32\x05READY"
    assert ready[8:16] == counter(1)
    assert client.read_ready(ready[2:]) == PULL
    assert server.done
    assert server.question is None
    assert server.peer_properties == {"Socket-Type": b"PUSH"}
    cipher = server.cipher
    assert cipher is not None
    assert unseal(cipher, client.message(3, b"\x00hello")) == (0, b"hello")
    assert client.read_message(b"".join(seal(cipher, 0, b"hi"))) == (2, b"\x00hi")


def test_the_padding_is_not_looked_at(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    client.read_welcome(body_of(give(server, client.hello(padding=b"\xff" * 72))))


@pytest.mark.parametrize("version", [b"\x00\x00", b"\x01\x01", b"\x02\x00"])
def test_another_version_is_refused(
    server: CurveServerMechanism, client: ReferenceClient, version: bytes
) -> None:
    assert_refused(server, client.hello(version=version), CommandError, _HELLO)


def test_a_hello_of_any_other_size_is_refused(keys: Long, client: ReferenceClient) -> None:
    hello = client.hello()
    for size in range(6, 200):
        assert_refused(new_server(keys), hello[:size], CommandError, _HELLO)
    assert_refused(new_server(keys), hello + b"\x00", CommandError, _HELLO)


def test_a_hello_that_was_tampered_with_is_refused(keys: Long, client: ReferenceClient) -> None:
    hello = client.hello()
    for offset in [*range(6, 8), *range(80, 200)]:
        bad = bytearray(hello)
        bad[offset] ^= 0x01
        error, code = (CommandError, _HELLO) if offset < 8 else (CryptographicError, _CRYPTOGRAPHIC)
        assert_refused(new_server(keys), bytes(bad), error, code)


def test_a_hello_for_another_server_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    client.S, _ = crypto_box_keypair()
    assert_refused(server, client.hello(), CryptographicError, _CRYPTOGRAPHIC)


def test_a_public_key_that_shares_nothing_secret_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    hello = client.hello()
    weak = hello[:80] + bytes(32) + hello[112:]
    assert_refused(server, weak, CryptographicError, _CRYPTOGRAPHIC)


def test_a_hello_that_holds_no_zeros_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    assert_refused(server, client.hello(plain=b"\x01" * 64), CommandError, _HELLO)


def test_an_initiate_cut_short_anywhere_is_refused(keys: Long, client: ReferenceClient) -> None:
    server = new_server(keys)
    greet(server, client)
    initiate = client.initiate(metadata=b"")
    assert len(initiate) == 257
    for size in range(9, 257):
        assert_refused(server, initiate[:size], CommandError, _INITIATE)


def test_an_initiate_cut_short_in_its_metadata_is_refused(
    keys: Long, client: ReferenceClient
) -> None:
    for cut in range(1, len(PUSH)):
        server = new_server(keys)
        greet(server, client)
        assert_refused(server, client.initiate()[:-cut], CryptographicError, _CRYPTOGRAPHIC)


def test_an_initiate_that_was_tampered_with_is_refused(keys: Long) -> None:
    client = ReferenceClient(keys)
    for offset in range(9, 257 + len(PUSH)):
        server = new_server(keys)
        greet(server, client)
        bad = bytearray(client.initiate())
        assert len(bad) == 257 + len(PUSH)
        bad[offset] ^= 0x80
        assert_refused(server, bytes(bad), CryptographicError, _CRYPTOGRAPHIC)


@pytest.mark.parametrize(("hello", "initiate"), [(1, 1), (5, 5), (5, 4), (0, 0), (1, 0)])
def test_the_nonce_of_initiate_is_above_that_of_hello(
    server: CurveServerMechanism, client: ReferenceClient, hello: int, initiate: int
) -> None:
    client.read_welcome(body_of(give(server, client.hello(hello))))
    assert_refused(server, client.initiate(initiate), SequenceError, _SEQUENCE)


def test_gaps_between_nonces_are_fine(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    client.read_welcome(body_of(give(server, client.hello(7))))
    give(server, client.initiate(2**63))
    assert server.question is not None


def test_a_vouch_for_another_connection_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    greet(server, client)
    vouch = client.vouch(C1=bytes(range(32)))
    assert_refused(server, client.initiate(vouch=vouch), KeyExchangeError, _KEY_EXCHANGE)


def test_a_vouch_for_another_server_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    greet(server, client)
    vouch = client.vouch(S=bytes(range(32)))
    assert_refused(server, client.initiate(vouch=vouch), KeyExchangeError, _KEY_EXCHANGE)


def test_a_vouch_of_somebody_else_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    greet(server, client)
    _, stranger = crypto_box_keypair()
    vouch = client.vouch(c=stranger)
    assert_refused(server, client.initiate(vouch=vouch), CryptographicError, _CRYPTOGRAPHIC)


def test_the_cookie_of_another_connection_is_refused(
    server: CurveServerMechanism, client: ReferenceClient, keys: Long
) -> None:
    other = ReferenceClient(keys)
    greet(new_server(keys), other)
    greet(server, client)
    initiate = client.initiate(cookie=other.cookie)
    assert_refused(server, initiate, CryptographicError, _CRYPTOGRAPHIC)


def test_a_cookie_with_other_keys_is_refused_though_it_opens(
    server: CurveServerMechanism, client: ReferenceClient, keys: Long
) -> None:
    other = new_server(keys)
    stranger = ReferenceClient(keys)
    greet(server, client)
    greet(other, stranger)
    server._cookie_key = other._cookie_key
    initiate = client.initiate(cookie=stranger.cookie)
    assert_refused(server, initiate, CryptographicError, _CRYPTOGRAPHIC)


def test_a_handshake_replayed_to_another_connection_is_refused(
    server: CurveServerMechanism, client: ReferenceClient, keys: Long
) -> None:
    introduce(server, client)
    replayed = new_server(keys)
    give(replayed, client.hello())  # anybody can repeat that
    assert_refused(replayed, client.initiate(), CryptographicError, _CRYPTOGRAPHIC)


@pytest.mark.parametrize("body", [b"\x08INITIATE", b"\x05READY", b"\x07WELCOME", b"\x07MESSAGE"])
def test_only_hello_comes_first(server: CurveServerMechanism, body: bytes) -> None:
    assert_refused(server, body + bytes(300), UnexpectedCommand, _UNEXPECTED)


def test_hello_comes_once(server: CurveServerMechanism, client: ReferenceClient) -> None:
    greet(server, client)
    assert_refused(server, client.hello(2), UnexpectedCommand, _UNEXPECTED)


def test_initiate_comes_once(server: CurveServerMechanism, client: ReferenceClient) -> None:
    introduce(server, client)
    with pytest.raises(UnexpectedCommand):
        give(server, client.initiate(3))
    server.answer(Grant())
    with pytest.raises(UnexpectedCommand):
        give(server, client.initiate(4))


@pytest.mark.parametrize(
    ("status", "told"),
    [(400, b"\x04\x0a\x05ERROR\x03400"), (500, b"\x04\x0a\x05ERROR\x03500"), (300, b"")],
)
def test_a_refusal_is_told_in_clear(
    server: CurveServerMechanism, client: ReferenceClient, status: int, told: bytes
) -> None:
    introduce(server, client)
    assert server.answer(Refusal(status, "a secret reason")) == told
    assert not server.done
    assert server.cipher is None
    assert server.peer_properties is None


def test_metadata_are_judged_after_the_answer(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    greet(server, client)
    give(server, client.initiate(metadata=PUSH[:-1]))
    assert server.question is not None
    with pytest.raises(MetadataError):
        server.answer(Grant())
    assert not server.done


def test_no_metadata_are_read_of_who_is_refused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    greet(server, client)
    give(server, client.initiate(metadata=PUSH[:-1]))
    assert server.answer(Refusal()) == b"\x04\x0a\x05ERROR\x03400"


def test_the_next_command_may_be_no_longer_than_it_can_be(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    assert server.max_command == 6 + 1 + 255  # an ERROR, which is longer than a HELLO
    greet(server, client)
    assert server.max_command is None


def secrets_of(mechanism: object, names: list[str]) -> list[bytearray]:
    found = []
    for name in names:
        secret = getattr(mechanism, name)
        assert isinstance(secret, Secret), name
        found.append(secret._data)
        assert any(secret._data)
    return found


def test_keys_are_zeroed_as_soon_as_they_are_unused(
    server: CurveServerMechanism, client: ReferenceClient
) -> None:
    greet(server, client)
    early = secrets_of(server, ["_connection_secret", "_cookie_key"])
    give(server, client.initiate())
    assert early == [bytes(32), bytes(32)]
    [key] = secrets_of(server, ["_key"])
    server.answer(Grant())
    server.wipe()  # as a connection does, which has the cipher now
    assert any(key)
    cipher = server.cipher
    assert cipher is not None
    cipher.wipe()
    assert key == bytes(32)
    with pytest.raises(SequenceError):
        seal(cipher, 0, b"in clear")
    assert any(server._secret_key._data)  # it is the policy's


@pytest.mark.parametrize("steps", [1, 2])
def test_keys_are_zeroed_when_the_connection_ends(
    server: CurveServerMechanism, client: ReferenceClient, steps: int
) -> None:
    greet(server, client)
    names = ["_connection_secret", "_cookie_key"]
    if steps == 2:
        give(server, client.initiate())
        names = ["_key"]
    secrets = secrets_of(server, names)
    server.wipe()
    assert secrets == [bytes(32)] * len(names)


def test_nothing_secret_is_shown(
    server: CurveServerMechanism, client: ReferenceClient, keys: Long
) -> None:
    greet(server, client)
    secret = server._connection_secret
    assert secret is not None
    shown = repr(server) + repr(secret) + str(secret.lent)
    for value in (keys.s, bytes(secret._data)):
        assert value.hex() not in shown
        assert repr(value) not in shown
    with pytest.raises(TypeError):
        secret.__reduce__()
