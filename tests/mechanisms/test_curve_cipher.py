"""MESSAGE: sealing and opening (ZMTP.md 4.3), against boxes made by the test itself."""

from __future__ import annotations

from os import urandom

import pytest
from nacl.bindings import crypto_secretbox, crypto_secretbox_open

from pyzmtp import (
    CommandError,
    CryptographicError,
    ProtocolError,
    SequenceError,
    UnexpectedCommand,
)
from pyzmtp.constants import COMMAND, MORE
from pyzmtp.mechanisms.base import Cipher
from pyzmtp.mechanisms.curve_boxes import Secret
from pyzmtp.mechanisms.curve_cipher import CurveCipher

from .curve_peers import counter, seal, unseal

_KEY = bytes(range(32))
_MESSAGE = 0x10000012


def new_cipher(as_server: bool = True, sent: int = 1, received: int = 2) -> CurveCipher:
    cipher: Cipher = CurveCipher(Secret(_KEY), as_server, sent, counter(received))
    assert isinstance(cipher, CurveCipher)
    return cipher


def message(number: int, plain: bytes, side: bytes = b"C") -> bytes:
    nonce = b"CurveZMQMESSAGE" + side + counter(number)
    return b"\x07MESSAGE" + counter(number) + crypto_secretbox(plain, nonce, _KEY)


def assert_refused(cipher: CurveCipher, body: bytes, error: type[ProtocolError], code: int) -> None:
    with pytest.raises(error) as caught:
        unseal(cipher, body)
    assert type(caught.value) is error
    assert caught.value.libzmq_code == code


@pytest.mark.parametrize(("as_server", "side"), [(True, b"S"), (False, b"C")])
@pytest.mark.parametrize(("flags", "inner"), [(0, 0), (MORE, 1), (COMMAND, 2)])
@pytest.mark.parametrize("size", [0, 1, 5, 222, 223, 70_000])
def test_the_bytes_of_a_message(
    as_server: bool, side: bytes, flags: int, inner: int, size: int
) -> None:
    payload = urandom(size)
    body = b"".join(seal(new_cipher(as_server, sent=2), flags, payload))
    assert len(body) == 33 + size
    assert body[:16] == b"\x07MESSAGE" + counter(3)
    nonce = b"CurveZMQMESSAGE" + side + counter(3)
    assert crypto_secretbox_open(body[16:], nonce, _KEY) == bytes((inner,)) + payload


def test_each_frame_has_the_next_nonce() -> None:
    cipher = new_cipher(sent=1)
    bodies = [b"".join(seal(cipher, 0, b"x")) for _ in range(300)]
    assert [int.from_bytes(body[8:16], "big") for body in bodies] == list(range(2, 302))


def test_the_counter_does_not_wrap() -> None:
    cipher = new_cipher(sent=2**64 - 3)
    assert seal(cipher, 0, b"x")[0][8:] == b"\xff" * 7 + b"\xfe"
    assert seal(cipher, 0, b"x")[0][8:] == b"\xff" * 8
    for _ in range(2):
        with pytest.raises(SequenceError):
            seal(cipher, 0, b"x")


@pytest.mark.parametrize(
    ("inner", "flags"),
    [
        (0, 0),
        (1, MORE),
        (2, COMMAND),
        (3, MORE | COMMAND),
        (0xFC, 0),
        (0xFD, MORE),
        (0xFE, COMMAND),
    ],
)
def test_the_flags_within(inner: int, flags: int) -> None:
    assert unseal(new_cipher(), message(3, bytes((inner,)) + b"hi")) == (flags, b"hi")


def test_an_empty_frame() -> None:
    assert len(message(3, b"\x00")) == 33
    assert unseal(new_cipher(), message(3, b"\x00")) == (0, b"")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_nonce_not_above_that_of_the_handshake_is_refused(number: int) -> None:
    assert_refused(new_cipher(), message(number, b"\x00x"), SequenceError, 0x10000002)


def test_gaps_are_fine_and_replays_are_not() -> None:
    cipher = new_cipher()
    for number in (3, 10, 255, 256, 65_536, 2**63, 2**64 - 1):
        assert unseal(cipher, message(number, b"\x00x")) == (0, b"x")
        assert_refused(cipher, message(number, b"\x00x"), SequenceError, 0x10000002)
        assert_refused(cipher, message(number - 1, b"\x00x"), SequenceError, 0x10000002)


def test_the_nonce_is_used_up_even_by_a_box_that_does_not_open() -> None:
    cipher = new_cipher()
    bad = message(5, b"\x00x")[:-1] + b"\x00"
    assert_refused(cipher, bad, CryptographicError, 0x11000001)
    assert_refused(cipher, message(5, b"\x00x"), SequenceError, 0x10000002)


def test_a_byte_changed_anywhere_is_refused() -> None:
    good = message(0x0303030303030303, b"\x00hello")
    for offset in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[offset] ^= 1 << bit
            with pytest.raises(ProtocolError) as caught:
                unseal(new_cipher(), bytes(bad))
            if offset == 0:
                assert isinstance(caught.value, CommandError)
            elif offset < 8:
                assert type(caught.value) is UnexpectedCommand
            else:
                assert type(caught.value) is CryptographicError


def test_a_message_cut_short_anywhere_is_refused() -> None:
    good = message(3, b"\x00hello")
    for size in range(8):
        assert_refused(new_cipher(), good[:size], CommandError, 0x10000011)
    for size in range(8, 33):
        assert_refused(new_cipher(), good[:size], CommandError, _MESSAGE)
    for size in range(33, len(good)):
        assert_refused(new_cipher(), good[:size], CryptographicError, 0x11000001)
    assert_refused(new_cipher(), good + b"\x00", CryptographicError, 0x11000001)


@pytest.mark.parametrize(
    "body", [b"\x05ERROR\x03400", b"\x05READY" + bytes(40), b"\x08MESSAGES" + bytes(40)]
)
def test_another_command_is_refused(body: bytes) -> None:
    assert_refused(new_cipher(), body, UnexpectedCommand, 0x10000001)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x07", b"\x05abcd", b"\xff" + bytes(100)])
def test_what_is_no_command_is_refused(body: bytes) -> None:
    assert_refused(new_cipher(), body, CommandError, 0x10000011)


def test_our_own_message_sent_back_is_refused() -> None:
    ours = b"".join(seal(new_cipher(sent=2), 0, b"x"))
    assert_refused(new_cipher(), ours, CryptographicError, 0x11000001)


def test_after_the_key_is_wiped_nothing_is_sealed() -> None:
    key = Secret(_KEY)
    cipher = CurveCipher(key, True, 1, counter(2))
    cipher.wipe()
    assert key._data == bytes(32)
    with pytest.raises(SequenceError):
        seal(cipher, 0, b"x")
