"""The server's side of CURVE (RFC 26); see :mod:`pyzmtp.mechanisms.curve_client`.

Between INITIATE and READY the server asks whether the owner of the client's long-term key may come in.
"""

from __future__ import annotations

from hmac import compare_digest
from os import urandom
from typing import ClassVar, Final

from pyzmtp.authentication import Refusal, Verdict
from pyzmtp.errors import CommandError, CryptographicError, KeyExchangeError, SequenceError
from pyzmtp.mechanisms.base import Properties
from pyzmtp.mechanisms.curve_boxes import (
    BOX_SIZE,
    COOKIE_PREFIX,
    COOKIE_SIZE,
    HELLO_PREFIX,
    INITIATE_PREFIX,
    KEY_SIZE,
    LONG_NONCE_SIZE,
    READY_PREFIX,
    SHORT_NONCE_SIZE,
    VOUCH_PREFIX,
    VOUCH_SIZE,
    WELCOME_PREFIX,
    Secret,
    new_key_pair,
    new_secret,
    open_box,
    seal_box,
    shared_key,
)
from pyzmtp.mechanisms.curve_cipher import CurveCipher
from pyzmtp.mechanisms.refusal import encode_refusal
from pyzmtp.mechanisms.stepwise import StepwiseMechanism
from pyzmtp.wire.command import MAX_ERROR, encode_command
from pyzmtp.wire.metadata import decode_properties, encode_properties

__all__ = ["CurveServerMechanism"]

_VERSION: Final = b"\x01\x00"
_SIGNATURE: Final = bytes(64)
#: Where C' is in the data of a HELLO, behind the version and 72 bytes of padding.
_PUBLIC: Final = 74
_HELLO_NONCE: Final = _PUBLIC + KEY_SIZE
_HELLO_BOX: Final = _HELLO_NONCE + SHORT_NONCE_SIZE
_HELLO_SIZE: Final = _HELLO_BOX + BOX_SIZE + len(_SIGNATURE)
_INITIATE_BOX: Final = COOKIE_SIZE + SHORT_NONCE_SIZE
#: The least data of an INITIATE: its box holds C, the vouch, and perhaps no properties.
_INITIATE_SIZE: Final = _INITIATE_BOX + BOX_SIZE + KEY_SIZE + VOUCH_SIZE
_METADATA: Final = KEY_SIZE + VOUCH_SIZE
_READY_NONCE: Final = 1


