"""Keys of CURVE: :func:`curve_keypair`, :func:`curve_public`."""

from __future__ import annotations

from types import ModuleType
from typing import Final, NamedTuple, NoReturn

from pyzmtp.errors import LibraryMissing, OptionError
from pyzmtp.wire.z85 import z85_decode, z85_encode

__all__ = [
    "KEY_SIZE",
    "KeyPair",
    "Text",
    "curve_keypair",
    "curve_public",
    "key_bytes",
    "real_key",
    "sodium",
    "user_id_of",
]

Text = str | bytes

#: Bytes in a key of Curve25519.
KEY_SIZE: Final = 32
_Z85_SIZE: Final = 40


class KeyPair(NamedTuple):
    """A public key and the secret key that belongs to it, each as 40 characters of Z85.

    The secret key is not shown, and not pickled.
    """

    public: str
    secret: str

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r}, secret=...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeyPair holds a secret, and is not pickled")


def sodium() -> ModuleType:
    """libsodium, by PyNaCl's bindings. Raises :exc:`LibraryMissing`, which names the extra."""
    try:
        from nacl import bindings
    except ImportError:
        raise LibraryMissing("CURVE", "PyNaCl", "curve") from None
    return bindings


def curve_keypair() -> KeyPair:
    """A new pair of long-term keys. Raises :exc:`LibraryMissing`. (``zmq_curve_keypair``)"""
    public, secret = sodium().crypto_box_keypair()
    return KeyPair(z85_encode(public), z85_encode(secret))


def curve_public(secret_key: Text) -> str:
    """The public key, in Z85, that belongs to ``secret_key``, 32 bytes or 40 characters of Z85.

    Raises :exc:`OptionError`, :exc:`LibraryMissing`. (``zmq_curve_public``)
    """
    return z85_encode(sodium().crypto_scalarmult_base(key_bytes("secret_key", secret_key)))


def key_bytes(what: str, value: object) -> bytes:
    """The 32 bytes of a key given as these, or as 40 characters of Z85, ``str`` or ``bytes``.

    Raises :exc:`OptionError`, which names ``what`` and does not show the value.
    """
    if isinstance(value, bytes | bytearray) and len(value) == KEY_SIZE:
        return bytes(value)
    try:
        text = value.decode("ascii") if isinstance(value, bytes | bytearray) else value
        if isinstance(text, str) and len(text) == _Z85_SIZE:
            return z85_decode(text)
    except ValueError:
        pass
    problem = "a key is 32 bytes, or 40 characters of Z85 as str or bytes"
    raise OptionError(what, "(not shown)", problem)


def real_key(what: str, value: object) -> bytes:
    """As :func:`key_bytes`. Raises :exc:`OptionError` also for zeros, which stand for no key in files."""
    key = key_bytes(what, value)
    if not any(key):
        raise OptionError(what, "(not shown)", "nobody has a key of zeros to himself")
    return key


def user_id_of(what: str, value: object) -> str:
    """``value``, the user id of a key's owner. Raises :exc:`OptionError`."""
    if not isinstance(value, str):
        raise OptionError(what, value, "a user id is a str")
    return value
