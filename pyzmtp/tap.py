"""``twist zmtp-proxy`` and ``twistd zmtp-proxy``: what they can be told, and the service that they run.

Twisted finds them by ``twisted/plugins/pyzmtp_plugin.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

from attrs import Factory, define
from twisted.python import usage

from pyzmtp.authenticator import Authenticator
from pyzmtp.certificates import CertificateDirectory, load_certificate
from pyzmtp.constants import SocketType
from pyzmtp.errors import CertificateError, UsageError
from pyzmtp.net.address import parse
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import options_for
from pyzmtp.security.curve import ALLOW_ANY, AnyClient, CurveClient, CurveServer
from pyzmtp.security.keys import KeyPair
from pyzmtp.security.plain import PlainClient, PlainServer
from pyzmtp.security.policy import Policy
from pyzmtp.service import ProxyService, SocketService
from pyzmtp.sockets.classes import SOCKET_CLASSES
from pyzmtp.sockets.req import check_timeout

__all__ = ["ProxyOptions", "make_service"]

#: The sockets of a proxy, and their types unless others are given.
_ENDS: Final = {"frontend": "ROUTER", "backend": "DEALER", "capture": "PUB"}

#: What can be given for each end: name, default, meaning.
_PARAMETERS: Final = [
    ("curve-key", "Our own CURVE keys: a certificate file with a secret key."),
    ("curve-clients", "CURVE: let in whose certificates are in this directory; or: any."),
    ("curve-server", "CURVE: the certificate file of the server that we connect to."),
    ("plain-passwords", "PLAIN: let in who is in this file, a line NAME:PASSWORD each."),
    ("plain-login", "PLAIN: connect as who is in this file, one line NAME:PASSWORD."),
]

_USAGE_ERRORS: Final = (UsageError, CertificateError, OSError, TypeError)


def _seconds(text: str) -> float:
    seconds = float(text)
    check_timeout(seconds)
    return seconds


@define
class _End:
    """What is known of one socket of the proxy.

    :ivar bind, connect: addresses.
    :ivar overrides: options by name.
    :ivar policy: makes the security policy, which may need to know the time.
    """

    name: str
    socket_type: SocketType
    bind: list[str] = Factory(list)
    connect: list[str] = Factory(list)
    overrides: dict[str, Any] = Factory(dict)
    policy: Callable[[Reactor], Policy] | None = None


class ProxyOptions(usage.Options):
    """The options of ``zmtp-proxy``."""

    synopsis = "[options]"
    longdesc = (
        "Forwards messages between a frontend and a backend, in both directions, and sends a copy of "
        "each to a capture socket if there is one. An address may be given several times; one that "
        "begins with '>' is connected to, any other one is bound."
    )
    optParameters: ClassVar[list[list[Any]]] = [
        *[
            [f"{end}-type", None, kind, f"The type of the {end}'s socket."]
            for end, kind in _ENDS.items()
        ],
        *[
            [f"{end}-{name}", None, None, f"{end.capitalize()}: {meaning}"]
            for end in _ENDS
            for name, meaning in _PARAMETERS
        ],
        ["drain-timeout", None, 5.0, "Seconds for what has been received, at the end.", _seconds],
    ]

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self._addresses: dict[str, list[str]] = {end: [] for end in _ENDS}
        self._settings: list[str] = []
        self.ends: dict[str, _End] = {}

    def opt_frontend(self, address: str) -> None:
        """An address of the frontend."""
        self._addresses["frontend"].append(address)

    def opt_backend(self, address: str) -> None:
        """An address of the backend."""
        self._addresses["backend"].append(address)

    def opt_capture(self, address: str) -> None:
        """An address of the capture socket."""
        self._addresses["capture"].append(address)

    def opt_option(self, setting: str) -> None:
        """A socket's option, such as frontend.receive_hwm=100; without a socket's name, one of all."""
        self._settings.append(setting)

    opt_o = opt_option

    def postOptions(self) -> None:
        """Check everything, and read all files."""
        for end in _ENDS:
            if self._addresses[end] or end != "capture":
                self.ends[end] = self._end(end)
        for setting in self._settings:
            self._set(setting)
        for described in self.ends.values():
            try:
                options_for(described.socket_type, None, described.overrides)
            except _USAGE_ERRORS as error:
                raise usage.UsageError(f"{described.name}: {error}") from None

    def _end(self, name: str) -> _End:
        kind = self[f"{name}-type"].upper()
        if kind not in SocketType.__members__:
            raise usage.UsageError(f"--{name}-type: there is no type {kind}")
        end = _End(name, SocketType[kind])
        if not self._addresses[name]:
            raise usage.UsageError(f"--{name}: give an address")
        given = {each: self[f"{name}-{each}"] for each, _ in _PARAMETERS}
        try:
            for address in self._addresses[name]:
                where = address.removeprefix("@").removeprefix(">")
                parse(where)  # raises what is wrong with it
                (end.connect if address.startswith(">") else end.bind).append(where)
            end.policy = _policy({each: value for each, value in given.items() if value})
        except _USAGE_ERRORS as error:
            raise usage.UsageError(f"{name}: {error}") from None
        return end

    def _set(self, setting: str) -> None:
        name, assigned, value = setting.partition("=")
        end, dot, option = name.rpartition(".")
        if not assigned or (dot and end not in self.ends):
            raise usage.UsageError(f"--option {setting}: it takes [frontend.]NAME=VALUE")
        for described in [self.ends[end]] if dot else self.ends.values():
            described.overrides[option] = _value(value)


def make_service(reactor: Reactor, options: ProxyOptions) -> ProxyService:
    """The service that does what ``options`` say."""
    services = {name: _service(reactor, end) for name, end in options.ends.items()}
    return ProxyService(reactor, **services, drain_timeout=options["drain-timeout"])


def _service(reactor: Reactor, end: _End) -> SocketService[Any]:
    overrides = dict(end.overrides)
    if end.policy is not None:
        overrides["security"] = end.policy(reactor)
    make: Any = partial(SOCKET_CLASSES[end.socket_type], **overrides)
    return SocketService(reactor, make, bind=end.bind, connect=end.connect)


def _value(text: str) -> object:
    """A Python literal, or else the text itself."""
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value


# Security


def _policy(given: dict[str, str]) -> Callable[[Reactor], Policy] | None:
    """What makes the policy of an end that was ``given`` these parameters.

    Raises :exc:`UsageError`, :exc:`CertificateError` or :exc:`OSError`, which show no secret.
    """
    key_file = given.pop("curve-key", None)
    keys = None if key_file is None else _key_pair(key_file)
    if len(given) != 1:
        if not given and keys is None:
            return None
        raise UsageError("give one of curve-clients, curve-server, plain-passwords, plain-login")
    [(name, value)] = given.items()
    if name == "curve-server":
        client = CurveClient(load_certificate(value).public_key, keys)
        return lambda _: client
    if name == "curve-clients":
        if keys is None:
            raise UsageError("curve-clients needs curve-key")
        return partial(_curve_server, keys.secret, _clients(value))
    if keys is not None:
        raise UsageError("curve-key is of no use with PLAIN")
    passwords = _read_passwords(value)
    if name == "plain-passwords":
        return lambda _: PlainServer(passwords)
    if len(passwords) != 1:
        raise UsageError(f"{value}: to log in it takes one name and password")
    [login] = passwords.items()
    return lambda _: PlainClient(*login)


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
