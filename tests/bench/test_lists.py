"""The bench: which measurements and implementations there are."""

from __future__ import annotations

from pathlib import Path

from bench import worker
from bench.implementations import BASELINES, IMPLEMENTATIONS
from bench.measurements import MEASUREMENTS, all_cases
from tests.bench.results import (
    BY_NAME,
    NUMBERS_OF_PEERS,
)


class TestLists:
    def test_names_are_unique(self) -> None:
        names = [each.name for each in IMPLEMENTATIONS]
        names += [each.name for each in MEASUREMENTS]
        names += [each.name for each in all_cases()]
        assert len(set(names)) == len(names)

    def test_every_implementation_has_its_file(self) -> None:
        peers = Path(worker.__file__).parent / "peers"
        assert [
            each.name for each in IMPLEMENTATIONS if not (peers / f"{each.peer}.py").exists()
        ] == []

    def test_who_takes_no_part_is_known(self) -> None:
        every, compiled = set(BY_NAME), {"pyzmtp-batch", "pyzmtp-batch-pure"}
        without_form = every - {"pyzmtp-message", "pyzmtp-message-pure", "pyzmq-asyncio"}
        libraries = every - {"libzmq-c", "twisted-bare"}
        without_txzmq = libraries - {"txzmq"}
        blocking = without_txzmq - {"pyzmq-asyncio"}
        expected = {
            "throughput": every,
            "multipart": libraries,
            "fan-in": libraries,
            "round-trip": every,
            "in-flight": libraries,
            "fan-out": without_txzmq - {"pyomq"},
            "topics": blocking - {"pyomq"},
            "matching": compiled,
            "ipc": every - {"libzmq-c"},
            "ipc-round-trip": every - {"libzmq-c"},
            "inproc": without_txzmq,
            "inproc-round-trip": without_txzmq,
            "curve": libraries,
            "connections": without_form - {"libzmq-c"},
            "curve-connections": without_form - {"libzmq-c", "twisted-bare"},
            "router-to-one": blocking,
            "publisher-to-one": blocking - {"pyomq"},
            "dealer-in-turn": blocking,
            "connection-memory": {*compiled, "pyzmq-blocking", "pyomq"},
            "queue-memory": {*compiled, "pyzmq-blocking", "pyomq"},
            "import": {*compiled, "pyzmq-blocking", "pyomq", "txzmq"},
        }
        assert {each.name: set(each.counts) for each in MEASUREMENTS} == expected

    def test_who_takes_part_does_so_at_every_level(self) -> None:
        missing = {
            (case.name, name)
            for case in all_cases()
            for name in case.measurement.counts
            if not case.has(BY_NAME[name])
        }
        assert missing == {
            ("topics-1000000", f"pyzmtp-{form}")
            for form in ("message", "batch-pure", "message-pure")
        }

    def test_every_baseline_is_an_implementation(self) -> None:
        assert set(BASELINES) <= set(BY_NAME)

    def test_the_accelerator_is_asked_for_or_refused_never_left_to_chance(self) -> None:
        for each in IMPLEMENTATIONS:
            expected = ("yes", "no") if each.name.startswith("pyzmtp") else (None,)
            assert each.environment.get("PYZMTP_SPEEDUPS") in expected

    def test_case_names(self) -> None:
        assert [case.name for case in all_cases()] == [
            "throughput-16",
            "throughput-100",
            "throughput-1024",
            "throughput-65536",
            "throughput-1048576",
            "multipart-16",
            "multipart-1024",
            "fan-in-1",
            "fan-in-10",
            "fan-in-100",
            "round-trip-16",
            "in-flight-1",
            "in-flight-10",
            "in-flight-100",
            "fan-out-1",
            "fan-out-10",
            "fan-out-100",
            "fan-out-1000",
            "topics-1",
            "topics-10",
            "topics-10000",
            "topics-1000000",
            "matching-1",
            "matching-10",
            "matching-10000",
            "matching-1000000",
            "ipc-16",
            "ipc-1024",
            "ipc-round-trip-16",
            "inproc-16",
            "inproc-1024",
            "inproc-round-trip-16",
            "curve-100",
            "curve-65536",
            "connections-1",
            "connections-100",
            "curve-connections-1",
            "curve-connections-100",
            *(f"router-to-one-{number}" for number in NUMBERS_OF_PEERS),
            *(f"publisher-to-one-{number}" for number in NUMBERS_OF_PEERS),
            *(f"dealer-in-turn-{number}" for number in NUMBERS_OF_PEERS),
            "connection-memory-1000",
            "connection-memory-5000",
            "queue-memory-16",
            "queue-memory-1024",
            "import-0",
            "import-1",
            "import-2",
        ]
