"""What a queue holds: a shared message is a message, and is encoded once."""

from __future__ import annotations

from unittest import mock

import pytest

from pyzmtp.wire import message as module
from pyzmtp.wire.hot import encode_message
from pyzmtp.wire.message import SharedMessage

from .. import vectors


@pytest.mark.parametrize(
    ("vector", "frames"), vectors.MESSAGES, ids=[str(vector) for vector, _ in vectors.MESSAGES]
)
def test_a_shared_message_is_the_list_of_its_frames(
    vector: vectors.Vector, frames: list[bytes]
) -> None:
    shared = SharedMessage(frames)
    assert shared == frames
    assert isinstance(shared, list)
    if not vector.name.startswith("the long form"):
        assert shared.wire == vector.data


def test_a_shared_message_is_encoded_once_and_when_it_is_needed() -> None:
    with mock.patch.object(module, "encode_message", wraps=encode_message) as encode:
        shared = SharedMessage([b"topic", b"news"])
        assert encode.call_count == 0
        first, second = shared.wire, shared.wire
        assert encode.call_count == 1
    assert first is second
    assert first == b"\x01\x05topic\x00\x04news"


def test_a_shared_message_takes_no_stray_attributes() -> None:
    shared = SharedMessage([b"x"])
    with pytest.raises(AttributeError):
        shared.extra = 1  # type: ignore[attr-defined]
