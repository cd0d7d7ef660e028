"""The fuzzer itself: it finds what is broken, tells it, and makes the same inputs again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest
from attrs import evolve

from fuzz import guided, plain, report
from fuzz.__main__ import main
from fuzz.corpus import inputs_in, keep, keep_all
from fuzz.dictionary import WORDS, greeting_of
from fuzz.feeding import CONNECTIONS, DECODERS_V1, in_pieces, one_by_one
from fuzz.job import Crash, Job, Result
from fuzz.measure import PACKAGES, Covered, measure, together
from fuzz.mutation import Mutator
from fuzz.reader import Reader, Writer
from fuzz.record import Record
from fuzz.runner import Settings, run_all
from fuzz.shrinking import shrink
from fuzz.target import TARGETS, Target, load
from fuzz.vectors import all_inputs
from fuzz.worker import crash_of
from pyzmtp.constants import SocketType

from .helpers import greeting
from .implementations import COMPILED


def nothing(data: bytes) -> Hashable:
    """A target without promises."""
    return None


def picky(data: bytes) -> Hashable:
    """A target that three bytes in their order break, and that tells how near one is."""
    wanted = b"\x01\x80\xff"
    near = next((size for size in range(3, 0, -1) if data.startswith(wanted[:size])), 0)
    assert near < 3, "broken"
    return near


def target_of(run: Callable[[bytes], Hashable], feed: Callable[[bytes], object]) -> Target:
    """A target that takes nothing itself."""
    return Target("planted", run, feed, base=1000, each=64, max_size=100)


# Inputs as choices


def test_what_is_written_is_read() -> None:
    writer = Writer(7, 3)
    writer.byte(9)
    writer.chunk(b"short")
    writer.chunk(b"x" * 254)
    writer.chunk(b"y" * 255)
    writer.chunk(b"z" * 1000)
    writer.rest(b"the rest")
    source = Reader(writer.data)
    assert (source.byte(), source.choice("abc"), source.byte()) == (7, "a", 9)
    assert [source.chunk() for _ in range(4)] == [b"short", b"x" * 254, b"y" * 255, b"z" * 1000]
    assert source
    assert source.rest() == b"the rest"
    assert not source


def test_an_input_that_has_ended_is_zero() -> None:
    source = Reader(b"\x05ab")
    assert source.chunk() == b"ab"
    assert (source.byte(), source.choice("xyz"), source.chunk(), source.rest()) == (
        0,
        "x",
        b"",
        b"",
    )


@pytest.mark.parametrize("data", [b"", b"a", bytes(range(200))])
def test_pieces_are_the_whole(data: bytes) -> None:
    assert b"".join(one_by_one(data)) == b"".join(in_pieces(data)) == data
    assert in_pieces(data) == in_pieces(data)
    assert len(in_pieces(data)) == 5


# Which implementations are compared


def test_engines_and_decoders_of_both_implementations_are_compared() -> None:
    assert CONNECTIONS[0] is not CONNECTIONS[1]
    bases = {kind.__mro__[1] for kind in DECODERS_V1}
    assert len(bases) == (1 if COMPILED is None else 2)


# Mutations


def test_the_same_seed_makes_the_same_inputs() -> None:
    def made(seed: int) -> list[bytes]:
        mutator = Mutator(Random(seed), 50)
        return [mutator.mutate(b"begin", [b"begin", b"other"]) for _ in range(100)]

    assert made(1) == made(1) != made(2)


def test_mutated_inputs_differ_and_are_not_too_long() -> None:
    mutator = Mutator(Random(3), 20)
    made = {mutator.mutate(bytes(20), [b"x" * 20]) for _ in range(500)}
    assert len(made) > 400
    assert max(map(len, made)) == 20
    assert min(map(len, made)) < 10


def test_words_are_put_in() -> None:
    mutator = Mutator(Random(3), 500)
    made = [mutator.mutate(b"", [b""]) for _ in range(2000)]
    assert all(any(word in data for data in made) for word in WORDS)


def test_greetings_are_those_of_the_rfc() -> None:
    assert greeting_of(b"CURVE", 0) == greeting(b"CURVE", (3, 0))
    assert greeting_of(b"NULL") == greeting()


# The plain driver


def test_it_finds_what_takes_several_steps() -> None:
    last = b""

    def note(data: bytes) -> None:
        nonlocal last
        last = data

    with pytest.raises(AssertionError, match="broken"):
        plain.fuzz(picky, [], seed=1, max_size=20, executions=200_000, note=note)
    assert last.startswith(b"\x01\x80\xff")


def test_it_runs_the_corpus_first_and_as_often_as_it_is_told() -> None:
    seen: list[bytes] = []
    found: list[bytes] = []
    plain.fuzz(
        nothing, [b"a", b"b"], seed=1, max_size=20, executions=50, note=seen.append, found=found
    )
    assert seen[:2] == [b"a", b"b"]
    assert len(seen) == 50
    assert found == []


def test_it_ends_in_time() -> None:
    seen: list[bytes] = []
    begin = monotonic()
    plain.fuzz(nothing, [], seed=1, max_size=20, seconds=0.05, note=seen.append)
    assert seen
    assert monotonic() - begin >= 0.05


def test_it_keeps_what_leads_somewhere_new() -> None:
    found: list[bytes] = []
    plain.fuzz(lambda data: data[:1], [b"a"], seed=1, max_size=20, executions=500, found=found)
    assert len(found) > 20
    assert len({data[:1] for data in found}) == len(found)


def test_an_input_that_takes_too_long_is_found() -> None:
    with pytest.raises(plain.Hang), plain.no_longer_than(0.01):
        sleep(10)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


# Memory


def test_memory_that_is_announced_and_has_not_come_is_found() -> None:
    def feed(data: bytes) -> object:
        return bytearray(int.from_bytes(data, "big"))

    target = target_of(nothing, feed)
    target(b"\x01", measure=True)
    target(bytes(1000), measure=True)
    with pytest.raises(AssertionError, match="bytes of memory"):
        target(b"\x01\x00\x00", measure=True)
    target(b"\x01\x00\x00", measure=False)


def test_some_inputs_are_looked_at_for_memory() -> None:
    seen: list[bytes] = []
    target = target_of(nothing, seen.append)
    for number in range(2000):
        target(number.to_bytes(2, "big"))
    assert 10 < len(seen) < 100


# Crashes


def test_a_crash_is_made_shorter() -> None:
    def run(data: bytes) -> None:
        if b"\x07" in data and data.endswith(b"!"):
            raise ValueError

    assert shrink(run, b"some text \x07 and more!") == b"\x07!"
    assert shrink(run, b"harmless") == b"harmless"


def test_a_crash_is_not_made_another_one() -> None:
    def run(data: bytes) -> None:
        if not data:
            raise KeyError
        raise ValueError

    assert shrink(run, b"abc") == b"\0"


def test_a_crash_says_what_has_failed() -> None:
    def run(data: bytes) -> Hashable:
        assert b"x" not in data, "x is in it"
        return None

    target = target_of(run, nothing)
    try:
        target(b"abxc")
    except AssertionError as error:
        crash = crash_of(target, b"abxc", error)
    assert crash.data == b"x"
    assert "x is in it" in crash.text


def test_what_a_worker_did_last_outlives_it(tmp_path: Path) -> None:
    assert Record.read(tmp_path / "record") == (0, 0.0, b"")
    record = Record(tmp_path / "record")
    record.note(b"first, and long")
    record.note(b"second")
    executions, seconds, data = Record.read(tmp_path / "record")
    assert (executions, data) == (2, b"second")
    assert 0 <= seconds < 5


# Files


def test_inputs_are_kept_once(tmp_path: Path) -> None:
    keep_all([b"b", b"aa", b"b"], tmp_path / "new")
    keep(b"b", tmp_path / "new", "named")
    assert len(list((tmp_path / "new").iterdir())) == 3
    assert inputs_in(tmp_path / "new", tmp_path / "missing") == [b"b", b"aa"]


def test_jobs_and_crashes_travel_in_files(tmp_path: Path) -> None:
    job = Job("framing", "plain", 1, 2.5, None, tmp_path, tmp_path)
    assert Job.loads(job.dumps()) == job
    assert job.crash() is None
    job.leave(Crash(b"\xff\0", "why"))
    assert job.crash() == Crash(b"\xff\0", "why")


def test_vectors_make_inputs_for_every_target() -> None:
    made = list(all_inputs())
    assert {target for target, _ in made} == {*TARGETS}
    for target, data in made:
        assert len(data) <= load(target).max_size


# The guided driver, as far as that goes without atheris


def test_what_libfuzzer_is_told(tmp_path: Path) -> None:
    told = guided.arguments(
        load("metadata"),
        seed=7,
        seconds=90.0,
        executions=None,
        words=tmp_path / "words",
        artifacts=tmp_path,
        directories=[tmp_path / "work", tmp_path / "corpus"],
    )
    assert told[-2:] == [str(tmp_path / "work"), str(tmp_path / "corpus")]
    assert {"-seed=7", "-max_total_time=90", "-max_len=2000"} <= {*told}
    assert not any(option.startswith("-runs=") for option in told)


def test_words_as_libfuzzer_reads_them() -> None:
    assert guided.dictionary([b"a\0", b'"']) == '"\\x61\\x00"\n"\\x22"\n'


# Whole runs, in processes


def settings(work: Path, executions: int = 300) -> Settings:
    """Of a short run."""
    return Settings("plain", 1, 100.0, executions, 2, work)


def test_a_worker_runs_a_target_and_keeps_what_it_found(tmp_path: Path) -> None:
    told: list[Result] = []
    results = asyncio.run(run_all(["metadata", "greeting"], settings(tmp_path), told.append))
    assert {*told} == {*results}
    assert [result.target for result in results] == ["metadata", "greeting"]
    for result in results:
        assert result.crash is None
        assert result.executions == 300
        assert result.rate == 300 / result.seconds > 0
        assert result.found == len(inputs_in(tmp_path / result.target)) > 0


def test_a_worker_that_dies_leaves_its_input(tmp_path: Path) -> None:
    program = (
        "import os, sys; from fuzz.job import Job; from fuzz.record import Record\n"
        "Record(Job.loads(sys.argv[1]).record).note(b'deadly'); os.abort()"
    )
    dying = evolve(settings(tmp_path), program=(sys.executable, "-c", program))
    [result] = asyncio.run(run_all(["greeting"], dying, lambda result: None))
    assert result.crash is not None
    assert result.crash.data == b"deadly"
    assert f"ended with {-signal.SIGABRT}" in result.crash.text


def test_coverage_is_that_of_the_target(tmp_path: Path) -> None:
    keep(b"\0\xff", tmp_path)
    covered = asyncio.run(measure("greeting", tmp_path))
    assert 0 < covered.percent("wire") < 50
    assert covered.percent("engine") == covered.percent("mechanisms") == 0
    assert Covered.loads(covered.dumps()) == covered


def test_covered_together() -> None:
    lines = {"pyzmtp/wire/a.py": frozenset({1, 2, 3, 4})}
    one = Covered(lines, {"pyzmtp/wire/a.py": frozenset({1})})
    other = Covered(lines, {"pyzmtp/wire/a.py": frozenset({1, 2, 3})})
    assert [each.percent("wire") for each in (one, other, together([one, other]))] == [25, 75, 75]
    assert one.percent("engine") == 0


# The command line


def test_all_targets_are_listed_with_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(TARGETS)
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "name a target"), (["nonsense"], "no target nonsense")],
)
def test_what_cannot_be_run_is_told(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_run_prints_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["greeting", "--driver", "plain", "--executions", "200", "--coverage"]
    assert main([*arguments, "--work", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("greeting") == 2
    assert "200" in out
    assert all(f"{package}/" in out for package in PACKAGES)


def test_a_crash_is_told_with_all_that_is_needed_to_see_it_again() -> None:
    result = Result("null", 10, 1.0, 0, Crash(b"\xff\0", "AssertionError: why"))
    text = report.crash_text(result, "fuzz/regressions/null/abc")
    assert "AssertionError: why" in text
    assert "/wA=" in text
    assert "python -m fuzz null --replay fuzz/regressions/null/abc" in text
    assert report.row(result).endswith("CRASH")


def test_files_are_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = keep(b"\0\xff", tmp_path)
    assert main(["greeting", "--replay", str(file)]) == 0
    assert os.fspath(file) in capsys.readouterr().out


def test_every_type_of_socket_is_under_fire() -> None:
    from fuzz.live import TYPES

    assert {kind.socket_type for kind in TYPES} == {*SocketType}
