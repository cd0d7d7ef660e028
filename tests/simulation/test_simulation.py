"""The simulation: it finds nothing wrong, and it is the same each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from .generate import FAMILIES, plan_of
from .run import play

#: A few for each commit; CI plays 2000.
SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_is_well(seed: int) -> None:
    plan = plan_of(seed)
    outcome = play(plan)
    assert outcome.violation is None, f"{outcome.violation}\n{plan}"
    assert outcome.steps == len(plan.steps)


def test_the_same_seed_is_the_same_run() -> None:
    for seed in (3, 4):
        assert plan_of(seed) == plan_of(seed)
        assert play(plan_of(seed)).digest == play(plan_of(seed)).digest
    assert play(plan_of(3)).digest != play(plan_of(4)).digest


def test_so_it_is_in_another_process_whatever_the_order_of_its_sets() -> None:
    digests = set()
    for hashes in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--digests", "20"],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(result.stdout)
    [digests_of_both] = digests
    assert len(digests_of_both.splitlines()) == 20


def test_plans_have_everything_in_them() -> None:
    """Lest the simulation prove something about nothing."""
    families: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    transports: Counter[str] = Counter()
    for seed in range(400):
        plan = plan_of(seed)
        families[plan.family] += 1
        actions.update(step.action for step in plan.steps)
        kinds.update(role.kind for role in plan.roles)
        transports.update(place.bind.partition(":")[0] for place in plan.places)
    assert set(families) == {family.name for family in FAMILIES}
    assert set(kinds) == {kind for family in FAMILIES for kind in (*family.left, *family.right)} | {
        "Proxy"
    }
    assert set(transports) == {"tcp", "ipc", "inproc", "ws"}
    assert min(actions.values()) > 20
    assert set(actions) == {
        "make", "enter", "revive", "bind", "unbind", "connect", "disconnect", "close", "kill",
        "restart", "send", "receive", "ask", "cancel_send", "cancel_receive", "pause", "subscribe",
        "unsubscribe", "configure", "reset", "cut", "half_close", "stall", "partition", "conditions",
        "stranger", "rounds", "settle", "advance", "calm", "exercise", "end",
    }  # fmt: skip


def test_many_messages_are_received() -> None:
    assert sum(play(plan_of(seed)).received for seed in range(40)) > 1000
