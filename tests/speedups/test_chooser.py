"""Which implementation is taken, by PYZMTP_SPEEDUPS and by what was built. Each in a fresh Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyzmtp
from pyzmtp import _speedups

from ..implementations import COMPILED

_ROOT = Path(pyzmtp.__file__).parent.parent

_HIDE = "import sys; sys.modules['pyzmtp._speedups.framing'] = None\n"
_TELL = """
import pyzmtp, pyzmtp._speedups, pyzmtp.engine.connection
used = pyzmtp._speedups.FrameDecoder.__module__
assert pyzmtp.engine.connection.FrameDecoder.__module__ == used
assert pyzmtp._speedups.encode_batch.__module__ == used, pyzmtp._speedups.encode_batch.__module__
assert pyzmtp.IMPLEMENTATION == pyzmtp._speedups.IMPLEMENTATION
print(pyzmtp.IMPLEMENTATION, used)
"""

PURE = "python pyzmtp.wire.framing"
CYTHON = "cython pyzmtp._speedups.framing"

built = pytest.mark.skipif(COMPILED is None, reason="the compiled module was not built")


def run(setting: str | None, hidden: bool = False) -> tuple[int, str, str]:
    """The exit code of a fresh Python that imports pyzmtp, what it printed, and its last complaint."""
    environment = {name: value for name, value in os.environ.items() if name != "PYZMTP_SPEEDUPS"}
    if setting is not None:
        environment["PYZMTP_SPEEDUPS"] = setting
    result = subprocess.run(
        [sys.executable, "-c", (_HIDE if hidden else "") + _TELL],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, result.stdout.strip(), (result.stderr.splitlines() or [""])[-1]


@pytest.mark.parametrize("setting", [None, "auto", "yes"])
@built
def test_the_compiled_module_is_taken_where_it_was_built(setting: str | None) -> None:
    assert run(setting) == (0, CYTHON, "")


@built
def test_no_takes_the_pure_module_although_the_compiled_one_was_built() -> None:
    assert run("no") == (0, PURE, "")


@pytest.mark.parametrize("setting", [None, "auto", "no"])
def test_the_pure_module_is_taken_where_nothing_was_built(setting: str | None) -> None:
    assert run(setting, hidden=True) == (0, PURE, "")


def test_yes_without_the_compiled_module_is_an_import_error() -> None:
    code, output, complaint = run("yes", hidden=True)
    assert (code, output) == (1, "")
    assert complaint.startswith("ImportError: PYZMTP_SPEEDUPS=yes")


@pytest.mark.parametrize("setting", ["other", "", "YES", "1"])
def test_any_other_setting_is_an_import_error_that_names_it(setting: str) -> None:
    code, output, complaint = run(setting)
    assert (code, output) == (1, "")
    assert complaint == f"ImportError: PYZMTP_SPEEDUPS={setting!r}: it takes auto, yes or no"


def test_this_process_has_what_it_was_set_to() -> None:
    setting = os.environ.get("PYZMTP_SPEEDUPS", "auto")
    expected = "cython" if COMPILED is not None and setting != "no" else "python"
    assert pyzmtp.IMPLEMENTATION == _speedups.IMPLEMENTATION == expected
