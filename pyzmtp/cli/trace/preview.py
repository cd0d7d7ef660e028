"""The beginning of some bytes, for people and for programs: :class:`Preview`."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import Any, Final

from attrs import frozen

__all__ = ["Preview", "printable"]

_DECODER: Final = getincrementaldecoder("utf-8")
#: What text may hold beside printable characters, and what is shown in its place.
_SHOWN: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_ESCAPES: Final = str.maketrans(_SHOWN)


def printable(name: bytes) -> str:
    """A name that should be ASCII; whatever else is in it is shown as an escape."""
    return repr(name)[2:-1]


@frozen
class Preview:
    """How many bytes passed, and the first of them.

    Nothing that is shown of them can move the cursor of a terminal, or change its colours.
    """

    size: int
    head: bytes

    @property
    def is_cut(self) -> bool:
        """Whether there is more than the head."""
        return len(self.head) < self.size

    @property
    def text(self) -> str | None:
        """The head, if it is text: printable UTF-8, line ends and tabs."""
        try:
            text = _DECODER().decode(self.head, final=not self.is_cut)
        except UnicodeDecodeError:
            return None
        return text if all(each.isprintable() or each in _SHOWN for each in text) else None

    def __str__(self) -> str:
        """Text in quotes, anything else in hexadecimal."""
        if not self.size:
            return "(empty)"
        if not self.head:
            return f"({self.size} bytes)"
        text = self.text
        shown = self.head.hex(" ") if text is None else f'"{text.translate(_ESCAPES)}"'
        return f"{shown}..." if self.is_cut else shown

    def as_json(self) -> dict[str, Any]:
        """``size``, and ``text`` or ``hex``; ``cut`` if that is not all."""
        text = self.text
        shown = {"hex": self.head.hex()} if text is None else {"text": text}
        return {"size": self.size, **shown, **({"cut": True} if self.is_cut else {})}
