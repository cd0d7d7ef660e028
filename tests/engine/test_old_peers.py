"""Connections to peers of ZMTP 2.0 and 1.0 (RFC 15 and 13; ZMTP.md 1.2 to 1.5)."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.states import State
from pyzmtp.errors import (
    FrameTooLarge,
    FramingError,
    HandshakeTimeout,
    IncompatibleSocketType,
    MetadataError,
    UnexpectedCommand,
    UnsupportedVersion,
)
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.wire.framing_v1 import encode_message_v1
from pyzmtp.wire.message import SharedMessage

from .. import vectors
from ..helpers import (
    PLENTY,
    chunkings,
    drive,
    joined,
    message,
    mutations,
    new_connection,
    outcome,
    pieces,
)
from ..vectors import SIGNATURE

ROUTER, PUB, XPUB, PULL = SocketType.ROUTER, SocketType.PUB, SocketType.XPUB, SocketType.PULL

#: What a DEALER of each version says before its first message: with the routing id "xyz", without one.
NAMED = {
    "2.0": SIGNATURE + b"\x01\x05" + b"\x00\x03xyz",
    "rev 0": SIGNATURE + b"\x00\x05" + b"\x04\x00xyz",
    "1.0": b"\x04\x00xyz",
    "1.0 long": b"\xff" + (4).to_bytes(8, "big") + b"\x00xyz",
}
NAMELESS = {
    "2.0": SIGNATURE + b"\x01\x05" + b"\x00\x00",
    "rev 0": SIGNATURE + b"\x00\x05" + b"\x01\x00",
    "1.0": b"\x01\x00",
    "1.0 long": b"\xff" + (1).to_bytes(8, "big") + b"\x00",
}
VERSIONS = {"2.0": (2, 0), "rev 0": (2, 0), "1.0": (1, 0), "1.0 long": (1, 0)}
every_version = pytest.mark.parametrize("version", VERSIONS)


def serving(socket_type: SocketType = ROUTER, routing_id: bytes = b"") -> Connection:
    """A connection that serves every version."""
    return new_connection(socket_type, routing_id=routing_id, min_version=(1, 0))


def framed(version: str, *frames: bytes) -> bytes:
    """A message in the framing of ``version``."""
    return message(*frames) if version == "2.0" else encode_message_v1(list(frames))


@every_version
@pytest.mark.parametrize(("said", "routing_id"), [(NAMED, b"xyz"), (NAMELESS, b"")])
def test_an_old_peer_is_ready_after_its_identity(
    version: str, said: dict[str, bytes], routing_id: bytes
) -> None:
    following = framed(version, b"", b"hello") + framed(version, b"x" * 300)
    for chunks in chunkings(said[version], following):
        connection = serving()
        assert drive(connection, chunks) == [[b"", b"hello"], [b"x" * 300]]
        peer = connection.peer
        assert peer is not None
        assert (peer.version, peer.routing_id) == (VERSIONS[version], routing_id)
        has_type = VERSIONS[version] == (2, 0)
        assert peer.socket_type is (SocketType.DEALER if has_type else None)
        assert (peer.mechanism, peer.user_id, dict(peer.metadata)) == ("NULL", None, {})
        assert not peer.reads_commands
        assert peer.sends_subscriptions is has_type


@pytest.mark.parametrize(
    ("version", "routing_id", "said"),
    [
        # 1.2 and 1.4: our type's number, then our identity
        ("2.0", b"", SIGNATURE + b"\x03\x06" + b"\x00\x00"),
        ("2.0", b"xyz", b"\xff" + (4).to_bytes(8, "big") + b"\x7f\x03\x06" + b"\x00\x03xyz"),
        ("rev 0", b"", SIGNATURE + b"\x03\x06" + b"\x01\x00"),
        ("rev 0", b"xyz", b"\xff" + (4).to_bytes(8, "big") + b"\x7f\x03\x06" + b"\x04\x00xyz"),
        # to an unversioned peer the signature is the head of the identity
        ("1.0", b"", SIGNATURE),
        ("1.0", b"srv", vectors.UNVERSIONED_SRV),
        ("1.0 long", b"srv", vectors.UNVERSIONED_SRV),
    ],
)
def test_it_hears_what_libzmq_says(version: str, routing_id: bytes, said: bytes) -> None:
    for chunks in chunkings(NAMED[version]):
        connection = serving(routing_id=routing_id)
        drive(connection, chunks)
        assert connection.data_to_send(0.0) == said


def test_the_stages_of_what_a_2_0_peer_hears() -> None:
    connection = serving(routing_id=b"id")
    said = [connection.data_to_send(0.0)]
    for byte in pieces(NAMED["2.0"], 1):
        drive(connection, [byte])
        said.append(connection.data_to_send(0.0))
    begun = b"\xff" + (3).to_bytes(8, "big") + b"\x7f"
    assert said == [begun, *[b""] * 9, b"\x03", b"\x06", b"\x00\x02id", *[b""] * 5]


@every_version
def test_messages_to_it_are_in_its_framing(version: str) -> None:
    connection = serving()
    drive(connection, [NAMED[version]])
    messages = [[b"", b"a"], [b"x" * 254], [b"x" * 255]]
    expected = b"".join(framed(version, *one) for one in messages)
    assert joined(connection.encode([*messages], PLENTY)) == (expected, 3)
    shared = SharedMessage([b"a", b"b"])
    assert shared.wire  # another peer, of 3.1, has had it
    assert joined(connection.encode([shared], PLENTY)) == (framed(version, b"a", b"b"), 1)


@every_version
def test_it_gets_no_heartbeats(version: str) -> None:
    """libzmq: never to 1.0 and 2.0, which do not know them."""
    connection = serving()
    drive(connection, [NAMED[version]])
    assert connection.next_deadline() is None


@pytest.mark.parametrize("kind", SocketType)
def test_the_number_of_each_type_is_libzmqs(kind: SocketType) -> None:
    order = [
        *("PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB"),
        *("STREAM", "SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER"),
        "CHANNEL",
    ]
    assert order[kind.number] == kind.value


# Refusals


@every_version
@pytest.mark.parametrize("minimum", [(3, 1), (3, 0), (2, 0)], ids=str)
def test_below_the_minimum_it_is_refused(version: str, minimum: tuple[int, int]) -> None:
    if VERSIONS[version] >= minimum or version == "1.0":
        return  # served, or not to be told from junk: test_connection.py
    for chunks in chunkings(NAMED[version]):
        connection = new_connection(ROUTER, min_version=minimum)
        assert drive(connection, chunks) == []
        error = connection.error
        assert isinstance(error, UnsupportedVersion)
        assert (error.version, error.minimum) == (VERSIONS[version], minimum)
        assert connection.state is State.CLOSED


class Secure(NullMechanism):
    """A mechanism that says who a peer is, or NULL with a ZAP domain: ZMTP 2.0 has no place for it."""

    def __init__(self) -> None:
        super().__init__([("Socket-Type", b"ROUTER")])
        self.min_version = (3, 0)


@pytest.mark.parametrize("version", ["2.0", "rev 0", "1.0 long"])
def test_where_security_is_set_it_is_refused_whatever_min_version_says(version: str) -> None:
    connection = new_connection(ROUTER, mechanism=Secure, min_version=(1, 0))
    assert drive(connection, [NAMED[version]]) == []
    assert isinstance(connection.error, UnsupportedVersion)
    assert connection.error.minimum == (3, 0)


@pytest.mark.parametrize("number", [0, 1, 2, 7, 8, 9, 10])
def test_a_type_of_2_0_that_cannot_talk_to_ours_is_refused(number: int) -> None:
    """RFC 15: SHOULD; libzmq never looks."""
    connection = serving()
    drive(connection, [SIGNATURE + bytes((1, number)) + b"\x00\x00"])
    assert isinstance(connection.error, IncompatibleSocketType)


def test_a_number_that_is_no_type_is_served() -> None:
    """1.4: a ROUTER of libzmq talks to type 200."""
    connection = serving()
    drive(connection, [SIGNATURE + b"\x01\xc8\x00\x00"])
    assert connection.peer is not None
    assert connection.peer.socket_type is None


@every_version
def test_an_identity_may_not_begin_with_a_zero_byte_at_a_router(version: str) -> None:
    said = NAMED[version].replace(b"xyz", b"\0yz")
    connection = serving()
    drive(connection, [said])
    assert isinstance(connection.error, MetadataError)
    if version == "1.0":
        pull = serving(PULL)  # has no use for it
        drive(pull, [said])
        assert pull.peer is not None


@every_version
@pytest.mark.parametrize("size", [256, 10**6])
def test_an_identity_has_255_bytes_at_most_and_is_refused_at_its_head(
    version: str, size: int
) -> None:
    beginning = NAMED[version].partition(b"xyz")[0]
    fitting, long = framed(version, b"i" * 255), framed(version, b"i" * size)
    at = len(beginning) - {"2.0": 2, "rev 0": 2, "1.0": 2, "1.0 long": 10}[version]
    served, refused = serving(), serving()
    drive(served, [beginning[:at] + fitting])
    assert served.peer is not None
    assert served.peer.routing_id == b"i" * 255
    drive(refused, [beginning[:at] + long[:12]])
    assert isinstance(refused.error, FrameTooLarge)


def test_an_identity_is_one_frame() -> None:
    connection = serving()
    drive(connection, [SIGNATURE + b"\x01\x05" + message(b"xyz", b"more")])
    assert isinstance(connection.error, FramingError)


@pytest.mark.parametrize("command", [vectors.EMPTY_COMMAND, vectors.PING], ids=len)
def test_there_are_no_commands_in_the_place_of_an_identity(command: bytes) -> None:
    connection = serving()
    drive(connection, [SIGNATURE + b"\x01\x05" + command])
    assert connection.error is not None
    assert connection.peer is None


@pytest.mark.parametrize("command", [vectors.PING, vectors.SUBSCRIBE_AB, vectors.UNKNOWN], ids=len)
def test_2_0_has_no_commands(command: bytes) -> None:
    """RFC 15: the bit is reserved; libzmq takes them all the same."""
    connection = serving(XPUB)
    said = SIGNATURE + b"\x01\x02\x00\x00" + vectors.MESSAGE_AB + command
    assert drive(connection, [said]) == [[b"\x01AB"]]
    assert isinstance(connection.error, UnexpectedCommand)


def test_the_limits_of_messages_hold() -> None:
    for version in VERSIONS:
        connection = new_connection(
            ROUTER, min_version=(1, 0), max_message_size=300, max_message_parts=2
        )
        drive(connection, [NAMED[version] + framed(version, b"x" * 300)])
        assert connection.error is None
        drive(connection, [framed(version, b"x" * 301)])
        assert isinstance(connection.error, FrameTooLarge)


def test_who_sends_no_identity_runs_into_the_timeout() -> None:
    connection = new_connection(ROUTER, handshake_timeout=5)
    drive(connection, [SIGNATURE + b"\x01\x05"])
    assert connection.next_deadline() == 5
    connection.handle_timer(5)
    assert isinstance(connection.error, HandshakeTimeout)


# Any bytes at all


@given(st.data())
@hypothesis.settings(max_examples=300, deadline=None)
def test_mutated_sessions_never_raise_and_give_the_same_however_they_are_cut(
    data: st.DataObject,
) -> None:
    version = data.draw(st.sampled_from(list(VERSIONS)))
    bodies = st.lists(st.binary(max_size=300), min_size=1, max_size=3)
    session = NAMED[version] + b"".join(
        framed(version, *frames) for frames in data.draw(st.lists(bodies, max_size=4))
    )
    mutated = data.draw(mutations(session))
    socket_type = data.draw(st.sampled_from([ROUTER, XPUB]))
    whole = outcome(serving(socket_type), [mutated])
    for size in (1, 2, 7, 64):
        for limit in (1, PLENTY):
            assert outcome(serving(socket_type), pieces(mutated, size), limit) == whole
