"""The driver that is guided by what is covered: :func:`fuzz`, with atheris, which is optional."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fuzz.plain import TIMEOUT
from fuzz.target import Target, load

__all__ = ["arguments", "available", "dictionary", "fuzz"]


def available() -> bool:
    """Whether atheris is installed."""
    return find_spec("atheris") is not None


def dictionary(words: Sequence[bytes]) -> str:
    """``words`` as libFuzzer reads them."""
    return "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)


def arguments(
    target: Target,
    *,
    seed: int,
    seconds: float,
    executions: int | None,
    words: Path,
    artifacts: Path,
    directories: Sequence[Path],
) -> list[str]:
    """What libFuzzer is told. It writes what it finds to the first of the ``directories``."""
    options = [
        f"-seed={seed or 1}",  # 0 would be another one each time
        f"-max_len={target.max_size}",
        f"-timeout={TIMEOUT:.0f}",
        f"-dict={words}",
        f"-artifact_prefix={artifacts}/",
        "-reload=0",
    ]
    if seconds < float("inf"):
        options.append(f"-max_total_time={max(1, round(seconds))}")
    if executions is not None:
        options.append(f"-runs={executions}")
    return ["fuzz", *options, *map(str, directories)]


def fuzz(
    name: str, options: Callable[[Target], Sequence[str]], one: Callable[[Target, bytes], object]
) -> None:
    """Hand what libFuzzer makes to ``one``, and leave the process in the end."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["pyzmtp"]):
        target = load(name)
    atheris.Setup(list(options(target)), lambda data: one(target, data))
    atheris.Fuzz()
