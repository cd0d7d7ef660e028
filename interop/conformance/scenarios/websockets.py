"""``ws://`` and ``wss://``. The libzmq of pyzmq's wheels has none, so both parts are pyzmtp's."""

from __future__ import annotations

from interop.conformance.scenario import OURS, TCP, scenario
from interop.conformance.stage import Stage
from interop.reactor import until
from tests.tls_certificates import HOST, Authority

_DRAFT = "ws:// is a draft of libzmq's, which pyzmq's wheels lack"
_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: " + _KEY + b"\r\nSec-WebSocket-Protocol: ZWS2.0/NULL\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
_READY = b"\x02\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
_MASK = b"\x01\x02\x03\x04"


def _masked(payload: bytes) -> bytes:
    body = bytes(byte ^ _MASK[place % 4] for place, byte in enumerate(payload))
    return bytes((0x82, 0x80 | len(payload))) + _MASK + body


async def _roundtrip(stage: Stage, path: str, size: int) -> object:
    server, client = stage.first("REP"), stage.second("REQ")
    await stage.link(server, client, address=f"ws://127.0.0.1:*{path}")
    body = bytes(size)
    await client.send(body)
    there = await server.receive()
    await server.send(body)
    return [[len(frame) for frame in message] for message in (there, await client.receive())]


@scenario("ws_transport", expected=[[5], [5]], transports=TCP, combinations=OURS, why=_DRAFT)
async def roundtrip(stage: Stage) -> object:
    """A request and its reply."""
    return await _roundtrip(stage, "", 5)


@scenario("ws_transport", expected=[[5], [5]], transports=TCP, combinations=OURS, why=_DRAFT)
async def roundtrip_with_path(stage: Stage) -> object:
    """The same with a path in the address."""
    return await _roundtrip(stage, "/roundtrip", 5)


@scenario("ws_transport", expected=[[255], [255]], transports=TCP, combinations=OURS, why=_DRAFT)
async def short_message(stage: Stage) -> object:
    """255 bytes, a length of two bytes."""
    return await _roundtrip(stage, "", 255)


@scenario(
    "ws_transport", expected=[[65536], [65536]], transports=TCP, combinations=OURS, why=_DRAFT
)
async def large_message(stage: Stage) -> object:
    """65536 bytes, a length of eight bytes."""
    return await _roundtrip(stage, "", 65536)


@scenario("ws_transport", expected=[[b"ALOL"]], transports=TCP, combinations=OURS, why=_DRAFT)
async def publishing(stage: Stage) -> object:
    """SUB gets what it has subscribed to, and nothing else."""
    publisher, subscriber = stage.first("XPUB"), stage.second("SUB")
    await stage.link(publisher, subscriber, address="ws://127.0.0.1:*")
    subscriber.subscribe(b"A")
    await publisher.receive()
    await publisher.send(b"BLOL")
    await publisher.send(b"ALOL")
    return [await subscriber.receive()]


@scenario(
    "mock_pub_sub",
    expected=[[b"\x01A"], b"\x82\x05\x00ALOL", [b"\x00A"], b""],
    transports=TCP,
    combinations=OURS,
    why=_DRAFT,
)
async def messages_from_a_websocket_subscriber(stage: Stage) -> object:
    """XPUB takes subscriptions as messages, and sends a frame as one websocket message."""
    publisher = stage.first("XPUB")
    bound = await publisher.bind("ws://127.0.0.1:*")
    raw = await stage.raw_connect(bound.replace("ws://", "tcp://"))
    raw.write(_REQUEST + _masked(_READY) + _masked(b"\x00\x01A"))
    seen: list[object] = [await publisher.receive()]
    await until(lambda: b"\x04XPUB" in raw.received, "the publisher's READY")
    await raw.read(len(raw.received))
    await publisher.send(b"ALOL")
    seen.append(await raw.read(7))
    raw.write(_masked(b"\x00\x00A"))
    return [*seen, await publisher.receive(), bytes(raw.received)]


@scenario("wss_transport", expected=[[5], [5]], transports=TCP, combinations=OURS, why=_DRAFT)
async def roundtrip_over_tls(stage: Stage) -> object:
    """A request and its reply, by the certificate's name and not the address's; a path."""
    authority = Authority()
    shown = authority.issue("server")
    server = stage.first("REP", wss_cert_pem=shown.certificate, wss_key_pem=shown.key)
    trusted = authority.identity.certificate
    client = stage.second("REQ", wss_trust_pem=trusted, wss_hostname=HOST)
    await stage.link(server, client, address="wss://127.0.0.1:*/roundtrip")
    await client.send(b"hello")
    there = await server.receive()
    await server.send(b"world")
    return [[len(frame) for frame in message] for message in (there, await client.receive())]
