"""PUSH and PULL through whole sockets."""

from __future__ import annotations

import pytest

from pyzmtp import PullSocket, PushSocket

from .world import World


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_messages_arrive_in_order(world: World, transport: str) -> None:
    pull, push = world.pair(PullSocket, PushSocket, transport)
    for number in range(2500):
        world.run(push.send([b"%d" % number, b""]))
    got: list[list[bytes]] = []
    while len(got) < 2500:
        got += world.run(pull.receive_batch())
    assert got == [[b"%d" % number, b""] for number in range(2500)]
