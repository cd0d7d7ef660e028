"""The programs of the README and of the pages in docs/ run as they are written."""

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
    for page in (
        "README.md",
        "docs/security.md",
        "docs/services.md",
        "docs/codecs.md",
        "docs/migrating-from-txzmq.md",
        "docs/migrating-from-pyzmq.md",
    )
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
    # docs/services.md; the second is for twistd: see test_twist.py
    "[b're', b'hello']\n",
    "",
    "[b'done', b'job']\n4\n",
    "shop.WARNING.stock.low | WARNING program.py:14 - 3 left\n[b'shop.INFO.web', b'7 visitors\\n']\n",
    'pyzmtp_messages_received_total{socket="jobs",socket_type="PULL"} 1.0\n',
    # docs/codecs.md
    "b'weather.oslo' -3\n6\n",
    "grüß dich\n['a', 1, None]\n2 frames where one is expected [b'two', b'frames']\n",
    # docs/migrating-from-txzmq.md
    "[b'hello']\n",
    "b'-3' b'weather.oslo'\n",
    # docs/migrating-from-pyzmq.md
    "[b're', b'hello', b'world']\n",
    "[b're', b'hello', b'world']\n",
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
