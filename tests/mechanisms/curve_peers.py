"""A CURVE client and server for tests, written from the offsets in ZMTP.md 4.3 and nothing else."""

from __future__ import annotations

from nacl.bindings import (
    crypto_box,
    crypto_box_keypair,
    crypto_box_open,
    crypto_secretbox,
    crypto_secretbox_open,
)

from pyzmtp.mechanisms.base import Cipher, Frame, Mechanism

#: What a PUSH says of itself, and a PULL.
PUSH = b"\x0bSocket-Type\x00\x00\x00\x04PUSH"
PULL = b"\x0bSocket-Type\x00\x00\x00\x04PULL"
PUSH_PROPERTIES = [("Socket-Type", b"PUSH")]
PULL_PROPERTIES = [("Socket-Type", b"PULL")]


def counter(number: int) -> bytes:
    """A short nonce."""
    return number.to_bytes(8, "big")


def body_of(frames: bytes) -> bytes:
    """The body of the one command frame in ``frames``."""
    if frames[0] == 0x06:
        assert len(frames) == 9 + int.from_bytes(frames[1:9], "big")
        return frames[9:]
    assert frames[0] == 0x04
    assert len(frames) == 2 + frames[1]
    return frames[2:]


def give(mechanism: Mechanism, body: bytes) -> bytes:
    """Have a mechanism receive the body of a command."""
    end = 1 + body[0]
    return mechanism.receive(body[1:end], body[end:])


class Long:
    """Long-term keys: S, s and C, c."""

    def __init__(self) -> None:
        self.S, self.s = crypto_box_keypair()
        self.C, self.c = crypto_box_keypair()


class ReferenceClient:
    """The bytes of a client; each of its keys and nonces can be replaced."""

    def __init__(self, keys: Long) -> None:
        self.keys = keys
        self.S = keys.S
        self.C1, self.c1 = crypto_box_keypair()
        self.S1 = self.cookie = b""

    def hello(
        self,
        number: int = 1,
        version: bytes = b"\x01\x00",
        padding: bytes = bytes(72),
        plain: bytes = bytes(64),
    ) -> bytes:
        nonce = b"CurveZMQHELLO---" + counter(number)
        box = crypto_box(plain, nonce, self.S, self.c1)
        return b"\x05HELLO" + version + padding + self.C1 + counter(number) + box

    def read_welcome(self, body: bytes) -> None:
        assert len(body) == 168
        assert body[:8] == b"\x07WELCOME"
        plain = crypto_box_open(body[24:], b"WELCOME-" + body[8:24], self.S, self.c1)
        self.S1, self.cookie = plain[:32], plain[32:]
        assert len(self.cookie) == 96

    def vouch(
        self, C1: bytes | None = None, S: bytes | None = None, c: bytes | None = None
    ) -> bytes:
        plain = (C1 or self.C1) + (S or self.S)
        nonce = bytes(range(16))
        return nonce + crypto_box(plain, b"VOUCH---" + nonce, self.S1, c or self.keys.c)

    def initiate(
        self,
        number: int = 2,
        metadata: bytes = PUSH,
        vouch: bytes | None = None,
        cookie: bytes | None = None,
    ) -> bytes:
        plain = self.keys.C + (vouch or self.vouch()) + metadata
        nonce = b"CurveZMQINITIATE" + counter(number)
        box = crypto_box(plain, nonce, self.S1, self.c1)
        return b"\x08INITIATE" + (cookie or self.cookie) + counter(number) + box

    def read_ready(self, body: bytes) -> bytes:
        assert body[:6] == b"\x05READY"
        nonce = b"CurveZMQREADY---" + body[6:14]
        return crypto_box_open(body[14:], nonce, self.S1, self.c1)

    def message(self, number: int, plain: bytes) -> bytes:
        nonce = b"CurveZMQMESSAGEC" + counter(number)
        return b"\x07MESSAGE" + counter(number) + crypto_box(plain, nonce, self.S1, self.c1)

    def read_message(self, body: bytes) -> tuple[int, bytes]:
        assert body[:8] == b"\x07MESSAGE"
        nonce = b"CurveZMQMESSAGES" + body[8:16]
        return int.from_bytes(body[8:16], "big"), crypto_box_open(
            body[16:], nonce, self.S1, self.c1
        )


class ReferenceServer:
    """The bytes of a server."""

    def __init__(self, keys: Long) -> None:
        self.keys = keys
        self.S1, self.s1 = crypto_box_keypair()
        self.cookie_key = bytes(range(32))
        self.C1 = self.C = b""

    def read_hello(self, body: bytes) -> None:
        assert len(body) == 200
        assert body[:8] == b"\x05HELLO\x01\x00"
        assert body[8:80] == bytes(72)
        assert body[112:120] == counter(1)
        self.C1 = body[80:112]
        nonce = b"CurveZMQHELLO---" + body[112:120]
        assert crypto_box_open(body[120:], nonce, self.C1, self.keys.s) == bytes(64)

    def welcome(self) -> bytes:
        nonce = bytes(range(16))
        cookie = nonce + crypto_secretbox(self.C1 + self.s1, b"COOKIE--" + nonce, self.cookie_key)
        box = crypto_box(self.S1 + cookie, b"WELCOME-" + nonce, self.C1, self.keys.s)
        return b"\x07WELCOME" + nonce + box

    def read_initiate(self, body: bytes) -> bytes:
        assert body[:9] == b"\x08INITIATE"
        cookie, number = body[9:105], body[105:113]
        assert number == counter(2)
        opened = crypto_secretbox_open(cookie[16:], b"COOKIE--" + cookie[:16], self.cookie_key)
        assert opened == self.C1 + self.s1
        plain = crypto_box_open(body[113:], b"CurveZMQINITIATE" + number, self.C1, self.s1)
        self.C, vouch = plain[:32], plain[32:128]
        vouched = crypto_box_open(vouch[16:], b"VOUCH---" + vouch[:16], self.C, self.s1)
        assert vouched == self.C1 + self.keys.S
        return plain[128:]

    def ready(self, number: int = 1, metadata: bytes = PULL) -> bytes:
        nonce = b"CurveZMQREADY---" + counter(number)
        return b"\x05READY" + counter(number) + crypto_box(metadata, nonce, self.C1, self.s1)

    def message(self, number: int, plain: bytes) -> bytes:
        nonce = b"CurveZMQMESSAGES" + counter(number)
        return b"\x07MESSAGE" + counter(number) + crypto_box(plain, nonce, self.C1, self.s1)

    def read_message(self, body: bytes) -> tuple[int, bytes]:
        assert body[:8] == b"\x07MESSAGE"
        nonce = b"CurveZMQMESSAGEC" + body[8:16]
        return int.from_bytes(body[8:16], "big"), crypto_box_open(
            body[16:], nonce, self.C1, self.s1
        )


def seal(cipher: Cipher, flags: int, body: bytes) -> tuple[bytes, bytes]:
    """What carries one frame."""
    [parts] = cipher.seal([(flags, body)])
    return parts


def unseal(cipher: Cipher, body: bytes) -> Frame:
    """The one frame that ``body`` carries."""
    [frame] = cipher.open([[body]])
    return frame
