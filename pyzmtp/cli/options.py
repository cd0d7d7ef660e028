"""``-o NAME=VALUE``: each option of a socket, written as text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import Flag
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from pyzmtp.cli.formats.quoted import quote, unquote
from pyzmtp.constants import ReconnectStop, RouterNotify, SocketType
from pyzmtp.errors import OptionError
from pyzmtp.options import SocketOptions

__all__ = ["describe_options", "parse_options"]

_FIELDS: Final = {field.name: field for field in attrs.fields(SocketOptions)}
#: What has options of its own on the command line.
_ELSEWHERE: Final = {"security": "it is set by --plain-... and --curve-..."}
_NONE: Final = "none"
_FLAGS: Final = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


def _whole(text: str) -> int:
    return int(text, 0)


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError
    return _FLAGS[text.lower()]


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _list(item: Callable[[str], Any], text: str) -> tuple[Any, ...]:
    return tuple(item(part.strip()) for part in text.split(",") if part.strip())


def _property(text: str) -> dict[str, bytes]:
    name, assigned, value = text.partition("=")
    if not assigned:
        raise ValueError
    return {name: unquote(os.fsencode(value))}


def _flags(kind: type[Flag], text: str) -> Flag:
    chosen = kind(0)
    for name in re.split(r"[,|]", text.upper()):
        chosen |= kind[name.strip()]  # a KeyError for a name that there is not
    return chosen


def _names(kind: type[Flag]) -> str:
    return "one or more of " + ", ".join(name.lower() for name in kind.__members__)


#: By the type of an option: how to read it, and what it takes in words.
_KINDS: Final[Mapping[str, tuple[Callable[[str], Any], str]]] = {
    "int": (_whole, "a whole number"),
    "float": (float, "seconds as a number"),
    "bool": (_flag, "yes or no"),
    "bytes": (lambda text: unquote(os.fsencode(text)), "text, in which \\xNN stands for a byte"),
    "str": (str, "text"),
    "tuple[int, int]": (_version, "a version such as 3.1"),
    "tuple[str, ...]": (partial(_list, str), "a list with commas"),
    "tuple[int, ...]": (partial(_list, int), "whole numbers with commas"),
    "Mapping[str, bytes]": (_property, "NAME=VALUE, once for each property"),
    "ReconnectStop": (partial(_flags, ReconnectStop), _names(ReconnectStop)),
    "RouterNotify": (partial(_flags, RouterNotify), _names(RouterNotify)),
}
_FROM_FILES: Final = frozenset({"bytes", "str"})


def parse_options(texts: Iterable[str]) -> dict[str, Any]:
    """The options that ``NAME=VALUE`` texts set. Raises :exc:`ValueError`, which says what is wrong.

    The last of several for one option counts, but metadata is gathered. ``@FILE`` as the value of text
    or bytes stands for what is in a file: no secret need be on a command line. ``none`` is ``None``.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, assigned, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not assigned:
            raise ValueError(f"{text!r} is not NAME=VALUE")
        field = _field(name)
        parsed = _value(field, value)
        if isinstance(parsed, dict):
            parsed = {**values.get(name, {}), **parsed}
        try:
            SocketOptions(**{name: parsed})
        except OptionError as error:
            raise ValueError(f"{name}={value if field.repr else '...'}: {error.problem}") from None
        values[name] = parsed
    return values


def _field(name: str) -> attrs.Attribute[Any]:
    libzmq = "ZMQ_" + name.upper().removeprefix("ZMQ_")
    for field in _FIELDS.values():
        known = name == field.name
        if not known and libzmq not in (field.metadata["zmq"] or "").split(", "):
            continue
        if field.name in _ELSEWHERE:
            raise ValueError(f"{name}: {_ELSEWHERE[field.name]}")
        if known:
            return field
        unit = ", in seconds" if "float" in str(field.type) else ""
        raise ValueError(f"{name} is called {field.name} here{unit}")
    close = get_close_matches(name, _FIELDS, n=1)
    hint = f"; do you mean {close[0]}?" if close else ""
    raise ValueError(f"there is no option {name}{hint} (-o help lists them)")


def _kind(field: attrs.Attribute[Any]) -> tuple[str, bool]:
    """The type of an option, and whether it can be ``None``."""
    kind = str(field.type)
    return kind.removesuffix(" | None"), kind.endswith(" | None")


def _value(field: attrs.Attribute[Any], text: str) -> Any:
    kind, optional = _kind(field)
    if optional and text.lower() == _NONE:
        return None
    parse, takes = _KINDS[kind]
    try:
        if kind in _FROM_FILES and text.startswith("@"):
            data = Path(text[1:]).read_bytes()
            return data if kind == "bytes" else data.decode().removesuffix("\n")
        return parse(text)
    except OSError as error:
        raise ValueError(f"{field.name}={text}: {error.strerror}") from None
    except (ValueError, KeyError):
        takes = f"{takes}, or none" if optional else takes
        shown = text if field.repr else "..."
        raise ValueError(f"{field.name}={shown}: it takes {takes}") from None


def describe_options(socket_type: SocketType) -> list[tuple[str, str]]:
    """Each option that a type has a use for, with its default, and what it means."""
    return [
        (f"{name}={_default(field.default)}", field.metadata["meaning"])
        for name, field in _FIELDS.items()
        if socket_type in field.metadata["types"] and name not in _ELSEWHERE
    ]


def _default(value: object) -> str:
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return quote(value).decode()
    if isinstance(value, Flag):
        return str(value.name).lower()
    if isinstance(value, Mapping):
        return ",".join(f"{name}={quote(content).decode()}" for name, content in value.items())
    if isinstance(value, tuple):  # a version, or an empty list
        return ".".join(map(str, value))
    return str(value)