class CurveServerMechanism(StepwiseMechanism):
    """See :class:`pyzmtp.mechanisms.base.Mechanism`.

    ``public_key`` and ``secret_key`` are S and s. The secret key belongs to the caller, and is not
    wiped here.
    """

    __slots__ = (
        "_connection_secret",
        "_cookie_key",
        "_key",
        "_metadata",
        "_peer_nonce",
        "_peer_public",
        "_public_key",
        "_secret_key",
    )

    def __init__(self, properties: Properties, public_key: bytes, secret_key: bytearray) -> None:
        super().__init__(b"CURVE", True, "HELLO", properties, MAX_ERROR)
        self._public_key = public_key
        self._secret_key = Secret(secret_key)
        self._connection_secret: Secret | None = None  # s'
        self._cookie_key: Secret | None = None
        self._key: Secret | None = None  # of C' and S', until the cipher has it
        self._peer_public = b""  # C'
        self._peer_nonce = b""
        self._metadata = b""

    def _hello(self, data: bytes) -> bytes:
        if len(data) != _HELLO_SIZE:
            raise CommandError("HELLO", f"{len(data)} bytes of data where {_HELLO_SIZE} belong")
        if not data.startswith(_VERSION):
            raise CommandError("HELLO", "another version of CURVE than 1.0")
        public, nonce = data[_PUBLIC:_HELLO_NONCE], data[_HELLO_NONCE:_HELLO_BOX]
        key = shared_key("HELLO", public, self._secret_key)
        try:
            plain = open_box("HELLO", data[_HELLO_BOX:], HELLO_PREFIX + nonce, key)
            if plain != _SIGNATURE:
                raise CommandError("HELLO", "its box does not hold zeros")
            self._peer_public, self._peer_nonce = public, nonce
            return self._say_welcome(key)
        finally:
            key.wipe()

    def _say_welcome(self, key: Secret) -> bytes:
        public, secret = new_key_pair()
        self._connection_secret = secret
        self._cookie_key = new_secret()
        nonce = urandom(LONG_NONCE_SIZE)
        remembered = self._peer_public + bytes(secret.lent)
        cookie = nonce + seal_box(remembered, COOKIE_PREFIX + nonce, self._cookie_key)
        nonce = urandom(LONG_NONCE_SIZE)
        box = seal_box(public + cookie, WELCOME_PREFIX + nonce, key)
        self.expected = "INITIATE"
        self.max_command = None
        return encode_command(b"WELCOME", nonce + box)

    def _initiate(self, data: bytes) -> bytes:
        if len(data) < _INITIATE_SIZE:
            raise CommandError("INITIATE", "it is cut short")
        assert self._connection_secret is not None  # HELLO came before
        self._check_cookie(data[:COOKIE_SIZE])
        nonce = data[COOKIE_SIZE:_INITIATE_BOX]
        if nonce <= self._peer_nonce:  # of equal length, so that bytes compare like the numbers
            raise SequenceError("INITIATE")
        self._peer_nonce = nonce
        key = self._key = shared_key("INITIATE", self._peer_public, self._connection_secret)
        plain = open_box("INITIATE", data[_INITIATE_BOX:], INITIATE_PREFIX + nonce, key)
        public, vouch = plain[:KEY_SIZE], plain[KEY_SIZE:_METADATA]
        self._check_vouch(public, vouch)
        self._forget_connection_keys()
        self._metadata = plain[_METADATA:]
        self.question = (public,)
        return b""

    def _check_cookie(self, cookie: bytes) -> None:
        """It is the one that this connection was given, with the keys of this connection."""
        assert self._cookie_key is not None  # as above
        assert self._connection_secret is not None
        nonce, box = cookie[:LONG_NONCE_SIZE], cookie[LONG_NONCE_SIZE:]
        remembered = open_box("INITIATE", box, COOKIE_PREFIX + nonce, self._cookie_key)
        ours = self._peer_public + bytes(self._connection_secret.lent)
        if not compare_digest(remembered, ours):
            raise CryptographicError("INITIATE")

    def _check_vouch(self, public: bytes, vouch: bytes) -> None:
        """The owner of ``public`` means this connection, and this server."""
        assert self._connection_secret is not None  # as above
        key = shared_key("INITIATE", public, self._connection_secret)
        try:
            nonce, box = vouch[:LONG_NONCE_SIZE], vouch[LONG_NONCE_SIZE:]
            vouched = open_box("INITIATE", box, VOUCH_PREFIX + nonce, key)
        finally:
            key.wipe()
        if not compare_digest(vouched, self._peer_public + self._public_key):
            raise KeyExchangeError

    def answer(self, verdict: Verdict) -> bytes:
        self.question = None
        if isinstance(verdict, Refusal):
            return encode_refusal(verdict)
        assert self._key is not None  # INITIATE came before
        self.peer_properties = decode_properties(self._metadata, "INITIATE")
        nonce = _READY_NONCE.to_bytes(SHORT_NONCE_SIZE, "big")
        box = seal_box(encode_properties(self._properties), READY_PREFIX + nonce, self._key)
        self.cipher = CurveCipher(self._key, True, _READY_NONCE, self._peer_nonce)
        self._key = None
        self._metadata = b""
        self.done = True
        self.expected = "nothing"
        return encode_command(b"READY", nonce + box)

    def wipe(self) -> None:
        self._forget_connection_keys()
        self.question = None
        self._metadata = b""
        if self._key is not None:
            self._key.wipe()

    def _forget_connection_keys(self) -> None:
        for secret in (self._connection_secret, self._cookie_key):
            if secret is not None:
                secret.wipe()

    steps: ClassVar = {"HELLO": _hello, "INITIATE": _initiate}
