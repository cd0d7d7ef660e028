"""Connections that keep what they receive."""

from __future__ import annotations

from typing import Any, TypeVar

from pyzmtp.txzmq import (
    ZmqConnection,
    ZmqDealerConnection,
    ZmqEndpoint,
    ZmqFactory,
    ZmqPullConnection,
    ZmqREPConnection,
    ZmqRouterConnection,
    ZmqSubConnection,
)

C = TypeVar("C", bound=ZmqConnection)

ADDRESS = "tcp://127.0.0.1:5555"


def bound(kind: type[C], factory: ZmqFactory, address: str = ADDRESS, **kwargs: Any) -> C:
    """A connection that listens at an address."""
    return kind(factory, ZmqEndpoint("bind", address), **kwargs)


def connected(kind: type[C], factory: ZmqFactory, address: str = ADDRESS, **kwargs: Any) -> C:
    """A connection to an address."""
    return kind(factory, ZmqEndpoint("connect", address), **kwargs)


class Pull(ZmqPullConnection):
    """A PULL."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: list[list[bytes]] = []

    def onPull(self, message: list[bytes]) -> None:
        self.messages.append(message)


class Sub(ZmqSubConnection):
    """A SUB."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: list[tuple[bytes, ...]] = []

    def gotMessage(self, *parts: bytes) -> None:
        self.messages.append(parts)


class Rep(ZmqREPConnection):
    """A REP that replies when it is told to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: list[tuple[bytes, ...]] = []

    def gotMessage(self, *parts: bytes) -> None:
        self.messages.append(parts)


class Dealer(ZmqDealerConnection):
    """A DEALER."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: list[tuple[bytes, ...]] = []

    def gotMessage(self, *parts: bytes) -> None:
        self.messages.append(parts)


class Router(ZmqRouterConnection):
    """A ROUTER."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: list[tuple[bytes, ...]] = []

    def gotMessage(self, *parts: bytes) -> None:
        self.messages.append(parts)
