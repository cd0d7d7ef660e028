"""The programs of docs/reactors.md, of which each reactor has one: :func:`try_program`."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

__all__ = ["programs", "try_program"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_PRINTED: Final = "[b'echo', b'hello']\n"
_PATIENCE: Final = 60.0


def programs() -> dict[str, str]:
    """The programs by their first line: ``# NAME``."""
    text = (_ROOT / "docs/reactors.md").read_text("utf-8")
    return dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def try_program(name: str, python: str, environment: dict[str, str]) -> dict[str, Any] | None:
    """Run the program for a reactor, if there is one; give an outcome as a worker would write it."""
    known = programs()
    if name not in known:
        return None
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "talk.py").write_text(known["talk.py"], "utf-8")
        path = Path(directory, "program.py")
        path.write_text(known[name], "utf-8")
        search = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH")]))
        try:
            ended = subprocess.run(
                [python, str(path)],
                env={"QT_QPA_PLATFORM": "offscreen", **environment, "PYTHONPATH": search},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=_PATIENCE,
            )
            good = (ended.stdout, ended.returncode) == (_PRINTED, 0)
            problems = [] if good else [f"exit status {ended.returncode}: {ended.stdout}"]
        except subprocess.TimeoutExpired:
            problems = [f"it did not end within {_PATIENCE:g} s"]
    outcome: dict[str, Any] = {"case": "docs/reactors.md", "columns": ["program"], "seconds": 0.0}
    return {**outcome, "problems": problems} if problems else outcome
