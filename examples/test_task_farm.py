"""The task farm in memory: every task is done, whoever comes late."""

from __future__ import annotations

import re
from math import prod

import pytest
from twisted.internet.defer import Deferred

from examples.task_farm import factorise, sink, ventilator, worker
from pyzmtp.testing import Conditions, MemoryNetwork

TASKS, RESULTS = "tcp://ventilator:5557", "tcp://sink:5558"


@pytest.mark.parametrize(
    ("number", "factors"), [(2, [2]), (9, [3, 3]), (360, [2, 2, 2, 3, 3, 5]), (97, [97])]
)
def test_factors(number: int, factors: list[int]) -> None:
    assert factorise(number) == factors


@pytest.mark.parametrize("memory_seed", range(5))
def test_all_tasks_are_done(
    memory_network: MemoryNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    memory_network.conditions = Conditions(latency=0.01, jitter=0.2, split=0.5)
    workers = [
        Deferred.fromCoroutine(worker(memory_network.reactor(name), TASKS, RESULTS, name))
        for name in ("anne", "bob")
    ]
    ventilating = memory_network.reactor("ventilator")
    giving = Deferred.fromCoroutine(ventilator(ventilating, "tcp://*:5557", RESULTS, 2, 50))
    memory_network.advance(10)  # nobody collects yet
    memory_network.run(sink(memory_network.reactor("sink"), "tcp://*:5558"), within=60)
    memory_network.run(giving, within=10)
    *lines, summary = capsys.readouterr().out.splitlines()
    results = [re.findall(r"\d+", line) for line in lines if " = " in line]
    assert len(results) == 50
    for number, *factors in results:
        assert prod(map(int, factors)) == int(number)
    assert summary == "anne: 25, bob: 25"
    for ending in workers:
        ending.addErrback(lambda _: None)
        ending.cancel()
    memory_network.advance(10)
