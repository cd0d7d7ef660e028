"""Fixtures for pytest: :func:`memory_network`, :func:`memory_seed` and :func:`logged_failures`.

A ``conftest.py`` enables them with ``pytest_plugins = ["pyzmtp.testing.pytest_plugin"]``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pyzmtp.testing.failure_log import FailureLog
from pyzmtp.testing.network import MemoryNetwork

__all__ = ["logged_failures", "memory_network", "memory_seed"]


@pytest.fixture
def memory_seed() -> int | None:
    """The seed of :func:`memory_network`: none, until it is overridden.

    ``@pytest.mark.parametrize("memory_seed", range(100))`` runs a test under as many.
    """
    return None


@pytest.fixture
def logged_failures() -> Iterator[FailureLog]:
    """What Twisted logs as a failure; the test fails by what it does not ``take()``.

    Errors of Deferreds that nobody handled are among it.
    """
    with FailureLog() as log:
        yield log


@pytest.fixture
def memory_network(memory_seed: int | None, logged_failures: FailureLog) -> Iterator[MemoryNetwork]:
    """A network in memory; in the end nothing may be left in its reactors, or have failed unseen."""
    network = MemoryNetwork(seed=memory_seed)
    yield network
    network.assert_clean()
