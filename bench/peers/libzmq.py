"""What the peers that stand on libzmq share: its versions, and the settings that everybody gets.

``zmq`` is pyzmq, or whatever takes its place: ``PYZMTP_BENCH_ZMQ`` names the package.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from bench import keys
from bench.model import Announce, Job

PACKAGE = os.environ.get("PYZMTP_BENCH_ZMQ", "zmq")

zmq: Any = import_module(PACKAGE)


def versions() -> dict[str, str]:
    """Return pyzmq's and libzmq's version, or those of what takes their place."""
    if PACKAGE == "zmq":
        return {"pyzmq": zmq.__version__, "libzmq": zmq.zmq_version()}
    return {PACKAGE: zmq.__version__}


def new_socket(context: Any, kind: int, job: Job) -> Any:
    """Return a blocking socket with the settings of the job."""
    socket = context.socket(kind)
    configure(socket, job)
    return socket


def configure(socket: Any, job: Job) -> None:
    """Set buffers, high-water marks, linger and keys; libzmq wants that before it binds or connects.

    ``socket`` is any of pyzmq's sockets, which have no common type.
    """
    if job.kernel_buffer:
        socket.set(zmq.SNDBUF, job.kernel_buffer)
        socket.set(zmq.RCVBUF, job.kernel_buffer)
    socket.set_hwm(job.high_water_mark)
    socket.set(zmq.LINGER, int(job.timeout * 1000))
    if job.mechanism == "CURVE" and job.is_server:
        socket.set(zmq.CURVE_SERVER, 1)
        socket.set_string(zmq.CURVE_SECRETKEY, keys.SERVER_SECRET)
    elif job.mechanism == "CURVE":
        socket.set_string(zmq.CURVE_SERVERKEY, keys.SERVER_PUBLIC)
        socket.set_string(zmq.CURVE_PUBLICKEY, keys.CLIENT_PUBLIC)
        socket.set_string(zmq.CURVE_SECRETKEY, keys.CLIENT_SECRET)


def configure_publisher(socket: Any) -> None:
    """Have an XPUB tell of every subscription, and wait for who is slow instead of dropping."""
    socket.set(zmq.XPUB_VERBOSE, 1)
    socket.set(zmq.XPUB_NODROP, 1)


def configure_subscriber(socket: Any) -> None:
    """Have a SUB end at once: its subscriptions would wait for a publisher that has gone."""
    socket.set(zmq.LINGER, 0)


def departure(socket: Any, job: Job) -> Any:
    """Return a socket that can be read once the peer has gone; ``None`` where that does not matter.

    Over ipc it does. A libzmq that has reached its high-water mark loses what is left in the kernel when
    the other side goes, and only UNIX sockets tell it at once. So whoever sends stays until then.
    """
    if job.transport != "ipc" or PACKAGE != "zmq":
        return None
    return socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)


def bind(socket: Any, job: Job, announce: Announce) -> None:
    """Bind ``socket`` to an address of its own and say which."""
    socket.bind(job.where)
    announce(socket.get_string(zmq.LAST_ENDPOINT))
