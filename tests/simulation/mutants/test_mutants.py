"""The planted bugs: they still fit the code, and one is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutant import MUTANTS, Mutant, copy_tree


def test_there_are_ten_in_as_many_files() -> None:
    assert len(MUTANTS) >= 10
    assert len({mutant.path for mutant in MUTANTS}) == len(MUTANTS)
    assert len({mutant.path.split("/")[1] for mutant in MUTANTS}) >= 4


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree."""
    tree = tmp_path_factory.mktemp("tree")
    copy_tree(tree)
    return tree


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_can_be_applied(mutant: Mutant, tree: Path) -> None:
    assert mutant.text.endswith(".")
    assert (tree / mutant.path).is_file()
    mutant.apply(tree, "--check", "--whitespace=error")


def test_one_is_found_and_another_is_not_where_nothing_is_played() -> None:
    [sender] = [mutant for mutant in MUTANTS if mutant.name == "pipe_low_water"]
    finding = sender.hunt(50)
    assert finding is not None
    assert finding.seeds == finding.seed + 1
    assert sender.hunt(0) is None
