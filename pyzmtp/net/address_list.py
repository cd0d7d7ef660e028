"""Addresses of peers as ZAP has them, and networks of such: :class:`AddressList`."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from pyzmtp.errors import UsageError

__all__ = ["AddressList"]

_LOCAL = "localhost"


class AddressList:
    """IP addresses, networks (``"10.0.0.0/8"``), and processes of this machine.

    Those come by ``ipc://`` and are ``localhost:uid:gid:pid``; ``"localhost"`` is all of them, and
    ``"localhost:1000"`` those of user 1000.
    """

    def __init__(self) -> None:
        self._networks: set[IPv4Network | IPv6Network] = set()
        self._processes: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._networks or self._processes)

    def update(self, *entries: str) -> None:
        """Add ``entries``, or none of them. Raises :exc:`UsageError`."""
        networks: set[IPv4Network | IPv6Network] = set()
        processes: set[str] = set()
        for entry in entries:
            if isinstance(entry, str) and f"{entry}:".startswith(f"{_LOCAL}:"):
                processes.add(entry)
                continue
            try:
                if not isinstance(entry, str):
                    raise ValueError
                networks.add(ip_network(entry, strict=False))
            except ValueError:
                raise UsageError(
                    f"{entry!r} is neither an IP address, nor a network, nor {_LOCAL}:uid:gid:pid"
                ) from None
        self._networks |= networks
        self._processes |= processes

    def __contains__(self, address: str) -> bool:
        if any(f"{address}:".startswith(f"{entry}:") for entry in self._processes):
            return True
        try:
            host: IPv4Address | IPv6Address = ip_address(address)
        except ValueError:
            return False
        if isinstance(host, IPv6Address) and host.ipv4_mapped is not None:
            host = host.ipv4_mapped  # who comes by IPv4 to a socket of both
        return any(host in network for network in self._networks)
