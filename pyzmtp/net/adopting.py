"""To listen with a socket that somebody else made: :func:`adopt` (ZMQ_USE_FD)."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from typing import Final

from twisted.internet.interfaces import IListeningPort, IReactorSocket
from twisted.internet.protocol import ServerFactory

from pyzmtp.errors import TransportUnavailable
from pyzmtp.net.address import IpcAddress, TcpAddress
from pyzmtp.net.reactor import Reactor

__all__ = ["adopt", "release"]

_FAMILIES: Final = {
    TcpAddress: (socket.AF_INET, socket.AF_INET6),
    IpcAddress: (getattr(socket, "AF_UNIX", None),),
}

# A descriptor is a number that the whole process shares: it is taken over, and closed, once.
_taken: Final[set[int]] = set()


def adopt(
    reactor: Reactor,
    place: TcpAddress | IpcAddress,
    name: str,
    descriptor: int,
    factory: ServerFactory,
) -> IListeningPort:
    """Accept connections at the listening socket ``descriptor``; ``place`` only says of what kind.

    The descriptor stays open until :func:`release`, to be called when the port has stopped. After an
    error it is its owner's as before, but for one thing: it may not block any more, for all who share it.

    Raises :exc:`OSError` if it is no such socket, :exc:`TransportUnavailable` if the reactor takes none.
    """
    if not IReactorSocket.providedBy(reactor):
        raise TransportUnavailable(name, "IReactorSocket")
    if descriptor in _taken:
        raise OSError(errno.EBUSY, "another bind has taken over this descriptor")
    theirs = socket.socket(fileno=descriptor)
    try:
        _check(theirs, _FAMILIES[type(place)])
        theirs.setblocking(False)
        if isinstance(place, TcpAddress):
            port: IListeningPort = reactor.adoptStreamPort(descriptor, theirs.family, factory)
        else:
            from pyzmtp.net.unix_port import AdoptedUNIXPort

            port = AdoptedUNIXPort(reactor, theirs.dup(), factory)
            port.startListening()
    finally:
        theirs.detach()
    _taken.add(descriptor)
    return port


def release(descriptor: int) -> None:
    """Close what was adopted."""
    _taken.discard(descriptor)
    os.close(descriptor)


def _check(handle: socket.socket, families: tuple[int | None, ...]) -> None:
    """Raise :exc:`OSError` if this is no socket to accept connections of such a family from."""
    if handle.family not in families:
        raise OSError(errno.EAFNOSUPPORT, "the socket is of another address family")
    listens = False
    with suppress(OSError):  # a datagram socket on some systems
        listens = bool(handle.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    if not listens or handle.type != socket.SOCK_STREAM:
        raise OSError(errno.EINVAL, "the socket does not listen")
