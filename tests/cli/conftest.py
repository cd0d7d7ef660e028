"""What the tests of commands share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.stage import Stage
from tests.sockets.world import World


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    """Commands in a world; those that still run at the end are interrupted, as by Ctrl-C."""
    stage = Stage(world)
    yield stage
    stage.interrupt()
