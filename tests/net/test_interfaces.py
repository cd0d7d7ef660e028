"""pyzmtp.net.interfaces: the loopback interface is there on every system that can be asked."""

from __future__ import annotations

import sys

import pytest

from pyzmtp import PullSocket, PushSocket
from pyzmtp.net.interfaces import interface_address

from ..sockets.world import World

LOOPBACK = "127.0.0.1" if sys.platform == "linux" else None


def test_the_loopback_interface_has_its_address() -> None:
    assert interface_address("lo") == LOOPBACK


@pytest.mark.parametrize("name", ["no-such-one", "", "much-too-long-for-an-interface", "127.0.0.1"])
def test_what_is_no_interface_has_none(name: str) -> None:
    assert interface_address(name) is None


def test_a_system_that_cannot_be_asked_knows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "plan9")
    assert interface_address("lo") is None


def test_an_interface_can_be_bound_and_be_a_source(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyzmtp.net.listening", "pyzmtp.net.dialling"):
        known = {"eth7": "10.0.0.7"}.get
        monkeypatch.setattr(f"{module}.interface_address", known)
    pull, push = world.make(PullSocket), world.make(PushSocket)
    assert world.run(pull.bind("tcp://eth7:5555")) == "tcp://10.0.0.7:5555"
    world.run(push.connect("tcp://eth7:0;10.0.0.7:5555"))
    assert pull.peers[0].peer_address.startswith("10.0.0.7:")
