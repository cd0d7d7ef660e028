"""Subscriptions: both forms of every version that is served (ZMTP.md 1.5)."""

from __future__ import annotations

import pytest

from pyzmtp.wire.framing import encode_message
from pyzmtp.wire.subscription import (
    CANCEL,
    SUBSCRIBE,
    parts_of,
    subscription_command,
    subscription_message,
)

from .. import vectors


@pytest.mark.parametrize(
    ("prefix", "topic", "data"),
    [
        (SUBSCRIBE, b"AB", vectors.SUBSCRIBE_AB),
        (SUBSCRIBE, b"", vectors.SUBSCRIBE_ALL),
        (SUBSCRIBE, b"topic", vectors.SUBSCRIBE_TOPIC),
        (SUBSCRIBE, b"T" * 245, vectors.SUBSCRIBE_245),
        (SUBSCRIBE, b"T" * 246, vectors.SUBSCRIBE_246),
        (CANCEL, b"C", vectors.CANCEL_C),
        (CANCEL, b"T" * 248, vectors.CANCEL_248),
        (CANCEL, b"T" * 249, vectors.CANCEL_249),
    ],
    ids=lambda value: repr(value[:3]),
)
def test_a_3_1_peer_gets_a_command_that_is_long_from_256_bytes_with_its_name(
    prefix: bytes, topic: bytes, data: bytes
) -> None:
    assert subscription_command(prefix, topic).wire == data


@pytest.mark.parametrize(
    ("prefix", "topic", "data"),
    [
        (SUBSCRIBE, b"AB", vectors.MESSAGE_AB),
        (SUBSCRIBE, b"", vectors.MESSAGE_ALL),
        (SUBSCRIBE, b"X", vectors.MESSAGE_X),
        (CANCEL, b"C", vectors.MESSAGE_CANCEL_C),
        (SUBSCRIBE, b"T" * 254, b"\x00\xff\x01" + b"T" * 254),
        (SUBSCRIBE, b"T" * 256, b"\x02" + (257).to_bytes(8, "big") + b"\x01" + b"T" * 256),
    ],
    ids=lambda value: repr(value[:3]),
)
def test_a_3_0_peer_gets_a_message(prefix: bytes, topic: bytes, data: bytes) -> None:
    assert encode_message(subscription_message(prefix, topic)) == data


def test_a_topic_of_255_bytes_has_the_long_bit_that_libzmq_forgets() -> None:
    data = encode_message(subscription_message(SUBSCRIBE, b"T" * 255))
    assert data == b"\x02" + vectors.MESSAGE_255_BROKEN[1:]
    assert vectors.MESSAGE_255_BROKEN[0] == 0


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ([b"A"], [[b"A"]]),
        ([b"\x01A"], [[b"\x01A"]]),
        ([b""], [[b""]]),
        ([b"h", b"\x01C", b""], [[b"h", b"\x01C", b""]]),
        ([b"", b"\x01C"], [[b"", b"\x01C"]]),
        ([b"\x02", b"\x01C"], [[b"\x02", b"\x01C"]]),
        ([b"\x01A", b"x", b"y"], [[b"\x01A"], [b"x", b"y"]]),
        ([b"\x00", b""], [[b"\x00"], [b""]]),
        ([b"\x01A", b"\x00B"], [[b"\x01A"], [b"\x00B"]]),
        ([b"\x01A", b"x", b"\x01B", b"y"], [[b"\x01A"], [b"\x01B"], [b"x", b"y"]]),
    ],
)
def test_the_parts_of_a_message_that_begins_with_a_subscription(
    message: list[bytes], parts: list[list[bytes]]
) -> None:
    assert parts_of(message) == parts
