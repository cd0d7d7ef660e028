"""ZeroMQ addresses, such as ``tcp://`` and ``ipc://``, and how to write one down."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from typing import Final

from attrs import frozen
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from pyzmtp.errors import AddressError

__all__ = [
    "Address",
    "InprocAddress",
    "IpcAddress",
    "TcpAddress",
    "UdpAddress",
    "WebsocketAddress",
    "describe",
    "host_and_port",
    "parse",
    "split_host_and_port",
]

#: Bytes in the path of a UNIX socket on Linux, without the NUL at its end (libzmq: ENAMETOOLONG).
_MAX_PATH: Final = 107
#: libzmq documents that an inproc name has at most 256 characters.
_MAX_NAME: Final = 256

#: Characters in a host name, and in each of its labels (RFC 1035, section 2.3.4).
_MAX_HOST: Final = 253
_MAX_LABEL: Final = 63

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://(.*)", re.DOTALL)
#: What may stand in a path (RFC 3986, section 2): no space, nothing beyond ASCII.
_PATH: Final = re.compile(r"(/[!-~]*)?")
_HOST: Final = re.compile(r"[a-zA-Z0-9:*_][a-zA-Z0-9:*_.%-]*")


@frozen
class TcpAddress:
    """``tcp://host:port`` or, to connect from somewhere, ``tcp://source:port;host:port``.

    To listen at the first free port of several there is ``tcp://host:5000-5100``.

    :ivar host: a name, an IPv4 or IPv6 literal without brackets, or ``*``.
    :ivar port: 0 stands for any free port.
    :ivar source: (host, port) to connect from, or ``None``.
    :ivar last_port: the end of a range of ports that begins with ``port``, or ``None``.
    """

    host: str
    port: int
    source: tuple[str, int] | None = None
    last_port: int | None = None

    @property
    def ports(self) -> range:
        """The ports to try, in their order."""
        return range(self.port, (self.port if self.last_port is None else self.last_port) + 1)


@frozen
class IpcAddress:
    """``ipc://path``, ``ipc://@name`` for Linux's abstract names, or ``ipc://*`` for a new path.

    :ivar path: as the operating system wants it: an abstract name begins with NUL; ``None``: any.
    """

    path: str | None


@frozen
class InprocAddress:
    """``inproc://name``, known to the sockets of one reactor."""

    name: str


@frozen
class UdpAddress:
    """``udp://host:port``, where ``host`` may be a multicast group: ``udp://interface;group:port``.

    :ivar interface: the name or address of an interface of this host, or ``*``; ``None``: any.
    """

    host: str
    port: int
    interface: str | None = None


@frozen
class WebsocketAddress:
    """``ws://host:port/path``, or ``wss://``.

    :ivar tcp: host and port, as in ``tcp://``.
    :ivar path: as the address has it: empty, or from its slash on.
    :ivar secure: whether it is over TLS.
    """

    tcp: TcpAddress
    path: str
    secure: bool = False

    @property
    def scheme(self) -> str:
        """What stands before ``://``."""
        return "wss" if self.secure else "ws"

    @property
    def authority(self) -> str:
        """What HTTP calls the host."""
        return host_and_port(self.tcp.host.partition("%")[0], self.tcp.port)


Address = TcpAddress | IpcAddress | InprocAddress | UdpAddress | WebsocketAddress


def parse(text: str) -> Address | None:
    """Understand a ZeroMQ address; ``None`` if there is no ``://`` in it, as in endpoint strings.

    Raises :exc:`AddressError` for one that cannot be meant. Unlike libzmq, which takes ``70000`` for
    port 4464 and ``12x`` for port 12, it takes no port but 0 to 65535.
    """
    match = _SCHEME.fullmatch(text)
    if match is None:
        return None
    scheme, rest = match.groups()
    if scheme == "tcp":
        return _parse_tcp(text, rest)
    if scheme == "ipc":
        return _parse_ipc(text, rest)
    if scheme == "udp":
        interface, semicolon, target = rest.rpartition(";")
        host, port = _split_port(text, target)
        return UdpAddress(host, port, interface if semicolon else None)
    if scheme == "inproc":
        if not 0 < len(rest) <= _MAX_NAME:
            raise AddressError(text, f"an inproc name has 1 to {_MAX_NAME} characters")
        return InprocAddress(rest)
    if scheme in ("ws", "wss"):
        return _parse_websocket(text, rest, scheme == "wss")
    known = "tcp, ipc, inproc, udp, ws and wss"
    raise AddressError(text, f"there is no transport {scheme!r}; there are {known}")


def _parse_tcp(text: str, rest: str) -> TcpAddress:
    source, semicolon, target = rest.rpartition(";")
    host, port, last_port = _split_ports(text, target)
    return TcpAddress(host, port, _split_port(text, source) if semicolon else None, last_port)


def _parse_websocket(text: str, rest: str, secure: bool) -> WebsocketAddress:
    authority, slash, path = rest.partition("/")
    if not _PATH.fullmatch(slash + path):
        raise AddressError(text, f"{slash + path!r} is no path")
    return WebsocketAddress(_parse_tcp(text, authority), slash + path, secure)


def _split_port(text: str, part: str) -> tuple[str, int]:
    host, port, last_port = _split_ports(text, part)
    if last_port is not None:
        raise AddressError(text, "a range of ports has no place there")
    return host, port


def _split_ports(text: str, part: str) -> tuple[str, int, int | None]:
    host, colon, ports = part.rpartition(":")
    if not colon:
        raise AddressError(text, "it names no port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    good = _HOST.fullmatch(host) is not None and len(host) <= _MAX_HOST
    if ":" not in host:
        good = good and all(0 < len(label) <= _MAX_LABEL for label in host.split("."))
    if not good or ("*" in host and host != "*"):
        raise AddressError(text, f"{host!r} is no host")
    if ports == "*":
        return host, 0, None
    first, dash, last = ports.partition("-")
    if not (_is_port(first) and (not dash or _is_port(last))):
        raise AddressError(text, f"{ports!r} is no port: it takes 0 to 65535, *, or FIRST-LAST")
    if not dash:
        return host, int(first), None
    if not 0 < int(first) <= int(last):
        raise AddressError(text, f"{ports!r} is no range of ports: it goes upwards from 1")
    return host, int(first), int(last)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) < 65536


def _parse_ipc(text: str, rest: str) -> IpcAddress:
    if rest.startswith("*"):
        return IpcAddress(None)
    if rest in ("", "@") or "\0" in rest:
        raise AddressError(text, "it names no path")
    if len(os.fsencode(rest)) > _MAX_PATH:
        raise AddressError(text, f"the path is longer than {_MAX_PATH} bytes")
    return IpcAddress("\0" + rest[1:] if rest.startswith("@") else rest)


def host_and_port(host: str, port: int) -> str:
    """``host:port``, with the brackets that an IPv6 literal needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_host_and_port(text: bytes) -> tuple[str, int]:
    """The other way: the IP address and the port. Raises :exc:`ValueError` for anything else."""
    host, _, port = text.decode("ascii").rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{port!r} is no port")
    return str(ip_address(host)), int(port)


def describe(address: IAddress) -> str:
    """Where a transport's end is: ``host:port``, a path, or whatever else it says of itself."""
    if isinstance(address, IPv4Address | IPv6Address):
        return host_and_port(address.host, address.port)
    if isinstance(address, UNIXAddress):
        name = address.name
        if name is None:
            return ""
        text = os.fsdecode(name)
        return "@" + text[1:] if text.startswith("\0") else text
    return str(address)
