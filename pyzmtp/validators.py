"""The fields of :class:`SocketOptions`, and the checks of what they and some methods take.

A check of an option is given what attrs gives a validator; it raises :exc:`OptionError`, which names
the option, the value and what would be taken.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from enum import Enum, Flag
from ipaddress import IPv6Address, ip_network
from types import MappingProxyType
from typing import Any, Final, TypeVar

import attrs
from attrs import field

from pyzmtp.constants import (
    MAX_HANDSHAKE_COMMAND,
    MAX_PROPERTIES,
    MAX_PROPERTY_VALUE,
    PROPERTY_NAME_CHARACTERS,
    SocketType,
)
from pyzmtp.errors import OptionError

__all__ = [
    "LARGEST",
    "Effect",
    "as_tuple",
    "byte_string",
    "check_callable",
    "flag",
    "flags",
    "host_and_port",
    "integer",
    "live_option",
    "metadata",
    "networks",
    "numbers",
    "option",
    "or_none",
    "own_copy",
    "policy",
    "routing_id",
    "seconds",
    "text",
    "version",
]

_T = TypeVar("_T")
_Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]

#: The largest whole number that an option takes.
LARGEST: Final = 2**62

_ALL: Final = frozenset(SocketType)

# What Socket-Type, Identity and a mechanism's own bytes take of a READY or INITIATE, generously.
_OWN_PROPERTIES: Final = 1024

#: A host name (RFC 1035, section 2.3.4) or an IPv6 address in brackets, and a port.
_LABEL: Final = "[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}"
#: The name of a zone, behind a %, is one that addresses take too.
_IPV6: Final = r"\[([0-9a-fA-F:.]+(?:%[a-zA-Z0-9:_.%-]+)?)\]"
_HOST_AND_PORT: Final = re.compile(rf"(?:{_IPV6}|({_LABEL}(?:\.{_LABEL})*)):([0-9]{{1,5}})")
_MAX_HOST: Final = 253


class Effect(Enum):
    """When an option that is changed on an open socket takes effect; the value says it in words.

    There is no option whose time is over once the socket is made.
    """

    AT_ONCE = "at once"
    #: Each bind() and connect() keeps the options that it was made with, as in libzmq.
    NEXT_ENDPOINT = "at the next bind() or connect()"


def option(
    default: _T,
    check: _Check,
    meaning: str,
    zmq: str | None = None,
    zmq_default: str | None = None,
    types: frozenset[SocketType] = _ALL,
    converter: Callable[[Any], _T] | None = None,
    effect: Effect = Effect.NEXT_ENDPOINT,
    secret: bool = False,
) -> _T:
    """A field: its default, its validator, when it takes effect, and what the documentation says.

    What is ``secret`` is shown in no representation and no error.
    """
    metadata = {
        "meaning": meaning,
        "zmq": zmq,
        "zmq_default": zmq_default,
        "types": types,
        "effect": effect,
    }
    return field(
        default=default,
        converter=converter,
        validator=check,
        hash=converter is None,  # a mapping has none
        kw_only=True,
        repr=not secret,
        metadata=metadata,
    )


def live_option(
    default: _T,
    check: _Check,
    meaning: str,
    zmq: str | None = None,
    zmq_default: str | None = None,
    types: frozenset[SocketType] = _ALL,
) -> _T:
    """The same, of an option that takes effect at once."""
    return option(default, check, meaning, zmq, zmq_default, types, effect=Effect.AT_ONCE)


def _require(holds: bool, attribute: attrs.Attribute[Any], value: object, problem: str) -> None:
    if not holds:
        raise OptionError(attribute.name, value if attribute.repr else "(secret)", problem)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def flag(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """True or False."""
    _require(isinstance(value, bool), attribute, value, "it takes True or False")


def integer(least: int, most: int = LARGEST) -> _Check:
    """A whole number from ``least`` to ``most``."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        _require(good, attribute, value, f"it takes a whole number from {least} to {most}")

    return check


def seconds(zero: bool = True, most: float = sys.float_info.max) -> _Check:
    """A time, from 0 (or more than that) to ``most``."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        good = _is_number(value) and 0 <= value <= most and (zero or value > 0)
        least = "0" if zero else "more than 0"
        end = "up" if most == sys.float_info.max else f"to {most}"
        _require(good, attribute, value, f"it takes seconds as a number from {least} {end}")

    return check


def flags(kind: type[Flag]) -> _Check:
    """A member of an enumeration of flags, or several joined."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        names = ", ".join(f"{kind.__name__}.{name}" for name in kind.__members__)
        _require(isinstance(value, kind), attribute, value, f"it takes {names}, joined by |")

    return check


