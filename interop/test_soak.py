"""``python -m bench soak`` finds a leak, and says what leaks. (That there is none, a soak shows.)"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from interop.peer import ROOT

#: Seconds; it takes about twenty.
PATIENCE = 240.0

#: Runs a soak in which somebody keeps every PUSH that was ever made.
LEAKING = """
import sys
from bench.__main__ import main
from bench.soak.world import World
from pyzmtp import PushSocket

kept, make = [], World.socket

def keeping(self, kind, **options):
    made = make(self, kind, **options)
    if kind is PushSocket:
        kept.append(made)
    return made

World.socket = keeping
sys.exit(main(["soak", "--minutes", "0.1", "--every", "0.5", "--seed", "5", "--json", sys.argv[1]]))
"""


def test_a_leak_is_found(tmp_path: Path) -> None:
    target = tmp_path / "soak.json"
    done = subprocess.run(
        (sys.executable, "-c", LEAKING, str(target)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    document = json.loads(target.read_text())
    grows = {each["quantity"] for each in document["findings"] if each["grows"]}
    assert {"objects", "blocks"} <= grows <= {"objects", "blocks", "rss"}
    _, told = done.stdout.split("What grows, by type of object\n")
    assert "pyzmtp.sockets.push.PushSocket" in told
    left = document["left"]
    assert left["pyzmtp.sockets.push.PushSocket"] == left["pyzmtp.patterns.push.PushPattern"] > 0
    assert (
        not {"descriptors", "delayed calls", "readers and writers", "errors logged"} & left.keys()
    )
