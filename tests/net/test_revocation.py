"""A check that changes its mind, or that ends everything from within."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import AuthenticationRequest, AuthenticationRevoked, Disconnected, HandshakeFailed

from ..sockets.world import World
from .test_authentication import INITIATE, come, make


@pytest.mark.parametrize("answer", [True, False, Deferred], ids=str)
def test_revoked_from_within_the_check(world: World, answer: Any) -> None:
    def check(request: AuthenticationRequest) -> Any:
        request.revoke("changed my mind")
        return answer() if answer is Deferred else answer

    pull = make(world, check)
    peer = come(world, pull)
    assert peer.received[64:] == b""
    assert peer.closed is not None
    [event] = world.of(pull, HandshakeFailed)
    assert isinstance(event.error, AuthenticationRevoked)
    assert event.error.reason == "changed my mind"


@pytest.mark.parametrize("when", ["pending", "welcomed", "ready", "gone"])
def test_revoked_at_any_time(world: World, when: str) -> None:
    asked: Deferred[Any] = Deferred()
    seen: list[AuthenticationRequest] = []

    def check(request: AuthenticationRequest) -> Deferred[Any]:
        seen.append(request)
        return asked

    pull = make(world, check)
    peer = come(world, pull)
    if when != "pending":
        asked.callback(True)
        world.settle()
    if when in ("ready", "gone"):
        peer.send(INITIATE)
        world.settle()
        assert len(pull.peers) == 1
    if when == "gone":
        peer.close()
        world.settle()
    before = len(world.events[pull])
    seen[0].revoke("enough")
    seen[0].revoke("once is enough")
    world.settle()
    assert pull.peers == ()
    if when == "gone":
        assert len(world.events[pull]) == before
    else:
        [event] = world.of(pull, Disconnected)
        assert isinstance(event.reason, AuthenticationRevoked)
        assert event.reason.reason == "enough"
        assert peer.closed is not None


@pytest.mark.parametrize("answer", [True, False, Deferred], ids=str)
@pytest.mark.parametrize("how", ["close", "unbind"])
def test_the_socket_is_closed_from_within_the_check(world: World, how: str, answer: Any) -> None:
    def check(request: AuthenticationRequest) -> Any:
        if how == "close":
            pull.close()
        else:
            pull.unbind(address)
        return answer() if answer is Deferred else answer

    pull = make(world, check)
    address = world.bind(pull)
    peer = come(world, pull, address)
    assert peer.received[64:] == b""
    assert peer.closed is not None
    assert pull.peers == ()
    assert world.names(pull).count("Disconnected") == 1
    assert world.names(pull).count("Closed") == 1
