"""NULL: no security. Each side says READY at once and is done with the peer's (RFC 37, "NULL")."""

from __future__ import annotations

from collections.abc import Sequence

from pyzmtp.errors import UnexpectedCommand
from pyzmtp.wire.command import encode_command
from pyzmtp.wire.metadata import decode_properties, encode_properties

__all__ = ["NullMechanism"]


class NullMechanism:
    """The NULL mechanism; see :class:`pyzmtp.mechanisms.base.Mechanism`."""

    __slots__ = (
        "_properties",
        "as_server",
        "expected",
        "min_version",
        "name",
        "peer_properties",
        "user_id",
    )

    def __init__(self, properties: Sequence[tuple[str, bytes]]) -> None:
        self.name = b"NULL"
        self.min_version = (1, 0)
        self.as_server = False  # RFC 37: always 0 under NULL
        self.expected = "READY"
        self.peer_properties: dict[str, bytes] | None = None
        self.user_id: str | None = None
        self._properties = properties

    def start(self) -> bytes:
        return encode_command(b"READY", encode_properties(self._properties))

    def receive(self, name: bytes, data: bytes) -> bytes:
        if name != b"READY":
            raise UnexpectedCommand(name.decode("ascii", "replace"), self.expected)
        self.peer_properties = decode_properties(data, "READY")
        return b""
