"""A factory whose connections are shut down when the test ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pyzmtp.txzmq import ZmqFactory

from ..sockets.world import World


@pytest.fixture
def factory(world: World) -> Iterator[ZmqFactory]:
    """A factory on a host in memory."""
    factory = ZmqFactory(world.network.reactor())
    yield factory
    world.run(factory.shutdown(), 1)
