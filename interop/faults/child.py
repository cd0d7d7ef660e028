"""The process of one row: `python -m interop.faults.child NAME`; it prints the figure as JSON."""

from __future__ import annotations

import faulthandler
import json
import subprocess
import sys

from interop.faults import rows
from interop.faults.machine import Place
from interop.faults.row import ROWS
from interop.faults.runner import PATIENCE, play
from interop.reactor import stop_threads

assert rows  # importing it registers them


def main(name: str) -> None:
    """Run the row."""
    faulthandler.dump_traceback_later(PATIENCE + 10, exit=True)
    row = ROWS[name]
    if row.place is Place.NETWORK:  # a new network has nothing, and that is down
        subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
    try:
        figure = play(row)
    finally:
        stop_threads()
    print(json.dumps({"figure": figure}))


if __name__ == "__main__":
    main(sys.argv[1])
