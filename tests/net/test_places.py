"""pyzmtp.net.places: where to connect to and where to listen."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint

from pyzmtp.errors import AddressError, LibraryMissing
from pyzmtp.net import places
from pyzmtp.net.address import InprocAddress, IpcAddress, TcpAddress
from pyzmtp.net.places import client_place, name_of, server_place
from pyzmtp.testing import MemoryNetwork


@pytest.fixture
def reactor() -> Any:
    return MemoryNetwork().reactor()


def test_zeromq_addresses_are_understood_on_both_sides(reactor: Any) -> None:
    for place in (client_place, server_place):
        assert place(reactor, "tcp://h:5") == TcpAddress("h", 5)
        assert place(reactor, "ipc://p") == IpcAddress("p")
        assert place(reactor, "inproc://n") == InprocAddress("n")


def test_wildcards_are_for_bind(reactor: Any) -> None:
    assert server_place(reactor, "tcp://*:*") == TcpAddress("*", 0)
    assert server_place(reactor, "ipc://*") == IpcAddress(None)
    for where in ("tcp://*:5", "tcp://h:*", "ipc://*", "tcp://*:1;h:5"):
        with pytest.raises(AddressError):
            client_place(reactor, where)


def test_a_source_is_for_connect(reactor: Any) -> None:
    where = "tcp://10.0.0.1:*;h:5"
    assert client_place(reactor, where) == TcpAddress("h", 5, ("10.0.0.1", 0))
    with pytest.raises(AddressError, match="source"):
        server_place(reactor, where)


def test_endpoint_strings_become_endpoints(reactor: Any) -> None:
    assert isinstance(client_place(reactor, "tcp:127.0.0.1:5"), object)
    assert isinstance(server_place(reactor, "tcp:5"), TCP4ServerEndpoint)
    for place in (client_place, server_place):
        with pytest.raises(
            AddressError, match="neither a ZeroMQ address nor an endpoint"
        ) as raised:
            place(reactor, "no-such-plugin:5")
        assert raised.value.__cause__ is not None


@pytest.mark.parametrize("text", ["tls:example.org:9000", "ssl:9000:privateKey=server.pem"])
def test_tls_without_its_library(reactor: Any, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def endpoint(reactor: Any, description: str) -> Any:
        raise NameError("optionsForClientTLS")

    monkeypatch.setattr(places, "clientFromString", endpoint)
    monkeypatch.setattr(places, "serverFromString", endpoint)
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    for place in (client_place, server_place):
        with pytest.raises(LibraryMissing, match=r"^\w+: needs pyOpenSSL.*pyzmtp\[tls\]"):
            place(reactor, text)


def test_endpoints_are_their_own_places(reactor: Any) -> None:
    client, server = TCP4ClientEndpoint(reactor, "h", 5), TCP4ServerEndpoint(reactor, 5)
    assert client_place(reactor, client) is client
    assert server_place(reactor, server) is server
    with pytest.raises(TypeError, match="IStreamClientEndpoint, not TCP4ServerEndpoint"):
        client_place(reactor, server)
    with pytest.raises(TypeError, match="IStreamServerEndpoint, not TCP4ClientEndpoint"):
        server_place(reactor, client)


def test_a_place_is_called_what_the_user_called_it(reactor: Any) -> None:
    endpoint = TCP4ServerEndpoint(reactor, 5)
    assert name_of("tcp://h:5") == "tcp://h:5"
    assert name_of(endpoint) == repr(endpoint)
