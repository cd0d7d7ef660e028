"""One certificate: :class:`Certificate`, :func:`load_certificate`."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from pyzmtp.certificates.zpl import Entry, read_zpl
from pyzmtp.errors import CertificateError, OptionError
from pyzmtp.security.keys import KEY_SIZE, key_bytes
from pyzmtp.wire.z85 import z85_encode

__all__ = ["MAX_FILE_SIZE", "Certificate", "load_certificate"]

#: Bytes. A certificate has about 500; this is what it may cost to read whatever lies in a directory.
MAX_FILE_SIZE: Final = 65536

#: What CZMQ writes for a key that it does not have. Anybody would know its secret.
_NO_KEY: Final = z85_encode(bytes(KEY_SIZE))


def _public(value: object) -> str:
    return z85_encode(key_bytes("public_key", value))


def _secret(value: object) -> str | None:
    return None if value is None else z85_encode(key_bytes("secret_key", value))


def _fixed(metadata: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(metadata))


@frozen
class Certificate:
    """A public key, perhaps its secret key, and what is said of their owner.

    Keys can be given as 32 bytes too. The secret key is not shown, and a certificate that has one is
    not pickled. Raises :exc:`OptionError`.

    :ivar public_key: 40 characters of Z85.
    :ivar secret_key: 40 characters of Z85, or ``None``. Nobody has checked that it belongs to the
        public key.
    :ivar metadata: what the file says in its section ``metadata``. Nobody has signed it.
    """

    public_key: str = field(converter=_public)
    secret_key: str | None = field(default=None, repr=False, converter=_secret)
    metadata: Mapping[str, str] = field(factory=dict, converter=_fixed, hash=False)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.secret_key is not None:
            raise TypeError("this Certificate holds a secret, and is not pickled")
        return type(self), (self.public_key, None, dict(self.metadata))


def load_certificate(path: str | os.PathLike[str]) -> Certificate:
    """The certificate in a file, whoever wrote it: pyzmtp, pyzmq, or CZMQ.

    Whether others may read a secret key's file is not looked at.

    Raises :exc:`CertificateError`, which never shows a key, for a file that is no certificate, or
    longer than :data:`MAX_FILE_SIZE`; :exc:`OSError` for one that cannot be read.
    """
    return _parse(os.fspath(path), _read(os.fspath(path)))


def _read(path: str) -> bytes:
    with open(path, "rb", opener=_open) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise CertificateError(path, None, "this is no regular file")
        data = file.read(MAX_FILE_SIZE + 1)
    if len(data) > MAX_FILE_SIZE:
        raise CertificateError(path, None, f"a certificate has at most {MAX_FILE_SIZE} bytes")
    return data


def _open(path: str, flags: int) -> int:
    # Not to wait for the writer of a named pipe. Windows has neither.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _parse(path: str, data: bytes) -> Certificate:
    keys: dict[str, str] = {}
    metadata: dict[str, str] = {}
    # Only metadata can have other characters than ASCII, and a wrong one there is no reason to refuse.
    for entry in read_zpl(data.decode("utf-8-sig", errors="replace")):
        if entry.section == "metadata":
            metadata[entry.name] = entry.value
        elif entry.name in ("public-key", "secret-key"):
            if entry.name in keys:
                raise CertificateError(path, entry.line, f"a second {entry.name}")
            keys[entry.name] = _z85(path, entry)
    public_key = keys.get("public-key", _NO_KEY)
    secret_key = keys.get("secret-key", _NO_KEY)
    if public_key == _NO_KEY:
        raise CertificateError(path, None, "there is no public-key in it")
    return Certificate(public_key, None if secret_key == _NO_KEY else secret_key, metadata)


def _z85(path: str, entry: Entry) -> str:
    try:
        return z85_encode(key_bytes(entry.name, entry.value))
    except OptionError:
        problem = f"{entry.name} is not 40 characters of Z85 that stand for 32 bytes"
        raise CertificateError(path, entry.line, problem) from None
