"""pyzmtp.net.address: what an address means, and how one is written down (ZMTP.md 9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import HostnameAddress, IPv4Address, IPv6Address, UNIXAddress

from pyzmtp.errors import AddressError
from pyzmtp.net.address import (
    Address,
    InprocAddress,
    IpcAddress,
    TcpAddress,
    WebsocketAddress,
    describe,
    host_and_port,
    parse,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://127.0.0.1:5555", TcpAddress("127.0.0.1", 5555)),
        ("tcp://example.org:0", TcpAddress("example.org", 0)),
        ("tcp://under_score-1.example:65535", TcpAddress("under_score-1.example", 65535)),
        ("tcp://*:*", TcpAddress("*", 0)),
        ("tcp://lo:5", TcpAddress("lo", 5)),
        ("tcp://[::1]:5", TcpAddress("::1", 5)),
        ("tcp://::1:5", TcpAddress("::1", 5)),
        ("tcp://[fe80::1%eth0]:5", TcpAddress("fe80::1%eth0", 5)),
        ("tcp://[::]:*", TcpAddress("::", 0)),
        ("tcp://10.0.0.1:0;example.org:5", TcpAddress("example.org", 5, ("10.0.0.1", 0))),
        ("tcp://[::1]:7;[::2]:5", TcpAddress("::2", 5, ("::1", 7))),
        ("tcp://*:5000-5100", TcpAddress("*", 5000, last_port=5100)),
        ("tcp://[::1]:7-7", TcpAddress("::1", 7, last_port=7)),
        ("ws://*:80-81/path", WebsocketAddress(TcpAddress("*", 80, last_port=81), "/path")),
        ("ipc:///run/x", IpcAddress("/run/x")),
        ("ipc://relative/path", IpcAddress("relative/path")),
        ("ipc://@abstract", IpcAddress("\0abstract")),
        ("ipc://*", IpcAddress(None)),
        ("ipc://*whatever", IpcAddress(None)),
        ("inproc://name", InprocAddress("name")),
        ("inproc://a://b\n", InprocAddress("a://b\n")),
    ],
)
def test_what_an_address_means(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize("text", ["", "tcp", "tcp:80", "unix:/run/x", "nonsense", "1://x", "://x"])
def test_what_has_no_scheme_is_no_zeromq_address(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tcp://host", "names no port"),
        ("tcp://host:", "no port"),
        ("tcp://host:65536", "no port"),
        ("tcp://host:-1", "no port"),
        ("tcp://host:12x", "no port"),
        ("tcp://host:\N{SUPERSCRIPT TWO}", "no port"),
        ("tcp://host:5-", "no port"),
        ("tcp://host:5-65536", "no port"),
        ("tcp://host:5-6-7", "no port"),
        ("tcp://host:*-7", "no port"),
        ("tcp://host:7-6", "no range of ports"),
        ("tcp://host:0-6", "no range of ports"),
        ("tcp://source:5-6;host:5", "no place there"),
        ("udp://host:5-6", "no place there"),
        ("tcp://:5", "no host"),
        ("tcp://[]:5", "no host"),
        ("tcp://a/b:5", "no host"),
        ("tcp://*x:5", "no host"),
        ("tcp://src;host:5", "names no port"),
        ("ipc://", "no path"),
        ("ipc://@", "no path"),
        ("ipc://a\0b", "no path"),
        ("ipc:///" + "x" * 107, "longer than 107"),
        ("ipc://" + "\N{EURO SIGN}" * 36, "longer than 107"),
        ("inproc://", "1 to 256"),
        ("inproc://" + "x" * 257, "1 to 256"),
        ("TCP://host:5", "no transport 'TCP'"),
        ("http://host:80", "no transport 'http'"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_says_why(text: str, problem: str) -> None:
    with pytest.raises(AddressError, match=problem) as raised:
        parse(text)
    assert raised.value.address == text


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    for start in ("", "tcp://", "ipc://", "inproc://"):
        try:
            parse(start + text)
        except AddressError as error:
            assert error.address == start + text  # noqa: PT017


@given(st.ip_addresses().map(str), st.integers(0, 65535))
def test_what_is_written_down_can_be_read_again(host: str, port: int) -> None:
    assert parse(f"tcp://{host_and_port(host, port)}") == TcpAddress(host, port)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (IPv4Address("TCP", "10.0.0.1", 5), "10.0.0.1:5"),
        (IPv6Address("TCP", "::1", 5), "[::1]:5"),
        (UNIXAddress("/run/x"), "/run/x"),
        (UNIXAddress(b"\0abstract"), "@abstract"),
        (UNIXAddress(None), ""),
        (UNIXAddress(""), ""),
    ],
)
def test_how_a_transports_end_is_described(
    address: IPv4Address | IPv6Address | UNIXAddress, text: str
) -> None:
    assert describe(address) == text


def test_an_end_of_another_kind_describes_itself() -> None:
    address = HostnameAddress(b"host", 5)
    assert describe(address) == str(address)
