"""The root of the tree of errors."""

from __future__ import annotations

from typing import Any

__all__ = ["ZMTPError"]


class ZMTPError(Exception):
    """The root of all errors of pyzmtp. They can be copied and pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by calling the class: what that takes are the fields, and not the text.
        return _revive, (type(self), self.args), self.__dict__


def _revive(kind: type[ZMTPError], args: tuple[Any, ...]) -> ZMTPError:
    error: ZMTPError = kind.__new__(kind)
    error.args = args  # not by __new__: that of an OSError leaves them to __init__
    return error
