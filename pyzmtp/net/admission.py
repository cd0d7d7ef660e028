"""Who may connect to a bind: by network address, or by the process at the other end."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from attrs import frozen
from twisted.internet.address import IPv4Address as TCPAddress
from twisted.internet.address import IPv6Address as TCPv6Address
from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import ISystemHandle

from pyzmtp.net.reactor import Transport
from pyzmtp.options import SocketOptions

__all__ = ["Credentials", "admits", "peer_credentials"]

#: unix(7): struct ucred is pid, uid and gid.
_UCRED: Final = struct.Struct("iII")


@frozen
class Credentials:
    """The process at the other end of a UNIX socket, when it connected."""

    pid: int
    uid: int
    gid: int


def admits(options: SocketOptions, transport: Transport) -> bool:
    """Whether the filters in ``options`` let the peer of a new connection in.

    Each kind of filter is about connections of its own kind, and who cannot be told is not let in.
    """
    peer = transport.getPeer()
    if isinstance(peer, TCPAddress | TCPv6Address):
        return not options.tcp_accept_filter or _is_in(peer.host, options.tcp_accept_filter)
    wanted = options.ipc_filter_uid or options.ipc_filter_gid or options.ipc_filter_pid
    if isinstance(peer, UNIXAddress) and wanted:
        handle = transport.getHandle() if ISystemHandle.providedBy(transport) else None
        credentials = peer_credentials(handle)
        return credentials is not None and _is_among(credentials, options)
    return True


def _is_in(host: str, networks: tuple[str, ...]) -> bool:
    address = ip_address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # who comes by IPv4 to a socket of both
    return any(address in ip_network(network, strict=False) for network in networks)


def _is_among(peer: Credentials, options: SocketOptions) -> bool:
    # libzmq: one match of any kind is enough.
    return (
        peer.uid in options.ipc_filter_uid
        or peer.pid in options.ipc_filter_pid
        or peer.gid in options.ipc_filter_gid
        or any(_is_member(peer.uid, gid) for gid in options.ipc_filter_gid)
    )


def _is_member(uid: int, gid: int) -> bool:
    """Whether the user is in the group by the system's list of groups."""
    import grp  # where there are no UNIX sockets, there are no such modules either
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name in grp.getgrgid(gid).gr_mem
    except KeyError:
        return False


def peer_credentials(handle: object) -> Credentials | None:
    """Who is at the other end of a UNIX socket, on systems that tell (Linux)."""
    if not isinstance(handle, socket.socket) or not hasattr(socket, "SO_PEERCRED"):
        return None
    try:
        raw = handle.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    except OSError:  # the peer is gone already
        return None
    return Credentials(*_UCRED.unpack(raw))
