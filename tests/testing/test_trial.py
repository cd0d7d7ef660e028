"""pyzmtp.testing.trial: the mixin, on trial's own runner."""

from __future__ import annotations

import unittest
from random import Random

import pytest
from twisted.trial.unittest import SynchronousTestCase, TestCase

from pyzmtp import PullSocket, PushSocket
from pyzmtp.testing import MemoryReactor
from pyzmtp.testing.trial import MemoryNetworkMixin


async def _scenario(server: MemoryReactor, client: MemoryReactor) -> list[bytes]:
    async with PullSocket(server) as pull, PushSocket(client) as push:
        await pull.bind("tcp://*:5555")
        push.connect("tcp://server:5555")
        await push.send(b"x")
        return await pull.receive()


class CleanTests(MemoryNetworkMixin, SynchronousTestCase):
    """These pass, under pytest too."""

    network_seed = 3

    def test_a_message(self) -> None:
        server, client = self.network.reactor("server"), self.network.reactor("client")
        assert self.network.run(_scenario(server, client), within=1) == [b"x"]

    def test_the_seed(self) -> None:
        assert self.network.random.random() == Random(3).random()


class AsynchronousTests(MemoryNetworkMixin, TestCase):
    """The same for trial's other test case."""

    def test_a_message(self) -> None:
        server, client = self.network.reactor("server"), self.network.reactor("client")
        assert self.network.run(_scenario(server, client), within=1) == [b"x"]


@pytest.mark.parametrize("kind", [SynchronousTestCase, TestCase])
def test_what_is_left_fails_the_test(kind: type[SynchronousTestCase]) -> None:
    class Tests(MemoryNetworkMixin, kind):  # type: ignore[misc, valid-type]
        def test_dirty(self) -> None:
            self.network.reactor().callLater(5, print)

        def test_tidied_up(self) -> None:
            call = self.network.reactor().callLater(5, print)
            self.addCleanup(call.cancel)

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(result)
    assert result.testsRun == 2
    [(test, text)] = [*result.errors, *result.failures]
    assert test.id().endswith("test_dirty")
    assert "left in the reactors" in text
