"""pyzmq, what is measured in bytes: a connection, and a message that waits to be sent."""

from __future__ import annotations

from bench.model import Announce, Job, Role, Sample
from bench.peers import memory
from bench.peers.libzmq import bind, new_socket, zmq
from bench.peers.nowhere import nowhere

__all__ = ["ROLES"]


def bear(job: Job, announce: Announce) -> Sample:
    """Have many peers, each of which said one thing and heard it back, and measure."""
    with zmq.Context() as context, new_socket(context, zmq.ROUTER, job) as socket:
        bind(socket, job, announce)
        for _ in range(memory.WARM_UP):
            socket.send_multipart(socket.recv_multipart())
        before = memory.Memory()
        for _ in range(job.connections - 1):
            socket.send_multipart(socket.recv_multipart())
        last = socket.recv_multipart()
        sample = before.sample(job.connections)
        socket.send_multipart(last)
    return sample


def hoard(job: Job, announce: Announce) -> Sample:
    """Have many messages for a peer that never comes, and measure."""
    payload = bytearray(job.payload())
    with (
        nowhere() as address,
        zmq.Context() as context,
        new_socket(context, zmq.PUSH, job) as socket,
    ):
        socket.set_hwm(memory.WARM_UP + job.count)
        socket.set(zmq.LINGER, 0)
        socket.connect(address)
        for _ in range(memory.WARM_UP):
            socket.send(bytes(payload))
        before = memory.Memory()
        for _ in range(job.count):
            socket.send(bytes(payload))
        return before.sample(job.count)


ROLES: dict[str, Role] = {"bear": bear, "hoard": hoard}
