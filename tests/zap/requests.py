"""Requests to an Authenticator, and what it is to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from pyzmtp import (
    AuthenticationRequest,
    Authenticator,
    Grant,
    Refusal,
)

KEY: Final = bytes(range(32))
OTHER_KEY: Final = bytes(range(32, 64))


def null(address: str = "127.0.0.1") -> AuthenticationRequest:
    return AuthenticationRequest("NULL", "dom", address)


def plain(name: bytes, password: bytes, domain: str = "") -> AuthenticationRequest:
    return AuthenticationRequest("PLAIN", domain, "127.0.0.1", credentials=(name, password))


class Curve:
    """A CURVE peer's request, and why it was revoked, if it was."""

    def __init__(self, key: bytes = KEY, domain: str = "", address: str = "127.0.0.1") -> None:
        self.revoked: list[str] = []
        self.request = AuthenticationRequest(
            "CURVE", domain, address, credentials=(key,), revoke=self.revoked.append
        )


class Store:
    """A KeyStore whose keys change at once, and are seen to have changed after refresh()."""

    class Entry:
        metadata: Final = {"name": "Ann", "e mail": "no property"}

    def __init__(self, *keys: bytes) -> None:
        self.seen = self.now = keys
        self.refreshed = 0
        self.fails = False

    def keys(self) -> dict[bytes, Entry]:
        return {key: self.Entry() for key in self.seen}

    def refresh(self) -> bool:
        self.refreshed += 1
        if self.fails:
            raise OSError("secret path")
        changed = self.seen != self.now
        self.seen = self.now
        return changed


def is_let_in(authenticator: Authenticator, request: AuthenticationRequest) -> bool:
    verdict = authenticator(request)
    assert isinstance(verdict, Grant | Refusal)
    if isinstance(verdict, Refusal):
        assert verdict.status == 400
    return isinstance(verdict, Grant)


@contextmanager
def logged() -> Iterator[list[str]]:
    """All that is logged meanwhile, as text and with its fields."""
    lines: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(f"{formatEvent(event)} {event!r}")

    globalLogPublisher.addObserver(observe)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(observe)
