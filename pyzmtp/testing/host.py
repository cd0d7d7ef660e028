"""A machine on the network in memory: :class:`MemoryHost`, with its addresses, ports and paths."""

from __future__ import annotations

import os
from errno import EADDRINUSE, ENOENT
from ipaddress import ip_address as parse_ip
from typing import TYPE_CHECKING, Final, Literal

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address

if TYPE_CHECKING:
    from pyzmtp.testing.datagram_port import MemoryDatagramPort
    from pyzmtp.testing.port import MemoryPort, MemoryTCPPort

__all__ = ["MemoryHost", "covers", "destination", "ip_address", "is_loopback", "normal"]

#: Where Linux starts its ephemeral ports (/proc/sys/net/ipv4/ip_local_port_range).
_FIRST_EPHEMERAL_PORT: Final = 32768
_LAST_PORT: Final = 0xFFFF

_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class MemoryHost:
    """A machine, and what the reactors on it share: an address, port numbers, UNIX paths.

    :ivar name: what others call it.
    :ivar address: its address for others; for itself it is 127.0.0.1 and ::1 too.
    :ivar paths: the socket files that exist, as ``bytes``.
    :ivar locks: UNIX paths that a port with ``wantPID`` holds.
    :ivar ports: its TCP ports that listen, oldest first.
    :ivar datagram_ports: its UDP ports, oldest first.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
        self.paths: set[bytes] = set()
        self.locks: set[bytes] = set()
        self.ports: list[MemoryTCPPort] = []
        self.datagram_ports: list[MemoryDatagramPort] = []
        self._bound_paths: dict[bytes, MemoryPort] = {}
        self._next_port = _FIRST_EPHEMERAL_PORT

    def __repr__(self) -> str:
        return f"<MemoryHost {self.name} {self.address}>"

    # Port numbers

    def free_port(self) -> int:
        """An ephemeral port that nothing is bound to, given out never or longest ago.

        Raises :exc:`OSError`.
        """
        bound = {listening.address.port for listening in self.ports}
        bound |= {opened.getHost().port for opened in self.datagram_ports}
        for _ in range(_FIRST_EPHEMERAL_PORT, _LAST_PORT + 1):
            port, self._next_port = self._next_port, self._next_port + 1
            if self._next_port > _LAST_PORT:
                self._next_port = _FIRST_EPHEMERAL_PORT
            if port not in bound:
                return port
        raise OSError(EADDRINUSE, os.strerror(EADDRINUSE))

    def tcp_listener(self, address: str, port: int) -> MemoryTCPPort | None:
        """The port that takes connections to ``address`` and ``port``."""
        for listening in self.ports:
            if listening.address.port == port and covers(listening.address.host, address):
                return listening
        return None

    def tcp_conflict(self, address: str, port: int) -> bool:
        """Whether binding to ``address`` and ``port`` would be EADDRINUSE."""
        return any(
            listening.address.port == port
            and (covers(listening.address.host, address) or covers(address, listening.address.host))
            for listening in self.ports
        )

    def forget(self, port: MemoryPort) -> None:
        """A port of either kind is closed: its address is free."""
        self.ports = [listening for listening in self.ports if listening is not port]
        for path in [path for path, bound in self._bound_paths.items() if bound is port]:
            del self._bound_paths[path]
            self.paths.discard(path)

    # UNIX paths

    def leave_stale_path(self, path: str | bytes) -> None:
        """Make a socket file that nobody listens on, as a process leaves it that was killed."""
        self.paths.add(os.fsencode(path))

    def unlink(self, path: str | bytes) -> None:
        """Remove a socket file, in place of ``os.unlink()``; a port bound to it is cut off.

        Raises :exc:`FileNotFoundError`.
        """
        name = os.fsencode(path)
        if name not in self.paths:
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT), path)
        self.paths.discard(name)
        self._bound_paths.pop(name, None)

    def unix_listener(self, path: bytes) -> MemoryPort | None:
        """The port bound to ``path``, if the path still leads there."""
        return self._bound_paths.get(path)

    def path_exists(self, path: bytes) -> bool:
        """Whether binding to ``path`` would be EADDRINUSE."""
        return path in self.paths or path in self._bound_paths

    def bind_path(self, path: bytes, port: MemoryPort) -> None:
        """Let ``path`` lead to ``port``; an abstract name (leading NUL) is no file."""
        self._bound_paths[path] = port
        if not path.startswith(b"\0"):
            self.paths.add(path)

    def unbind_path(self, path: bytes) -> None:
        """A port is closing: Twisted unlinks its path, whoever is bound to it by now."""
        if path.startswith(b"\0"):
            self._bound_paths.pop(path, None)
        else:
            self.unlink(path)


def normal(address: str) -> str:
    """The usual spelling of a numeric address."""
    return str(parse_ip(address))


def is_loopback(address: str) -> bool:
    """Whether an address means the host itself, as a wildcard does where one connects to it."""
    return address in _WILDCARDS or parse_ip(address).is_loopback


def destination(address: str) -> str:
    """Where a connection to ``address`` goes: to the wildcard means to this host."""
    return _WILDCARDS.get(address, address)


def covers(bound: str, address: str) -> bool:
    """Whether a port bound to ``bound`` takes what is sent to ``address``; ``::`` is dual-stack."""
    if bound == "0.0.0.0":
        return isIPAddress(address)
    return bound in ("::", address)


def ip_address(
    host: str, port: int, kind: Literal["TCP", "UDP"] = "TCP"
) -> IPv4Address | IPv6Address:
    """The Twisted address for a numeric host."""
    return (IPv6Address if isIPv6Address(host) else IPv4Address)(kind, host, port)
