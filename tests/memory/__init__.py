"""A network in memory: Twisted reactors that reach each other without a socket, and one clock.

    network = MemoryNetwork()
    server, client = network.reactor(), network.reactor()
    ...                                  # bind and connect as on a real reactor
    network.settle()                     # everything that is due, until nothing moves
    network.advance(30.0)                # the same, with time passing

Nothing runs by itself: `settle()`, `advance()` and `run()` are the only places where a timed call
is made or a byte moves, always in the same order. What runs in them may raise; the exception is
kept in `MemoryNetwork.errors` and raised out of the method that ran it.

Faults are asked for by name: `blackhole()`, `MemoryConnection.reset()` and its neighbours,
`names` for resolution, `segment_size` and `kernel_buffer` for how bytes travel. `RawPeer` is the
other side for tests that speak bytes.
"""

from .network import MemoryNetwork
from .raw_peer import RawListener, RawPeer
from .reactor import MemoryReactor, UNIXMemoryReactor
from .transport import MemoryConnection, MemoryTransport

__all__ = [
    "MemoryConnection",
    "MemoryNetwork",
    "MemoryReactor",
    "MemoryTransport",
    "RawListener",
    "RawPeer",
    "UNIXMemoryReactor",
]
