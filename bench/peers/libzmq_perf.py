"""libzmq without Python: its own tools local_thr, remote_thr, local_lat and remote_lat.

They are built with libzmq (``-DWITH_PERF_TOOL=ON``), and looked for in the directory that
``PYZMTP_LIBZMQ_PERF`` names, else on the search path. They set no kernel buffers, so the kernel adapts
them; nor can they be told to warm up.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from time import monotonic, sleep

from bench.model import Announce, Job, Role, Sample


def _tool(name: str) -> str:
    """Return where a tool is.

    :raises FileNotFoundError: nowhere.
    """
    directory = os.environ.get("PYZMTP_LIBZMQ_PERF")
    found = shutil.which(name, path=directory)
    if found is None:
        where = "on the search path" if directory is None else "in PYZMTP_LIBZMQ_PERF"
        raise FileNotFoundError(f"no {name} {where}")
    return found


def versions() -> dict[str, str]:
    """Return where they were found: they do not say which libzmq they are."""
    tools = [_tool(name) for name in ("local_thr", "remote_thr", "local_lat", "remote_lat")]
    return {"libzmq's tools": os.path.dirname(tools[0])}


def _run(name: str, address: str, job: Job, announce: Announce | None = None) -> str:
    """Run a tool, and return what it printed; announce its address once it listens."""
    command = [_tool(name), address, str(job.size), str(job.count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if announce is not None:
                _wait_for_listener(address, job.timeout)
                announce(address)
            printed, _ = process.communicate(timeout=job.timeout)
        finally:
            process.kill()  # if it still runs
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, printed)
    return printed


def _figure(pattern: str, printed: str) -> float:
    found = re.search(pattern, printed)
    if found is None:
        raise ValueError(f"no {pattern!r} in {printed!r}")
    return float(found[1])


def _free_address() -> str:
    """Return an address that is free: the tools do not tell which they have bound."""
    with socket.socket() as keeper:
        keeper.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{keeper.getsockname()[1]}"


def _wait_for_listener(address: str, patience: float) -> None:
    """Wait until somebody accepts connections; whoever connects too early would connect anew later."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    deadline = monotonic() + patience
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=patience).close()
        except ConnectionRefusedError:
            if monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def pull(job: Job, announce: Announce) -> Sample:
    """Receive ``job.count`` messages and measure, by local_thr."""
    printed = _run("local_thr", _free_address(), job, announce)
    rate = _figure(r"mean throughput: (\d+) \[msg/s\]", printed)
    return Sample(operations=job.count, seconds=job.count / rate)


def push(job: Job, announce: Announce) -> None:
    """Send ``job.count`` messages, by remote_thr."""
    _run("remote_thr", job.address, job)


def reply(job: Job, announce: Announce) -> None:
    """Echo every request, by local_lat."""
    _run("local_lat", _free_address(), job, announce)


def request(job: Job, announce: Announce) -> Sample:
    """Ask ``job.count`` times and measure, by remote_lat."""
    microseconds = _figure(
        r"average latency: ([\d.]+) \[us\]", _run("remote_lat", job.address, job)
    )
    # A latency is one way: half a round trip.
    return Sample(operations=job.count, seconds=job.count * 2 * microseconds / 1e6)


ROLES: dict[str, Role] = {"pull": pull, "push": push, "reply": reply, "request": request}
