"""Subscriptions: both forms of every version that is served (ZMTP.md 1.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.constants import SocketType
from pyzmtp.engine.notices import notice_of
from pyzmtp.wire.command import decode_command
from pyzmtp.wire.framing import FrameDecoder, encode_message
from pyzmtp.wire.subscription import (
    CANCEL,
    SUBSCRIBE,
    is_subscription,
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


@given(st.sampled_from([SUBSCRIBE, CANCEL]), st.binary(max_size=600))
def test_a_publisher_reads_the_same_of_both_forms(prefix: bytes, topic: bytes) -> None:
    decoder = FrameDecoder(1000)
    assert decoder.feed(subscription_command(prefix, topic).wire, 1) == []
    assert decoder.command is not None
    notice = notice_of(SocketType.XPUB, *decode_command(decoder.command))
    [message] = FrameDecoder(0).feed(encode_message(subscription_message(prefix, topic)), 1)
    assert notice == message == [prefix + topic]
    assert is_subscription(message)


@given(
    st.lists(
        st.builds(bytes.__add__, st.sampled_from([b"", SUBSCRIBE, CANCEL]), st.binary(max_size=3)),
        min_size=1,
    )
)
def test_the_parts_of_a_message_are_its_frames(message: list[bytes]) -> None:
    parts = parts_of(message)
    assert sorted(frame for part in parts for frame in part) == sorted(message)
    assert all(is_subscription(part) for part in parts[:-1])
    if len(parts) > 1:
        assert message[0] == parts[0][0]
