"""The command line: `python -m interop.museum --help`."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from functools import partial

import click
from rich.console import Console

from interop.museum import report
from interop.museum.build import cache_directory, key, set_up_all
from interop.museum.exhibits import EXHIBITS, Exhibit
from interop.museum.interpreters import find
from interop.museum.tour import tour


def select(versions: tuple[str, ...]) -> list[Exhibit]:
    """Return the exhibits which any of the patterns fits, or all if there is none."""
    for version in versions:
        if not any(fnmatchcase(exhibit.libzmq, version) for exhibit in EXHIBITS):
            raise click.BadParameter(f"no exhibit is libzmq {version}: see --list")
    patterns = versions or ("*",)
    return [
        exhibit
        for exhibit in EXHIBITS
        if any(fnmatchcase(exhibit.libzmq, pattern) for pattern in patterns)
    ]


def describe(exhibit: Exhibit) -> str:
    """Return a line about an exhibit, and about what there is of it on this machine."""
    interpreter = find(exhibit.python)
    if interpreter is None:
        state = "the interpreter is missing"
    elif (cache_directory() / key(exhibit, interpreter)).is_dir():
        state = "set up"
    else:
        state = "to be set up"
    return (
        f"{exhibit.libzmq:7} ZMTP {exhibit.zmtp_name}  "
        f"{exhibit.requirement:23} Python {exhibit.python}  {state}"
    )


@click.command()
@click.argument("versions", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Print the exhibits and end.")
def main(versions: tuple[str, ...], only_list: bool) -> None:
    """Talk to libzmq builds of the past: to all, or to VERSIONS (such as 4.3.2 or '4.*').

    What is set up is kept in the directory PYZMTP_MUSEUM_CACHE, else in the user's cache. The exit
    status is 1 if anything that was expected of a version did not happen.
    """
    exhibits = select(versions)
    if only_list:
        for exhibit in exhibits:
            click.echo(describe(exhibit))
        return
    set_up = partial(set_up_all, cache=cache_directory(), say=click.echo)
    outcome = tour(exhibits, find, set_up, click.echo)
    console = Console()
    if not console.is_terminal:
        console = Console(width=report.WIDTH)
    sys.exit(0 if report.show(exhibits, outcome, console) else 1)


if __name__ == "__main__":
    main(prog_name="python -m interop.museum")
