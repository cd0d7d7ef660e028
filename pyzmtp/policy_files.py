"""Policies that files describe, for programs that are told of them on a command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from pyzmtp.authenticator import Authenticator
from pyzmtp.certificates import CertificateDirectory, load_certificate
from pyzmtp.errors import UsageError
from pyzmtp.net.reactor import Reactor
from pyzmtp.security.curve import ALLOW_ANY, AnyClient, CurveClient, CurveServer
from pyzmtp.security.keys import KeyPair
from pyzmtp.security.plain import PlainClient, PlainServer
from pyzmtp.security.policy import Policy

__all__ = ["POLICY_FILES", "policy_from_files"]

#: What :func:`policy_from_files` takes, and what it means.
POLICY_FILES: Final = {
    "curve_key": "CURVE: our own keys, a certificate file with a secret key.",
    "curve_clients": "CURVE: let in whose certificates are in this directory; or: any.",
    "curve_server": "CURVE: the certificate file of the server that we connect to.",
    "plain_passwords": "PLAIN: let in who is in this file, a line NAME:PASSWORD each.",
    "plain_login": "PLAIN: connect as who is in this file, one line NAME:PASSWORD.",
}


def policy_from_files(
    *,
    curve_key: str | None = None,
    curve_clients: str | None = None,
    curve_server: str | None = None,
    plain_passwords: str | None = None,
    plain_login: str | None = None,
) -> Callable[[Reactor], Policy] | None:
    """Read the files, and return what makes the policy; ``None`` if there are none.

    Keys and passwords are in files, because anybody can see command lines. A directory of certificates
    is looked at again when a peer comes.

    Raises :exc:`UsageError` for files that do not go together, :exc:`CertificateError`,
    :exc:`LibraryMissing` or :exc:`OSError`; none of them shows a secret.
    """
    roles = [curve_clients, curve_server, plain_passwords, plain_login]
    chosen = [role for role in roles if role is not None]
    if not chosen and curve_key is None:
        return None
    if len(chosen) != 1:
        raise UsageError("give one of curve-clients, curve-server, plain-passwords, plain-login")
    keys = None if curve_key is None else _key_pair(curve_key)
    if curve_server is not None:
        client = CurveClient(load_certificate(curve_server).public_key, keys)
        return lambda _: client
    if curve_clients is not None:
        if keys is None:
            raise UsageError("curve-clients needs curve-key")
        return partial(_curve_server, keys.secret, _clients(curve_clients))
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


def _key_pair(path: str) -> KeyPair:
    certificate = load_certificate(path)
    if certificate.secret_key is None:
        raise UsageError(f"there is no secret key in {path}")
    return KeyPair(certificate.public_key, certificate.secret_key)


def _clients(value: str) -> AnyClient | str:
    if value == "any":
        return ALLOW_ANY
    CertificateDirectory(value)  # raises what is wrong with it
    return value


def _curve_server(secret_key: str, clients: AnyClient | str, reactor: Reactor) -> Policy:
    if isinstance(clients, AnyClient):
        return CurveServer(secret_key, clients)
    authenticator = Authenticator(reactor)  # it looks at the directory again when a peer comes
    authenticator.configure_curve(location=clients)
    return CurveServer(secret_key, authenticator)


def _read_passwords(path: str) -> dict[str, str]:
    passwords = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                name, colon, password = line.rstrip("\r\n").partition(":")
                if not colon or name in passwords:
                    raise UsageError(f"{path}, line {number}: no NAME:PASSWORD, or one more")
                passwords[name] = password
    return passwords
