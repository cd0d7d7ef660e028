"""One picture for each measurement, as PNG: ``--plots DIRECTORY``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.implementations import IMPLEMENTATIONS
from bench.model import Measurement, Result

#: Inches, and dots in each.
_SIZE, _RESOLUTION = (7.5, 4.5), 120

#: Up to so many levels are bars, more are lines.
_MOST_BARS = 3

#: Of an implementation the colour, and whether its line is dashed: in all pictures the same.
_STYLES = {
    "pyzmtp-batch": ("tab:blue", False),
    "pyzmtp-message": ("tab:green", False),
    "pyzmtp-batch-pure": ("tab:blue", True),
    "pyzmtp-message-pure": ("tab:green", True),
    "pyzmq-blocking": ("tab:red", False),
    "pyzmq-asyncio": ("tab:red", True),
    "txzmq": ("tab:orange", False),
    "pyomq": ("tab:purple", False),
    "libzmq-c": ("tab:brown", False),
    "twisted-bare": ("tab:gray", False),
}


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


def style_of(name: str) -> tuple[str, bool]:
    """Return the colour of an implementation, and whether its line is dashed."""
    return _STYLES[name]


def _draw(measurement: Measurement, results: Sequence[Result], target: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    measured = {result.implementation.name for result in results}
    names = [each.name for each in IMPLEMENTATIONS if each.name in measured]
    levels = sorted({result.case.level for result in results})
    if len(levels) > _MOST_BARS:
        _lines(axes, measurement, results, names, levels)
    else:
        _bars(axes, measurement, results, names, levels)
    better = "more" if measurement.higher_is_better else "less"
    axes.set_title(f"{measurement.title} ({better} is better)")
    axes.grid(visible=True, which="major", alpha=0.4)
    axes.grid(visible=True, which="minor", alpha=0.15)
    axes.set_axisbelow(True)
    figure.legend(loc="outside right upper", fontsize="small")
    figure.savefig(target, dpi=_RESOLUTION)


def _of(results: Sequence[Result], name: str) -> list[Result]:
    """Return the results of an implementation, by level."""
    own = [result for result in results if result.implementation.name == name]
    return sorted(own, key=lambda result: result.case.level)


def _spread(results: Sequence[Result]) -> tuple[list[float], tuple[list[float], list[float]]]:
    """Return the medians, and how far the rounds went below and above them."""
    medians = [result.median or 0.0 for result in results]
    below = [median - min(result.values) for median, result in zip(medians, results, strict=True)]
    above = [max(result.values) - median for median, result in zip(medians, results, strict=True)]
    return medians, (below, above)


def _lines(
    axes: Any,
    measurement: Measurement,
    results: Sequence[Result],
    names: Sequence[str],
    levels: Sequence[int],
) -> None:
    from matplotlib.ticker import LogLocator

    for name in names:
        own = _of(results, name)
        medians, spread = _spread(own)
        colour, dashed = style_of(name)
        axes.errorbar(
            [result.case.level for result in own],
            medians,
            spread,
            label=name,
            color=colour,
            linestyle="--" if dashed else "-",
            marker="o",
            markersize=4,
            capsize=3,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    texts = [measurement.show_level(level) for level in levels]
    axes.set_xticks(levels, texts, rotation=20, ha="right", rotation_mode="anchor")
    axes.set_xticks([], minor=True)
    axes.set_ylabel(measurement.unit)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(_show)
    axes.yaxis.set_minor_formatter("")


def _bars(
    axes: Any,
    measurement: Measurement,
    results: Sequence[Result],
    names: Sequence[str],
    levels: Sequence[int],
) -> None:
    height = 0.8 / len(names)
    for number, name in enumerate(names):
        own = _of(results, name)
        medians, spread = _spread(own)
        colour, dashed = style_of(name)
        bars = axes.barh(
            [levels.index(result.case.level) + (number + 0.5) * height - 0.4 for result in own],
            medians,
            height,
            xerr=spread,
            label=name,
            color=colour,
            alpha=0.5 if dashed else 0.9,
            error_kw={"elinewidth": 1, "capsize": 2},
        )
        axes.bar_label(bars, [measurement.show(each) for each in medians], padding=3, fontsize=7)
    axes.set_yticks(range(len(levels)), [measurement.show_level(level) for level in levels])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(measurement.unit)
    axes.xaxis.set_major_formatter(_show)


def _show(value: float, _: object = None) -> str:
    """Return what stands at an axis."""
    for factor, letter in ((1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"
