"""``--plain-...`` and ``--curve-...``: who we are, and who may come in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from pyzmtp.authenticator import Authenticator
from pyzmtp.certificates import Certificate, CertificateDirectory, load_certificate
from pyzmtp.cli.sections import SectionedOption
from pyzmtp.errors import CertificateError, OptionError, UsageError
from pyzmtp.security.curve import ALLOW_ANY, CurveClient, CurveServer
from pyzmtp.security.keys import key_bytes
from pyzmtp.security.plain import PlainClient, PlainServer
from pyzmtp.security.policy import Policy
from pyzmtp.wire.z85 import z85_encode

__all__ = ["SECURITY_OPTIONS", "MakePolicy", "read_security", "security_options"]

#: Makes a policy on the reactor that it will run on; ``None``: there is no security.
MakePolicy = Callable[[Any], Policy | None]

#: Where a password may be that is on no command line.
_PASSWORD: Final = "PYZMTP_PLAIN_PASSWORD"

#: The options by name: what each takes, and what it means.
SECURITY_OPTIONS: Final = {
    "plain_username": (
        "NAME",
        "PLAIN: say this name, and the password that is in the environment as "
        f"{_PASSWORD} or else is typed at the terminal.",
    ),
    "plain_passwords": ("FILE", "PLAIN: let in whose NAME:PASSWORD is a line of this file."),
    "curve_key": ("FILE", "CURVE: our own key pair, a NAME.key_secret that keygen has written."),
    "curve_server_key": (
        "KEY|FILE",
        "CURVE: the server is the one with this public key. Without --curve-key ours is drawn.",
    ),
    "curve_allow": (
        "KEY|FILE|DIRECTORY",
        "CURVE: let in who has this public key, or one of the certificates in the directory, which is "
        "read again when it changes. May be given more than once.",
    ),
    "curve_allow_any": (None, "CURVE: let in whoever knows our public key."),
}


_OF_CLIENTS: Final = ("plain_username", "curve_key", "curve_server_key")


class _KnownKeys:
    """The public keys of some files and directories: a :class:`KeyStore`."""

    def __init__(self, keys: Mapping[bytes, str], stores: Sequence[CertificateDirectory]) -> None:
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


def security_options(client: bool = False) -> list[click.Option]:
    """All options of security, or those of a ``client``."""
    return [
        SectionedOption(
            "Security",
            f"--{name.replace('_', '-')}",
            metavar=metavar,
            is_flag=metavar is None,
            multiple=name == "curve_allow",
            help=text,
        )
        for name, (metavar, text) in SECURITY_OPTIONS.items()
        if not client or name in _OF_CLIENTS
    ]


def read_security(
    *,
    plain_username: str | None = None,
    plain_passwords: str | None = None,
    curve_key: str | None = None,
    curve_server_key: str | None = None,
    curve_allow: Sequence[str] = (),
    curve_allow_any: bool = False,
) -> MakePolicy:
    """Read the files that were named, and return what makes the policy.

    Raises :exc:`UsageError` for what cannot be used or meant.
    """
    serves = bool(curve_allow) or curve_allow_any
    roles = {
        "--plain-username": plain_username is not None,
        "--plain-passwords": plain_passwords is not None,
        "--curve-server-key": curve_server_key is not None,
        "--curve-allow": bool(curve_allow),
        "--curve-allow-any": curve_allow_any,
    }
    chosen = [name for name, is_chosen in roles.items() if is_chosen]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other")
    if curve_key is not None and not (serves or curve_server_key):
        problem = "a client needs --curve-server-key, a server --curve-allow or --curve-allow-any"
        raise UsageError(f"--curve-key alone does not say whom to trust: {problem}")
    if serves and curve_key is None:
        raise UsageError(f"{chosen[0]} needs --curve-key, the key pair of the server")
    policy: Policy | None = None
    if plain_username is not None:
        policy = PlainClient(plain_username, _password(plain_username))
    elif plain_passwords is not None:
        policy = PlainServer(_passwords(plain_passwords))
    elif curve_server_key is not None:
        pair = None if curve_key is None else _key_pair(curve_key)
        policy = CurveClient(_public_key(curve_server_key), pair)
    elif curve_key is not None:
        _, secret = _key_pair(curve_key)
        if curve_allow:
            keys = _known_keys(curve_allow)
            return lambda reactor: CurveServer(secret, _authenticator(reactor, keys))
        policy = CurveServer(secret, ALLOW_ANY)
    return lambda reactor: policy


def _authenticator(reactor: Any, keys: _KnownKeys) -> Authenticator:
    authenticator = Authenticator(reactor)
    authenticator.configure_curve(location=keys)
    return authenticator


def _password(username: str) -> str:
    password = os.environ.get(_PASSWORD)
    if password is not None:
        return password
    if sys.stderr is None or not sys.stderr.isatty():
        raise UsageError(f"there is no password for {username}: it is to be in {_PASSWORD}")
    typed: str = click.prompt(f"Password of {username}", hide_input=True, err=True)
    return typed


def _passwords(path: str) -> dict[str, str]:
    passwords = {}
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is no text in UTF-8") from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            name, colon, password = line.partition(":")
            if not colon or not name:
                raise UsageError(f"{path}, line {number}: it is not NAME:PASSWORD")
            passwords[name] = password
    return passwords


def _certificate(path: str) -> Certificate:
    try:
        return load_certificate(path)
    except CertificateError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _key_pair(path: str) -> tuple[str, str]:
    certificate = _certificate(path)
    if certificate.secret_key is None:
        raise UsageError(f"{path}: there is no secret key in it; that of keygen ends in _secret")
    return certificate.public_key, certificate.secret_key


def _public_key(text: str) -> str:
    try:
        return z85_encode(key_bytes("key", text))
    except OptionError:
        pass
    if not os.path.exists(text):
        raise UsageError(f"{text!r} is neither a key of 40 characters nor a file")
    return _certificate(text).public_key


def _known_keys(texts: Sequence[str]) -> _KnownKeys:
    keys: dict[bytes, str] = {}
    stores = []
    for text in texts:
        if os.path.isdir(text):
            try:
                stores.append(CertificateDirectory(text))
            except OSError as error:
                raise UsageError(f"{text}: {error.strerror}") from None
        else:
            public_key = _public_key(text)
            keys[key_bytes("key", public_key)] = public_key
    return _KnownKeys(keys, stores)
