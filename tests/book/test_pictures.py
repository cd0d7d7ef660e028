"""docs/pictures/: each is as it is drawn, has a page, and that of the states shows the whole table."""

from __future__ import annotations

import pytest

from pyzmtp.engine.states import TRANSITIONS, State
from tools.book.drawing import draw
from tools.book.pictures import FOLDER, PICTURES
from tools.book.states import STATES


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_up_to_date(name: str) -> None:
    drawn = (FOLDER / f"{name}.svg").read_text()
    assert drawn == draw(PICTURES[name]), "run: python -m tools.book.pictures"


def test_there_are_no_others() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == PICTURES.keys()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_on_a_page(name: str) -> None:
    pages = [path.read_text() for path in FOLDER.parent.glob("*.md")]
    assert any(f"](pictures/{name}.svg)" in page for page in pages)


def test_the_states_are_those_of_the_table() -> None:
    assert STATES.boxes.keys() == {state.name for state in State}
    arrows = [(arrow.start, arrow.end, arrow.text) for arrow in STATES.arrows]
    assert sorted(arrows) == sorted(
        (before.name, after.name, change.name.lower().replace("_", " "))
        for (before, change), after in TRANSITIONS.items()
    )


def test_a_text_cannot_be_taken_for_a_tag() -> None:
    from tools.book.drawing import Box, Picture

    assert "a &lt; b &amp; c" in draw(Picture("a < b & c", {"one": Box(0, 0, "a < b & c")}, []))
