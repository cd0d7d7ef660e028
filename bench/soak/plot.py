"""The curve of a soak, as PNG: :func:`draw`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Each picture: what it counts, what one unit of that is, and the columns that it shows.
_PICTURES = (
    ("MB of memory", 1e6, ("rss",)),
    ("1,000 objects", 1e3, ("objects",)),
    ("number", 1, ("descriptors", "delayed_calls", "peers")),
    ("1,000 connections", 1e3, ("connections",)),
)

#: Inches, and dots in each.
_SIZE, _RESOLUTION = (8.0, 8.0), 110


def draw(document: dict[str, Any], target: Path) -> None:
    """Draw what :mod:`bench.soak.report` has made a JSON document of.

    :raises ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    figure.suptitle(document["title"])
    resting, busy = document["resting"], document["busy"]
    minutes = {id(series): [at / 60 for at in series["seconds"]] for series in (resting, busy)}
    warm = minutes[id(resting)][document["warm_up"]]
    for axes, (title, unit, columns) in zip(
        figure.subplots(4, sharex=True), _PICTURES, strict=True
    ):
        axes.axvspan(0, warm, color="0.93")
        for number, column in enumerate(columns):
            for series, style in ((busy, ":"), (resting, "-")):
                values = [value / unit for value in series[column]]
                label = None if series is busy else column.replace("_", " ")
                axes.plot(
                    minutes[id(series)], values, style, color=f"C{number}", linewidth=1, label=label
                )
        axes.set_ylabel(title)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
        if len(columns) > 1:
            axes.legend(fontsize="small", loc="upper right")
    axes.set_xlabel("minutes; dotted: at work, drawn through: at rest; grey: warm-up")
    axes.set_xlim(left=0)
    figure.savefig(target, dpi=_RESOLUTION)
