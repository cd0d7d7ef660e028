"""The command line, ``pyzmtp`` or ``python -m pyzmtp``.

It is a program that uses the library: nothing in the library imports it, and what it needs beyond
the library's own requirements (click, rich) is in the ``cli`` extra. Each command has a module (or
package) here of its own, loaded when it is called.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

_REQUIREMENTS = ("click", "rich")


def main() -> None:
    """Run the command line. Without the ``cli`` extra, say so and exit with 1."""
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name not in _REQUIREMENTS:
            raise
        sys.exit(
            f"The command line of pyzmtp needs {' and '.join(_REQUIREMENTS)}, "
            f'and {error.name} is not installed: pip install "pyzmtp[cli]"'
        )
    from pyzmtp.cli.group import group

    try:
        group()
    except OSError as error:  # standard output, of a command that does not run on a reactor
        sys.exit(f"pyzmtp: {error.strerror or error}")
