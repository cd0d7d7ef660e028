"""What has once broken something, and what fuzzing begins with, breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.corpus import inputs_in
from fuzz.target import CORPUS, REGRESSIONS, TARGETS, load


@pytest.mark.parametrize("directory", [CORPUS, REGRESSIONS], ids=lambda directory: directory.name)
@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_promise(name: str, directory: Path) -> None:
    target = load(name)
    for data in inputs_in(directory / name):
        target(data, measure=True)


def test_every_folder_is_that_of_a_target() -> None:
    for directory in (CORPUS, REGRESSIONS):
        assert {path.name for path in directory.iterdir()} <= {*TARGETS}


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_lead_to_different_places(name: str) -> None:
    """Else the corpus, or the way in which the target reads it, has become worthless."""
    target = load(name)
    assert len({target.run(data) for data in inputs_in(CORPUS / name)}) > 2
