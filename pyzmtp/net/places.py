"""Where to connect to and where to listen: ZeroMQ addresses, endpoint strings and endpoints alike."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from twisted.internet.endpoints import clientFromString, serverFromString
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint

from pyzmtp.errors import AddressError, LibraryMissing
from pyzmtp.net.address import (
    Address,
    IpcAddress,
    TcpAddress,
    UdpAddress,
    WebsocketAddress,
    parse,
)

__all__ = ["ClientPlace", "ServerPlace", "client_place", "name_of", "server_place"]

ClientPlace = Address | IStreamClientEndpoint
ServerPlace = Address | IStreamServerEndpoint


def client_place(reactor: object, where: object) -> ClientPlace:
    """Where to connect to.

    Raises :exc:`AddressError`, :exc:`LibraryMissing`, or :exc:`TypeError` for something else.
    """
    if isinstance(where, str):
        address = parse(where)
        if address is None:
            endpoint: IStreamClientEndpoint = _from_string(clientFromString, reactor, where)
            return endpoint
        if isinstance(address, WebsocketAddress):
            _check_target(where, address.tcp)
        elif isinstance(address, TcpAddress):
            _check_target(where, address)
        elif isinstance(address, UdpAddress) and (address.host == "*" or address.port == 0):
            raise AddressError(where, "to connect, it has to name a host and a port")
        elif isinstance(address, IpcAddress) and address.path is None:
            raise AddressError(where, "to connect, it has to name a path")
        return address
    if IStreamClientEndpoint.providedBy(where):
        return where
    raise _no_place(where, "IStreamClientEndpoint")


def server_place(reactor: object, where: object) -> ServerPlace:
    """Where to listen.

    Raises :exc:`AddressError`, :exc:`LibraryMissing`, or :exc:`TypeError` for something else.
    """
    if isinstance(where, str):
        address = parse(where)
        if address is None:
            endpoint: IStreamServerEndpoint = _from_string(serverFromString, reactor, where)
            return endpoint
        tcp = address.tcp if isinstance(address, WebsocketAddress) else address
        if isinstance(tcp, TcpAddress) and tcp.source is not None:
            raise AddressError(where, "only to connect may it name a source")
        return address
    if IStreamServerEndpoint.providedBy(where):
        return where
    raise _no_place(where, "IStreamServerEndpoint")


def name_of(where: object) -> str:
    """What an address or endpoint is called in events and errors."""
    return where if isinstance(where, str) else repr(where)


def _check_target(where: str, address: TcpAddress) -> None:
    if address.host == "*" or address.port == 0:
        raise AddressError(where, "to connect, it has to name a host and a port")
    if address.last_port is not None:
        raise AddressError(where, "only to bind may it name a range of ports")
    if address.source is not None and address.source[0] == "*":
        raise AddressError(where, "the source has to be an address of this host")


def _from_string(make: Callable[..., Any], reactor: object, text: str) -> Any:
    try:
        return make(reactor, text)
    except Exception as error:  # endpoint plug-ins raise what they like
        if text.startswith(("tls:", "ssl:")) and find_spec("OpenSSL") is None:
            raise LibraryMissing(text.partition(":")[0] + ":", "pyOpenSSL", "tls") from error
        problem = f"it is neither a ZeroMQ address nor an endpoint string ({error})"
        raise AddressError(text, problem) from error


def _no_place(where: object, interface: str) -> TypeError:
    kind = type(where).__name__
    return TypeError(f"give a ZeroMQ address, an endpoint string or an {interface}, not {kind}")
