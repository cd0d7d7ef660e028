"""The bodies of commands, and datagrams.

* Nothing is raised but ``ProtocolError``.
* A body is its name and its data and nothing else: it is what is written of them.
* The echo of a PING has at most 16 bytes, all of them the PING's.
* A notice of a subscription or group says what the command says.
* What a datagram says is written as that datagram.

Input: the body.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, TypeVar

from pyzmtp.constants import MAX_GROUP, SocketType
from pyzmtp.engine.notices import notice_of
from pyzmtp.errors import ProtocolError
from pyzmtp.wire.command import (
    LIBZMQ_PLAIN_ERROR,
    Command,
    decode_command,
    decode_error,
    decode_handshake_command,
    decode_ping,
    encode_error,
    encode_ping,
    encode_pong,
)
from pyzmtp.wire.datagram import decode_datagram, encode_datagram
from pyzmtp.wire.membership import membership_of, read_membership
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import (
    is_subscription,
    parts_of,
    subscription_command,
    subscription_message,
)

BASE: Final = 4_000
MAX_SIZE: Final = 600

T = TypeVar("T")


def _attempt(decode: Callable[[], T]) -> T | None:
    """What is decoded, or ``None`` for a :exc:`ProtocolError`."""
    try:
        return decode()
    except ProtocolError:
        return None


def _check_command(body: bytes) -> tuple[bytes, bytes] | None:
    whole = bool(body) and 0 < body[0] < len(body)
    parts = _attempt(lambda: decode_command(body))
    assert (parts is not None) is whole
    handshake = _attempt(lambda: decode_handshake_command(body))
    if body.startswith(LIBZMQ_PLAIN_ERROR):
        assert handshake == (b"ERROR", body[5:])
    else:
        assert handshake == parts
    if parts is None:
        return None
    command = Command(*parts)
    assert command.body == body
    assert command.wire.endswith(body)
    return parts


def _check_ping(data: bytes) -> None:
    ping = _attempt(lambda: decode_ping(data))
    assert (ping is None) is (len(data) < 2)
    if ping is not None:
        ttl, context = ping
        assert context == data[2:18]
        assert encode_pong(context) == bytes((4, 5 + len(context))) + b"\4PONG" + context
        assert encode_ping(ttl)[7:9] == data[:2]


def _check_error(data: bytes) -> None:
    reason = _attempt(lambda: decode_error(data))
    if reason is not None:
        assert len(reason) <= 255
        written = encode_error(reason)
        again = decode_error(written[15 if written[0] & 2 else 8 :])
        assert again == reason.encode("ascii", "replace").decode()


def _check_notices(name: bytes, data: bytes) -> list[Message]:
    notices = []
    for ours in SocketType:
        notice = _attempt(lambda ours=ours: notice_of(ours, name, data))  # type: ignore[misc]
        if notice is None:
            continue
        notices.append(notice)
        if ours is SocketType.RADIO:
            assert notice == [name, data]
            assert len(data) <= MAX_GROUP
            assert membership_of(Command(name, data)) == read_membership(name, data) == notice
        else:
            assert is_subscription(notice)
            prefix = notice[0][:1]
            assert notice == subscription_message(prefix, data)
            assert subscription_command(prefix, data).body == Command(name, data).body
    return notices


def _check_datagram(data: bytes) -> bool:
    message = decode_datagram(data)
    assert (message is None) is (not data or len(data) <= data[0])
    if message is not None:
        assert encode_datagram(message) == data
        for part in parts_of(message):
            assert part
    return message is not None


def run(data: bytes) -> Hashable:
    parts = _check_command(data)
    datagram = _check_datagram(data)
    _check_ping(data)
    _check_error(data)
    if parts is None:
        return datagram, None
    name, content = parts
    _check_ping(content)
    _check_error(content)
    return datagram, len(_check_notices(name, content)), content[:1] in (b"\0", b"\1", b"\3")


def feed(data: bytes) -> object:
    return _attempt(lambda: decode_handshake_command(data)), decode_datagram(data)
