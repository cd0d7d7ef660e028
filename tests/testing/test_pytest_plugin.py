"""pyzmtp.testing.pytest_plugin, as a user enables it."""

from __future__ import annotations

import pytest

USERS_TESTS = """
    import pytest
    from twisted.internet.defer import fail

    from pyzmtp import PullSocket, PushSocket

    draws = []

    def test_clean(memory_network):
        async def scenario():
            server, client = memory_network.reactor("server"), memory_network.reactor()
            async with PullSocket(server) as pull, PushSocket(client) as push:
                await pull.bind("tcp://*:5555")
                push.connect("tcp://server:5555")
                await push.send(b"x")
                assert await pull.receive() == [b"x"]

        memory_network.run(scenario(), within=1)

    def test_dirty(memory_network):
        pull = PullSocket(memory_network.reactor())
        memory_network.run(pull.bind("tcp://*:5555"))

    def test_unseen(memory_network):
        fail(KeyError("unseen"))

    def test_taken(memory_network, logged_failures):
        fail(KeyError("taken"))
        assert logged_failures.take(KeyError) == 1

    @pytest.mark.parametrize("memory_seed", range(5))
    def test_seeds(memory_network):
        draws.append(memory_network.random.random())

    def test_all_seeds(memory_network, memory_seed):
        assert len(set(draws)) == 5
        assert memory_seed is None
"""


def test_it_does_what_it_says(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["pyzmtp.testing.pytest_plugin"]')
    pytester.makepyfile(USERS_TESTS)
    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest")
    result.assert_outcomes(passed=10, errors=2)
    text = result.stdout.str()
    assert "ERROR at teardown of test_dirty" in text
    assert "left in the reactors:" in text
    assert (
        "MemoryTCPPort of _Acceptor on IPv4Address(type='TCP', host='0.0.0.0', port=5555)" in text
    )
    assert "ERROR at teardown of test_unseen" in text
    assert "KeyError: 'unseen'" in text


def test_it_is_not_there_unless_it_is_enabled(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(memory_network): pass")
    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest")
    result.assert_outcomes(errors=1)
