"""The list of implementations, in the order of the tables; a new row is added here."""

from __future__ import annotations

from bench.model import Implementation

_COMPILED = {"PYZMTP_SPEEDUPS": "yes"}
_PURE = {"PYZMTP_SPEEDUPS": "no"}

IMPLEMENTATIONS = (
    Implementation(
        name="pyzmtp-batch",
        peer="pyzmtp_batch",
        summary="pyzmtp, send_batch/try_send and consume, accelerator",
        environment=_COMPILED,
    ),
    Implementation(
        name="pyzmtp-message",
        peer="pyzmtp_message",
        summary="pyzmtp, await send() and async for, accelerator",
        environment=_COMPILED,
    ),
    Implementation(
        name="pyzmtp-batch-pure",
        peer="pyzmtp_batch",
        summary="pyzmtp, send_batch/try_send and consume, pure Python",
        environment=_PURE,
    ),
    Implementation(
        name="pyzmtp-message-pure",
        peer="pyzmtp_message",
        summary="pyzmtp, await send() and async for, pure Python",
        environment=_PURE,
    ),
    Implementation(
        name="pyzmq-blocking",
        peer="pyzmq_blocking",
        summary="pyzmq, send() and recv() in a plain loop",
    ),
    Implementation(
        name="pyzmq-asyncio",
        peer="pyzmq_asyncio",
        summary="pyzmq, zmq.asyncio sockets",
    ),
    Implementation(
        name="txzmq",
        peer="txzmq",
        summary="txZMQ on Twisted's reactor",
    ),
    Implementation(
        name="pyomq",
        peer="pyzmq_blocking",
        summary="pyomq, the same program as pyzmq's; Python 3.12 or later",
        environment={"PYZMTP_BENCH_ZMQ": "pyomq"},
    ),
    Implementation(
        name="libzmq-c",
        peer="libzmq_perf",
        summary="libzmq's own tools, in C; their directory is in PYZMTP_LIBZMQ_PERF",
    ),
    Implementation(
        name="twisted-bare",
        peer="twisted_bare",
        summary="Twisted's transports without any protocol: the floor",
    ),
)

#: What the ratio columns compare with, and their heads.
BASELINES = {
    "pyzmq-blocking": "vs pyzmq",
    "txzmq": "vs txZMQ",
    "libzmq-c": "vs C",
    "twisted-bare": "vs bare",
}
