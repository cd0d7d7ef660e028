"""The soak without a network: what it counts, and what it finds in that."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from bench.soak import census, plot, report
from bench.soak.census import COLUMNS, Series
from bench.soak.gate import Gate
from bench.soak.players import PLAYERS
from bench.soak.run import Plan, Record
from bench.soak.verdict import BOUNDS, Lines, judge
from pyzmtp import PullSocket, PushSocket
from tests.sockets.world import World


def samples(**rising: float) -> Series:
    """A dozen samples, of which some quantities rise by as much, and the others do not."""
    series = Series()
    for number in range(12):
        values = dict.fromkeys(COLUMNS, 100.0) | {"seconds": number, "connections": 10.0 * number}
        for name, rise in rising.items():
            values[name] += rise * number / 11
        series.add(values)
    return series


def record_of(resting: Series) -> Record:
    """What a soak comes to that has such samples at rest."""
    record = Record(Plan(seed=7, seconds=60, every=5, players=PLAYERS), Counter(connections=110))
    record.resting = record.busy = resting
    return record


class TestCensus:
    def test_what_a_socket_has(self, world: World) -> None:
        pull, push = world.pair(PullSocket, PushSocket)
        push.try_send(b"message")
        world.settle()
        sample = census.take(Clock(), [pull, push], 1.5, 2)
        assert (sample["pipes"], sample["peers"], sample["queued"]) == (2, 2, 1)
        assert (sample["seconds"], sample["connections"]) == (1.5, 2)
        assert sample["rss"] > 1_000_000

    def test_timed_calls_count_until_they_are_cancelled(self) -> None:
        clock = Clock()
        calls = [clock.callLater(10, print) for _ in range(3)]
        for call in calls[:2]:
            call.cancel()
        assert census.take(clock, [], 0, 0)["delayed_calls"] == 1

    def test_types(self) -> None:
        class Strange:
            pass

        name = f"{__name__}.{Strange.__qualname__}"
        before = census.types()[name]
        there = [Strange() for _ in range(5)]
        for each in there:
            each.__dict__["itself"] = each  # else the collector need not know of it
        assert census.types()[name] == before + 5

    def test_a_series_keeps_no_objects(self) -> None:
        series = Series()
        sample = census.take(Clock(), [], 0, 0)
        series.add(sample)
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(1000):
            series.add(sample)
        assert len(gc.get_objects()) <= before + 1
        assert len(series) == 1001
        assert series.column("rss") == [sample["rss"]] * 1001


class TestLines:
    def test_what_rises_and_what_does_not(self) -> None:
        lines = Lines()
        for x in (1000, 1010, 1030, 1100):
            lines.add(x, {"up": 2 * x, "down": -x, "level": 5})
        assert lines.rises() == pytest.approx({"up": 200, "down": -100, "level": 0})

    def test_what_only_sways_does_not_rise(self) -> None:
        lines = Lines()
        for x in range(101):
            lines.add(x, {"swaying": 50 * (-1) ** x})
        assert abs(lines.rises()["swaying"]) < 1

    def test_what_comes_late_was_zero_before(self) -> None:
        lines = Lines()
        lines.add(0, {"early": 1})
        lines.add(10, {"early": 1, "late": 4})
        assert lines.rises() == pytest.approx({"early": 0, "late": 4})

    def test_one_point_tells_nothing(self) -> None:
        lines = Lines()
        assert lines.rises() == {}
        lines.add(5, {"alone": 7})
        assert lines.rises() == {"alone": 0}


class TestVerdict:
    def test_nothing_grows(self) -> None:
        assert [each.quantity for each in judge(samples(), 0) if each.grows] == []

    @pytest.mark.parametrize("quantity", BOUNDS)
    def test_it_grows_by_more_than_it_may(self, quantity: str) -> None:
        allowed = BOUNDS[quantity]
        assert not any(each.grows for each in judge(samples(**{quantity: allowed * 0.99}), 0))
        grown = judge(samples(**{quantity: allowed * 1.01}), 0)
        assert [each.quantity for each in grown if each.grows] == [quantity]

    def test_the_warm_up_does_not_count(self) -> None:
        series = Series()
        for number in range(12):
            peers = 0 if number < 6 else 50
            series.add(dict.fromkeys(COLUMNS, 0.0) | {"connections": number, "peers": peers})
        assert [each.quantity for each in judge(series, 0) if each.grows] == ["peers"]
        assert not any(each.grows for each in judge(series, 6))


class TestReport:
    def test_all_is_well(self) -> None:
        record = record_of(samples())
        findings = report.findings_of(record)
        text = "\n".join(report.lines(record, findings))
        assert report.good(record, findings)
        assert "Nothing was left in the end." in text
        assert "GROWS" not in text

    def test_what_grows_is_told_by_type(self) -> None:
        record = record_of(samples(objects=5000))
        for number in range(10):
            record.types.add(number, Counter({"pyzmtp.Leaking": 100 * number, "builtins.dict": 3}))
        findings = report.findings_of(record)
        lines = list(report.lines(record, findings))
        assert not report.good(record, findings)
        assert [line.split()[0] for line in lines if line.endswith("GROWS")] == ["objects"]
        first = lines[lines.index("What grows, by type of object") + 1]
        assert first.split() == ["900", "pyzmtp.Leaking"]

    def test_what_is_left_is_told(self) -> None:
        record = record_of(samples())
        record.left = Counter(descriptors=2)
        findings = report.findings_of(record)
        assert not report.good(record, findings)
        assert list(report.lines(record, findings))[-1].split() == ["2", "descriptors"]

    def test_the_curve(self, tmp_path: Path) -> None:
        record = record_of(samples())
        document: dict[str, Any] = report.to_json(record, report.findings_of(record))
        assert "seed 7" in document["title"]
        plot.draw(document, tmp_path / "soak.png")
        assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")


class TestGate:
    def test_it_is_open_at_first(self) -> None:
        assert Deferred.fromCoroutine(Gate(1).pass_through()).called

    def test_when_all_are_waiting_it_tells_and_then_lets_them_go_on(self) -> None:
        gate = Gate(2)
        for _ in range(2):
            resting = gate.shut()
            first = Deferred.fromCoroutine(gate.pass_through())
            assert not resting.called
            second = Deferred.fromCoroutine(gate.pass_through())
            assert resting.called
            assert not first.called
            assert not second.called
            gate.open()
            assert first.called
            assert second.called


def test_players_have_names_of_their_own() -> None:
    assert len({player.name() for player in PLAYERS}) == len(PLAYERS)
