"""The client's side of CURVE (RFC 26). The client speaks first.

::

    client  HELLO ->            INITIATE ->
    server           -> WELCOME             -> READY

It knows the server's long-term key S beforehand, and proves with INITIATE that it owns its own, C. The
keys C' and S' are of this connection only, and what they share is what all messages are sealed with.
"""

from __future__ import annotations

from os import urandom
from typing import ClassVar, Final

from pyzmtp.errors import CommandError, CryptographicError
from pyzmtp.mechanisms.base import Properties
from pyzmtp.mechanisms.curve_boxes import (
    BOX_SIZE,
    COOKIE_SIZE,
    HELLO_PREFIX,
    INITIATE_PREFIX,
    KEY_SIZE,
    LONG_NONCE_SIZE,
    READY_PREFIX,
    SHORT_NONCE_SIZE,
    VOUCH_PREFIX,
    WELCOME_PREFIX,
    Secret,
    new_key_pair,
    open_box,
    seal_box,
    shared_key,
)
from pyzmtp.mechanisms.curve_cipher import CurveCipher
from pyzmtp.mechanisms.stepwise import StepwiseMechanism
from pyzmtp.wire.command import MAX_ERROR, encode_command
from pyzmtp.wire.metadata import decode_properties, encode_properties

__all__ = ["CurveClientMechanism"]

_VERSION: Final = b"\x01\x00"
_HELLO_NONCE: Final = (1).to_bytes(SHORT_NONCE_SIZE, "big")
_INITIATE_NONCE: Final = (2).to_bytes(SHORT_NONCE_SIZE, "big")
#: The data of a WELCOME: a long nonce, and the box of S' and the cookie.
_WELCOME_SIZE: Final = LONG_NONCE_SIZE + BOX_SIZE + KEY_SIZE + COOKIE_SIZE
#: The least data of a READY: a short nonce, and the box of no properties.
_READY_SIZE: Final = SHORT_NONCE_SIZE + BOX_SIZE


class CurveClientMechanism(StepwiseMechanism):
    """See :class:`pyzmtp.mechanisms.base.Mechanism`.

    ``server_key`` is S; ``public_key`` and ``secret_key`` are C and c. The secret key belongs to the
    caller, and is not wiped here.
    """

    __slots__ = (
        "_connection_public",
        "_connection_secret",
        "_key",
        "_public_key",
        "_secret_key",
        "_server_key",
        "_welcome_key",
    )

    def __init__(
        self,
        properties: Properties,
        server_key: bytes,
        public_key: bytes,
        secret_key: bytearray,
    ) -> None:
        super().__init__(b"CURVE", False, "WELCOME", properties, MAX_ERROR)
        self._server_key = server_key
        self._public_key = public_key
        self._secret_key = Secret(secret_key)
        self._connection_public = b""
        self._connection_secret: Secret | None = None  # c'
        self._welcome_key: Secret | None = None  # of C' and S
        self._key: Secret | None = None  # of C' and S', until the cipher has it

    def start(self) -> bytes:
        self._connection_public, self._connection_secret = new_key_pair()
        key = shared_key("HELLO", self._server_key, self._connection_secret)
        self._welcome_key = key
        box = seal_box(bytes(64), HELLO_PREFIX + _HELLO_NONCE, key)
        data = _VERSION + bytes(72) + self._connection_public + _HELLO_NONCE + box
        return encode_command(b"HELLO", data)

    def _welcome(self, data: bytes) -> bytes:
        if len(data) != _WELCOME_SIZE:
            raise CryptographicError("WELCOME")  # as in libzmq: no such box can open
        assert self._welcome_key is not None  # nothing is received before start()
        assert self._connection_secret is not None
        nonce, box = data[:LONG_NONCE_SIZE], data[LONG_NONCE_SIZE:]
        plain = open_box("WELCOME", box, WELCOME_PREFIX + nonce, self._welcome_key)
        self._welcome_key.wipe()
        server_public, cookie = plain[:KEY_SIZE], plain[KEY_SIZE:]
        key = self._key = shared_key("WELCOME", server_public, self._connection_secret)
        self._connection_secret.wipe()
        said = self._public_key + self._vouch(server_public) + encode_properties(self._properties)
        self.expected = "READY"
        self.max_command = None
        sealed = seal_box(said, INITIATE_PREFIX + _INITIATE_NONCE, key)
        return encode_command(b"INITIATE", cookie + _INITIATE_NONCE + sealed)

    def _vouch(self, server_public: bytes) -> bytes:
        """The proof that the owner of C means this connection, C', to this server, S."""
        nonce = urandom(LONG_NONCE_SIZE)
        key = shared_key("WELCOME", server_public, self._secret_key)
        try:
            plain = self._connection_public + self._server_key
            return nonce + seal_box(plain, VOUCH_PREFIX + nonce, key)
        finally:
            key.wipe()

    def _ready(self, data: bytes) -> bytes:
        if len(data) < _READY_SIZE:
            raise CommandError("READY", "it is cut short")
        assert self._key is not None  # WELCOME came before
        nonce, box = data[:SHORT_NONCE_SIZE], data[SHORT_NONCE_SIZE:]
        plain = open_box("READY", box, READY_PREFIX + nonce, self._key)
        self.peer_properties = decode_properties(plain, "READY")
        sent = int.from_bytes(_INITIATE_NONCE, "big")
        self.cipher = CurveCipher(self._key, False, sent, nonce)
        self._key = None
        self.done = True
        self.expected = "nothing"
        return b""

    def wipe(self) -> None:
        for secret in (self._connection_secret, self._welcome_key, self._key):
            if secret is not None:
                secret.wipe()

    steps: ClassVar = {"WELCOME": _welcome, "READY": _ready}
