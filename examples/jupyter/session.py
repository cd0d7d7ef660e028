"""Messages, and the frames that they are sent in: :class:`Session`."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from attrs import frozen

from pyzmtp import decode_json, encode_json

_DELIMITER = b"<IDS|MSG>"


@frozen
class Message:
    """A message: what it is, what it says, and the header of the message that it answers."""

    header: Mapping[str, Any]
    parent: Mapping[str, Any]
    content: Mapping[str, Any]

    @property
    def kind(self) -> str:
        kind: str = self.header["msg_type"]
        return kind


class Session:
    """Signs messages with the kernel's key, and believes those that are signed with it.

    :ivar name: tells this client from others.
    """

    def __init__(self, key: str, scheme: str = "hmac-sha256") -> None:
        self.name = secrets.token_hex(16)
        self._key = key.encode()
        self._digest = scheme.removeprefix("hmac-")

    def message(
        self, kind: str, content: Mapping[str, Any], parent: Message | None = None
    ) -> Message:
        """A new message, perhaps one that answers another."""
        header = {
            "msg_id": secrets.token_hex(16),
            "msg_type": kind,
            "session": self.name,
            "username": "",
            "date": datetime.now(timezone.utc).isoformat(),
            "version": "5.3",
        }
        return Message(header, parent.header if parent else {}, content)

    def encode(self, message: Message) -> list[bytes]:
        """The frames of a message."""
        metadata: Mapping[str, Any] = {}
        parts = [
            encode_json(part)
            for part in (message.header, message.parent, metadata, message.content)
        ]
        return [_DELIMITER, self._signature(parts), *parts]

    def decode(self, frames: list[bytes]) -> Message | None:
        """The message in frames; none if it is not signed as it should be."""
        # Before the delimiter stands whom it is for, or a topic; behind these parts there may be buffers.
        start = frames.index(_DELIMITER) + 1 if _DELIMITER in frames else len(frames)
        signature, parts = b"".join(frames[start : start + 1]), frames[start + 1 : start + 5]
        if len(parts) < 4 or not hmac.compare_digest(signature, self._signature(parts)):
            return None
        header, parent, _, content = map(decode_json, parts)
        return Message(header, parent, content)

    def _signature(self, parts: list[bytes]) -> bytes:
        if not self._key:
            return b""  # the kernel trusts everybody
        return hmac.new(self._key, b"".join(parts), self._digest).hexdigest().encode()
