"""docs/reference/: every name that a program can import is there, and says what it is."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Final

import pytest

from tools.book.public import PUBLIC_MODULES

_REFERENCE: Final = Path(__file__).parent.parent.parent / "docs" / "reference"
_DESCRIBED: Final = "".join(path.read_text() for path in _REFERENCE.glob("*.rst"))

_METHODS: Final = (FunctionType, property, staticmethod, classmethod)

_NAMES: Final = [
    (module, name) for module in PUBLIC_MODULES for name in import_module(module).__all__
]


@pytest.mark.parametrize(("module", "name"), _NAMES)
def test_a_public_name_is_in_the_reference(module: str, name: str) -> None:
    whole = re.search(rf"automodule:: {re.escape(module)}\n   :members:", _DESCRIBED)
    assert whole or re.search(rf"^\.\. (auto|py:)?\w+:: ([\w.]+\.)?{name}\b", _DESCRIBED, re.M)


@pytest.mark.parametrize(("module", "name"), _NAMES)
def test_a_public_name_has_a_docstring(module: str, name: str) -> None:
    named = getattr(import_module(module), name)
    if not callable(named):
        return  # a constant: its module has a comment
    assert named.__doc__
    for owner in inspect.getmro(named) if inspect.isclass(named) else ():
        if not owner.__module__.startswith("pyzmtp."):
            continue
        for member, value in vars(owner).items():
            dictated = (
                member != member.lower() and "txzmq" not in owner.__module__
            )  # by an interface
            if isinstance(value, _METHODS) and not member.startswith("_") and not dictated:
                assert inspect.getdoc(getattr(named, member)), f"{owner.__name__}.{member}"
