"""trial: its dirty-reactor check passes after close(), which is a promise (DESIGN.md 1).

These are trial's own test cases, on its own reactor; they run under pytest as well. Only inproc and
timers are used, so that no network is needed.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet import defer, reactor
from twisted.trial import unittest

from pyzmtp import PullSocket, PushSocket, RepSocket, ReqSocket, Requester
from pyzmtp.errors import RequestTimeout, SocketClosed
from pyzmtp.testing import MemoryNetwork

here: Any = reactor


class DirtyReactorTests(unittest.TestCase):
    """trial fails each of these if anything is left in the reactor."""

    async def test_request_and_reply(self) -> None:
        async with RepSocket(here) as rep, ReqSocket(here) as req:
            address = await rep.bind("inproc://trial")
            rep.serve(lambda request: [b"echo", *request])
            await req.connect(address)
            assert await req.request(b"hello", timeout=5) == [b"echo", b"hello"]

    async def test_a_retry_that_waits(self) -> None:
        async with PushSocket(here, reconnect_interval=60.0) as push:
            push.connect("inproc://nobody")
            await push.send(b"x")
            await push.close(linger=0)

    async def test_timeouts_that_run(self) -> None:
        pull = PullSocket(here, receive_timeout=60.0)
        push = PushSocket(here, send_timeout=60.0)
        waiting: list[Any] = [pull.receive(), push.send(b"x")]
        await pull.close()
        await push.close()
        for deferred in waiting:
            failed: list[type[Exception]] = []
            deferred.addErrback(lambda failure, failed=failed: failed.append(failure.type))
            assert failed == [SocketClosed]

    async def test_a_request_that_timed_out(self) -> None:
        async with Requester(here) as requester:
            with pytest.raises(RequestTimeout):
                await requester.request(b"x", timeout=0.001)

    async def test_a_turn_that_is_not_over(self) -> None:
        async with PullSocket(here) as pull, PushSocket(here) as push:
            await push.connect(await pull.bind("inproc://turn"))
            push.try_send(b"x")


class MemoryNetworkTests(unittest.TestCase):
    """The same on a reactor in memory, where time is the test's."""

    def setUp(self) -> None:
        self.network = MemoryNetwork()
        self.addCleanup(self.network.assert_clean)

    def test_a_whole_life(self) -> None:
        there: Any = self.network.reactor()
        here: Any = self.network.reactor()
        pull, push = PullSocket(there), PushSocket(here)
        push.connect("tcp://127.0.0.1:5555")
        push.try_send(b"x")
        self.network.advance(3)
        self.network.run(pull.bind("tcp://127.0.0.1:5555"))
        assert self.network.run(pull.receive(), within=1) == [b"x"]
        closing = defer.gatherResults([pull.close(), push.close()])
        assert self.network.run(closing) == [None, None]
