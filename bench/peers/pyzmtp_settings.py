"""What both pyzmtp peers share: the options, and a check that the row is what its name says."""

from __future__ import annotations

import os
from typing import Any

import pyzmtp
from bench import keys
from bench.model import Job
from pyzmtp import CurveClient, CurveServer, SocketOptions
from pyzmtp.cli.about import installed_version


def versions() -> dict[str, str]:
    """Return pyzmtp's version and implementation; refuse to measure another one than asked for."""
    wanted = {"yes": "cython", "no": "python"}.get(os.environ.get("PYZMTP_SPEEDUPS", "auto"))
    if wanted not in (None, pyzmtp.IMPLEMENTATION):
        raise RuntimeError(f"wanted the {wanted} implementation, got {pyzmtp.IMPLEMENTATION}")
    return {
        "pyzmtp": f"{installed_version('pyzmtp')} ({pyzmtp.IMPLEMENTATION})",
        "Twisted": installed_version("Twisted"),
    }


def settings(job: Job, **more: Any) -> SocketOptions:
    """Return the buffers, high-water marks and keys of everybody, and a linger that loses nothing."""
    return SocketOptions(
        send_hwm=job.high_water_mark,
        receive_hwm=job.high_water_mark,
        send_buffer=job.kernel_buffer or None,
        receive_buffer=job.kernel_buffer or None,
        linger=job.timeout,
        security=_security(job),
        **more,
    )


def _security(job: Job) -> CurveServer | CurveClient | None:
    if job.mechanism == "NULL":
        return None
    if job.is_server:
        return CurveServer(keys.SERVER_SECRET, allow=[keys.CLIENT_PUBLIC])
    return CurveClient(keys.SERVER_PUBLIC, (keys.CLIENT_PUBLIC, keys.CLIENT_SECRET))
