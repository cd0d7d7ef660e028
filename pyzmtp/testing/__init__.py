"""A network in memory, with time under control, for tests: of ZeroMQ programs and of others.

::

    network = MemoryNetwork(seed=1)
    server, client = network.reactor("server"), network.reactor("client")

    async def scenario():
        async with RepSocket(server) as rep, ReqSocket(client) as req:
            await rep.bind("tcp://*:5555")
            rep.serve(lambda request: [b"echo", *request])
            req.connect("tcp://server:5555")
            assert await req.request(b"hello") == [b"echo", b"hello"]

    network.run(scenario(), within=1)
    network.assert_clean()

Reactors are Twisted's by their interfaces, so whatever takes one runs on these, unchanged. Faults are
asked for by name: see :class:`MemoryNetwork`, :class:`MemoryReactor`, :class:`MemoryConnection` and
:class:`Conditions`. For pytest there are fixtures in :mod:`pyzmtp.testing.pytest_plugin`, for trial
there is a base in :mod:`pyzmtp.testing.trial`. ``import pyzmtp`` does not import this.
"""

from __future__ import annotations

from pyzmtp.testing.conditions import Conditions
from pyzmtp.testing.connection import MemoryConnection
from pyzmtp.testing.failure_log import FailureLog
from pyzmtp.testing.network import MemoryNetwork
from pyzmtp.testing.raw_peer import RawDatagrams, RawListener, RawPeer
from pyzmtp.testing.reactor import MemoryReactor, TCPMemoryReactor
from pyzmtp.testing.transport import MemoryTransport

__all__ = [
    "Conditions",
    "FailureLog",
    "MemoryConnection",
    "MemoryNetwork",
    "MemoryReactor",
    "MemoryTransport",
    "RawDatagrams",
    "RawListener",
    "RawPeer",
    "TCPMemoryReactor",
]
