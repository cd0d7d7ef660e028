"""Who may connect: networks over tcp, users, groups and processes over ipc (libzmq's test_filter_ipc)."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
from twisted.internet.address import HostnameAddress, IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import ISystemHandle
from zope.interface import implementer

from pyzmtp.net.admission import Credentials, admits, peer_credentials
from pyzmtp.options import SocketOptions

OURS = Credentials(os.getpid(), os.getuid(), os.getgid())


@implementer(ISystemHandle)
class Connection:
    """What there is to see of a new connection."""

    def __init__(self, peer: object, handle: object = None) -> None:
        self.peer = peer
        self.handle = handle

    def getPeer(self) -> object:
        return self.peer

    def getHandle(self) -> object:
        return self.handle


def lets_in(connection: Connection, **options: Any) -> bool:
    made: Any = connection
    return admits(SocketOptions(**options), made)


def tcp(host: str) -> Connection:
    kind = IPv6Address if ":" in host else IPv4Address
    return Connection(kind("TCP", host, 5000))


@pytest.mark.parametrize(
    ("host", "networks"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("127.0.0.1", ["10.0.0.0/8", "127.0.0.0/8"]),
        ("127.9.9.9", ["127.0.0.1/8"]),  # as libzmq: the bits below the mask do not matter
        ("10.1.2.3", ["0.0.0.0/0"]),
        ("::1", ["::1"]),
        ("fe80::1%eth0", ["fe80::/10"]),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"]),  # by IPv4, to a socket of both
        ("10.1.2.3", []),
    ],
)
def test_who_is_in_one_of_the_networks_is_let_in(host: str, networks: list[str]) -> None:
    assert lets_in(tcp(host), tcp_accept_filter=networks)


@pytest.mark.parametrize(
    ("host", "networks"),
    [
        ("127.0.0.2", ["127.0.0.1"]),
        ("11.0.0.1", ["10.0.0.0/8", "127.0.0.0/8"]),
        ("::1", ["127.0.0.1", "0.0.0.0/0"]),
        ("10.1.2.3", ["::/0"]),
        ("::ffff:11.1.2.3", ["10.0.0.0/8"]),
    ],
)
def test_who_is_in_none_is_not(host: str, networks: list[str]) -> None:
    assert not lets_in(tcp(host), tcp_accept_filter=networks)


@pytest.fixture
def ipc() -> Any:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        yield Connection(UNIXAddress(None), ours)


def test_the_system_tells_who_is_at_the_other_end(ipc: Connection) -> None:
    assert peer_credentials(ipc.handle) == OURS


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ipc_filter_uid": [OURS.uid]},
        {"ipc_filter_gid": [OURS.gid]},
        {"ipc_filter_pid": [OURS.pid]},
        {"ipc_filter_uid": [OURS.uid + 1], "ipc_filter_pid": [OURS.pid]},  # one is enough
        {"ipc_filter_pid": {OURS.pid, 1}},
        {"tcp_accept_filter": ["192.0.2.0/24"]},  # is not about ipc
    ],
)
def test_who_matches_one_of_the_ipc_filters_is_let_in(ipc: Connection, options: Any) -> None:
    assert lets_in(ipc, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"ipc_filter_uid": [OURS.uid + 1]},
        {"ipc_filter_gid": [OURS.gid + 12345]},
        {"ipc_filter_pid": [OURS.pid + 1]},
        {"ipc_filter_uid": [OURS.uid + 1], "ipc_filter_pid": [OURS.pid + 1]},
    ],
)
def test_who_matches_none_is_not(ipc: Connection, options: Any) -> None:
    assert not lets_in(ipc, **options)


def test_who_is_a_member_of_a_group_is_let_in(
    ipc: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libzmq looks into the system's list of groups as well."""
    import grp
    import pwd

    name = pwd.getpwuid(OURS.uid).pw_name
    groups = {77777: grp.struct_group(("club", "x", 77777, ["other", name]))}
    monkeypatch.setattr(grp, "getgrgid", groups.__getitem__)
    assert lets_in(ipc, ipc_filter_gid=[77777])
    assert not lets_in(ipc, ipc_filter_gid=[77778])  # there is no such group


def test_who_cannot_be_told_is_not_let_in() -> None:
    unknown = Connection(UNIXAddress(None))
    assert lets_in(unknown)
    assert not lets_in(unknown, ipc_filter_uid=[OURS.uid])
    gone = socket.socket(socket.AF_UNIX)
    gone.close()
    assert peer_credentials(gone) is None


def test_other_transports_are_not_filtered() -> None:
    pipe = Connection(HostnameAddress(b"example.org", 1))
    assert lets_in(pipe, tcp_accept_filter=["192.0.2.0/24"], ipc_filter_uid=[OURS.uid + 1])
