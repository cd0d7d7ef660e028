"""What a connection needs to know of its socket: :class:`ConnectionSettings`."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from pyzmtp.constants import (
    MAX_COMMAND,
    MAX_HANDSHAKE_COMMAND,
    MAX_HANDSHAKE_COMMANDS,
    MAX_PROPERTIES,
    MAX_PROPERTY_VALUE,
    SocketType,
)
from pyzmtp.engine.heartbeat import Heartbeat
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.wire.hot import FrameDecoder

__all__ = ["ConnectionSettings"]


@frozen
class ConnectionSettings:
    """What a connection needs to know of its socket.

    :ivar seals_pings: whether a mechanism with keys seals PINGs too; a websocket has its own.
    """

    socket_type: SocketType
    mechanism: Callable[[], Mechanism]
    routing_id: bytes = b""
    min_version: tuple[int, int] = (2, 0)
    handshake_timeout: float | None = None
    max_message_size: int = 0
    max_message_parts: int = 0
    heartbeat_interval: float | None = None
    heartbeat_timeout: float | None = None
    heartbeat_ttl: float = 0.0
    greeting_timeout: float | None = None
    max_handshake_size: int = MAX_HANDSHAKE_COMMAND
    max_handshake_commands: int = MAX_HANDSHAKE_COMMANDS
    max_properties: int = MAX_PROPERTIES
    max_property_size: int = MAX_PROPERTY_VALUE
    seals_pings: bool = True

    def new_heartbeat(self) -> Heartbeat:
        """The heartbeat of one connection."""
        return Heartbeat(self.heartbeat_interval, self.heartbeat_timeout, self.heartbeat_ttl)

    def let_in(self, frames: FrameDecoder) -> None:
        """Let messages through a decoder that so far took the commands of a handshake."""
        frames.commands_only = False
        frames.max_command_size = MAX_COMMAND
        frames.max_message_size = self.max_message_size
        frames.max_message_parts = self.max_message_parts
