"""Bytes that libzmq 4.3.5 sent, or was sent; each with the section of ZMTP.md that it comes from.

What pyzmtp makes of them is said in the tests. Where it deliberately departs from libzmq, the bytes
are here all the same and the test states the departure.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Vector(NamedTuple):
    """Bytes off the wire."""

    section: str
    name: str
    data: bytes

    def __str__(self) -> str:
        return f"{self.section} {self.name}"


def from_hex(text: str) -> bytes:
    """Bytes in the notation of ZMTP.md: hex digits, spaces, and ``00x16`` for sixteen zeros."""
    return bytes.fromhex(re.sub(r"\b([0-9a-f]{2})x(\d+)", lambda run: run[1] * int(run[2]), text))


def _vector(section: str, name: str, *parts: str | bytes) -> Vector:
    joined = b"".join(from_hex(part) if isinstance(part, str) else part for part in parts)
    vector = Vector(section, name, joined)
    ALL.append(vector)
    return vector


#: Every vector below, in order.
ALL: Final[list[Vector]] = []


# 1.1 Bytes of the greeting

SIGNATURE = _vector("1.1", "signature", "ff 0000000000000001 7f").data
SIGNATURE_ID_ABC = _vector("1.1", 'signature, routing id "abc"', "ff 0000000000000004 7f").data
SIGNATURE_ID_255 = _vector("1.1", "signature, id of 255 bytes", "ff 0000000000000100 7f").data
SIGNATURE_01 = _vector("1.1", "signature, byte 9 is 01", "ff 0000000000000001 01").data

MAJOR = from_hex("03")
NULL_FIELD = from_hex("4e554c4c 00x16")
REST = from_hex("01 4e554c4c 00x16 00 00x31")
GREETING = _vector("1.1", "greeting", SIGNATURE, MAJOR, REST).data

#: Greetings that are good, although no two are the same.
GREETINGS: Final = [
    _vector("1.1", "greeting", GREETING),
    _vector("1.1", 'greeting, routing id "abc"', SIGNATURE_ID_ABC, MAJOR, REST),
    _vector("1.1", "greeting, id of 255 bytes", SIGNATURE_ID_255, MAJOR, REST),
    _vector("1.1", "greeting, byte 9 is 01", SIGNATURE_01, MAJOR, REST),
    _vector("1.1", "as-server 1", GREETING[:32], "01", GREETING[33:]),
    _vector("1.1", "as-server ff", GREETING[:32], "ff", GREETING[33:]),
    _vector("1.1", "filler ee", GREETING[:33], "ee" * 31),
]

#: Greetings of another mechanism than NULL: all 20 bytes count.
OTHER_MECHANISMS: Final = [
    _vector("1.1", "PLAIN", GREETING[:12], b"PLAIN", "00x15", GREETING[32:]),
    _vector("1.1", "CURVE", GREETING[:12], b"CURVE", "00x15", GREETING[32:]),
    _vector("1.1", "GSSAPI", GREETING[:12], b"GSSAPI", "00x14", GREETING[32:]),
    _vector("1.1", "null in lower case", GREETING[:12], b"null", "00x16", GREETING[32:]),
    _vector("1.1", "NULL, NUL, x", GREETING[:12], b"NULL\0x", "00x14", GREETING[32:]),
]


# 1.2 Staged sending: a DEALER with the id "cli" (C) and a ROUTER (S)

TRACE_C: Final = [
    _vector("1.2", "C 1", "ff0000000000000004 7f").data,
    _vector("1.2", "C 2", "03 01 4e554c4c 00x16 00 00x31").data,
    _vector(
        "1.2", "C 3", "04 2c 05", b"READY", "0b", b"Socket-Type", "00000006", b"DEALER",
        "08", b"Identity", "00000003 636c69", "01 00", "00 02 6869",
    ).data,
]  # fmt: skip
TRACE_S: Final = [
    _vector("1.2", "S 1", "ff0000000000000001 7f 03").data,
    _vector(
        "1.2", "S 2", "01 4e554c4c 00x16 00 00x31",
        "04 29 05", b"READY", "0b", b"Socket-Type", "00000006", b"ROUTER",
        "08", b"Identity", "00000000",
    ).data,
    _vector("1.2", "S 3", "01 00", "00 02 796f").data,
]  # fmt: skip


# 1.3 Version choice


def _versioned(version: str) -> bytes:
    return SIGNATURE + from_hex(version) + REST[1:]


#: (major, minor) as announced to the greeting of a peer that is served.
VERSIONS: Final = {
    (2, 0): _vector("1.3", "revision 2, minor 0", _versioned("02 00")).data,
    (2, 1): _vector("1.3", "revision 2, minor 1", _versioned("02 01")).data,
    (3, 0): _vector("1.3", "3.0", _versioned("03 00")).data,
    (3, 1): _vector("1.3", "3.1", _versioned("03 01")).data,
    (3, 2): _vector("1.3", "3.2", _versioned("03 02")).data,
    (4, 0): _vector("1.3", "4.0", _versioned("04 00")).data,
    (4, 9): _vector("1.3", "4.9", _versioned("04 09")).data,
    (255, 255): _vector("1.3", "255.255", _versioned("ff ff")).data,
}


# 1.4 Downgrade and identity

#: Peers of ZMTP below 3.0 and the version that is spoken with them; revision 0 is 2.0 in frames of 1.0.
OLD_PEERS: Final = [
    ((2, 0), _vector("1.4", "2.0 DEALER without id", SIGNATURE, "01 05", "00 00")),
    ((2, 0), _vector("1.4", '2.0 DEALER "xyz"', SIGNATURE, "01 05", "00 03 78797a")),
    ((2, 0), _vector("1.4", "2.0 type 200", SIGNATURE, "01 c8", "00 00", "00 01 61")),
    ((2, 0), _vector("1.5", "2.0 SUB of AB", SIGNATURE, "01 02", "00 00", "00 03 01 4142")),
    ((2, 0), _vector("1.4", "rev 0 DEALER without id", SIGNATURE, "00 05", "01 00")),
    ((2, 0), _vector("1.4", 'rev 0 DEALER "xyz"', SIGNATURE, "00 05", "04 00 78797a")),
    ((2, 0), _vector("1.5", "rev 0 SUB of AB", SIGNATURE, "00 02", "01 00", "04 00 01 4142")),
    ((2, 0), _vector("1.5", "rev 0 SUB, no more of C", SIGNATURE, "00 02", "01 00", "03 00 00 43")),
    ((2, 0), _vector("1.5", "rev 0 SUB of all", SIGNATURE, "00 02", "01 00", "02 00 01")),
    ((1, 0), _vector("1.4", "1.0, id in the long form", "ff 0000000000000004 00 616263")),
]

#: A ZMTP 1.0 peer that cannot be told from junk.
UNVERSIONED_SHORT = _vector("1.4", "1.0, id in the short form", "04 00 616263").data
UNVERSIONED_NO_ID = _vector("1.4", "1.0 without id", "01 00").data

#: What libzmq sends to such a peer: its signature is the head of its identity "srv".
UNVERSIONED_SRV = _vector(
    "1.4", 'libzmq as 1.0 ROUTER "srv"', "ff0000000000000004 7f", "737276"
).data


# 1.5 Subscriptions

SUBSCRIBE_AB = _vector("1.5", "SUBSCRIBE AB", "04 0c 09 535542534352494245 4142").data
CANCEL_C = _vector("1.5", "CANCEL C", "04 08 06 43414e43454c 43").data
SUBSCRIBE_ALL = _vector("1.5", "SUBSCRIBE", "04 0a 09 535542534352494245").data
MESSAGE_AB = _vector("1.5", "subscription to AB as a message", "00 03 01 4142").data
MESSAGE_CANCEL_C = _vector("1.5", "cancellation of C as a message", "00 02 00 43").data
MESSAGE_ALL = _vector("1.5", "subscription to all as a message", "00 01 01").data
MESSAGE_X = _vector("1.5", "what an application sent from an XSUB", "00 02 01 58").data
SUBSCRIBE_246 = _vector(
    "1.5", "SUBSCRIBE in the long form", "06 0000000000000100 09", b"SUBSCRIBE", b"T" * 246
).data
SUBSCRIBE_245 = _vector(
    "1.5", "the longest SUBSCRIBE in the short form", "04 ff 09", b"SUBSCRIBE", b"T" * 245
).data
CANCEL_249 = _vector(
    "1.5", "CANCEL in the long form", "06 0000000000000100 06", b"CANCEL", b"T" * 249
).data
CANCEL_248 = _vector(
    "1.5", "the longest CANCEL in the short form", "04 ff 06", b"CANCEL", b"T" * 248
).data
#: libzmq's bug: no LONG bit, but a length of eight bytes. The stream cannot be read any more.
MESSAGE_255_BROKEN = _vector(
    "1.5", "libzmq's topic of 255 bytes to 3.0", "00 0000000000000100 01", b"T" * 255
).data


# 1.6 Bad greetings

#: What can be no greeting of a peer that is served. libzmq takes most of it for ZMTP 1.0.
JUNK: Final = [
    _vector("1.6", "first byte 00", "00x64"),
    _vector("1.6", "HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    _vector("1.6", "TLS", "16 0301 0200 01 0001fc 0303", bytes(range(40))),
    _vector("1.6", "what an HTTP client got from a PUB", "0c 00", b"SECRET data"),
    _vector("1.4", "1.0, id in the short form", UNVERSIONED_SHORT),
    _vector("1.4", "1.0 without id", UNVERSIONED_NO_ID),
]


# 2 Framing: bytes of a connection that is ready, and the message in them

MESSAGES: Final = [
    (_vector("2", "hello", "00 05 68656c6c6f"), [b"hello"]),
    (_vector("2", "an empty frame, then a last one", "01 00", "00 00"), [b"", b""]),
    (_vector("2", "300 bytes", "02 000000000000012c", b"x" * 300), [b"x" * 300]),
    (_vector("2", "255 bytes", "00 ff", b"x" * 255), [b"x" * 255]),
    (_vector("2", "256 bytes", "02 0000000000000100", b"x" * 256), [b"x" * 256]),
    (_vector("2", "300 bytes and more", "03 000000000000012c", b"y" * 300, "00 00"),
     [b"y" * 300, b""]),
    (_vector("2", "the long form of two bytes", "02 0000000000000002 6869"), [b"hi"]),
    (_vector("2", "the long form of nothing", "02 0000000000000000"), [b""]),
    (_vector("1.2", "the first message of the trace", "01 00", "00 02 6869"), [b"", b"hi"]),
]  # fmt: skip

#: libzmq delivers it: it ignores bits 3 to 7. RFC 37: they MUST be zero.
RESERVED_BITS = _vector("2", "reserved bits", "f8 02 6869").data
#: libzmq drops it like any PONG. RFC 37: MORE SHALL be zero on commands.
COMMAND_MORE = _vector("2", "a command with MORE", "05 05 04 504f4e47").data
SIZE_2_63 = _vector("2", "2^63-1 bytes", "02 7fffffffffffffff").data
SIZE_2_64 = _vector("2", "2^64-1 bytes", "02 ffffffffffffffff").data
PING_BETWEEN_FRAMES = _vector(
    "2", "PING within a message", "01 01 61", "04 07 04 50494e47 0000", "00 01 62"
).data
#: The frames of ZMTP 1.0 count their flags byte in the length.
FRAMES_1_0 = _vector("2", "1.0 frames", "ff 00000000000000ff 00", b"x" * 254).data


# 3 Commands

READY_LOWER_CASE = _vector(
    "3", "ready", "04 1a 05", b"ready", "0b", b"Socket-Type", "00000004 50555348"
).data
PING_LOWER_CASE = _vector("3", "ping", "04 07 04", b"ping", "0000").data
#: READY without the COMMAND bit, with MORE, with reserved bits: libzmq takes them all.
READY_FLAGS_00 = _vector(
    "3", "READY with flags 00", "00 1a 05 5245414459 0b", b"Socket-Type", "00000004 50555348"
).data
READY_FLAGS_05 = _vector("3", "READY with flags 05", "05", READY_FLAGS_00[1:]).data
READY_FLAGS_FC = _vector("3", "READY with flags fc", "fc", READY_FLAGS_00[1:]).data
SUBSCRIBE_TOPIC = _vector("3", "SUBSCRIBE topic", "04 0f 09", b"SUBSCRIBEtopic").data
UNKNOWN = _vector("3", "an unknown command", "04 08 05", b"HELLO", b"ab").data
#: libzmq drops them silently.
NAME_TOO_LONG = _vector("3", "a name longer than the body", "04 03 05", b"PI").data
EMPTY_COMMAND = _vector("3", "an empty command", "04 00").data


# 3.1 READY

READY_PUSH = _vector(
    "3.1", "READY of a PUSH", "04 1a 05 5245414459 0b 536f636b65742d54797065 00000004 50555348"
).data
READY_DEALER = _vector(
    "3.1", "READY of a DEALER",
    "04 29 05 5245414459 0b 536f636b65742d54797065 00000006 4445414c4552",
    "08 4964656e74697479 00000000",
).data  # fmt: skip
READY_DEALER_ABC = _vector(
    "3.1", 'READY of a DEALER "abc"',
    "04 2c 05 5245414459 0b 536f636b65742d54797065 00000006 4445414c4552",
    "08 4964656e74697479 00000003 616263",
).data  # fmt: skip
READY_NOTHING = _vector("3.1", "READY without properties", "04 06 05 5245414459").data


def ready(*properties: str | bytes) -> bytes:
    """A READY whose property block is ``properties``, strings in hex."""
    block = b"".join(from_hex(part) if isinstance(part, str) else part for part in properties)
    body = b"\x05READY" + block
    if len(body) > 255:
        return b"\x06" + len(body).to_bytes(8, "big") + body
    return bytes((0x04, len(body))) + body


_PUSH = from_hex("0b 536f636b65742d54797065 00000004 50555348")

#: Accepted by libzmq and by pyzmtp.
READY_WITHOUT_TYPE = _vector(
    "3.1", "READY without Socket-Type", ready("03", b"X-a", "00000001 62")
).data
READY_UNKNOWN_PROPERTY = _vector(
    "3.1", "an unknown property", ready(_PUSH, "08", b"Resource", "00000003", b"a/b")
).data
READY_LOWER_NAME = _vector(
    "3.1", "socket-type: BOGUS", ready("0b", b"socket-type", "00000005", b"BOGUS")
).data
READY_LOWER_VALUE = _vector(
    "3.1", "Socket-Type: push", ready("0b", b"Socket-Type", "00000004", b"push")
).data
READY_USER_ID = _vector(
    "3.1", "User-Id: admin", ready(_PUSH, "07", b"User-Id", "00000005", b"admin")
).data

#: READYs that pyzmtp refuses with MetadataError. libzmq takes those with odd names and repetitions (but
#: not the second Socket-Type), and those that end right after a name or a length.
BAD_READIES: Final = [
    _vector("3.1", "a name of zero length", ready(_PUSH, "00 00000001 61")),
    _vector("3.1", "a name with NUL", ready(_PUSH, "03 610062 00000001 61")),
    _vector("3.1", "a name with ff", ready(_PUSH, "03 61ff62 00000001 61")),
    _vector("3.1", "a name with a space", ready(_PUSH, "03 612062 00000001 61")),
    _vector("3.1", "the same property twice", ready(_PUSH, "01 58 00000001 61", "01 58 00000001 62")),
    _vector("3.1", "PUSH, then PUB", ready(_PUSH, "0b", b"Socket-Type", "00000003", b"PUB")),
    _vector("3.1", "it ends after a name", ready(_PUSH, "03", b"X-a")),
    _vector("3.1", "it ends after a length of 1", ready(_PUSH, "03", b"X-a", "00000001")),
    _vector("3.1", "it ends after a large length", ready(_PUSH, "03", b"X-a", "7fffffff")),
    _vector("3.1", "it ends after the largest length", ready(_PUSH, "03", b"X-a", "ffffffff")),
    _vector("3.1", "one trailing byte", ready(_PUSH, "03")),
    _vector("3.1", "one trailing zero", ready(_PUSH, "00")),
    _vector("3.1", "a short name", ready(_PUSH, "03", b"X-")),
    _vector("3.1", "one byte of a length", ready(_PUSH, "03", b"X-a", "00")),
    _vector("3.1", "two bytes of a length", ready(_PUSH, "03", b"X-a", "0000")),
    _vector("3.1", "three bytes of a length", ready(_PUSH, "03", b"X-a", "000000")),
    _vector("3.1", "a short value", ready(_PUSH, "03", b"X-a", "00000002 61")),
]  # fmt: skip

_DEALER = from_hex("0b 536f636b65742d54797065 00000006 4445414c4552 08 4964656e74697479")

#: Identities that RFC 37 forbids and libzmq takes.
BAD_IDENTITIES: Final = [
    _vector("3.1", "an Identity of 256 bytes", ready(_DEALER, "00000100", b"i" * 256)),
    _vector("3.1", "an Identity of 300 bytes", ready(_DEALER, "0000012c", b"i" * 300)),
    _vector("3.1", "an Identity that begins with 00", ready(_DEALER, "00000003 006162")),
    _vector("3.1", "an Identity of 00", ready(_DEALER, "00000001 00")),
]
LONGEST_IDENTITY = _vector(
    "3.1", "an Identity of 255 bytes", ready(_DEALER, "000000ff", b"i" * 255)
).data


# 3.2 ERROR

#: The frame and its reason.
ERRORS: Final = [
    (_vector("3.2", "ERROR 300", "04 0a 05 4552524f52 03 333030"), "300"),
    (_vector("3.2", "ERROR 400", "04 0a 05 4552524f52 03 343030"), "400"),
    (_vector("3.2", "ERROR 500", "04 0a 05 4552524f52 03 353030"), "500"),
    (_vector("3.2", "ERROR without a reason", "04 07 05 4552524f52 00"), ""),
    (_vector("3.2", "ERROR and extra bytes", "04 0c 05 4552524f52 03 343030 7878"), "400"),
]
ERROR_400 = ERRORS[1][0].data
BAD_ERRORS: Final = [
    _vector("3.2", "ERROR without a length", "04 06 05 4552524f52"),
    _vector("3.2", "ERROR with a short reason", "04 09 05 4552524f52 03 3430"),
]
#: libzmq's PLAIN server means ERROR.
ERROR_OF_PLAIN = _vector("3.2", "^RROR", "04 09 5e 52524f52 03 343030").data


# 3.3 JOIN and LEAVE

JOIN = _vector("3.3", "JOIN grp", "04 08 04 4a4f494e 677270").data
LEAVE = _vector("3.3", "LEAVE grp", "04 09 05 4c45415645 677270").data


# 3.4 PING and PONG

PING = _vector("3.4", "PING", "04 07 04 50494e47 0000").data
PONG = _vector("3.4", "PONG", "04 05 04 504f4e47").data
PING_TTL = _vector("3.4", "PING, to live 2.5 s", "04 07 04 50494e47 0019").data
PING_MAX_TTL = _vector("3.4", "PING, to live 6553.5 s", "04 07 04 50494e47 ffff").data
PING_CONTEXT = _vector("3.4", "PING with a context", "04 0a 04 50494e47 0000", b"ctx").data
PONG_CONTEXT = _vector("3.4", "PONG with a context", "04 08 04 504f4e47", b"ctx").data
PING_16 = _vector("3.4", "PING, context of 16", "04 17 04 50494e47 0000", b"0123456789abcdef").data
PING_17 = _vector("3.4", "PING, context of 17", "04 18 04 50494e47 0000", b"0123456789abcdefg").data
PONG_16 = _vector("3.4", "PONG, context of 16", "04 15 04 504f4e47", b"0123456789abcdef").data
THREE_PINGS = _vector("3.4", "three PINGs", PING, PING, PING).data
#: libzmq answers them with bytes of its own memory.
SHORT_PINGS: Final = [
    _vector("3.4", "PING without time to live", "04 05 04 50494e47"),
    _vector("3.4", "PING with half a time to live", "04 06 04 50494e47 00"),
]
#: What libzmq's answer to the first looked like.
LEAKED_PONG = _vector("3.4", "libzmq's leak", "04 15 04 504f4e47", b"Socket-Type\0\0\0\x04P").data
