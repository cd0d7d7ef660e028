"""What is done in a soak: the list of all players."""

from __future__ import annotations

from bench.soak.players.asking import Asking
from bench.soak.players.killing import Killing
from bench.soak.players.passing import Passing
from bench.soak.players.player import Player
from bench.soak.players.publishing import Publishing
from bench.soak.players.pushing import Pushing
from bench.soak.players.requesting import Requesting
from bench.soak.players.routing import Routing
from bench.soak.players.shaking import Shaking
from bench.soak.players.strangers import Strangers

__all__ = ["PLAYERS", "Player"]

#: In the order of their beginning: those whose sockets last come before those who trouble them.
PLAYERS: tuple[type[Player], ...] = (
    Publishing,
    Pushing,
    Asking,
    Requesting,
    Routing,
    Passing,
    Strangers,
    Shaking,
    Killing,
)
