"""Where the network in memory comes from."""

from __future__ import annotations

from tests.memory import MemoryNetwork, RawPeer
from tests.memory.datagrams import DatagramReactor

__all__ = ["MemoryNetwork", "RawPeer", "new_host", "new_network"]


def new_network(segment_size: int | None) -> MemoryNetwork:
    """A network on which so many bytes at the most arrive at a time."""
    return MemoryNetwork(segment_size=segment_size)


def new_host(network: MemoryNetwork) -> DatagramReactor:
    """A reactor on it, with TCP and UDP."""
    return DatagramReactor(network)
