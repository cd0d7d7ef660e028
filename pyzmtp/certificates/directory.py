"""The certificates of those who may come in: :class:`CertificateDirectory`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from attrs import evolve, frozen
from twisted.logger import Logger

from pyzmtp.certificates.certificate import Certificate, load_certificate
from pyzmtp.errors import CertificateError
from pyzmtp.wire.z85 import z85_decode

__all__ = ["CertificateDirectory"]

_log: Final = Logger()

_SUFFIX: Final = ".key"

#: What tells that a file has changed: its modification, its size; also its node and when that changed,
#: as certificates are of one size, and to be renamed or made readable is no modification.
_Stamp = tuple[int, int, int, int]


@frozen
class _File:
    stamp: _Stamp | None
    certificate: Certificate | None


class CertificateDirectory:
    """All files ``*.key`` of a directory, but not those below it, nor hidden ones.

    They are read when it is made; after that :meth:`refresh` sees what has changed. A file that cannot
    be used is logged, once; it does not disturb the others. Secret keys are not kept.

    Raises :exc:`OSError` if the directory cannot be read. One that vanishes later holds no keys; one
    that is unreadable later has those it had.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path: Final = os.fspath(path)
        self._files: dict[str, _File] = {}
        self._problems: dict[str, str] = {}
        self._keys: Mapping[bytes, Certificate] = MappingProxyType({})
        os.scandir(self._path).close()
        self.refresh()

    def __repr__(self) -> str:
        return f"CertificateDirectory({self._path!r})"

    def keys(self) -> Mapping[bytes, Certificate]:
        """The certificates by public key (32 bytes), as the last :meth:`refresh` left them.

        Of two files with one key, that whose name sorts last counts.
        """
        return self._keys

    def refresh(self) -> bool:
        """Read what has changed. Whether the set of keys is another now."""
        try:
            stamps = dict(sorted(self._stamps()))
            self._problems.pop("", None)
        except (FileNotFoundError, NotADirectoryError) as error:
            stamps = {}
            self._tell("", str(error.strerror))
        except OSError as error:
            self._tell("", str(error.strerror))
            return False
        for gone in self._problems.keys() - stamps.keys() - {""}:
            del self._problems[gone]
        files = {name: self._file(name, stamp) for name, stamp in stamps.items()}
        if files == self._files:
            return False
        before = self._keys.keys()
        self._files = files
        self._keys = MappingProxyType(
            {
                z85_decode(file.certificate.public_key): file.certificate
                for file in files.values()
                if file.certificate is not None
            }
        )
        return self._keys.keys() != before

    def _stamps(self) -> Iterator[tuple[str, _Stamp | None]]:
        with os.scandir(self._path) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX) and not entry.name.startswith("."):
                    yield entry.name, _stamp(entry)

    def _file(self, name: str, stamp: _Stamp | None) -> _File:
        known = self._files.get(name)
        if known is not None and stamp is not None and known.stamp == stamp:
            return known
        try:
            certificate = load_certificate(os.path.join(self._path, name))
        except CertificateError as error:
            where = "" if error.line is None else f"line {error.line}: "
            self._tell(name, f"{where}{error.problem}")
            return _File(stamp, None)
        except OSError as error:
            self._tell(name, str(error.strerror))
            return _File(None, None)  # it is tried again: the reason may not be the file's
        self._problems.pop(name, None)
        return _File(stamp, evolve(certificate, secret_key=None))

    def _tell(self, name: str, problem: str) -> None:
        if self._problems.get(name) != problem:
            self._problems[name] = problem
            path = os.path.join(self._path, name) if name else self._path
            _log.warn("No certificate is read from {path}: {problem}", path=path, problem=problem)


def _stamp(entry: os.DirEntry[str]) -> _Stamp | None:
    try:
        status = os.stat(
            entry.path
        )  # not the entry's: on Windows that has neither node nor new size
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns
