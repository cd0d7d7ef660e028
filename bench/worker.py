"""One child process: plays one role of one implementation, ``python -m bench.worker PEER [ROLE]``.

It speaks JSON, one object a line. On standard output: ``{"ready": {...}}`` once the peer is
imported, ``{"bound": address}`` from the side that binds, ``{"sample": {...} or null}`` at the end,
``{"error": text}`` instead of any of them. On standard input: the job, when the parent has it (the
side that connects is started, and imports, before its address is known).

Without a role it ends after ``ready``: that is how the runner learns what can be measured here.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import attrs

from bench.model import Job, Role

#: Seconds after the job's own timeout at which a child ends itself: the parent, if it still lives,
#: has ended it long before.
_GRACE = 10.0

Say = Callable[[dict[str, Any]], None]


def private_stdout() -> Say:
    """Return a way to write to the parent that nothing else in this process can write to.

    Whatever a library prints goes to standard error from here on, and cannot be taken for a result.
    """
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(line: dict[str, Any]) -> None:
        channel.write(json.dumps(line) + "\n")
        channel.flush()

    return say


def play(role: Role, job: Job, say: Say) -> None:
    """Play ``role``, and say what came of it."""
    faulthandler.dump_traceback_later(job.timeout + _GRACE, exit=True)
    busy_before = time.process_time()
    sample = role(job, lambda address: say({"bound": address}))
    busy = time.process_time() - busy_before
    faulthandler.cancel_dump_traceback_later()
    if sample is None:
        say({"sample": None})
        return
    sample = attrs.evolve(sample, details={**sample.details, "cpu_seconds": busy})
    say({"sample": attrs.asdict(sample, recurse=False)})


def raise_file_limit() -> None:
    """Let this process have as many files open as it may: a thousand subscribers are a thousand."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(arguments: list[str], say: Say) -> int:
    """Run the child; return its exit code."""
    name, *roles = arguments
    raise_file_limit()
    try:
        peer = importlib.import_module(f"bench.peers.{name}")
        offered: dict[str, Role] = peer.ROLES
        say({"ready": {"versions": peer.versions(), "roles": sorted(offered)}})
        if roles:
            play(offered[roles[0]], Job(**json.loads(sys.stdin.readline())), say)
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"})
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], private_stdout()))
