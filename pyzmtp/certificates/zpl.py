"""ZPL, the text of certificate files: sections of named values (RFC 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

__all__ = ["Entry", "is_zpl_name", "is_zpl_value", "read_zpl", "zpl_line"]

_NAME: Final = re.compile(r"[A-Za-z0-9$@.&+_-]([A-Za-z0-9$@.&+_/-]*[A-Za-z0-9$@.&+_-])?")
_QUOTED: Final = re.compile(r"""(["'])(?P<value>.*?)\1\s*(#.*)?""")

# A # after a blank. CZMQ takes any; but in the keys that pyzmq reads without quotes it is a character.
_COMMENT: Final = re.compile(r"\s+#")


@frozen
class Entry:
    """A value, and where it stands. ``line`` counts from 1; before any section, that is empty."""

    line: int
    section: str
    name: str
    value: str = field(repr=False)  # it may be a secret


def read_zpl(text: str) -> Iterator[Entry]:
    """All values of ``text``, in their order.

    It takes what CZMQ writes and what pyzmq reads: any indentation, values with or without quotes,
    comments. A line without indentation and ``=`` starts a section. Nothing is an error.
    """
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        name, assigned, value = content.partition("=")
        if assigned:
            yield Entry(number, section, name.strip(), _value(value.strip()))
        elif line[0].isspace():
            yield Entry(number, section, _without_comment(content), "")
        else:
            section = _without_comment(content)


def _value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return _without_comment(text) if quoted is None else quoted["value"]


def _without_comment(text: str) -> str:
    return _COMMENT.split(text, maxsplit=1)[0]


def is_zpl_name(name: str) -> bool:
    """Whether ``name`` can name a value (RFC 4: letters, digits, ``$-_@.&+``, and ``/`` between)."""
    return _NAME.fullmatch(name) is not None


def is_zpl_value(value: str) -> bool:
    """Whether ``value`` can be written: in one line, and between quotes of a kind that it has not."""
    return value.isprintable() and not ('"' in value and "'" in value)


def zpl_line(name: str, value: str) -> str:
    """A value in a section, as a line that ends."""
    quote = "'" if '"' in value else '"'
    return f"    {name} = {quote}{value}{quote}\n"
