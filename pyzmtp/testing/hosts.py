"""The machines of a network in memory, and how they find each other: :class:`MemoryHosts`."""

from __future__ import annotations

from errno import EADDRNOTAVAIL
from ipaddress import ip_address as parse_ip
from os import strerror
from socket import EAI_NONAME, gaierror
from typing import Final

from twisted.internet.abstract import isIPAddress, isIPv6Address

from pyzmtp.testing.host import MemoryHost, is_loopback, normal

__all__ = ["LOCALHOST", "MemoryHosts"]

#: The host of every reactor that is given no other.
LOCALHOST: Final = "localhost"


class MemoryHosts:
    """The machines by name and by address.

    :ivar names: what host names resolve to, numeric addresses each.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {LOCALHOST: ["127.0.0.1"]}
        self._hosts: dict[str, MemoryHost] = {}
        self._localhost = self.get(LOCALHOST)

    def get(self, name: str) -> MemoryHost:
        """The host of that name, which is made if there is none."""
        host = self._hosts.get(name)
        if host is None:
            # RFC 2544 has set 198.18.0.0/15 apart for tests of networks.
            number = len(self._hosts)
            address = f"198.18.{number // 254}.{number % 254 + 1}"
            host = self._hosts[name] = MemoryHost(name, address)
            self.names.setdefault(name, [address])
        return host

    def all(self) -> list[MemoryHost]:
        """All hosts, oldest first."""
        return list(self._hosts.values())

    def at(self, address: str, origin: MemoryHost) -> MemoryHost:
        """Where ``address`` leads to from ``origin``. One that nobody has is localhost's."""
        if is_loopback(address):
            return origin
        for host in self._hosts.values():
            if host.address == address:
                return host
        return self._localhost

    def local_address(self, interface: str, host: MemoryHost) -> str:
        """The numeric address to bind to for ``interface``. Raises :exc:`OSError`."""
        address = interface
        if not (isIPAddress(interface) or isIPv6Address(interface)):
            if not self.names.get(interface):
                raise gaierror(EAI_NONAME, "Name or service not known")
            address = self.names[interface][0]
        if self.at(normal(address), host) is not host:
            raise OSError(EADDRNOTAVAIL, strerror(EADDRNOTAVAIL))
        return normal(address)

    def source_address(self, address: str, host: MemoryHost) -> str:
        """The address from which ``host`` sends to ``address``."""
        if self.at(address, host) is not host or parse_ip(address).is_multicast:
            return host.address
        return "127.0.0.1" if address.startswith("127.") else address
