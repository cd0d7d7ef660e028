"""What stands in the README and in the pages of docs/, to be run as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["ROOT", "Block", "as_pattern", "blocks_of", "files_of"]

ROOT: Final = Path(__file__).parent.parent

#: A fenced block, and the block of text that follows it, if there is one.
_BLOCK: Final = re.compile(
    r"^```(\w+)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE
)


@frozen
class Block:
    """A block of a page.

    :ivar where: the page's name and the line, for reports.
    :ivar language: ``python``, ``console`` or another.
    :ivar below: the lines of the block of text below it; ``None``: there is none.
    """

    where: str
    language: str
    text: str
    below: list[str] | None

    @property
    def file(self) -> str | None:
        """The name that the program is to have, where its first line is ``# NAME.py``."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named and named[1]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text()
    return [
        Block(
            f"{page.name}:{text.count(chr(10), 0, found.start()) + 2}",
            found[1],
            found[2],
            None if found[3] is None else found[3].splitlines(),
        )
        for found in _BLOCK.finditer(text)
    ]


def files_of(page: Path) -> dict[str, str]:
    """The programs of a page that are files, which its commands run."""
    return {block.file: block.text for block in blocks_of(page) if block.file}


def as_pattern(line: str) -> str:
    """A line of a page as a regular expression: dots stand for anything."""
    return ".*".join(map(re.escape, line.split("...")))
