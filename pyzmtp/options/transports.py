"""How addresses are listened at and connected to, and what the system is told."""

from __future__ import annotations

from attrs import frozen

from pyzmtp import validators
from pyzmtp.validators import (
    as_tuple,
    flag,
    integer,
    networks,
    numbers,
    option,
    or_none,
    seconds,
    text,
)

__all__ = ["TransportOptions"]


@frozen(slots=False)
class TransportOptions:
    """How addresses are listened at and connected to, and what the system is told.

    A part of :class:`SocketOptions`.
    """

    ipv6: bool = option(False, flag, "resolve names to, and listen on, IPv6 too", "ZMQ_IPV6")
    backlog: int = option(
        100, integer(1, 2**31 - 1), "connections that may wait to be accepted", "ZMQ_BACKLOG"
    )
    use_fd: int | None = option(
        None,
        or_none(integer(0, 2**31 - 1), "a new socket"),
        "a listening socket that the next bind of tcp, ipc or ws takes over, and closes in the end",
        "ZMQ_USE_FD",
        "-1 (a new socket)",
    )
    tcp_accept_filter: tuple[str, ...] = option(
        (),
        networks,
        "the networks whose tcp connections are accepted; none: all",
        "ZMQ_TCP_ACCEPT_FILTER",
        "none",
        converter=as_tuple,
    )
    ipc_filter_uid: tuple[int, ...] = option(
        (),
        numbers,
        "the users whose ipc connections are accepted; one match of any ipc_filter is enough",
        "ZMQ_IPC_FILTER_UID",
        "none",
        converter=as_tuple,
    )
    ipc_filter_gid: tuple[int, ...] = option(
        (),
        numbers,
        "the groups whose members' ipc connections are accepted",
        "ZMQ_IPC_FILTER_GID",
        "none",
        converter=as_tuple,
    )
    ipc_filter_pid: tuple[int, ...] = option(
        (),
        numbers,
        "the processes whose ipc connections are accepted",
        "ZMQ_IPC_FILTER_PID",
        "none",
        converter=as_tuple,
    )
    tcp_keepalive: bool | None = option(
        None,
        or_none(flag, "the system's default"),
        "whether TCP probes a silent connection",
        "ZMQ_TCP_KEEPALIVE",
        "-1 (the system's default)",
    )
    tcp_keepalive_count: int | None = option(
        None,
        or_none(integer(1, 127), "the system's default"),
        "probes without an answer after which TCP gives up",
        "ZMQ_TCP_KEEPALIVE_CNT",
        "-1 (the system's default)",
    )
    tcp_keepalive_idle: int | None = option(
        None,
        or_none(integer(1, 32767), "the system's default"),
        "whole seconds of silence before TCP probes",
        "ZMQ_TCP_KEEPALIVE_IDLE",
        "-1 (the system's default)",
    )
    tcp_keepalive_interval: int | None = option(
        None,
        or_none(integer(1, 32767), "the system's default"),
        "whole seconds between two of TCP's probes",
        "ZMQ_TCP_KEEPALIVE_INTVL",
        "-1 (the system's default)",
    )
    tcp_user_timeout: float | None = option(
        None,
        or_none(seconds(zero=False, most=2**31 / 1000), "the system's default"),
        "how long sent data may stay unacknowledged before TCP gives up",
        "ZMQ_TCP_MAXRT",
        "0 (the system's default)",
    )
    tos: int = option(0, integer(0, 255), "the type of service of TCP connections", "ZMQ_TOS", "0")
    send_buffer: int | None = option(
        None,
        or_none(integer(1, 2**31 - 1), "the system's default"),
        "the size of the kernel's send buffer, for tcp:// and ipc://",
        "ZMQ_SNDBUF",
        "-1 (the system's default)",
    )
    receive_buffer: int | None = option(
        None,
        or_none(integer(1, 2**31 - 1), "the system's default"),
        "the size of the kernel's receive buffer, for tcp:// and ipc://",
        "ZMQ_RCVBUF",
        "-1 (the system's default)",
    )
    socks_proxy: str | None = option(
        None,
        or_none(validators.host_and_port, "no proxy"),
        "host:port of a SOCKS5 proxy through which tcp:// and ws:// are connected; it resolves the names",
        "ZMQ_SOCKS_PROXY",
        "none",
    )
    socks_username: str | None = option(
        None,
        or_none(text(1, 255), "no authentication"),
        "the name that the proxy knows us by",
        "ZMQ_SOCKS_USERNAME",
        "none",
    )
    socks_password: str | None = option(
        None,
        or_none(text(0, 255), "an empty one"),
        "the password that belongs to socks_username",
        "ZMQ_SOCKS_PASSWORD",
        "none",
        secret=True,
    )
