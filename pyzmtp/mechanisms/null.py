"""NULL: no security. Each side says READY at once and is done with the peer's (RFC 37, "NULL")."""

from __future__ import annotations

from pyzmtp.authentication import Refusal, Verdict
from pyzmtp.errors import UnexpectedCommand
from pyzmtp.mechanisms.base import Cipher, Properties
from pyzmtp.mechanisms.refusal import encode_refusal
from pyzmtp.wire.command import encode_command
from pyzmtp.wire.metadata import decode_properties, encode_properties

__all__ = ["NullMechanism"]


class NullMechanism:
    """The NULL mechanism; see :class:`pyzmtp.mechanisms.base.Mechanism`.

    With ``asks`` somebody says first whether the peer may come in, by its address; until then READY
    is withheld.
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

    def __init__(self, properties: Properties, asks: bool = False) -> None:
        self.name = b"NULL"
        # Below 3.0 there is nothing to withhold from a peer that may not come in.
        self.min_version = (3, 0) if asks else (1, 0)
        self.as_server = False  # RFC 37: always 0 under NULL
        self.expected = "READY"
        self.max_command: int | None = None
        self.question: tuple[bytes, ...] | None = () if asks else None
        self.done = False
        self.peer_properties: dict[str, bytes] | None = None
        self.cipher: Cipher | None = None
        self._properties = properties

    def start(self) -> bytes:
        return b"" if self.question is not None else self._ready()

    def receive(self, name: bytes, data: bytes) -> bytes:
        if name != b"READY" or self.peer_properties is not None:
            raise UnexpectedCommand(name.decode("ascii", "replace"), self.expected)
        self.peer_properties = decode_properties(data, "READY")
        self.done = self.question is None
        return b""

    def answer(self, verdict: Verdict) -> bytes:
        self.question = None
        if isinstance(verdict, Refusal):
            return encode_refusal(verdict)
        self.done = self.peer_properties is not None
        return self._ready()

    def wipe(self) -> None:
        """There are no secrets."""

    def _ready(self) -> bytes:
        return encode_command(b"READY", encode_properties(self._properties))
