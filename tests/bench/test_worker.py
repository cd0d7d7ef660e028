"""The bench: a child process, without a process."""

from __future__ import annotations

import json
import sys
from io import StringIO
from types import ModuleType
from typing import Any

import attrs
import pytest

from bench import worker
from bench.model import Job, Sample


class TestWorker:
    @pytest.fixture
    def peer(self, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        """A peer module with one role, importable as ``fake``."""
        module: Any = ModuleType("bench.peers.fake")

        def pull(job: Job, announce: Any) -> Sample:
            announce("tcp://127.0.0.1:1")
            return Sample(operations=job.count, seconds=2.0, details={"extra": 1.0})

        module.ROLES = {"pull": pull, "push": lambda job, announce: None}
        module.versions = lambda: {"fake": "1"}
        monkeypatch.setitem(sys.modules, "bench.peers.fake", module)
        fake: ModuleType = module
        return fake

    @pytest.fixture
    def said(self) -> list[dict[str, Any]]:
        return []

    def test_without_a_role_it_only_says_what_there_is(
        self, peer: ModuleType, said: list[dict[str, Any]]
    ) -> None:
        assert worker.main(["fake"], said.append) == 0
        assert said == [{"ready": {"versions": {"fake": "1"}, "roles": ["pull", "push"]}}]

    def test_a_role_announces_its_address_and_its_sample(
        self, peer: ModuleType, said: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = Job(size=16, count=10, timeout=30.0)
        monkeypatch.setattr(sys, "stdin", iter_lines(json.dumps(attrs.asdict(job))))
        assert worker.main(["fake", "pull"], said.append) == 0
        _, bound, sample = said
        assert bound == {"bound": "tcp://127.0.0.1:1"}
        cpu = sample["sample"]["details"].pop("cpu_seconds")
        assert cpu >= 0
        assert sample == {"sample": {"operations": 10, "seconds": 2.0, "details": {"extra": 1.0}}}

    def test_the_side_that_does_not_measure_says_that_it_is_done(
        self, peer: ModuleType, said: list[dict[str, Any]]
    ) -> None:
        worker.play(lambda job, announce: None, Job(size=1, count=1, timeout=30.0), said.append)
        assert said == [{"sample": None}]

    def test_what_goes_wrong_is_said_before_it_is_raised(self, said: list[dict[str, Any]]) -> None:
        with pytest.raises(ModuleNotFoundError):
            worker.main(["nonesuch"], said.append)
        assert said == [{"error": "ModuleNotFoundError: No module named 'bench.peers.nonesuch'"}]


def iter_lines(*lines: str) -> StringIO:
    """Something to read lines from."""
    return StringIO("".join(f"{line}\n" for line in lines))
