"""``wss://`` between two of ours: the libzmq of pyzmq's wheels has no websockets."""

from __future__ import annotations

from typing import Any

import pytest

from interop.reactor import reactor, within
from interop.sockets import EventLog
from pyzmtp import (
    ConnectRetried,
    HandshakeSucceeded,
    PairSocket,
    PlainClient,
    PlainServer,
    TLSClientCertificate,
    TLSFailed,
)
from tests.tls_certificates import HOST, Authority

CA = Authority()
SERVER = CA.issue("server")
ANNE = CA.issue("anne")
SERVING: dict[str, Any] = {
    "linger": 0,
    "wss_cert_pem": SERVER.certificate,
    "wss_key_pem": SERVER.key,
    "wss_trust_pem": CA.identity.certificate,
}
TRUSTING: dict[str, Any] = {"linger": 0, "wss_trust_pem": CA.identity.certificate}
SHOWING: dict[str, Any] = {"wss_cert_pem": ANNE.certificate, "wss_key_pem": ANNE.key}

SIDES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "null": ({}, {"wss_hostname": HOST}),
    "plain": (
        {"security": PlainServer({"anne": "s3cret"})},
        {"security": PlainClient("anne", "s3cret")},
    ),
    "certificate": ({"security": TLSClientCertificate(["anne"])}, SHOWING),
}


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("mechanism", SIDES)
async def test_messages_of_any_size(mechanism: str, scheme: str) -> None:
    server, client = SIDES[mechanism]
    if mechanism == "certificate" and scheme == "ws":
        server = {}
    async with (
        PairSocket(reactor, **SERVING | server) as one,
        PairSocket(reactor, **TRUSTING | client) as other,
    ):
        events = EventLog(one)
        address = await one.bind(f"{scheme}://127.0.0.1:*/any/path")
        await within(other.connect(address), "the handshake")
        peer = (await events.wait(HandshakeSucceeded)).peer
        assert peer.user_id == ("anne" if server else None)
        for size in (0, 1, 125, 126, 65536, 10 * 1024 * 1024):
            body = bytes(range(256)) * (size // 256) + bytes(size % 256)
            for here, there in ((one, other), (other, one)):
                await here.send([body, b"end"])
                assert await within(there.receive(), f"{size} bytes") == [body, b"end"]


async def test_a_server_that_nobody_vouches_for() -> None:
    stranger = Authority().issue("server")
    shown = {"wss_cert_pem": stranger.certificate, "wss_key_pem": stranger.key}
    async with (
        PairSocket(reactor, **SERVING | shown) as one,
        PairSocket(reactor, **TRUSTING) as other,
    ):
        events = EventLog(other)
        other.connect(await one.bind("wss://127.0.0.1:*"))
        retried = await events.wait(ConnectRetried)
        assert isinstance(retried.error, TLSFailed)
        assert "verify failed" in str(retried.error)
