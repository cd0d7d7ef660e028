"""For tests of ``twisted.trial``: :class:`MemoryNetworkMixin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyzmtp.testing.network import MemoryNetwork

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase
else:
    SynchronousTestCase = object

__all__ = ["MemoryNetworkMixin"]


class MemoryNetworkMixin(SynchronousTestCase):
    """Gives each test of a ``TestCase`` or ``SynchronousTestCase`` a network in memory.

    It stands before the test case among the bases. When a test ends, after its own clean-up, nothing
    may be left in the network's reactors. What was logged as a failure is trial's own to judge.

    :ivar network: the network.
    :ivar network_seed: its seed; a class may set it.
    """

    network_seed: int | None = None
    network: MemoryNetwork

    def setUp(self) -> None:
        super().setUp()
        self.network = MemoryNetwork(seed=self.network_seed)
        self.addCleanup(self.network.assert_clean)
