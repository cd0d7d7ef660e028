"""An earlier run, read from the file that ``--json`` has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import attrs

from bench import report
from bench.implementations import IMPLEMENTATIONS
from bench.measurements import all_cases
from bench.model import Result, Sample
from bench.runner import Availability, Settings


class NoRun(Exception):
    """The file is not there, or holds no run of this form; the text says why."""


@attrs.frozen
class Run:
    """What was measured, and where."""

    created: str
    machine: Mapping[str, Any]
    settings: Settings
    found: Mapping[str, Availability]
    groups: list[list[Result]]
    """The results of each case."""


def load(path: Path) -> Run:
    """Return an earlier run; what is measured no more is left out of it.

    :raises NoRun: there is none.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != report.JSON_FORMAT:
            raise NoRun(f"{path}: format {document['format']}, not {report.JSON_FORMAT}")
        return _run(document)
    except OSError as error:
        raise NoRun(f"{path}: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NoRun(f"{path}: no run of the bench ({error!r})") from None


def _run(document: dict[str, Any]) -> Run:
    cases = {case.name: case for case in all_cases()}
    implementations = {each.name: each for each in IMPLEMENTATIONS}
    results = [
        Result(
            cases[each["case"]],
            implementations[each["implementation"]],
            each["count"],
            samples=[Sample(**sample) for sample in each["samples"]],
            errors=each["errors"],
            missing=each["missing"],
        )
        for each in document["results"]
        if each["case"] in cases and each["implementation"] in implementations
    ]
    groups: list[list[Result]] = []
    for _, group in groupby(results, key=lambda result: result.case):
        groups.append(report.with_first_levels(list(group), groups))
    return Run(
        created=document["created"],
        machine=document["machine"],
        settings=Settings(**document["settings"]),
        found={
            name: Availability(versions=each["versions"], missing=each["missing"])
            for name, each in document["implementations"].items()
        },
        groups=groups,
    )
