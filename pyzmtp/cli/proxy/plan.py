"""The sockets of a proxy, as the command line names them: :func:`read_plan`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs
from attrs import field, frozen

from pyzmtp.cli.addresses import Endpoint, read_endpoint
from pyzmtp.cli.options import parse_options
from pyzmtp.cli.policies import SECURITY_OPTIONS, MakePolicy, read_security
from pyzmtp.cli.sockets.kinds import KINDS
from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.options import SocketOptions
from pyzmtp.sockets.base import Socket

__all__ = ["SIDES", "SocketPlan", "read_plan"]

SIDES: Final = ("frontend", "backend", "capture")

_SOCKET: Final = re.compile(r"([a-zA-Z]+)([@>].+)", re.DOTALL)
_FIELDS: Final = attrs.fields_dict(SocketOptions)
_SECURITY: Final = frozenset(SECURITY_OPTIONS)


@frozen
class SocketPlan:
    """One socket of a proxy."""

    side: str
    socket: type[Socket]
    endpoints: Sequence[Endpoint]
    options: dict[str, Any]
    policy: MakePolicy = field(repr=False)

    def make(self, reactor: Any) -> Socket:
        """The socket. Raises :exc:`UsageError`."""
        return self.socket(reactor, security=self.policy(reactor), **self.options)


def read_plan(sockets: Sequence[str], options: Sequence[str]) -> list[SocketPlan]:
    """The sockets that are written as ``TYPE@ADDRESS`` or ``TYPE>ADDRESS``, in the order of the sides.

    Further addresses follow behind commas: ``router@tcp://*:5559,@ipc:///run/x``. An option is
    ``NAME=VALUE`` for all sockets that have a use for it, or ``SIDE.NAME=VALUE``.

    Raises :exc:`UsageError`, :exc:`ValueError`.
    """
    kinds = [_socket(text) for text in sockets]
    types = [kind.socket_type for kind, _ in kinds]
    texts: dict[str, list[str]] = {side: [] for side in SIDES[: len(kinds)]}
    for text in options:
        for side in _sides_of(text, types):
            texts[side].append(text.partition(".")[2] if _side_of(text) else text)
    return [
        SocketPlan(side, kind, endpoints, *_settings(texts[side]))
        for side, (kind, endpoints) in zip(SIDES, kinds, strict=False)
    ]


def _socket(text: str) -> tuple[type[Socket], list[Endpoint]]:
    match = _SOCKET.fullmatch(text)
    endpoints = [] if match is None else list(_endpoints(match[2]))
    if match is None or None in endpoints:
        problem = "it is to be TYPE@ADDRESS to bind, TYPE>ADDRESS to connect"
        raise UsageError(f"{text!r} is no socket: {problem}")
    kind = KINDS.get(match[1].lower())
    if kind is None:
        raise UsageError(f"{text!r}: there is no type of socket {match[1]!r}")
    return kind.socket, [endpoint for endpoint in endpoints if endpoint is not None]


def _endpoints(text: str) -> Iterator[Endpoint | None]:
    return map(read_endpoint, re.split(r",(?=[@>])", text))


def _side_of(text: str) -> str:
    """The side that an option is for, if it names one."""
    side, dot, _ = text.partition("=")[0].partition(".")
    return side if dot else ""


def _sides_of(text: str, types: Sequence[SocketType]) -> list[str]:
    """The sides that an option is for."""
    present = SIDES[: len(types)]
    side = _side_of(text)
    if side:
        if side not in present:
            raise UsageError(f"{text!r}: there is no socket {side!r}, but {', '.join(present)}")
        return [side]
    name = text.partition("=")[0].strip().replace("-", "_")
    if name not in _FIELDS:
        return list(present)  # for security, or an error that says so
    users = [
        side
        for side, kind in zip(present, types, strict=True)
        if kind in _FIELDS[name].metadata["types"]
    ]
    if not users:
        raise UsageError(f"{text!r}: none of the sockets has a use for it")
    return users


def _settings(texts: Sequence[str]) -> tuple[dict[str, Any], MakePolicy]:
    """What ``NAME=VALUE`` texts set: options, and what stands beside them on other commands."""
    security: dict[str, Any] = {}
    options = []
    for text in texts:
        name, _, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in _SECURITY:
            options.append(text)
        elif name == "curve_clients":
            security.setdefault(name, []).append(value)
        else:
            security[name] = value
    return parse_options(options), read_security(security)
