"""What a peer may cost before it is ready for messages: :class:`HandshakeLimits`."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.errors import (
    CommandTooLarge,
    FrameTooLarge,
    HandshakeTimeout,
    MetadataError,
    ProtocolError,
    UnexpectedCommand,
)

__all__ = ["HandshakeLimits"]


class HandshakeLimits:
    """The time, the commands and the properties of one handshake, within what is allowed.

    They hold whatever the mechanism does.

    :ivar deadline: when :meth:`check_time` must be called at the latest; ``inf``: never.
    """

    __slots__ = ("_began", "_commands", "_seconds", "_settings", "_whole", "deadline")

    def __init__(self, settings: ConnectionSettings, now: float, incoming: bool) -> None:
        self._settings = settings
        self._began = now
        self._commands = 0
        self._whole = inf if settings.handshake_timeout is None else settings.handshake_timeout
        self._allow(self._whole)
        greeting = settings.greeting_timeout
        # A server that is slow takes nobody's place.
        if incoming and greeting is not None and greeting < self._whole:
            self._allow(greeting)

    def _allow(self, seconds: float) -> None:
        """What is under way may take that long, from the beginning of the connection on."""
        self._seconds = seconds
        self.deadline = self._began + seconds

    def greeting_read(self) -> None:
        """The greeting is whole: what is left may take as long as the handshake may."""
        self._allow(self._whole)

    def over(self) -> None:
        """The connection is over."""
        self.deadline = inf

    def check_time(self, now: float, expected: str) -> None:
        """Raise :exc:`HandshakeTimeout` if the deadline has come before what is ``expected`` did."""
        if now >= self.deadline:
            raise HandshakeTimeout(self._seconds, expected)

    def command_size(self, expected: int | None) -> int:
        """The most bytes in the next command, of which the mechanism expects so many at the most."""
        allowed = self._settings.max_handshake_size
        return allowed if expected is None else min(expected, allowed)

    def check_frame(self, error: ProtocolError | None, expected: str) -> None:
        """Raise what is wrong with the frame, if anything is, that should hold this command."""
        if isinstance(error, FrameTooLarge):
            raise CommandTooLarge(expected, error.size, error.limit)
        if error is not None:
            raise error

    def count_command(self, name: bytes) -> None:
        """A command has come. Raises :exc:`UnexpectedCommand` for one too many."""
        self._commands += 1
        most = self._settings.max_handshake_commands
        if self._commands > most:
            raise UnexpectedCommand(name.decode("ascii", "replace"), f"at most {most} commands")

    def check_properties(self, properties: Mapping[str, bytes] | None) -> None:
        """See that the peer says no more of itself, if anything yet, than it may.

        Raises :exc:`MetadataError`.
        """
        if properties is None:
            return
        most, longest = self._settings.max_properties, self._settings.max_property_size
        if len(properties) > most:
            raise MetadataError("READY", f"{len(properties)} properties, at most {most} allowed")
        for name, value in properties.items():
            if len(value) > longest:
                problem = f"{len(value)} bytes in {name!r}, at most {longest} allowed"
                raise MetadataError("READY", problem)