def or_none(check: _Check, meaning: str) -> _Check:
    """What ``check`` takes, or ``None``, which means ``meaning``."""

    def check_unless_none(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None:
            try:
                check(instance, attribute, value)
            except OptionError as error:
                raise OptionError(
                    attribute.name, error.value, f"{error.problem}, or None for {meaning}"
                ) from None

    return check_unless_none


def byte_string(least: int, most: int) -> _Check:
    """``least`` to ``most`` bytes."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        good = isinstance(value, bytes) and least <= len(value) <= most
        _require(good, attribute, value, f"it takes {least} to {most} bytes")

    return check


def text(least: int, most: int) -> _Check:
    """``least`` to ``most`` bytes of text in UTF-8."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        try:
            size = len(value.encode()) if isinstance(value, str) else -1
        except UnicodeEncodeError:  # half of a surrogate pair
            size = -1
        problem = f"it takes a str of {least} to {most} bytes in UTF-8"
        _require(least <= size <= most, attribute, value, problem)

    return check


def host_and_port(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """``host:port``; an IPv6 address stands in brackets."""
    match = _HOST_AND_PORT.fullmatch(value) if isinstance(value, str) else None
    good = (
        match is not None and 0 < int(match[3]) < 65536 and len(match[1] or match[2]) <= _MAX_HOST
    )
    if match is not None and match[1]:
        try:
            IPv6Address(match[1])
        except ValueError:
            good = False
    problem = "it takes host:port or [IPv6 address]:port, with a port from 1 to 65535"
    _require(good, attribute, value, problem)


def routing_id(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """An id that a ROUTER may know a socket by."""
    byte_string(0, 255)(instance, attribute, value)
    # Ids that begin with a zero byte are those that a ROUTER draws for nameless peers (RFC 28).
    _require(value[:1] != b"\0", attribute, value, "it may not begin with a zero byte")


def version(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A version of ZMTP that is served."""
    good = value in ((1, 0), (2, 0), (3, 0), (3, 1))
    _require(good, attribute, value, "it takes (1, 0), (2, 0), (3, 0) or (3, 1)")


def metadata(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Properties of the application, as many and as long as a READY holds."""
    _require(isinstance(value, Mapping), attribute, value, "it takes a mapping of str to bytes")
    for name, content in value.items():
        # libzmq: an application's property name begins with X-, and fits its length byte.
        good = isinstance(name, str) and name.isascii() and name.startswith("X-")
        good = good and len(name) < 256
        good = good and PROPERTY_NAME_CHARACTERS.issuperset(name.encode())
        _require(good, attribute, name, "a property's name is X- and letters, digits, -, _, . or +")
        good = isinstance(content, bytes) and len(content) <= MAX_PROPERTY_VALUE
        limit = f"a property's value is bytes, {MAX_PROPERTY_VALUE} at the most"
        _require(good, attribute, content, limit)
    names = {name.lower() for name in value}
    _require(len(names) == len(value), attribute, value, "a property's name may stand only once")
    size = sum(len(name) + len(content) + 5 for name, content in value.items())
    good = len(value) <= MAX_PROPERTIES - 2 and size <= MAX_HANDSHAKE_COMMAND - _OWN_PROPERTIES
    _require(good, attribute, value, "it does not fit into a READY of 64 properties and 16 KiB")


def policy(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """A policy of :mod:`pyzmtp.security`, or what has its form."""
    parts = ("mechanism", "domain", "check", "needs_check", "new_mechanism")
    good = not isinstance(value, type) and all(hasattr(value, part) for part in parts)
    problem = "it takes a policy, such as CurveServer(...)"
    if not good:  # whatever it is, it may be a key or a password
        raise OptionError(attribute.name, f"({type(value).__name__})", problem)


def networks(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """IP networks, such as ``127.0.0.0/8``, or single addresses."""
    problem = "it takes networks as str, such as '127.0.0.0/8' or '::1'"
    _require(isinstance(value, tuple), attribute, value, problem)
    for network in value:
        try:
            good = isinstance(network, str) and ip_network(network, strict=False) is not None
        except ValueError:
            good = False
        _require(good, attribute, network, problem)


def numbers(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Ids that the system gives to users, groups and processes."""
    good = isinstance(value, tuple) and all(type(one) is int and 0 <= one < 2**32 for one in value)
    _require(good, attribute, value, "it takes whole numbers from 0 up, in a list, tuple or set")


def as_tuple(value: Any) -> Any:
    """Several values, that nobody can change later; anything else is left for the check to refuse."""
    return tuple(value) if isinstance(value, list | set | frozenset) else value


def own_copy(value: Any) -> Any:
    """What was checked must not change later; what is no mapping is left for the check to refuse."""
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


def check_callable(callback: object) -> None:
    """Raise :exc:`TypeError` if ``callback`` cannot be called."""
    if not callable(callback):
        raise TypeError(f"a callback is needed, not {type(callback).__name__}")
