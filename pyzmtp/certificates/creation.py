"""New keys in files: :func:`create_certificates`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from errno import EISDIR
from pathlib import Path
from secrets import token_hex
from typing import Final

from pyzmtp.certificates.certificate import MAX_FILE_SIZE
from pyzmtp.certificates.zpl import is_zpl_name, is_zpl_value, zpl_line
from pyzmtp.errors import OptionError
from pyzmtp.security.keys import curve_keypair

__all__ = ["create_certificates"]

_PUBLIC_MODE: Final = 0o644
_SECRET_MODE: Final = 0o600

_PUBLIC_BANNER: Final = """\
#   ****  Generated on {} by pyzmtp  ****
#   ZeroMQ CURVE public certificate
#   Peers may have it. Nothing in it is signed: hand it over in a way that nobody can meddle with.

"""
_SECRET_BANNER: Final = """\
#   ****  Generated on {} by pyzmtp  ****
#   ZeroMQ CURVE **secret** certificate
#   Whoever can read this file can pass for its owner: give it to nobody.

"""


def create_certificates(
    directory: str | os.PathLike[str],
    name: str,
    metadata: Mapping[str, str] | None = None,
    *,
    overwrite: bool = False,
) -> tuple[Path, Path]:
    """Make a pair of keys, write ``NAME.key`` and ``NAME.key_secret``, and return their paths.

    The public file has the public key; the secret file both keys and the ``metadata``, as pyzmq's.
    Nobody but the owner can read the secret file at any time (mode 0600); the public file has mode
    0644 less what the umask takes away. Windows knows no modes: there both get their directory's
    permissions. Both files are written or none; a reader finds a file whole, or empty.

    Raises :exc:`OptionError` for a name or metadata that cannot be written, :exc:`LibraryMissing`, and
    :exc:`OSError`: the :exc:`FileExistsError` if one of the files is there, unless ``overwrite``.
    """
    if not name.isprintable() or name.startswith(".") or not name or Path(name).name != name:
        raise OptionError("name", name, "a file's name, without directory, that is not hidden")
    described = _described(metadata or {})
    pair = curve_keypair()
    now = datetime.now(timezone.utc).isoformat(" ", "seconds")
    keys = "curve\n" + zpl_line("public-key", pair.public)
    public_text = _PUBLIC_BANNER.format(now) + "metadata\n" + keys
    secret_text = (
        _SECRET_BANNER.format(now) + described + keys + zpl_line("secret-key", pair.secret)
    )
    if len(secret_text.encode()) > MAX_FILE_SIZE:
        problem = f"it makes a certificate longer than {MAX_FILE_SIZE} bytes"
        raise OptionError("metadata", "(not shown)", problem)
    public, secret = Path(directory, f"{name}.key"), Path(directory, f"{name}.key_secret")
    texts = {secret: (secret_text, _SECRET_MODE), public: (public_text, _PUBLIC_MODE)}
    _write(texts, overwrite)
    return public, secret


def _described(metadata: Mapping[str, str]) -> str:
    text = "metadata\n"
    for name, value in metadata.items():
        if not is_zpl_name(name):
            raise OptionError("metadata", name, "a name has letters, digits and $-_@.&+ only")
        if name.startswith(("public-key", "secret-key")):
            raise OptionError("metadata", name, "pyzmq would take it for a key")
        if not isinstance(value, str) or not is_zpl_value(value):
            problem = "a value is a str of one line, with quotes of one kind at most"
            raise OptionError("metadata", value, problem)
        text += zpl_line(name, value)
    return text


def _write(texts: Mapping[Path, tuple[str, int]], overwrite: bool) -> None:
    with ExitStack() as undo:
        for path in texts:
            if not overwrite:
                _create(path, "", _SECRET_MODE)  # whoever else wants the name fails from here on
                undo.callback(path.unlink, missing_ok=True)
            elif path.is_dir():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
        written = {}
        for path, (text, mode) in texts.items():
            temporary = path.with_name(f".{path.name}.{token_hex(8)}")
            _create(temporary, text, mode)
            undo.callback(temporary.unlink, missing_ok=True)
            written[temporary] = path
        for temporary, path in written.items():
            os.replace(temporary, path)
        undo.pop_all()


def _create(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with ExitStack() as undo:
        undo.callback(path.unlink)
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        undo.pop_all()
