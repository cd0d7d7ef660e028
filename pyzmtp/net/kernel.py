"""What the operating system's own socket is told: buffers, keep-alive, type of service."""

from __future__ import annotations

import socket
from typing import Any, Final

from pyzmtp.options import SocketOptions

__all__ = ["SEND_SIZE", "configure", "file_number", "send_more_at_once"]

#: Bytes that a transport hands to the system at once, twice Twisted's number: each time costs a turn of the
#: reactor, and a megabyte is sent a quarter faster. With still more there is no gain.
SEND_SIZE: Final = 256 * 1024


def configure(handle: object, options: SocketOptions) -> None:
    """Set what ``options`` ask for on the socket of a connection.

    What a transport shows that is no socket (TLS shows its own object), or what this system has no
    name for, stays as it is.
    """
    if not isinstance(handle, socket.socket):
        return
    _set(handle, socket.SOL_SOCKET, "SO_SNDBUF", options.send_buffer)
    _set(handle, socket.SOL_SOCKET, "SO_RCVBUF", options.receive_buffer)
    if handle.family not in (socket.AF_INET, socket.AF_INET6):
        return
    if options.tcp_keepalive is not None:
        _set(handle, socket.SOL_SOCKET, "SO_KEEPALIVE", int(options.tcp_keepalive))
    _set(handle, socket.IPPROTO_TCP, "TCP_KEEPCNT", options.tcp_keepalive_count)
    _set(handle, socket.IPPROTO_TCP, "TCP_KEEPIDLE", options.tcp_keepalive_idle)
    _set(handle, socket.IPPROTO_TCP, "TCP_KEEPINTVL", options.tcp_keepalive_interval)
    if options.tcp_user_timeout is not None:
        _set(handle, socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", int(options.tcp_user_timeout * 1000))
    if options.tos:
        if handle.family == socket.AF_INET:
            _set(handle, socket.IPPROTO_IP, "IP_TOS", options.tos)
        else:
            _set(handle, socket.IPPROTO_IPV6, "IPV6_TCLASS", options.tos)


def send_more_at_once(transport: Any) -> None:
    """Raise the limit of those of Twisted's transports that have one."""
    if getattr(transport, "SEND_LIMIT", SEND_SIZE) < SEND_SIZE:
        transport.SEND_LIMIT = SEND_SIZE


def file_number(owner: object) -> int | None:
    """The file descriptor of a transport or port; ``None`` for what has none, such as TLS in memory."""
    fileno = getattr(owner, "fileno", None)
    number = fileno() if callable(fileno) else None
    return number if isinstance(number, int) and number >= 0 else None


def _set(handle: socket.socket, level: int, name: str, value: int | None) -> None:
    if value is not None and hasattr(socket, name):
        handle.setsockopt(level, getattr(socket, name), value)
