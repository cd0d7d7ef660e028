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

from pyzmtp.constants import SocketType
from pyzmtp.errors import CertificateError, UsageError
from pyzmtp.net.address import parse
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import options_for
from pyzmtp.policy_files import POLICY_FILES, policy_from_files
from pyzmtp.security.policy import Policy
from pyzmtp.service import ProxyService, SocketService
from pyzmtp.sockets.classes import SOCKET_CLASSES
from pyzmtp.sockets.req import check_timeout

__all__ = ["ProxyOptions", "make_service"]

#: The sockets of a proxy, and their types unless others are given.
_ENDS: Final = {"frontend": "ROUTER", "backend": "DEALER", "capture": "PUB"}

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
            [f"{end}-{name.replace('_', '-')}", None, None, f"{end.capitalize()}, {meaning}"]
            for end in _ENDS
            for name, meaning in POLICY_FILES.items()
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
        files = {each: self[f"{name}-{each.replace('_', '-')}"] for each in POLICY_FILES}
        try:
            for address in self._addresses[name]:
                where = address.removeprefix("@").removeprefix(">")
                parse(where)  # raises what is wrong with it
                (end.connect if address.startswith(">") else end.bind).append(where)
            end.policy = policy_from_files(**files)
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
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # all that it raises
        return text
    return value
