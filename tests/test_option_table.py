"""docs/options.md: made from the options themselves, and none is missing."""

from __future__ import annotations

import attrs

from pyzmtp import SocketOptions
from tools.option_table import PAGE, option_table


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == option_table(), "run: python -m tools.option_table"


def test_no_option_is_missing() -> None:
    lines = PAGE.read_text().splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    for field in attrs.fields(SocketOptions):
        assert rows.count(f"`{field.name}`") == 1
