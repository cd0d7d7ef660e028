"""pyzmtp.cli.trace.opening: greetings of all versions, seen from between the two sides."""

from __future__ import annotations

import pytest

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import Command, Greeting, Identity, Message, Undecoded
from pyzmtp.constants import SocketType
from tests import vectors
from tests.cli.trace.helpers import C, Part, T, decode, handshake, last, problems
from tests.helpers import greeting, message, ready

#: The first ten bytes that libzmq sends, and the eleventh (ZMTP.md 1.2).
SIGNATURE = vectors.SIGNATURE
THREE = b"\x03"


def test_a_greeting_of_zmtp_3_1() -> None:
    [seen] = decode([(C, vectors.GREETING)])
    assert seen.side is C
    assert seen.said == Greeting(
        version=(3, 1),
        mechanism="NULL",
        as_server=False,
        wire=Preview(64, vectors.GREETING[:16]),
    )


@pytest.mark.parametrize("version", vectors.VERSIONS, ids=str)
def test_any_version_from_3_0_on_is_told_as_it_is(version: tuple[int, int]) -> None:
    [seen] = decode([(T, vectors.VERSIONS[version])])
    assert isinstance(seen.said, Greeting)
    assert (seen.said.version, seen.problems) == (version, [])


def test_it_is_told_when_it_is_whole() -> None:
    assert decode([(C, vectors.GREETING[:63])]) == []
    assert len(decode([(C, vectors.GREETING[:63]), (C, vectors.GREETING[63:])])) == 1


@pytest.mark.parametrize("mechanism", [b"PLAIN", b"CURVE", b"GSSAPI", b"X-1_2.3+4"])
def test_mechanisms(mechanism: bytes) -> None:
    [seen] = decode([(C, greeting(mechanism))])
    assert isinstance(seen.said, Greeting)
    assert (seen.said.mechanism, seen.problems) == (mechanism.decode(), [])


@pytest.mark.parametrize(
    ("offset", "byte", "problem"),
    [
        (9, 0x01, "the signature ends with 0x01, not with 0x7f"),
        (12, 0x6E, "the mechanism b'nULL' is against the grammar"),
        (17, 0x58, "the mechanism b'NULL\\x00X' is against the grammar"),
        (32, 0x02, "as-server is 0x02, not 0 or 1"),
        (32, 0x01, "as-server is set under NULL"),
        (33, 0x01, "the filler is not zero"),
        (63, 0xEE, "the filler is not zero"),
    ],
)
def test_what_is_against_the_grammar(offset: int, byte: int, problem: str) -> None:
    data = bytearray(vectors.GREETING)
    data[offset] = byte
    seen = last([(C, bytes(data))])
    assert seen.problems == [problem]
    assert seen.said.faults[0].rule.startswith("RFC 37")
    # It is told, and what follows is read all the same.
    said = last([(C, bytes(data) + ready("PUSH"))]).said
    assert isinstance(said, Command)
    assert said.name == "READY"


def test_no_mechanism() -> None:
    assert problems([(C, greeting(b""))]) == ["the mechanism b'' is against the grammar"]


def test_as_server_is_told() -> None:
    data = bytearray(greeting(b"PLAIN"))
    data[32] = 1
    seen = last([(C, bytes(data))])
    assert isinstance(seen.said, Greeting)
    assert (seen.said.as_server, seen.problems) == (True, [])


def test_mechanisms_that_differ() -> None:
    one, other = decode([(C, greeting(b"PLAIN")), (T, greeting(b"CURVE"))])
    assert one.problems == []
    assert other.problems == ["the mechanisms differ: CURVE, and PLAIN"]
    assert other.said.faults[0].rule == 'RFC 37, "Authentication and Confidentiality"'


# ZMTP 2.0 (ZMTP.md 1.2 to 1.4)

