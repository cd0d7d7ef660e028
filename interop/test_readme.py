"""The programs of the README and of the pages in docs/ run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = [
    block
    for page in (
        "README.md",
        "docs/security.md",
        "docs/services.md",
        "docs/codecs.md",
        "docs/migrating-from-txzmq.md",
        "docs/migrating-from-pyzmq.md",
        "docs/testing.md",
    )
    for block in re.findall(
        r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE
    )
]
PROGRAMS = [block for block in BLOCKS if "def test_" not in block]
TESTS = [block for block in BLOCKS if "def test_" in block]

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
    # docs/testing.md
    "[b'echo', b'hello']\nno reply arrived within 60 s\n60.0\n",
    "the peer was silent for 1.0 s\n[b'waits']\n",
]


def run(program: str, path: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a file of its own."""
    path.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *launcher, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)


@pytest.mark.parametrize(("program", "printed"), list(zip(PROGRAMS, PRINTED, strict=True)))
def test_a_program_runs(program: str, printed: str, tmp_path: Path) -> None:
    ended = run(program, tmp_path / "program.py")
    assert (ended.stdout, ended.stderr, ended.returncode) == (printed, "", 0)


@pytest.mark.parametrize(("tests", "passed"), list(zip(TESTS, [100, 1], strict=True)))
def test_tests_pass(tests: str, passed: int, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["pyzmtp.testing.pytest_plugin"]\n')
    ended = run(tests, tmp_path / "test_block.py", "-m", "pytest", "-q")
    assert f"{passed} passed" in ended.stdout
    assert ended.returncode == 0
