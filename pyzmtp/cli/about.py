"""What is installed here: the first line of a report, and ``--version``."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

__all__ = ["about", "installed_version"]


def installed_version(package: str) -> str:
    """Return the version of an installed distribution; of a bare checkout there is none to tell."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def about() -> str:
    """Return one line: pyzmtp, how its hot path is built, and what it runs on."""
    from pyzmtp import IMPLEMENTATION

    hot_path = {"cython": "compiled", "python": "pure Python"}[IMPLEMENTATION]
    return (
        f"pyzmtp {installed_version('pyzmtp')} ({hot_path}), "
        f"Twisted {installed_version('twisted')}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )
