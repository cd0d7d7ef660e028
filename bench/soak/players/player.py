"""What all players have in common: :class:`Player`."""

from __future__ import annotations

from random import Random

from bench.soak.world import World


class Player:
    """Does one thing again and again."""

    def __init__(self, world: World) -> None:
        self.world = world

    @classmethod
    def name(cls) -> str:
        """Give its name, as the report has it."""
        return cls.__name__.lower()

    async def begin(self) -> None:
        """Set up what lasts."""

    async def step(self, chance: Random) -> None:
        """Do it once: it comes to its end, and leaves nothing under way."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Wait, after the last step and while nobody troubles anybody, until all that lasts is joined."""

    async def end(self) -> None:
        """Put away what is no socket of the world's."""
