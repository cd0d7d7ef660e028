"""Write docs/options.md from SocketOptions itself: ``python -m tools.option_table``."""

from __future__ import annotations

from enum import Flag
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from pyzmtp import SocketOptions, SocketType

PAGE = Path(__file__).parent.parent / "docs" / "options.md"

_HEAD = """\
# Options

Made by `python -m tools.option_table` from `pyzmtp.SocketOptions`; a test keeps it up to date.

All options are set when a socket is made, by keyword or in a `SocketOptions`, and hold for its life.
Times are seconds, sizes are bytes, queues are messages. A wrong value raises `OptionError`, an option
that does nothing on a socket type raises `UsageError`.

| option | default | for | what it means | libzmq's name | libzmq's default, where it differs |
| --- | --- | --- | --- | --- | --- |
"""


def option_table() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(field) for field in attrs.fields(SocketOptions))


def _row(field: attrs.Attribute[Any]) -> str:
    types = field.metadata["types"]
    cells = [
        f"`{field.name}`",
        f"`{_default(field.default)}`",
        _those(types),
        field.metadata["meaning"],
        f"`{field.metadata['zmq']}`" if field.metadata["zmq"] else "",
        field.metadata["zmq_default"] or "",
    ]
    return f"| {' | '.join(cells)} |\n"


def _those(types: frozenset[SocketType]) -> str:
    others = [kind.value for kind in SocketType if kind not in types]
    if len(others) <= 1:
        return " but ".join(["all", *others])
    return " ".join(kind.value for kind in SocketType if kind in types)


def _default(value: object) -> str:
    if isinstance(value, Flag):
        return f"{type(value).__name__}.{value.name}"
    return repr(dict(value)) if isinstance(value, MappingProxyType) else repr(value)


if __name__ == "__main__":
    PAGE.write_text(option_table())
