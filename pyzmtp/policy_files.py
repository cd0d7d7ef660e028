"""Policies that files describe, for programs that are told of them on a command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from pyzmtp.authenticator import Authenticator
from pyzmtp.certificates import Certificate, CertificateDirectory, load_certificate
from pyzmtp.errors import OptionError, UsageError
from pyzmtp.net.reactor import Reactor
from pyzmtp.security.curve import ALLOW_ANY, AnyClient, CurveClient, CurveServer
from pyzmtp.security.keys import KeyPair, key_bytes
from pyzmtp.security.plain import PlainClient, PlainServer
from pyzmtp.security.policy import Policy

__all__ = ["POLICY_FILES", "policy_from_files"]

#: What :func:`policy_from_files` takes, and what it means.
POLICY_FILES: Final = {
    "curve_key": "CURVE: our own keys, a certificate file with a secret key.",
    "curve_clients": "CURVE: let in who has this public key, or whose certificate is this file or in this "
    "directory; or: any.",
    "curve_server": "CURVE: the public key of the server that we connect to, or its certificate file.",
    "plain_passwords": "PLAIN: let in who is in this file, a line NAME:PASSWORD each.",
    "plain_login": "PLAIN: connect as who is in this file, one line NAME:PASSWORD.",
}

_ANY: Final = "any"


def policy_from_files(
    *,
    curve_key: str | None = None,
    curve_clients: str | Sequence[str] | None = None,
    curve_server: str | None = None,
    plain_passwords: str | None = None,
    plain_login: str | None = None,
) -> Callable[[Reactor], Policy] | None:
    """Read the files, and return what makes the policy; ``None`` if there are none.

    Secret keys and passwords are in files, because anybody can see command lines. There may be several
    ``curve_clients``, and their directories are looked at again when a peer comes. In files of passwords
    a line that begins with ``#`` is a comment.

    Raises :exc:`UsageError` for files that do not go together, :exc:`CertificateError`,
    :exc:`LibraryMissing` or :exc:`OSError`; none of them shows a secret.
    """
    clients = [curve_clients] if isinstance(curve_clients, str) else list(curve_clients or ())
    roles = [clients or None, curve_server, plain_passwords, plain_login]
    chosen = [role for role in roles if role is not None]
    if not chosen and curve_key is None:
        return None
    if len(chosen) != 1:
        raise UsageError("give one of curve-clients, curve-server, plain-passwords, plain-login")
    keys = None if curve_key is None else _key_pair(curve_key)
    if curve_server is not None:
        client = CurveClient(_public_key(curve_server), keys)
        return lambda _: client
    if clients:
        if keys is None:
            raise UsageError("curve-clients needs curve-key")
        return partial(_curve_server, keys.secret, _known_keys(clients))
    if keys is not None:
        raise UsageError("curve-key is of no use with PLAIN")
    if plain_passwords is not None:
        server = PlainServer(_read_passwords(plain_passwords))
        return lambda _: server
    assert plain_login is not None
    passwords = _read_passwords(plain_login)
    if len(passwords) != 1:
        raise UsageError(f"{plain_login}: to log in it takes one name and password")
    [(name, password)] = passwords.items()
    login = PlainClient(name, password)
    return lambda _: login


class _KnownKeys:
    """The public keys of some files and directories: a :class:`KeyStore`."""

    def __init__(self, keys: Mapping[bytes, Any], stores: Sequence[CertificateDirectory]) -> None:
        self._keys = keys
        self._stores = stores

    def keys(self) -> Mapping[bytes, Any]:
        found: dict[bytes, Any] = {}
        for store in self._stores:
            found.update(store.keys())
        return {**found, **self._keys}

    def refresh(self) -> bool:
        changed = [store.refresh() for store in self._stores]
        return any(changed)


def _key_pair(path: str) -> KeyPair:
    certificate = load_certificate(path)
    if certificate.secret_key is None:
        raise UsageError(f"there is no secret key in {path}; the file that has it ends in _secret")
    return KeyPair(certificate.public_key, certificate.secret_key)


def _is_key(text: str) -> bool:
    try:
        key_bytes("key", text)
    except OptionError:
        return False
    return True


def _certificate(path: str) -> Certificate:
    if not os.path.exists(path):
        raise UsageError(f"{path}: No such file, and no public key of 40 characters")
    return load_certificate(path)


def _public_key(text: str) -> str:
    return text if _is_key(text) else _certificate(text).public_key


def _known_keys(texts: Sequence[str]) -> AnyClient | _KnownKeys:
    if _ANY in texts:
        if len(texts) > 1:
            raise UsageError("curve-clients: any already is everybody")
        return ALLOW_ANY
    keys: dict[bytes, Any] = {}
    stores = []
    for text in texts:
        if os.path.isdir(text):
            stores.append(CertificateDirectory(text))
        elif _is_key(text):
            keys[key_bytes("key", text)] = text
        else:
            certificate = _certificate(text)
            keys[key_bytes("key", certificate.public_key)] = certificate
    return _KnownKeys(keys, stores)


def _curve_server(secret_key: str, clients: AnyClient | _KnownKeys, reactor: Reactor) -> Policy:
    if isinstance(clients, AnyClient):
        return CurveServer(secret_key, clients)
    authenticator = Authenticator(reactor)  # it looks at the directories again when a peer comes
    authenticator.configure_curve(location=clients)
    return CurveServer(secret_key, authenticator)


def _read_passwords(path: str) -> dict[str, str]:
    passwords = {}
    try:
        with open(path, encoding="utf-8") as file:
            lines = list(file)
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is no text in UTF-8") from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            name, colon, password = line.rstrip("\r\n").partition(":")
            if not colon or name in passwords:
                raise UsageError(f"{path}, line {number}: no NAME:PASSWORD, or one more")
            passwords[name] = password
    return passwords
