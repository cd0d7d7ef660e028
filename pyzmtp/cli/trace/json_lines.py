"""Records as JSON, one object a line: :func:`json_line`. Its fields are in ``docs/trace.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import fields

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import Frame, Record
from pyzmtp.cli.trace.rules import Fault

__all__ = ["json_line"]


def json_line(record: Record, with_wire: bool = False) -> str:
    """A record in one line. What is not known, or not the case, has no field.

    :param with_wire: whether the first bytes of everything are in it.
    """
    content = record.content
    values: dict[str, Any] = {
        "at": record.at,
        "connection": record.connection or None,
        "from": record.side,
        "socket_type": record.socket_type,
        "type": content.kind,
    }
    for field in fields(type(content)):
        value = getattr(content, field.name)
        if field.name == "wire":
            values["wire"] = value.head.hex() if with_wire else None
        elif field.name == "version":
            values["version"] = ".".join(map(str, value))
        elif value is not None:  # the socket type may be known from elsewhere
            values[field.name] = value
    plain = {name: _plain(value) for name, value in values.items()}
    return json.dumps({name: value for name, value in plain.items() if not _is_nothing(value)})


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", [])


def _plain(value: Any) -> Any:
    match value:
        case Preview():
            return value.as_json()
        case Fault(problem=problem, rule=rule):
            return {"problem": problem, "rule": rule}
        case Frame(flags=flags, body=body):
            return {"flags": list(flags), **body.as_json()}
        case float():
            return round(value, 6)  # clocks are no better than that
        case Enum():
            return value.value
        case Mapping():
            return {_plain(name): _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case _:
            return value
