"""The client's side of CURVE by hand, for raw peers, from RFC 26: :class:`RawCurve`."""

from __future__ import annotations

import os

from nacl.bindings import crypto_box, crypto_box_keypair, crypto_box_open

from interop.conformance.raw_peer import GREETING_SIZE, RawPeer, greeting
from interop.conformance.security import Keys
from pyzmtp.wire.z85 import z85_decode

_VOUCH_NONCE_SIZE = 16


class RawCurve:
    """Makes the commands of one handshake with the owner of ``server_public``; keys are in Z85."""

    def __init__(self, server_public: bytes, keys: Keys) -> None:
        self._server = z85_decode(server_public.decode())
        self._public = z85_decode(keys.public.decode())
        self._secret = z85_decode(keys.secret.decode())
        self._short_public, self._short_secret = crypto_box_keypair()
        self._short_server = self._cookie = b""

    def hello(self) -> bytes:
        """The body of HELLO, 200 bytes."""
        nonce = (1).to_bytes(8, "big")
        box = crypto_box(bytes(64), b"CurveZMQHELLO---" + nonce, self._server, self._short_secret)
        return b"\x05HELLO\x01\x00" + bytes(72) + self._short_public + nonce + box

    def take_welcome(self, body: bytes) -> None:
        """Take the body of WELCOME, 168 bytes."""
        assert body.startswith(b"\x07WELCOME"), body
        assert len(body) == 168, body
        nonce = b"WELCOME-" + body[8:24]
        opened = crypto_box_open(body[24:], nonce, self._server, self._short_secret)
        self._short_server, self._cookie = opened[:32], opened[32:]

    def initiate(self, metadata: bytes = b"") -> bytes:
        """The body of INITIATE, 257 bytes and the metadata."""
        nonce = (2).to_bytes(8, "big")
        vouch_nonce = os.urandom(_VOUCH_NONCE_SIZE)
        vouch = crypto_box(
            self._short_public + self._server,
            b"VOUCH---" + vouch_nonce,
            self._short_server,
            self._secret,
        )
        box = crypto_box(
            self._public + vouch_nonce + vouch + metadata,
            b"CurveZMQINITIATE" + nonce,
            self._short_server,
            self._short_secret,
        )
        return b"\x08INITIATE" + self._cookie + nonce + box


async def greet_with_curve(peer: RawPeer) -> None:
    """Exchange greetings."""
    peer.write(greeting(mechanism=b"CURVE"))
    await peer.read(GREETING_SIZE)