#: A DEALER of ZMTP 2.0 with the id "xyz", and a libzmq 4 that speaks down to it, a ROUTER without id.
DOWN_TO_2: list[Part] = [
    (C, SIGNATURE),
    (T, SIGNATURE + THREE),
    (C, b"\x01\x05" + b"\x00\x03xyz"),
    (T, b"\x06" + b"\x00\x00"),
    (C, message(b"", b"question")),
    (T, message(b"", b"answer")),
]


def test_who_speaks_down_to_zmtp_2_ends_its_greeting_after_12_bytes() -> None:
    for size in (None, 1, 5):
        seen = decode(DOWN_TO_2, size)
        assert [(each.side, type(each.said)) for each in seen] == [
            (C, Greeting),
            (C, Identity),
            (T, Greeting),
            (T, Identity),
            (C, Message),
            (T, Message),
        ]
        dealer, identity, router, nobody = (each.said for each in seen[:4])
        assert isinstance(dealer, Greeting)
        assert isinstance(router, Greeting)
        assert isinstance(identity, Identity)
        assert isinstance(nobody, Identity)
        assert (dealer.version, dealer.socket_type) == ((2, 0), "DEALER")
        assert (router.version, router.socket_type) == ((2, 0), "ROUTER")
        assert (identity.identity, nobody.identity) == (Preview(3, b"xyz"), Preview(0, b""))
        assert [each.socket_type for each in seen[:4]] == [SocketType.DEALER] * 2 + [
            SocketType.ROUTER
        ] * 2
        assert problems(DOWN_TO_2) == []


def test_two_of_zmtp_2() -> None:
    parts = [(C, SIGNATURE + b"\x01\x08\x00\x00"), (T, SIGNATURE + b"\x01\x07\x00\x00")]
    assert [type(each.said) for each in decode(parts)] == [Greeting, Identity] * 2
    assert problems(parts) == []


def test_revision_0_has_frames_of_zmtp_1() -> None:
    parts = [
        (C, SIGNATURE),
        (T, SIGNATURE + THREE),
        (C, b"\x00\x02" + b"\x01\x00"),
        (T, b"\x01" + b"\x01\x00"),
        (C, b"\x04\x00\x01AB"),
        (T, b"\x04\x00ABC"),
    ]
    assert problems(parts) == []
    subscription, published = decode(parts)[-2:]
    assert (subscription.said.kind, subscription.socket_type) == ("command", SocketType.SUB)
    assert isinstance(published.said, Message)
    assert published.said.frames[0].body == Preview(3, b"ABC")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (b"\x01\x05", b"\x06", []),
        (b"\x01\x08", b"\x01", ["a PUB socket cannot talk to a PUSH socket"]),
        (b"\x01\xc8", b"\x06", ["the socket type 200 is unknown"]),
    ],
)
def test_socket_types_of_zmtp_2(one: bytes, other: bytes, expected: list[str]) -> None:
    parts = [(C, SIGNATURE + one), (T, SIGNATURE + THREE + other)]
    assert problems(parts) == expected


@pytest.mark.parametrize(
    ("identity", "problem"),
    [
        (b"\x00\x02\x00x", "the identity begins with a zero byte"),
        (b"\x01\x01x", "an identity with flags"),
        (b"\x02" + (256).to_bytes(8, "big") + b"x" * 256, "an identity of 256 bytes"),
    ],
)
def test_identities_of_zmtp_2(identity: bytes, problem: str) -> None:
    parts = [(C, SIGNATURE + b"\x01\x05" + identity), (T, SIGNATURE + b"\x01\x06\x00\x00")]
    assert problems(parts) == [problem]


def test_a_command_in_zmtp_2() -> None:
    join = vectors.JOIN
    parts = [(C, SIGNATURE + b"\x01\x05\x00\x00" + join), (T, SIGNATURE + b"\x01\x06\x00\x00")]
    assert "a command in ZMTP 2.0" in problems(parts)


# ZMTP 1.0


