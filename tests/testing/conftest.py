"""Two ends of a connection in memory, over each kind of transport."""

from __future__ import annotations

import pytest

from pyzmtp.testing import MemoryNetwork

from .recorders import Pair


@pytest.fixture
def network() -> MemoryNetwork:
    return MemoryNetwork()


@pytest.fixture(params=["tcp", "unix"])
def unix(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "unix")


@pytest.fixture
def pair(network: MemoryNetwork, unix: bool) -> Pair:
    return Pair(network, unix)


@pytest.fixture
def tcp(network: MemoryNetwork) -> Pair:
    return Pair(network, unix=False)
