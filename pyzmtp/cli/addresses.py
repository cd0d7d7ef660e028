"""Addresses on the command line, and what is to be done with each: bind, or connect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from attrs import frozen

__all__ = ["Endpoint", "leading_endpoints", "read_endpoint"]

#: CZMQ: ``@`` binds and ``>`` connects. What follows is an address or an endpoint string.
_PREFIXED: Final = re.compile(r"[@>]([a-zA-Z][a-zA-Z0-9+.-]*:\S+)")


@frozen
class Endpoint:
    """Where to bind or to connect: an address, or an endpoint string of Twisted's."""

    address: str
    binds: bool

    def __str__(self) -> str:
        return f"{'@' if self.binds else '>'}{self.address}"


def read_endpoint(text: str) -> Endpoint | None:
    """The endpoint that ``@tcp://...`` or ``>tcp://...`` names; ``None`` for any other text."""
    match = _PREFIXED.fullmatch(text)
    return None if match is None else Endpoint(match[1], text.startswith("@"))


def leading_endpoints(texts: Sequence[str]) -> tuple[list[Endpoint], list[str]]:
    """The endpoints that ``texts`` begin with, and the texts behind them."""
    endpoints: list[Endpoint] = []
    for text in texts:
        endpoint = read_endpoint(text)
        if endpoint is None:
            break
        endpoints.append(endpoint)
    return endpoints, list(texts[len(endpoints) :])
