"""Pictures of what was measured, as PNG: ``--plots DIRECTORY``."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from bench import (
    connection_memory,
    connections,
    curve,
    curve_connections,
    dealer_in_turn,
    fan_in,
    fan_out,
    import_time,
    in_flight,
    inproc,
    inproc_round_trip,
    ipc,
    ipc_round_trip,
    matching,
    multipart,
    publisher_to_one,
    queue_memory,
    round_trip,
    router_to_one,
    throughput,
    topics,
)
from bench.implementations import IMPLEMENTATIONS
from bench.model import Measurement, Result

#: Each picture, and the measurements that are one below the other in it.
PICTURES = {
    "throughput": (throughput, multipart, fan_in),
    "round-trips": (round_trip, in_flight),
    "topics": (fan_out, topics, matching),
    "transports": (ipc, ipc_round_trip, inproc, inproc_round_trip),
    "connections": (connections, curve_connections, curve),
    "many-peers": (router_to_one, publisher_to_one, dealer_in_turn),
    "memory": (connection_memory, queue_memory, import_time),
}

#: Inches: how wide a picture is, how high lines are, and what bars need for each of them and besides.
_WIDTH, _LINES, _BAR, _BESIDES = 8.0, 3.4, 0.135, 0.95

#: Dots in an inch, and the colours that are enough for them: the file is half as large then.
_RESOLUTION, _COLOURS = 100, 128

#: Up to so many levels are bars, more are lines.
_MOST_BARS = 3

#: Without messages to make, this one may be so much faster that nothing would be seen of the others: a bar
#: is not longer than so many times the longest of theirs.
_BARE, _END = "twisted-bare", 1.5

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
    """Draw what was measured into ``directory``, which is there; return the files.

    :raises ImportError: matplotlib is not installed.
    """
    results = [result for group in groups for result in group if result.samples]
    files = []
    for name, files_of_measurements in PICTURES.items():
        measurements = [each.MEASUREMENT for each in files_of_measurements]
        found = [
            (each, own)
            for each in measurements
            if (own := [result for result in results if result.case.measurement is each])
        ]
        if found:
            files.append(directory / f"bench-{name}.png")
            _draw(found, files[-1])
    return files


def style_of(name: str) -> tuple[str, bool]:
    """Return the colour of an implementation, and whether its line is dashed."""
    return _STYLES[name]


def _draw(found: Sequence[tuple[Measurement, list[Result]]], target: Path) -> None:
    from matplotlib.figure import Figure
    from PIL import Image

    heights = [_height(own) for _, own in found]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.2), layout="constrained")
    rows = figure.subplots(len(found), squeeze=False, height_ratios=heights)[:, 0]
    shown: dict[str, Any] = {}
    for axes, (measurement, own) in zip(rows, found, strict=True):
        draw = _lines if _has_lines(own) else _bars
        draw(axes, measurement, own, _names(own), _levels(own))
        better = "more" if measurement.higher_is_better else "less"
        axes.set_title(f"{measurement.title} ({better} is better)", fontsize="medium")
        axes.grid(visible=True, which="major", alpha=0.4)
        axes.grid(visible=True, which="minor", alpha=0.15)
        axes.set_axisbelow(True)
        handles, labels = axes.get_legend_handles_labels()
        shown |= dict(zip(labels, handles, strict=True))
    names = [each.name for each in IMPLEMENTATIONS if each.name in shown]
    figure.legend(
        [shown[name] for name in names],
        names,
        loc="outside lower center",
        ncols=4,
        fontsize="small",
    )
    drawn = BytesIO()
    figure.savefig(drawn, dpi=_RESOLUTION)
    Image.open(drawn).convert("RGB").quantize(_COLOURS).save(target, optimize=True)


def _has_lines(results: Sequence[Result]) -> bool:
    return len(_levels(results)) > _MOST_BARS


def _names(results: Sequence[Result]) -> list[str]:
    """Return who was measured, in the order of the tables."""
    measured = {result.implementation.name for result in results}
    return [each.name for each in IMPLEMENTATIONS if each.name in measured]


def _levels(results: Sequence[Result]) -> list[int]:
    return sorted({result.case.level for result in results})


def _height(results: Sequence[Result]) -> float:
    """Return the inches that these results need."""
    if _has_lines(results):
        return _LINES
    return _BESIDES + _BAR * len(_names(results)) * len(_levels(results))


def _of(results: Sequence[Result], name: str) -> list[Result]:
    """Return the results of an implementation, by level."""
    own = [result for result in results if result.implementation.name == name]
    return sorted(own, key=lambda result: result.case.level)


def _spread(
    results: Sequence[Result],
) -> tuple[list[float], tuple[list[float], list[float]] | None]:
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
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(
        LogLocator(subs=(1, 2, 5) if high / low > 10 else (1, 1.5, 2, 3, 5, 7))
    )
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
    others = [result.median or 0.0 for result in results if result.implementation.name != _BARE]
    end = _END * max(others) if others else float("inf")
    for number, name in enumerate(names):
        own = _of(results, name)
        medians, spread = _spread(own)
        if max(medians) > end:  # the bar leaves the picture, and has no place for a spread
            spread = None
        colour, dashed = style_of(name)
        bars = axes.barh(
            [levels.index(result.case.level) + (number + 0.5) * height - 0.4 for result in own],
            [min(each, end) for each in medians],
            height,
            xerr=spread,
            label=name,
            color=colour,
            alpha=0.5 if dashed else 0.9,
            error_kw={"elinewidth": 1, "capsize": 2},
        )
        texts = [measurement.show(each) + " ..." * (each > end) for each in medians]
        axes.bar_label(bars, texts, padding=3, fontsize=7)
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
