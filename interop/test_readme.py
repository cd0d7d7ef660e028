"""The programs of the README and of the pages in docs/ run as they are written, and print what they say.

What a program prints stands behind each ``print`` as a comment, or in a block of text below the program.
There ``...`` is anything, ``, then `` is the end of a line, and the two kinds of quotes are one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from interop.pages import ROOT, Block, as_pattern, blocks_of

#: The programs of this page need toolkits that few have: tests/reactors runs them.
ELSEWHERE: Final = "reactors.md"

PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Those that are files are run by the commands of their page: see test_command_line_page.py.
PROGRAMS: Final = [
    block
    for page in PAGES
    if page.name != ELSEWHERE
    for block in blocks_of(page)
    if block.language == "python" and not block.file
]

_PRINTED: Final = re.compile(r"\bprint\b.*\)  # (.+)$", re.MULTILINE)


def run(program: str, path: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a file of its own."""
    path.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *launcher, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)


def promised(block: Block) -> list[str]:
    """The lines that a program says it prints."""
    if block.below is not None:
        return block.below
    return [line for said in _PRINTED.findall(block.text) for line in said.split(", then ")]


def plain(text: str) -> str:
    """``text`` with one kind of quotes."""
    return text.replace('"', "'")


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.where)
def test_a_program_does_what_it_says(block: Block, tmp_path: Path) -> None:
    if "def test_" in block.text:
        (tmp_path / "conftest.py").write_text('pytest_plugins = ["pyzmtp.testing.pytest_plugin"]\n')
        ended = run(block.text, tmp_path / "test_block.py", "-m", "pytest", "-q")
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        return
    ended = run(block.text, tmp_path / "program.py")
    assert (ended.stderr, ended.returncode) == ("", 0)
    printed, said = ended.stdout.splitlines(), promised(block)
    assert len(printed) == len(said), printed
    for line, expected in zip(printed, said, strict=True):
        assert re.fullmatch(as_pattern(plain(expected)), plain(line)), (line, expected)