def test_who_meets_zmtp_1_has_sent_the_head_of_an_identity() -> None:
    """The ROUTER "srv" of ZMTP.md 1.4, and a peer "abc"."""
    srv = vectors.UNVERSIONED_SRV
    parts = [
        (T, srv[:10]),
        (C, vectors.UNVERSIONED_SHORT),
        (T, srv[10:]),
        (C, b"\x01\x01\x06\x00hello"),
        (T, b"\x03\x01hi\x01\x00"),
    ]
    for size in (None, 1, 4):
        seen = decode(parts, size)
        assert [(each.side, type(each.said)) for each in seen] == [
            (C, Identity),
            (T, Identity),
            (C, Message),
            (T, Message),
        ]
        one, other = seen[0].said, seen[1].said
        assert isinstance(one, Identity)
        assert isinstance(other, Identity)
        assert (one.version, one.identity) == ((1, 0), Preview(3, b"abc"))
        assert (other.version, other.identity) == ((1, 0), Preview(3, b"srv"))
        assert problems(parts) == []


def test_a_signature_is_a_whole_identity_where_there_is_no_id() -> None:
    seen = decode([(T, SIGNATURE), (C, vectors.UNVERSIONED_NO_ID)])
    assert [(each.side, type(each.said)) for each in seen] == [(C, Identity), (T, Identity)]


def test_the_long_form_of_an_identity() -> None:
    long_form = vectors.OLD_PEERS[-1][1].data
    [seen] = decode([(C, long_form)])
    assert isinstance(seen.said, Identity)
    assert seen.said.identity == Preview(3, b"abc")


@pytest.mark.parametrize(
    ("data", "identity"), [(b"\x01\x7e", b""), (b"\x08\x7eold one", b"old one")]
)
def test_the_identity_of_libzmq_2_1(data: bytes, identity: bytes) -> None:
    """As 2.1.11 sends it, without a routing id and with one."""
    seen = decode([(C, data + b"\x02\x7fx\x02\x7ey")])  # its messages have such flags too
    assert [type(each.said) for each in seen] == [Identity, Message]
    assert seen[1].problems == []
    assert seen[0].said == Identity(
        version=(1, 0), identity=Preview(len(identity), identity), wire=Preview(len(data), data)
    )


# What is no ZMTP

JUNK = [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "b'GET / HTTP'"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", repr(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03")),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "b'SSH-2.0-Op'"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "beginning"), JUNK)
def test_what_is_no_zmtp(data: bytes, beginning: str) -> None:
    [seen] = decode([(C, data), (C, data)])
    assert isinstance(seen.said, Undecoded)
    assert seen.problems == [f"no ZMTP: it begins with {beginning}"]
    [seen] = decode([(C, data)], size=1)
    assert seen.problems == [f"no ZMTP: it begins with {data[:2]!r}"]


def test_what_libzmq_says_to_it_is_zmtp_1() -> None:
    """An HTTP client at a PUB was sent what was published (ZMTP.md 1.6)."""
    parts = [(T, SIGNATURE), (C, JUNK[0][0]), (T, b"\x0c\x00SECRET.....")]
    assert [(each.side, type(each.said)) for each in decode(parts)] == [
        (C, Undecoded),
        (T, Identity),
        (T, Message),
    ]


def test_a_frame_of_length_0_is_no_beginning() -> None:
    [seen] = decode([(C, b"\x00\x00")])
    assert isinstance(seen.said, Undecoded)
    assert seen.said.faults[0].rule == 'RFC 13, "The Framing Layer"'


def test_both_may_say_everything_at_once() -> None:
    """RFC 37: a peer that does not speak down sends its whole greeting immediately."""
    parts = [(C, greeting() + ready("PUSH")), (T, greeting() + ready("PULL"))]
    assert problems(parts) == []
    assert len(decode(parts)) == len(handshake("PUSH", "PULL"))
