"""Times on the command line: :class:`Seconds`."""

from __future__ import annotations

from math import isfinite
from typing import Any

import click

__all__ = ["Seconds"]


class Seconds(click.FloatRange):
    """A number of seconds in a range. No clock can wait for NaN, nor for ever."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; see click."""
        seconds: float = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds
