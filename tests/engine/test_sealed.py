"""Frames within frames: a connection's messages through a cipher (ZMTP.md 4.3, "MESSAGE")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from pyzmtp.constants import COMMAND, MORE
from pyzmtp.engine.sealed import SealedDecoder, encode_sealed_batch, seal_frames
from pyzmtp.errors import (
    CommandError,
    CryptographicError,
    FrameTooLarge,
    FramingError,
    ProtocolError,
    SequenceError,
    UnexpectedCommand,
)
from pyzmtp.mechanisms.base import Cipher, Frame
from pyzmtp.wire.command import Command
from pyzmtp.wire.hot import FrameDecoder, encode_batch, encode_frame
from pyzmtp.wire.message import Message, Outgoing, SharedMessage

_PLENTY = 1000
_HEAD = b"\x04SEAL"


class Envelope:
    """A cipher that hides nothing: a head, the flags, the body. It can be used up."""

    overhead = len(_HEAD) + 1

    def __init__(self, left: int = 1_000_000) -> None:
        self.left = left

    def seal(self, frames: Iterable[Frame]) -> Iterator[tuple[bytes, bytes]]:
        for flags, body in frames:
            if not self.left:
                raise SequenceError("MESSAGE")
            self.left -= 1
            yield _HEAD + bytes((flags,)), body

    def open(self, sealed: Iterable[Sequence[bytes]]) -> Iterator[Frame]:
        for [body] in sealed:
            if not body.startswith(_HEAD):
                raise CryptographicError("MESSAGE")
            yield body[5], body[6:]

    def wipe(self) -> None:
        self.left = 0


def sealed(flags: int, body: bytes) -> bytes:
    """What travels for one frame."""
    return encode_frame(0, _HEAD + bytes((flags,)) + body)


def new_decoder(max_message_size: int = 0, max_message_parts: int = 0) -> SealedDecoder:
    outer = FrameDecoder(64 * 1024)
    outer.max_message_size = max_message_size
    outer.max_message_parts = max_message_parts
    cipher: Cipher = Envelope()
    return SealedDecoder(outer, cipher)


def feed_all(decoder: SealedDecoder, chunks: list[bytes], limit: int) -> list[Message]:
    """Everything up to the error, commands as messages of their own."""
    got: list[Message] = []
    for chunk in chunks:
        data = chunk
        while True:
            messages = decoder.feed(data, limit)
            data = b""
            assert len(messages) <= limit
            got += messages
            if decoder.command is not None:
                got.append([b"command", decoder.command])
            elif len(messages) < limit or not decoder.pending:
                break
    return got


_STREAM = b"".join(
    (
        sealed(0, b"one"),
        sealed(MORE, b"two"),
        sealed(MORE, b""),
        sealed(0, b"end"),
        sealed(COMMAND, b"\x04PING"),
        sealed(MORE, b"three"),
        sealed(COMMAND, b"\x04PONG"),
        sealed(0, bytes(300)),
        sealed(0, b""),
    )
)
_MEANING = [
    [b"one"],
    [b"two", b"", b"end"],
    [b"command", b"\x04PING"],
    [b"command", b"\x04PONG"],
    [b"three", bytes(300)],
    [b""],
]


@pytest.mark.parametrize("limit", [1, 2, 3, _PLENTY])
@pytest.mark.parametrize("size", [1, 2, 7, 50, len(_STREAM)])
def test_the_same_comes_out_however_it_is_cut(size: int, limit: int) -> None:
    chunks = [_STREAM[start : start + size] for start in range(0, len(_STREAM), size)]
    decoder = new_decoder()
    assert feed_all(decoder, chunks, limit) == _MEANING
    assert decoder.error is None
    assert not decoder.pending


def test_it_stops_at_a_command_and_at_the_limit() -> None:
    decoder = new_decoder()
    assert decoder.feed(_STREAM, 1) == [[b"one"]]
    assert decoder.pending
    assert decoder.feed(b"", 0) == []
    assert decoder.feed(b"", 5) == _MEANING[1:2]
    assert decoder.command == b"\x04PING"
    assert decoder.feed(b"", 5) == []
    assert decoder.command == b"\x04PONG"
    assert decoder.feed(sealed(0, b"more"), 2) == _MEANING[4:]
    assert decoder.command is None
    assert decoder.pending
    assert decoder.feed(b"", 2) == [[b"more"]]
    assert not decoder.pending


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (encode_frame(0, b"\x04LEAK"), CryptographicError),
        (encode_frame(COMMAND, b"\x05ERROR\x03400"), UnexpectedCommand),
        (encode_frame(COMMAND, b"\x05ERR"), CommandError),
        (encode_frame(COMMAND, _HEAD + b"\x00x"), UnexpectedCommand),
        (encode_frame(MORE, _HEAD + b"\x00x") + sealed(0, b"y"), FramingError),
        (b"\xf8\x01x", FramingError),
        (sealed(MORE | COMMAND, b"\x04PING"), FramingError),
        (sealed(COMMAND, bytes(64 * 1024 + 1)), FrameTooLarge),
    ],
)
@pytest.mark.parametrize("limit", [1, _PLENTY])
def test_a_fault_ends_it_behind_what_came_before(
    bad: bytes, error: type[ProtocolError], limit: int
) -> None:
    decoder = new_decoder()
    data = sealed(0, b"one") + sealed(0, b"two") + bad + sealed(0, b"never")
    assert feed_all(decoder, [data], limit) == [[b"one"], [b"two"]]
    assert type(decoder.error) is error
    assert decoder.feed(sealed(0, b"never"), _PLENTY) == []
    assert type(decoder.error) is error


def test_the_limits_hold_for_what_was_opened() -> None:
    decoder = new_decoder(max_message_size=10, max_message_parts=2)
    good = sealed(MORE, b"12345") + sealed(0, b"67890")
    assert decoder.feed(good, _PLENTY) == [[b"12345", b"67890"]]
    decoder.feed(sealed(MORE, b"12345") + sealed(0, b"678901"), _PLENTY)
    assert isinstance(decoder.error, FrameTooLarge)
    assert (decoder.error.size, decoder.error.limit) == (11, 10)
    decoder = new_decoder(max_message_parts=2)
    assert decoder.feed(sealed(MORE, b"") * 2, _PLENTY) == []
    assert type(decoder.error) is FramingError


def test_a_frame_that_is_too_large_is_refused_at_its_head() -> None:
    decoder = new_decoder(max_message_size=100_000)
    decoder.feed(b"\x02" + (100_007).to_bytes(8, "big"), _PLENTY)
    assert isinstance(decoder.error, FrameTooLarge)


def test_a_small_limit_lets_commands_through() -> None:
    decoder = new_decoder(max_message_size=10)
    command = b"\x09SUBSCRIBE" + bytes(1000)
    assert decoder.feed(sealed(COMMAND, command), _PLENTY) == []
    assert decoder.command == command
    decoder.feed(sealed(0, bytes(11)), _PLENTY)
    assert isinstance(decoder.error, FrameTooLarge)


def test_each_frame_is_sealed_by_itself() -> None:
    messages: list[Outgoing] = [
        [b"one"],
        [b"two", b"", bytes(300)],
        SharedMessage([b"a", b"b"]),
        Command(b"PING"),
    ]
    [data], count = encode_sealed_batch(Envelope(), messages, 10_000)
    assert count == 4
    expected = [
        sealed(0, b"one"),
        sealed(MORE, b"two"),
        sealed(MORE, b""),
        sealed(0, bytes(300)),
        sealed(MORE, b"a"),
        sealed(0, b"b"),
        sealed(COMMAND, b"\x04PING"),
    ]
    assert data == b"".join(expected)


@pytest.mark.parametrize("size", [0, 249, 250, 251, 70_000])
def test_the_short_form_is_used_where_it_fits(size: int) -> None:
    [data], _ = encode_sealed_batch(Envelope(), [[bytes(size)]], 1)
    assert data == sealed(0, bytes(size))
    assert (data[0], data[1] if size < 250 else 0) == ((0, size + 6) if size < 250 else (2, 0))


def test_a_batch_ends_at_its_limit() -> None:
    [data], count = encode_sealed_batch(Envelope(), [[bytes(50)]] * 10, 100)
    assert (data, count) == (sealed(0, bytes(50)) * 2, 2)


def test_own_frames_are_sealed() -> None:
    [data], _ = encode_batch([Command(b"PING", b"\x00\x00"), [bytes(300)]], 10_000)
    assert seal_frames(Envelope(), data) == sealed(COMMAND, b"\x04PING\x00\x00") + sealed(
        0, bytes(300)
    )


def test_a_cipher_that_is_used_up_seals_nothing() -> None:
    with pytest.raises(SequenceError):
        encode_sealed_batch(Envelope(1), [[b"a"], [b"b"]], _PLENTY)
    assert seal_frames(Envelope(0), encode_frame(COMMAND, b"\x04PING")) == b""
