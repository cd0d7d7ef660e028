"""ROUTER with router_handover: a routing id is never shared (ZMTP.md 7.5)."""

from __future__ import annotations

from pyzmtp import DealerSocket, RouterSocket

from .world import World


def test_a_connection_that_is_made_anew_after_its_id_was_handed_over_shares_it_with_nobody(
    world: World,
) -> None:
    router = world.make(RouterSocket, router_handover=True)
    loser = world.make(DealerSocket, routing_id=b"A")
    world.run(router.connect(world.bind(loser)), 1)
    winner = world.make(DealerSocket, routing_id=b"A")
    world.link(router, winner)
    world.advance(5)
    loser.try_send(b"loser")
    winner.try_send(b"winner")
    for routing_id, name in world.drain(router):
        router.try_send([routing_id, b"to " + name])
    received = {b"loser": world.drain(loser), b"winner": world.drain(winner)}
    for name, messages in received.items():
        assert messages in ([], [[b"to " + name]])  # nothing that was meant for the other
    assert any(received.values())
