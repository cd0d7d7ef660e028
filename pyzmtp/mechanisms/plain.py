"""PLAIN: a user's name and password, in clear (RFC 24). The client speaks first.

::

    client  HELLO ->            INITIATE ->
    server           -> WELCOME             -> READY

Between HELLO and WELCOME the server asks whether that user with that password may come in.
"""

from __future__ import annotations

from typing import ClassVar, Final

from pyzmtp.authentication import TEMPORARY, Refusal, Verdict
from pyzmtp.constants import COMMAND
from pyzmtp.errors import CommandError
from pyzmtp.mechanisms.base import Properties
from pyzmtp.mechanisms.stepwise import StepwiseMechanism
from pyzmtp.wire.command import LIBZMQ_PLAIN_ERROR, MAX_ERROR, encode_command
from pyzmtp.wire.hot import encode_frame
from pyzmtp.wire.metadata import decode_properties, encode_properties

__all__ = ["MAX_PLAIN_CREDENTIAL", "PlainClientMechanism", "PlainServerMechanism", "decode_hello"]

#: RFC 24: the length of a name or password is one byte.
MAX_PLAIN_CREDENTIAL: Final = 255
_MAX_HELLO: Final = len(b"\x05HELLO") + 2 * (1 + MAX_PLAIN_CREDENTIAL)


class PlainClientMechanism(StepwiseMechanism):
    """The side that says who it is; see :class:`pyzmtp.mechanisms.base.Mechanism`."""

    __slots__ = ("_password", "_username")

    def __init__(self, properties: Properties, username: bytes, password: bytearray) -> None:
        super().__init__(b"PLAIN", False, "WELCOME", properties, MAX_ERROR)
        self._username = username
        self._password = password

    def start(self) -> bytes:
        name, password = self._username, self._password
        data = bytes((len(name),)) + name + bytes((len(password),)) + password
        return encode_command(b"HELLO", data)

    def _welcome(self, data: bytes) -> bytes:
        if data:
            raise CommandError("WELCOME", "it has data")
        self.expected = "READY"
        self.max_command = None
        return encode_command(b"INITIATE", encode_properties(self._properties))

    def _ready(self, data: bytes) -> bytes:
        self.peer_properties = decode_properties(data, "READY")
        self.done = True
        self.expected = "nothing"
        return b""

    steps: ClassVar = {"WELCOME": _welcome, "READY": _ready}


class PlainServerMechanism(StepwiseMechanism):
    """The side that lets in or does not; see :class:`pyzmtp.mechanisms.base.Mechanism`."""

    __slots__ = ()

    def __init__(self, properties: Properties) -> None:
        super().__init__(b"PLAIN", True, "HELLO", properties, _MAX_HELLO)

    def _hello(self, data: bytes) -> bytes:
        self.question = decode_hello(data)
        return b""

    def answer(self, verdict: Verdict) -> bytes:
        self.question = None
        if isinstance(verdict, Refusal):
            return _encode_refusal(verdict)
        self.expected = "INITIATE"
        self.max_command = None
        return encode_command(b"WELCOME")

    def _initiate(self, data: bytes) -> bytes:
        self.peer_properties = decode_properties(data, "INITIATE")
        self.done = True
        self.expected = "nothing"
        return encode_command(b"READY", encode_properties(self._properties))

    def wipe(self) -> None:
        self.question = None

    steps: ClassVar = {"HELLO": _hello, "INITIATE": _initiate}


def decode_hello(data: bytes) -> tuple[bytes, bytes]:
    """The name and the password in the data of a HELLO. Raises :exc:`CommandError`."""
    username, rest = _read_credential(data, "the name")
    password, rest = _read_credential(rest, "the password")
    if rest:
        raise CommandError("HELLO", "there are bytes behind the password")
    return username, password


def _read_credential(data: bytes, what: str) -> tuple[bytes, bytes]:
    """A length byte and as many bytes, and what follows them."""
    if not data or len(data) <= data[0]:
        raise CommandError("HELLO", f"{what} is cut short")
    end = 1 + data[0]
    return data[1:end], data[end:]


def _encode_refusal(refusal: Refusal) -> bytes:
    """As :func:`pyzmtp.mechanisms.refusal.encode_refusal`, in the only spelling that tells a libzmq
    client the status. To any other client it is no command that it knows, and it closes as well.
    """
    if refusal.status == TEMPORARY:
        return b""
    return encode_frame(COMMAND, LIBZMQ_PLAIN_ERROR + b"\x03" + str(refusal.status).encode())
