"""txZMQ's own tests, which its wheel brings, pass on pyzmtp.txzmq with only the imports changed.

And with more patience, because they give a message 10 ms to arrive, which a busy machine may need for
itself; and at ports that are free.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from interop.sockets import lasting_address

ROOT = Path(__file__).resolve().parent.parent.parent

#: Modules of the public API. What else the tests use (a way to wait, the type of bytes) stays txZMQ's.
MODULES = "connection|factory|pubsub|req_rep|router_dealer"


def test_its_own_tests(directory: Path) -> None:
    found = find_spec("txzmq")
    assert version("txZMQ") == "1.0.0"
    assert found is not None
    assert found.origin is not None
    changed = directory / "shipped"
    changed.mkdir()
    (changed / "__init__.py").touch()
    for path in sorted((Path(found.origin).parent / "test").glob("test_*.py")):
        text, _ = re.subn(
            rf"from txzmq\.({MODULES}) import", r"from pyzmtp.txzmq.\1 import", path.read_text()
        )
        text = re.sub(r"_wait\(0\.0?1\)", "_wait(0.5)", text).replace("timeout=0.1)", "timeout=10)")
        for port in ("5555", "5556", "7859"):
            text = text.replace(f"tcp://127.0.0.1:{port}", lasting_address("tcp", directory))
        (changed / path.name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "twisted.trial", "--reporter", "text", "shipped"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{directory}"},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    # The one that has to fail: there is no file descriptor to read, so we are no IReadDescriptor.
    failed = re.findall(r"^shipped\.[\w.]+$", done.stdout.partition("[ERROR]")[2], re.MULTILINE)
    assert failed == ["shipped.test_connection.ZmqConnectionTestCase.test_interfaces"], done.stdout
    assert re.search(r"FAILED \(skips=\d+, errors=1, successes=31\)", done.stdout), done.stdout
