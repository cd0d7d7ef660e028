"""What is wrong: :class:`Violation`."""

from __future__ import annotations

__all__ = ["Violation"]


class Violation(AssertionError):
    """Something is not as it has to be.

    :ivar kind: which rule is broken, in a word; a shorter plan has to break the same.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
