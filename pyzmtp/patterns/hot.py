"""What is hot in this package, in the form that was chosen: see :mod:`pyzmtp._speedups`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyzmtp._speedups import IMPLEMENTATION

__all__ = [
    "FairQueue",
    "LoadBalancer",
    "Pipe",
    "SubscriptionTrie",
    "address",
    "distribute",
    "have_room",
    "publish",
    "route",
    "route_batch",
]

if not TYPE_CHECKING and IMPLEMENTATION == "cython":
    from pyzmtp._speedups.distributor import distribute, have_room, publish
    from pyzmtp._speedups.envelope import address, route, route_batch
    from pyzmtp._speedups.fair_queue import FairQueue
    from pyzmtp._speedups.load_balancer import LoadBalancer
    from pyzmtp._speedups.pipe import Pipe
    from pyzmtp._speedups.subscription_trie import SubscriptionTrie
else:
    from pyzmtp.patterns.distributor import distribute, have_room, publish
    from pyzmtp.patterns.envelope import address, route, route_batch
    from pyzmtp.patterns.fair_queue import FairQueue
    from pyzmtp.patterns.load_balancer import LoadBalancer
    from pyzmtp.patterns.pipe import Pipe
    from pyzmtp.patterns.subscription_trie import SubscriptionTrie
