"""What the tests of ZAP share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pyzmtp import Authenticator

from ..sockets.world import World


@pytest.fixture
def authenticator(world: World) -> Iterator[Authenticator]:
    """One that has no settings, on a reactor of its own."""
    reactor: Any = world.network.reactor()
    authenticator = Authenticator(reactor)
    yield authenticator
    world.run(authenticator.stop())
