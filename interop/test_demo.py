"""``python -m pyzmtp demo`` for real: the first command of the README, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Seconds; it takes one or two.
PATIENCE = 60.0


def demo(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the demo with its temporary files in ``directory``."""
    return subprocess.run(
        [sys.executable, "-m", "pyzmtp", "demo", *arguments],
        env={**os.environ, "TMPDIR": str(directory), "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_everything(directory: Path) -> None:
    done = demo(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert " in a process of its own\n" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if "pyzmtp  " in line]
    assert len(rows) == 4 * 2 * 6
    assert {row[-1] for row in rows} == {"ok"}
    assert sum("libzmq" in row for row in rows) == 4 * 2 * 4
    assert sum(row[4].startswith("ipc://") for row in rows) == len(rows) / 2
    assert done.stdout.rstrip().endswith("all went well")
    assert list(directory.iterdir()) == [], "it cleans up after itself"


def test_the_wire_is_shown(directory: Path) -> None:
    done = demo(directory, "--transport", "tcp", "--wire", "PUB/SUB")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = done.stdout[done.stdout.index("What crosses the wire") :]
    for text in (
        "ff 00 00 00 00 00 00 00 01 7f 03 01 4e 55 4c 4c",
        "PUB    READY     Socket-Type PUB",
        'SUB    SUBSCRIBE "weather."',
        'PUB    message   topic "weather.1", 2 frames, 14 bytes',
    ):
        assert text in shown


def test_without_pyzmq(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "zmq.py").write_text("raise ImportError('no zmq here')\n")
    done = demo(directory, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "without libzmq (no zmq here): pip install pyzmq\n" in done.stdout
    assert "libzmq" not in done.stdout[done.stdout.index("binds") :]


@pytest.mark.parametrize("option", ["--libzmq", "--no-libzmq"])
def test_a_conversation_that_takes_too_long_fails_it(directory: Path, option: str) -> None:
    # 56 requests, each with several turns of two reactors, cannot be done in a millisecond.
    done = demo(directory, "--transport", "tcp", "--wire", "none", "--timeout", "0.001", option)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "connects) over tcp: not done within 0.001 s\n" in done.stdout
    assert done.stdout.rstrip().endswith("FAILED")
    assert list(directory.iterdir()) == []
