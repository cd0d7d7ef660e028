"""The Jupyter client in memory: messages that are forged, and kernels that do not answer."""

from __future__ import annotations

import pytest

from examples.jupyter import Kernel, KernelDied, Session
from pyzmtp import RepSocket, RouterSocket, XPubSocket
from pyzmtp.testing import MemoryNetwork

CONNECTION = {
    "transport": "tcp",
    "ip": "kernel",
    "key": "secret",
    "signature_scheme": "hmac-sha256",
    "shell_port": 1,
    "stdin_port": 2,
    "control_port": 3,
    "iopub_port": 4,
    "hb_port": 5,
}


def test_what_a_session_has_signed_another_with_its_key_believes() -> None:
    ours, theirs = Session("secret"), Session("secret")
    message = ours.message("execute_request", {"code": "1 + 1"})
    assert theirs.decode([b"whom it is for", *ours.encode(message), b"buffer"]) == message


@pytest.mark.parametrize("changed", range(6))
def test_what_has_been_changed_is_not_believed(changed: int) -> None:
    session = Session("secret")
    frames = session.encode(session.message("status", {"execution_state": "idle"}))
    frames[changed] = frames[changed][:-1] + b"?"
    assert session.decode(frames) is None


def test_what_is_no_message_is_not_believed() -> None:
    session = Session("secret")
    frames = session.encode(session.message("status", {}))
    for end in range(6):
        assert session.decode(frames[:end]) is None
    assert Session("another").decode(frames) is None


def test_without_a_kernel_it_gives_up(memory_network: MemoryNetwork) -> None:
    async def scenario() -> None:
        async with Kernel(memory_network.reactor("client"), CONNECTION):
            raise AssertionError("there is none")

    memory_network.reactor("kernel")
    with pytest.raises(KernelDied):
        memory_network.run(scenario(), within=10)


def test_a_kernel_that_dies(memory_network: MemoryNetwork) -> None:
    """It publishes that it is busy, and is never heard of again."""
    session, kernel_host = Session("secret"), memory_network.reactor("kernel")

    async def kernel() -> None:
        shell, iopub = RouterSocket(kernel_host), XPubSocket(kernel_host)
        heart = RepSocket(kernel_host)
        for port, socket in {1: shell, 4: iopub, 5: heart}.items():
            await socket.bind(f"tcp://*:{port}")
        heart.serve(lambda ping: ping)

        def work(requests: list[list[bytes]]) -> None:
            for frames in requests:
                request = session.decode(frames)
                status = session.message("status", {"execution_state": "busy"}, request)
                iopub.try_send([b"status", *session.encode(status)])

        shell.consume(work)

    async def scenario() -> None:
        async with Kernel(memory_network.reactor("client"), CONNECTION) as client:
            async for message in client.execute("while True: pass"):
                heard.append(message.content["execution_state"])
                kernel_host.crash()

    heard: list[str] = []
    memory_network.run(kernel(), within=1)
    with pytest.raises(KernelDied):
        memory_network.run(scenario(), within=20)
    assert heard == ["busy"]
