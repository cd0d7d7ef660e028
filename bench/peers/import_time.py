"""How long an import takes: in fresh processes, from bytecode, beyond what Twisted's reactor takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from bench.model import Announce, Job, Role, Sample

#: For each level of :mod:`bench.import_time` what is imported; REQ and REP are what the README's
#: first program needs.
STATEMENTS = {
    "pyzmtp": ["import pyzmtp", "from pyzmtp import RepSocket, ReqSocket", "from pyzmtp import *"],
    "zmq": ["import zmq", "from zmq import Context, REP, REQ", "from zmq import *"],
    "pyomq": ["import pyomq", "from pyomq import Context, REP, REQ", "from pyomq import *"],
    "txzmq": [
        "import txzmq",
        "from txzmq import ZmqFactory, ZmqREPConnection, ZmqREQConnection",
        "from txzmq import *",
    ],
}

#: The rest of the program: what each Twisted program imports anyhow, then the statement, then how
#: long that took and how many of its modules had no bytecode.
_PROGRAM = """
import os, sys, time
import twisted.internet.reactor, twisted.internet.task
before = set(sys.modules)
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
sources = [
    module.__spec__.cached
    for name, module in sys.modules.items()
    if name not in before and getattr(module.__spec__, "cached", None)
]
print(sum(not os.path.exists(cached) for cached in sources))
"""


def roles(package: str) -> dict[str, Role]:
    """Return the role that imports ``package``."""
    return {"import": lambda job, announce: _import(package, job, announce)}


def _import(package: str, job: Job, announce: Announce) -> Sample:
    program = _PROGRAM.format(statement=STATEMENTS[package][job.names])
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        _run(program, environment)  # writes the bytecode
        seconds = 0.0
        for _ in range(job.count):
            took, without_bytecode = _run(program, environment)
            if without_bytecode:
                raise AssertionError(f"{without_bytecode:.0f} modules were compiled anew")
            seconds += took
    return Sample(operations=job.count, seconds=seconds)


def _run(program: str, environment: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, stdout=subprocess.PIPE
    )
    took, without_bytecode = done.stdout.split()
    return float(took), float(without_bytecode)
