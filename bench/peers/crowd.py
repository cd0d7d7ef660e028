"""Many connections of one process: the other side of a server whose peers are counted.

They are plain sockets that speak just enough ZMTP (3.0, NULL), the same for every implementation, so
that what is measured is the server alone. They connect one after another, each when the one before it
is ready, so that no server has to turn anybody away.
"""

from __future__ import annotations

import selectors
import socket
from contextlib import ExitStack
from time import perf_counter

from bench.model import Announce, Job, Role, Sample
from bench.peers import memory
from bench.peers.timing import check_payload

#: Routing id of the one that gets the messages; it is the last to connect.
CHOSEN = b"chosen"

#: What all others subscribe to; no message begins with it.
IDLE_TOPIC = b"idle"

_HELLO = b"hello"

#: Bytes read at once.
_CHUNK = 256 * 1024

_COMMAND = 0x04


def versions() -> dict[str, str]:
    """Return nothing: no library is measured here."""
    return {}


def _greeting() -> bytes:
    signature = b"\xff" + bytes(8) + b"\x7f"
    return signature + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def _frame(body: bytes, flags: int = 0) -> bytes:
    """Return a frame, which is a short one."""
    return bytes((flags, len(body))) + body


def _ready(socket_type: bytes, routing_id: bytes) -> bytes:
    properties = {b"Socket-Type": socket_type, b"Identity": routing_id}
    body = b"\x05READY" + b"".join(
        bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value
        for name, value in properties.items()
    )
    return _frame(body, _COMMAND)


def _read(connection: socket.socket, size: int) -> bytes:
    """Return the next ``size`` bytes."""
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionError("the server has closed the connection")
        data += chunk
    return data


def _connect(job: Job, socket_type: bytes, routing_id: bytes = b"") -> socket.socket:
    """Return a connection whose handshake is done."""
    host, _, port = job.address.removeprefix("tcp://").rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=job.timeout)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, job.kernel_buffer)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, job.kernel_buffer)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(_greeting())
    greeting = _read(connection, 64)
    check_payload(greeting[12:32], b"NULL".ljust(20, b"\0"))
    connection.sendall(_ready(socket_type, routing_id))
    flags, size = _read(connection, 2)
    command = _read(connection, size)
    if flags != _COMMAND or not command.startswith(b"\x05READY"):
        raise AssertionError(f"the server said {command!r}")
    return connection


def _wait_for_end(connection: socket.socket) -> None:
    """Wait until the server has closed the connection."""
    try:
        while connection.recv(_CHUNK):
            pass
    except ConnectionResetError:  # it closed with something unread, such as a last echo
        pass


def _drain(connection: socket.socket, job: Job) -> Sample:
    """Read ``job.count`` messages; the clock runs from the first of them to the last."""
    frame = _frame(job.payload())
    check_payload(_read(connection, len(frame)), frame)
    start = perf_counter()
    missing = (job.count - 1) * len(frame)
    chunk = bytearray(_CHUNK)
    while missing > 0:
        number = connection.recv_into(chunk)
        if not number:
            raise ConnectionError(f"{missing} bytes did not come")
        missing -= number
    seconds = perf_counter() - start
    end = chunk[max(0, number - len(frame)) : number]
    check_payload(bytes(end), frame[-len(end) :])
    return Sample(operations=job.count - 1, seconds=seconds)


def get_acquainted(job: Job, announce: Announce) -> None:
    """Connect, send one message on each connection and get it back; then be there, idle."""
    with ExitStack() as stack:
        for _ in range(memory.WARM_UP + job.connections):
            connection = stack.enter_context(_connect(job, b"DEALER"))
            connection.sendall(_frame(_HELLO))
            check_payload(_read(connection, len(_frame(_HELLO))), _frame(_HELLO))
        _wait_for_end(connection)


def receive_at_one(job: Job, announce: Announce) -> Sample:
    """Connect and say so on each connection; then receive on the chosen one."""
    with ExitStack() as stack:
        for _ in range(job.connections - 1):
            stack.enter_context(_connect(job, b"DEALER")).sendall(_frame(_HELLO))
        connection = stack.enter_context(_connect(job, b"DEALER", CHOSEN))
        connection.sendall(_frame(_HELLO))
        return _drain(connection, job)


def subscribe_at_one(job: Job, announce: Announce) -> Sample:
    """Connect and subscribe; only the last has subscribed to what is published."""
    with ExitStack() as stack:
        for _ in range(job.connections - 1):
            connection = stack.enter_context(_connect(job, b"SUB"))
            connection.sendall(_frame(b"\x01" + IDLE_TOPIC))
        connection = stack.enter_context(_connect(job, b"SUB"))
        connection.sendall(_frame(b"\x01" + job.payload()))
        return _drain(connection, job)


def echo(job: Job, announce: Announce) -> None:
    """Connect and say so; then send back what comes, on whichever connection, until the end."""
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(job.connections):
            connection = stack.enter_context(_connect(job, b"DEALER"))
            connection.sendall(_frame(_HELLO))
            selector.register(connection, selectors.EVENT_READ, connection)
        while True:
            for key, _ in selector.select():
                data = key.data.recv(_CHUNK)
                if not data:
                    return
                key.data.sendall(data)


ROLES: dict[str, Role] = {
    "echo": echo,
    "get-acquainted": get_acquainted,
    "receive-at-one": receive_at_one,
    "subscribe-at-one": subscribe_at_one,
}
