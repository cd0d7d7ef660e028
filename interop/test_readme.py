"""The programs of the README and of docs/security.md run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = [
    program
    for page in ("README.md", "docs/security.md")
    for program in re.findall(
        r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE
    )
]

#: What each program prints, in their order.
PRINTED = [
    "[b'echo', b'hello']\n",
    "[b'weather.oslo', b'-3']\n",
    "ConnectDelayed\nConnected\nHandshakeSucceeded\n",
    "True False\nTrue\n",
    "True [b'nobody else reads this']\n",
    "400\n",
    "root b'operations'\n",
    "[b'let me in']\n",
]


@pytest.mark.parametrize(("program", "printed"), list(zip(PROGRAMS, PRINTED, strict=True)))
def test_a_program_runs(program: str, printed: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=30, env=environment
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == (printed, "", 0)
