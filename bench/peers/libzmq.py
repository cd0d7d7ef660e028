"""What the peers that stand on libzmq share: its versions, and the settings that everybody gets."""

from __future__ import annotations

from typing import Any

import zmq

from bench import keys
from bench.model import Announce, Job

ANY_PORT = "tcp://127.0.0.1:*"


def versions() -> dict[str, str]:
    """Return pyzmq's and libzmq's version."""
    return {"pyzmq": zmq.__version__, "libzmq": zmq.zmq_version()}


def configure(socket: Any, job: Job) -> None:
    """Set kernel buffers, high-water marks and keys; libzmq wants that before it binds or connects.

    ``socket`` is any of pyzmq's sockets, which have no common type.
    """
    socket.set(zmq.SNDBUF, job.kernel_buffer)
    socket.set(zmq.RCVBUF, job.kernel_buffer)
    socket.set_hwm(job.high_water_mark)
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


def bind(socket: Any, announce: Announce) -> None:
    """Bind ``socket`` to a free port of the loopback interface and say which."""
    socket.bind(ANY_PORT)
    announce(socket.get_string(zmq.LAST_ENDPOINT))
