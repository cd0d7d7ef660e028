"""Which implementation is taken, by PYZMTP_SPEEDUPS and by what was built."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import pyzmtp
from pyzmtp import _speedups

from ..implementations import COMPILED

_ROOT = Path(pyzmtp.__file__).parent.parent

_HIDE = "import sys; sys.modules['pyzmtp._speedups.framing'] = None\n"
#: What is hot is of one form, in each package that has any of it.
_TELL = """
import pyzmtp, pyzmtp._speedups
from pyzmtp.net import hot as net
from pyzmtp.patterns import hot as patterns
from pyzmtp.wire import hot as wire
modules = {getattr(hot, name).__module__ for hot in (net, patterns, wire) for name in hot.__all__}
compiled = {module.startswith("pyzmtp._speedups.") for module in modules}
assert len(compiled) == 1, modules
assert pyzmtp.IMPLEMENTATION == pyzmtp._speedups.IMPLEMENTATION
print(pyzmtp.IMPLEMENTATION, compiled.pop())
"""

PURE = ("python", "False")
CYTHON = ("cython", "True")


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


def choose(monkeypatch: pytest.MonkeyPatch, setting: str | None, hidden: bool = False) -> object:
    """What the chooser's source, run again in this process, calls its choice."""
    if setting is None:
        monkeypatch.delenv("PYZMTP_SPEEDUPS", raising=False)
    else:
        monkeypatch.setenv("PYZMTP_SPEEDUPS", setting)
    if hidden:
        monkeypatch.setitem(sys.modules, "pyzmtp._speedups.framing", None)
    return runpy.run_path(_speedups.__file__)["IMPLEMENTATION"]


#: What is taken here, where the compiled module was built, or was not.
CHOICES = (
    [(None, PURE), ("auto", PURE), ("no", PURE)]
    if COMPILED is None
    else [(None, CYTHON), ("auto", CYTHON), ("yes", CYTHON), ("no", PURE)]
)


@pytest.mark.parametrize(("setting", "choice"), CHOICES)
def test_the_compiled_module_is_taken_where_it_was_built_unless_the_answer_is_no(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, choice: tuple[str, str]
) -> None:
    assert choose(monkeypatch, setting) == choice[0]


@pytest.mark.parametrize("setting", [None, "auto", "no"])
def test_the_pure_module_is_taken_where_nothing_was_built(
    monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    assert choose(monkeypatch, setting, hidden=True) == PURE[0]


def test_yes_without_the_compiled_module_is_an_import_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ImportError, match="PYZMTP_SPEEDUPS=yes"):
        choose(monkeypatch, "yes", hidden=True)


@pytest.mark.parametrize("setting", ["other", "", "YES", "1"])
def test_any_other_setting_is_an_import_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    with pytest.raises(ImportError, match=f"PYZMTP_SPEEDUPS='{setting}': it takes auto, yes or no"):
        choose(monkeypatch, setting)


# The same by the import of the whole package, in a fresh Python


@pytest.mark.parametrize(("setting", "choice"), CHOICES)
def test_a_fresh_python_takes_what_it_is_told(setting: str | None, choice: tuple[str, str]) -> None:
    assert run(setting) == (0, " ".join(choice), "")


def test_a_fresh_python_takes_the_pure_module_where_nothing_was_built() -> None:
    assert run("auto", hidden=True) == (0, " ".join(PURE), "")


def test_a_fresh_python_fails_with_yes_where_nothing_was_built() -> None:
    code, output, complaint = run("yes", hidden=True)
    assert (code, output) == (1, "")
    assert complaint.startswith("ImportError: PYZMTP_SPEEDUPS=yes")


def test_a_fresh_python_fails_with_any_other_setting() -> None:
    code, output, complaint = run("other")
    assert (code, output) == (1, "")
    assert complaint == "ImportError: PYZMTP_SPEEDUPS='other': it takes auto, yes or no"


def test_this_process_has_what_it_was_set_to() -> None:
    setting = os.environ.get("PYZMTP_SPEEDUPS", "auto")
    expected = CYTHON if COMPILED is not None and setting != "no" else PURE
    assert pyzmtp.IMPLEMENTATION == _speedups.IMPLEMENTATION == expected[0]
