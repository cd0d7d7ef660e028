"""What CURVE's commands are made of: keys, nonces and boxes (RFC 26), by PyNaCl's libsodium.

A box is made of a plain text, a nonce that is used once, and the key that two key pairs share; the
same key comes of one side's public and the other's secret key. Nothing here but this module and the
ones beside it needs PyNaCl: they are imported where CURVE is chosen.
"""

from __future__ import annotations

from os import urandom
from typing import Any, Final, NoReturn

from cffi import FFI
from nacl import bindings
from nacl.exceptions import CryptoError

from pyzmtp.errors import CryptographicError

__all__ = [
    "BOX_SIZE",
    "COOKIE_PREFIX",
    "COOKIE_SIZE",
    "HELLO_PREFIX",
    "INITIATE_PREFIX",
    "KEY_SIZE",
    "LONG_NONCE_SIZE",
    "READY_PREFIX",
    "SHORT_NONCE_SIZE",
    "VOUCH_PREFIX",
    "VOUCH_SIZE",
    "WELCOME_PREFIX",
    "Secret",
    "new_key_pair",
    "new_secret",
    "open_box",
    "seal_box",
    "shared_key",
]

KEY_SIZE: Final = 32
#: Bytes by which a box is longer than what is in it.
BOX_SIZE: Final = 16
#: A nonce has 24 bytes: a prefix that names its use, and a counter of 8 or 16 random bytes.
SHORT_NONCE_SIZE: Final = 8
LONG_NONCE_SIZE: Final = 16
#: A cookie is a long nonce and a box of two keys, and so is a vouch.
COOKIE_SIZE: Final = LONG_NONCE_SIZE + BOX_SIZE + 2 * KEY_SIZE
VOUCH_SIZE: Final = COOKIE_SIZE

HELLO_PREFIX: Final = b"CurveZMQHELLO---"
WELCOME_PREFIX: Final = b"WELCOME-"
COOKIE_PREFIX: Final = b"COOKIE--"
INITIATE_PREFIX: Final = b"CurveZMQINITIATE"
VOUCH_PREFIX: Final = b"VOUCH---"
READY_PREFIX: Final = b"CurveZMQREADY---"

_ffi: Final = FFI()


class Secret:
    """A key that can be forgotten: :meth:`wipe` zeroes its bytes where they lie.

    libsodium reads it there, so that no copies are left behind in its use. What Python cannot wipe is
    the ``bytes`` that PyNaCl makes of each new key, and of what it takes out of a box, before they come
    here: they are let go at once, and their memory holds them until it is used again.

    :ivar lent: the key as PyNaCl's functions take it. Do not keep it.
    """

    __slots__ = ("_data", "lent")

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = data if isinstance(data, bytearray) else bytearray(data)
        # PyNaCl takes any object whose length it can ask and that cffi passes as unsigned char *.
        self.lent: Any = _ffi.from_buffer("unsigned char[]", self._data)

    def wipe(self) -> None:
        """Zero the key. What would use it afterwards fails, for want of a key."""
        self._data[:] = bytes(len(self._data))
        self.lent = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied")


def new_key_pair() -> tuple[bytes, Secret]:
    """A new public key, and its secret key."""
    public, secret = bindings.crypto_box_keypair()
    return public, Secret(secret)


def new_secret() -> Secret:
    """A new key for boxes to ourselves."""
    return Secret(urandom(KEY_SIZE))


def shared_key(command: str, public: bytes, secret: Secret) -> Secret:
    """What the owner of ``secret`` shares with the owner of ``public``.

    Raises :exc:`CryptographicError`, naming ``command``, for a public key that shares nothing secret
    with anybody, such as 32 zeros.
    """
    try:
        return Secret(bindings.crypto_box_beforenm(public, secret.lent))
    except (CryptoError, RuntimeError):
        raise CryptographicError(command) from None


def seal_box(plain: bytes, nonce: bytes, key: Secret) -> bytes:
    """The box of ``plain``: :data:`BOX_SIZE` bytes more."""
    return bindings.crypto_secretbox(plain, nonce, key.lent)


def open_box(command: str, box: bytes, nonce: bytes, key: Secret) -> bytes:
    """What is in ``box``. Raises :exc:`CryptographicError`, naming ``command``."""
    try:
        return bindings.crypto_secretbox_open(box, nonce, key.lent)
    except CryptoError:
        raise CryptographicError(command) from None
