"""A mechanism of several steps, as PLAIN and CURVE are: :class:`StepwiseMechanism`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn

from pyzmtp.authentication import Verdict
from pyzmtp.errors import RoleMismatch, UnexpectedCommand
from pyzmtp.mechanisms.base import Cipher, Properties

__all__ = ["StepwiseMechanism"]


class StepwiseMechanism:
    """Takes the commands of a handshake in their order; the base of a client's and a server's side.

    :cvar steps: the table of states: for each command that is waited for, who takes its data and
        returns the frames that answer it. He sets :attr:`expected` to the next one, and
        :attr:`max_command` to its size.
    """

    __slots__ = (
        "_properties",
        "as_server",
        "cipher",
        "done",
        "expected",
        "max_command",
        "min_version",
        "name",
        "peer_properties",
        "question",
    )

    steps: ClassVar[Mapping[str, Callable[[Any, bytes], bytes]]]

    def __init__(
        self,
        name: bytes,
        as_server: bool,
        expected: str,
        properties: Properties,
        max_command: int,
    ) -> None:
        self.name = name
        self.min_version = (3, 0)
        self.as_server = as_server
        self.expected = expected
        self.max_command: int | None = max_command
        self.question: tuple[bytes, ...] | None = None
        self.done = False
        self.peer_properties: dict[str, bytes] | None = None
        self.cipher: Cipher | None = None
        self._properties = properties

    def start(self) -> bytes:
        """See :class:`Mechanism`. A server waits for the client to speak first."""
        return b""

    def receive(self, name: bytes, data: bytes) -> bytes:
        """See :class:`Mechanism`."""
        command = name.decode("ascii", "replace")
        if command == "HELLO" and not self.as_server:
            raise RoleMismatch(self.name.decode("ascii"), "client")
        if self.question is not None:
            raise UnexpectedCommand(command, "nothing until the peer is let in")
        if command != self.expected:
            raise UnexpectedCommand(command, self.expected)
        return self.steps[command](self, data)

    def answer(self, verdict: Verdict) -> bytes:
        """See :class:`Mechanism`. Only servers ask."""
        raise NotImplementedError

    def wipe(self) -> None:
        """See :class:`Mechanism`."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds secrets, and is neither pickled nor copied")
