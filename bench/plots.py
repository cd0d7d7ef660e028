"""One picture for each measurement, as PNG: ``--plots DIRECTORY``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bench.model import Measurement, Result

#: Inches, and dots in each.
_SIZE, _RESOLUTION = (7.0, 4.5), 120


def draw_all(groups: Sequence[Sequence[Result]], directory: Path) -> list[Path]:
    """Draw what was measured; return the files, one for each measurement.

    :raises ImportError: matplotlib is not installed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    results = [result for group in groups for result in group if result.samples]
    files = []
    for measurement, some in groupby(results, key=lambda result: result.case.measurement):
        files.append(directory / f"{measurement.name}.png")
        _draw(measurement, list(some), files[-1])
    return files


def _draw(measurement: Measurement, results: Sequence[Result], target: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    levels = sorted({result.case.level for result in results})
    names = dict.fromkeys(result.implementation.name for result in results)
    for name in names:
        own = [result for result in results if result.implementation.name == name]
        own.sort(key=lambda result: result.case.level)
        medians = [result.median or 0.0 for result in own]
        below = [median - min(result.values) for median, result in zip(medians, own, strict=True)]
        above = [max(result.values) - median for median, result in zip(medians, own, strict=True)]
        places = [levels.index(result.case.level) for result in own]
        axes.errorbar(places, medians, (below, above), label=name, marker="o", capsize=3)
    axes.set_title(measurement.title)
    axes.set_ylabel(measurement.unit)
    axes.set_yscale("log")
    axes.set_xticks(range(len(levels)), [measurement.show_level(level) for level in levels])
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(target, dpi=_RESOLUTION)
