"""One connection from the greeting to its end, against bytes of libzmq (ZMTP.md 1 to 3, 10)."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.authentication import Refusal, Verdict
from pyzmtp.constants import SocketType
from pyzmtp.engine.connection import Connection
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.engine.states import State
from pyzmtp.errors import (
    AuthenticationFailed,
    CommandError,
    FrameTooLarge,
    FramingError,
    HandshakeTimeout,
    IncompatibleSocketType,
    MechanismMismatch,
    MetadataError,
    NotZMTP,
    PeerRefused,
    ProtocolError,
    RoutingIdInUse,
    UnexpectedCommand,
    UnsupportedVersion,
)
from pyzmtp.mechanisms.base import Cipher
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.wire.message import Outgoing, SharedMessage
from pyzmtp.wire.subscription import subscription_command

from .. import vectors
from ..helpers import (
    PLENTY,
    chunked,
    chunkings,
    command,
    drive,
    frames,
    greeting,
    joined,
    message,
    mutations,
    new_connection,
    outcome,
    pieces,
    properties,
    ready,
    splits,
)
from ..vectors import GREETING, TRACE_C, TRACE_S, Vector

PULL, ROUTER, XPUB = SocketType.PULL, SocketType.ROUTER, SocketType.XPUB
HELLO = message(b"hello")


# Empty, with an empty name (RFC 37: 1 to 255 bytes), and with a name that is cut short.
MALFORMED = [vectors.EMPTY_COMMAND, b"\x04\x01\x00", vectors.NAME_TOO_LONG]


def null(socket_type: str, identity: bytes | None = None) -> NullMechanism:
    own = [("Socket-Type", socket_type.encode())]
    if identity is not None:
        own.append(("Identity", identity))
    return NullMechanism(own)


def established(
    socket_type: SocketType = ROUTER,
    peer: bytes | None = None,
    *,
    max_message_size: int = 0,
    max_message_parts: int = 0,
) -> Connection:
    """A connection whose handshake is done and whose output was read."""
    theirs = {ROUTER: "DEALER", PULL: "PUSH"}.get(socket_type, "")
    connection = new_connection(
        socket_type, max_message_size=max_message_size, max_message_parts=max_message_parts
    )
    drive(connection, [GREETING + (ready(theirs) if peer is None else peer)])
    assert connection.state is State.READY
    connection.data_to_send(0.0)
    return connection


def errors_sent(output: bytes) -> list[bytes]:
    """The reasons of the ERRORs behind our greeting and READY."""
    found = output.split(b"\x05ERROR")[1:]
    return [data[1 : 1 + data[0]] for data in found]


# The greeting in its stages (1.2)


def test_a_router_says_what_libzmqs_said_in_the_same_stages() -> None:
    connection = new_connection(ROUTER)
    said = connection.data_to_send(0.0)
    for byte in pieces(TRACE_C[0], 1):
        assert said == TRACE_S[0][:10]
        drive(connection, [byte])
        said += connection.data_to_send(0.0)
    assert said == TRACE_S[0]  # the tenth byte brings the version
    drive(connection, [TRACE_C[1][:1]])
    assert connection.data_to_send(0.0) == TRACE_S[1][:53]  # the eleventh brings the rest
    drive(connection, [TRACE_C[1][1:-1]])
    assert connection.data_to_send(0.0) == b""
    drive(connection, [TRACE_C[1][-1:]])
    assert connection.data_to_send(0.0) == TRACE_S[1][53:]  # the last brings READY
    assert connection.peer is None
    assert drive(connection, [TRACE_C[2]]) == [[b"", b"hi"]]
    assert connection.state is State.READY
    assert joined(connection.encode([[b"", b"yo"]], PLENTY)) == (TRACE_S[2], 1)
    assert connection.data_to_send(0.0) == b""
    peer = connection.peer
    assert peer is not None
    assert (peer.socket_type, peer.routing_id) == (SocketType.DEALER, b"cli")


def test_a_dealer_says_what_libzmqs_said_in_the_same_stages() -> None:
    connection = new_connection(
        SocketType.DEALER, mechanism=lambda: null("DEALER", b"cli"), routing_id=b"cli"
    )
    assert connection.data_to_send(0.0) == TRACE_C[0]
    drive(connection, [TRACE_S[0]])
    assert connection.data_to_send(0.0) == TRACE_C[1]
    drive(connection, [TRACE_S[1]])
    assert connection.data_to_send(0.0) == TRACE_C[2][:-6]
    assert joined(connection.encode([[b"", b"hi"]], PLENTY)) == (TRACE_C[2][-6:], 1)
    assert drive(connection, [TRACE_S[2]]) == [[b"", b"yo"]]
    peer = connection.peer
    assert peer is not None
    assert (peer.socket_type, peer.routing_id) == (SocketType.ROUTER, b"")


@pytest.mark.parametrize("vector", vectors.GREETINGS, ids=str)
def test_a_session_is_the_same_however_it_is_cut(vector: Vector) -> None:
    data = vector.data + vectors.READY_DEALER_ABC
    following = HELLO + vectors.PING + message(b"a", b"b")
    for chunks in chunkings(data, following):
        connection = new_connection(ROUTER)
        assert drive(connection, chunks) == [[b"hello"], [b"a", b"b"]]
        assert connection.data_to_send(0.0) == TRACE_S[0] + TRACE_S[1] + vectors.PONG
        assert connection.error is None
        assert connection.peer is not None
        assert connection.peer.routing_id == b"abc"


def test_messages_may_be_glued_to_ready_at_every_byte() -> None:
    data = GREETING + vectors.READY_DEALER + HELLO + vectors.PING + message(b"a", b"b")
    for chunks in splits(data):
        connection = new_connection(ROUTER)
        assert drive(connection, chunks) == [[b"hello"], [b"a", b"b"]]
        assert connection.data_to_send(0.0) == TRACE_S[0] + TRACE_S[1] + vectors.PONG


def test_two_connections_of_ours_greet_each_other_byte_by_byte_without_a_deadlock() -> None:
    one, two = new_connection(ROUTER), new_connection(SocketType.DEALER)
    for _ in range(4):
        for source, sink in ((one, two), (two, one)):
            drive(sink, pieces(source.data_to_send(0.0), 1))
    assert one.state is two.state is State.READY


@pytest.mark.parametrize(("version", "data"), vectors.VERSIONS.items(), ids=str)
def test_all_versions_from_revision_2_on_are_served(version: tuple[int, int], data: bytes) -> None:
    for chunks in chunkings(data, vectors.READY_DEALER + HELLO):
        connection = new_connection(ROUTER)
        assert drive(connection, chunks) == [[b"hello"]]
        assert connection.data_to_send(0.0) == TRACE_S[0] + TRACE_S[1]
        assert connection.peer is not None
        assert connection.peer.version == ((3, 0) if version == (3, 0) else (3, 1))


# Greetings that are refused (1.4, 1.6)


@pytest.mark.parametrize("vector", vectors.JUNK, ids=str)
def test_junk_gets_ten_bytes_and_nothing_more(vector: Vector) -> None:
    """To libzmq most of it is a ZMTP 1.0 peer, which a PUB then tells everything."""
    for chunks in chunkings(vector.data):
        connection = new_connection(SocketType.PUB)
        assert drive(connection, chunks) == []
        assert isinstance(connection.error, NotZMTP)
        assert connection.state is State.CLOSED
        assert connection.data_to_send(0.0) == vectors.SIGNATURE


def test_a_3_0_peer_is_refused_where_the_minimum_is_3_1() -> None:
    connection = new_connection(ROUTER, min_version=(3, 1))
    drive(connection, [vectors.VERSIONS[3, 0] + vectors.READY_DEALER])
    assert isinstance(connection.error, UnsupportedVersion)
    assert connection.error.version == (3, 0)


@pytest.mark.parametrize("vector", vectors.OTHER_MECHANISMS, ids=str)
def test_another_mechanism_is_refused_after_our_whole_greeting(vector: Vector) -> None:
    """RFC 37: who reads a whole greeting MUST send one; libzmq may forget it."""
    for chunks in chunkings(vector.data, vectors.READY_DEALER):
        connection = new_connection(ROUTER)
        assert drive(connection, chunks) == []
        error = connection.error
        assert isinstance(error, MechanismMismatch)
        assert error.ours == "NULL"
        assert error.theirs.encode() == vector.data[12:32].rstrip(b"\0")
        assert connection.data_to_send(0.0) == GREETING


def test_a_mechanism_of_any_bytes_is_named_in_ascii() -> None:
    connection = new_connection(ROUTER)
    drive(connection, [GREETING[:12] + b"\xff" * 20 + GREETING[32:]])
    assert isinstance(connection.error, MechanismMismatch)
    assert connection.error.theirs.isascii()


# READY (3.1)


def refusal(
    chunks: list[bytes], socket_type: SocketType = PULL
) -> tuple[ProtocolError, list[bytes]]:
    """The error in which ``chunks`` end before anything was delivered, and the ERRORs we sent."""
    connection = new_connection(socket_type)
    assert drive(connection, chunks) == []
    assert connection.state is State.CLOSED
    assert connection.peer is None
    assert connection.error is not None
    return connection.error, errors_sent(connection.data_to_send(0.0))


@pytest.mark.parametrize("vector", vectors.BAD_READIES, ids=str)
def test_a_bad_ready_is_answered_with_an_error_and_refused(vector: Vector) -> None:
    """libzmq takes many of them, and says nothing where it does not."""
    for chunks in chunkings(GREETING + vector.data, HELLO):
        error, sent = refusal(chunks)
        assert isinstance(error, MetadataError)
        assert sent == [b"MetadataError"]


@pytest.mark.parametrize("vector", vectors.BAD_IDENTITIES, ids=str)
def test_an_identity_that_rfc_37_forbids_is_refused_by_a_router(vector: Vector) -> None:
    for chunks in chunkings(GREETING + vector.data, HELLO):
        error, sent = refusal(chunks, ROUTER)
        assert isinstance(error, MetadataError)
        assert sent == [b"MetadataError"]


@pytest.mark.parametrize("vector", vectors.BAD_IDENTITIES, ids=str)
@pytest.mark.parametrize("socket_type", [SocketType.REP, SocketType.DEALER], ids=str)
def test_an_identity_is_nothing_to_the_other_types(socket_type: SocketType, vector: Vector) -> None:
    """RFC 37: they shall ignore it."""
    for chunks in chunkings(GREETING + vector.data, HELLO):
        connection = new_connection(socket_type)
        assert drive(connection, chunks) == [[b"hello"]]
        assert connection.error is None


def test_an_identity_may_have_255_bytes() -> None:
    connection = established(ROUTER, vectors.LONGEST_IDENTITY)
    assert connection.peer is not None
    assert connection.peer.routing_id == b"i" * 255


@pytest.mark.parametrize(
    ("data", "error_type"),
    [
        (vectors.READY_FLAGS_00, UnexpectedCommand),  # a message before READY
        (vectors.READY_FLAGS_05, FramingError),
        (vectors.READY_FLAGS_FC, FramingError),
    ],
)
def test_ready_must_have_the_flags_of_a_command(
    data: bytes, error_type: type[ProtocolError]
) -> None:
    """libzmq looks at the body alone. RFC 37: it is a command."""
    for chunks in chunkings(GREETING + data, HELLO):
        error, _ = refusal(chunks)
        assert type(error) is error_type


@pytest.mark.parametrize(
    "data",
    [vectors.READY_LOWER_CASE, vectors.PING, vectors.SUBSCRIBE_AB, vectors.UNKNOWN, vectors.PONG],
)
def test_any_command_but_ready_ends_the_handshake(data: bytes) -> None:
    for chunks in chunkings(GREETING + data, vectors.READY_PUSH + HELLO):
        error, sent = refusal(chunks)
        assert type(error) is UnexpectedCommand
        assert error.libzmq_code == 0x10000001
        assert sent == [b"UnexpectedCommand"]


@pytest.mark.parametrize("data", MALFORMED)
def test_a_malformed_command_ends_the_handshake(data: bytes) -> None:
    for chunks in chunkings(GREETING + data, vectors.READY_PUSH):
        error, _ = refusal(chunks)
        assert type(error) is CommandError


def test_a_message_before_ready_ends_the_handshake() -> None:
    for chunks in chunkings(GREETING + HELLO, vectors.READY_PUSH):
        error, _ = refusal(chunks)
        assert type(error) is UnexpectedCommand


@pytest.mark.parametrize(
    ("data", "expected"),
    [(vectors.READY_NOTHING, {}), (vectors.READY_WITHOUT_TYPE, {"X-a": b"b"})],
)
def test_a_ready_may_say_nothing_of_the_socket_type(
    data: bytes, expected: dict[str, bytes]
) -> None:
    for socket_type in SocketType:
        connection = established(socket_type, data)
        assert connection.peer is not None
        assert connection.peer.socket_type is None
        assert connection.peer.metadata == expected


@pytest.mark.parametrize("name", [b"Socket-Type", b"socket-type", b"SOCKET-TYPE", b"sOCKET-tYPE"])
def test_socket_type_and_identity_are_known_in_any_case(name: bytes) -> None:
    """libzmq compares exactly; RFC 37: the case is not significant."""
    identity = b"iDENTITY" if name.islower() else b"identity"
    data = command(b"READY", properties([(name, b"DEALER"), (identity, b"abc")]))
    connection = established(ROUTER, data)
    assert connection.peer is not None
    assert connection.peer.socket_type is SocketType.DEALER
    assert connection.peer.routing_id == b"abc"
    assert connection.peer.metadata == {}


@pytest.mark.parametrize(
    ("data", "theirs"),
    [
        (vectors.READY_LOWER_NAME, "BOGUS"),  # libzmq does not know the name, and accepts it
        (vectors.READY_LOWER_VALUE, "push"),
        (ready("STREAM"), "STREAM"),
        (ready("PUSH\0"), "PUSH\0"),
        (ready(""), ""),
    ],
)
def test_an_unknown_socket_type_is_refused(data: bytes, theirs: str) -> None:
    for chunks in chunkings(GREETING + data, HELLO):
        error, sent = refusal(chunks)
        assert isinstance(error, IncompatibleSocketType)
        assert (error.ours, error.theirs) == (PULL, theirs)
        assert sent == [b"IncompatibleSocketType"]


def test_a_socket_type_of_any_bytes_is_named_in_ascii() -> None:
    for value in (b"\xff\xfe", b"x" * 8000):
        data = command(b"READY", properties([(b"Socket-Type", value)]))
        error, [reason] = refusal([GREETING + data])
        assert isinstance(error, IncompatibleSocketType)
        assert error.theirs.isascii()
        assert reason == b"IncompatibleSocketType"


# ZMTP.md 3.1: what is enforced by both sides, captured for the types up to STREAM.
COMPATIBLE = {
    "PAIR": {"PAIR"},
    "PUB": {"SUB", "XSUB"},
    "SUB": {"PUB", "XPUB"},
    "REQ": {"REP", "ROUTER"},
    "REP": {"REQ", "DEALER"},
    "DEALER": {"REP", "DEALER", "ROUTER"},
    "ROUTER": {"REQ", "DEALER", "ROUTER"},
    "PULL": {"PUSH"},
    "PUSH": {"PULL"},
    "XPUB": {"SUB", "XSUB"},
    "XSUB": {"PUB", "XPUB"},
    "STREAM": set(),
    "SERVER": {"CLIENT"},
    "CLIENT": {"SERVER"},
    "GATHER": {"SCATTER"},
    "SCATTER": {"GATHER"},
    "PEER": {"PEER"},
    "CHANNEL": {"CHANNEL"},
    "RADIO": {"DISH"},
    "DISH": {"RADIO"},
    "DGRAM": set(),
}


@pytest.mark.parametrize("theirs", COMPATIBLE)
@pytest.mark.parametrize("ours", COMPATIBLE)
def test_socket_types_talk_to_those_of_the_table_and_to_no_others(ours: str, theirs: str) -> None:
    connection = new_connection(SocketType(ours))
    drive(connection, [GREETING + ready(theirs)])
    if theirs in COMPATIBLE[ours]:
        assert connection.error is None
        assert connection.peer is not None
        assert connection.peer.socket_type is SocketType(theirs)
        assert errors_sent(connection.data_to_send(0.0)) == []
    else:
        error = connection.error
        assert isinstance(error, IncompatibleSocketType)
        assert (error.ours, error.theirs) == (SocketType(ours), theirs)
        # RFC 37: a mismatch SHOULD be answered with an ERROR. libzmq just closes.
        assert errors_sent(connection.data_to_send(0.0)) == [b"IncompatibleSocketType"]


def test_the_table_of_types_is_whole() -> None:
    assert set(COMPATIBLE) == {socket_type.value for socket_type in SocketType}


def test_a_peer_cannot_say_who_it_is_by_names_that_only_we_may_use() -> None:
    """A libzmq application reads a peer's own User-Id back as the authenticated one."""
    claimed = [(name, b"admin") for name in (b"User-Id", b"Peer-Address", b"__fd", b"__")]
    connection = established(PULL, ready("PUSH", *claimed, (b"X-Name", b"me")))
    peer = connection.peer
    assert peer is not None
    assert peer.user_id is None
    assert peer.metadata == {"X-Name": b"me"}
    connection = established(PULL, ready("PUSH", (b"USER-ID", b"x"), (b"peer-address", b"y")))
    assert connection.peer is not None
    assert connection.peer.metadata == {}
    assert established(PULL, vectors.READY_USER_ID).peer is not None


def test_other_properties_keep_their_spelling() -> None:
    connection = established(PULL, vectors.READY_UNKNOWN_PROPERTY)
    assert connection.peer is not None
    assert connection.peer.metadata == {"Resource": b"a/b"}


def test_a_peer_knows_where_it_came_from() -> None:
    settings = ConnectionSettings(PULL, lambda: null("PULL"))
    connection = Connection(settings, 0.0, "tcp://*:5555", "127.0.0.1:40123", incoming=True)
    assert connection.peer is None
    drive(connection, [GREETING + vectors.READY_PUSH])
    peer = connection.peer
    assert peer is not None
    assert (peer.address, peer.peer_address) == ("tcp://*:5555", "127.0.0.1:40123")
    assert peer.incoming
    assert (peer.version, peer.mechanism, peer.socket_type) == ((3, 1), "NULL", SocketType.PUSH)
    assert (peer.routing_id, peer.user_id, peer.metadata) == (b"", None, {})


# ERROR (3.2)


@pytest.mark.parametrize(
    ("vector", "reason"), vectors.ERRORS, ids=[str(vector) for vector, _ in vectors.ERRORS]
)
def test_an_error_from_the_peer_ends_the_handshake_without_an_answer(
    vector: Vector, reason: str
) -> None:
    for chunks in chunkings(GREETING + vector.data, vectors.READY_PUSH + HELLO):
        error, sent = refusal(chunks)
        if reason:
            assert isinstance(error, AuthenticationFailed)
            assert str(error.status) == reason
        else:
            assert isinstance(error, PeerRefused)
            assert error.reason == reason
        assert sent == []


def test_libzmqs_other_spelling_of_error_is_understood() -> None:
    for chunks in chunkings(GREETING + vectors.ERROR_OF_PLAIN, vectors.READY_PUSH + HELLO):
        error, sent = refusal(chunks)
        assert isinstance(error, AuthenticationFailed)
        assert error.status == 400
        assert sent == []


@pytest.mark.parametrize("vector", vectors.BAD_ERRORS, ids=str)
def test_a_malformed_error_ends_the_handshake_too(vector: Vector) -> None:
    for chunks in chunkings(GREETING + vector.data):
        error, _ = refusal(chunks)
        assert isinstance(error, CommandError)
        assert error.command == "ERROR"


# Mechanisms of several steps


class Steps:
    """A mechanism like PLAIN's server: HELLO, WELCOME, INITIATE, READY."""

    name = b"STEPS"
    as_server = True
    min_version = (3, 0)
    max_command: int | None = None

    def __init__(self) -> None:
        self.expected = "HELLO"
        self.question: tuple[bytes, ...] | None = None
        self.done = False
        self.peer_properties: dict[str, bytes] | None = None
        self.cipher: Cipher | None = None

    def start(self) -> bytes:
        return b""

    def receive(self, name: bytes, data: bytes) -> bytes:
        if name.decode() != self.expected:
            raise UnexpectedCommand(name.decode(), self.expected)
        if name == b"HELLO":
            self.expected = "INITIATE"
            self.question = (data,)
            return b""
        self.peer_properties = {"Socket-Type": data, "User-Id": b"root"}
        self.done = True
        return command(b"READY")

    def answer(self, verdict: Verdict) -> bytes:
        self.question = None
        return command(b"WELCOME")

    def wipe(self) -> None:
        pass


STEPS_GREETING = greeting(b"STEPS")


def test_a_mechanism_may_take_several_steps_and_prove_who_the_peer_is() -> None:
    data = STEPS_GREETING + command(b"HELLO", b"admin") + command(b"INITIATE", b"DEALER")
    for chunks in chunkings(data, HELLO + vectors.PING):
        connection = new_connection(ROUTER, mechanism=Steps)
        assert drive(connection, chunks) == [[b"hello"]]
        peer = connection.peer
        assert peer is not None
        assert (peer.mechanism, peer.user_id, peer.metadata) == ("STEPS", "admin", {})
        own = STEPS_GREETING[:32] + b"\x01" + STEPS_GREETING[33:]
        answers = command(b"WELCOME") + command(b"READY") + vectors.PONG
        assert connection.data_to_send(0.0) == own + answers


@pytest.mark.parametrize(
    ("data", "error_type"),
    [
        (command(b"INITIATE", b"DEALER"), UnexpectedCommand),
        (command(b"HELLO") + command(b"HELLO"), UnexpectedCommand),
        (command(b"HELLO") + HELLO, UnexpectedCommand),
        (command(b"HELLO") + vectors.ERROR_400, PeerRefused),
        (command(b"HELLO") + vectors.RESERVED_BITS, FramingError),
        (command(b"HELLO") + command(b"INITIATE", b"PUSH"), IncompatibleSocketType),
    ],
)
def test_every_step_can_end_the_handshake(data: bytes, error_type: type[ProtocolError]) -> None:
    for chunks in chunkings(STEPS_GREETING + data, HELLO):
        connection = new_connection(ROUTER, mechanism=Steps)
        assert drive(connection, chunks) == []
        assert type(connection.error) is error_type
        assert connection.peer is None


@pytest.mark.parametrize("behind", [vectors.READY_PUSH, vectors.RESERVED_BITS])
def test_whoever_asks_at_once_is_heard_before_what_follows_the_greeting(behind: bytes) -> None:
    for chunks in chunkings(GREETING, behind):
        connection = new_connection(PULL, mechanism=lambda: NullMechanism([], asks=True))
        for chunk in chunks:
            assert connection.receive_data(chunk, 0.0, 1) == []
            if connection.question is not None:
                break
        assert connection.question == ()
        assert connection.error is None
        connection.answer(Refusal(), 0.0)
        assert isinstance(connection.error, AuthenticationFailed)
        assert not connection.more


# The limits of the handshake (10.3)


@pytest.mark.parametrize("size", [16 * 1024 + 1, 65_536, 2**40, 2**62])
def test_a_command_above_16_kilobytes_is_refused_at_its_length(size: int) -> None:
    """libzmq accepted a READY of 3 MB."""
    for chunks in chunkings(GREETING + b"\x06" + size.to_bytes(8, "big")):
        error, _ = refusal(chunks)
        assert isinstance(error, FrameTooLarge)
        assert (error.size, error.limit) == (size, 16 * 1024)


def test_a_command_of_16_kilobytes_is_read() -> None:
    sizes = [8192, 16 * 1024 - 8192 - 6 - 26 - 2 * 10]
    values = [(b"X-v%d%d" % (number, number), bytes(size)) for number, size in enumerate(sizes)]
    data = ready("DEALER", *values)
    assert len(data) <= 9 + 16 * 1024
    connection = established(ROUTER, data)
    assert connection.peer is not None
    assert len(connection.peer.metadata) == 2


def test_more_than_64_properties_are_refused() -> None:
    """libzmq accepted 20,000."""
    more = [(b"X-%d" % number, b"") for number in range(64)]
    assert established(PULL, ready("PUSH", *more[:63])).peer is not None
    error, sent = refusal([GREETING + ready("PUSH", *more)])
    assert isinstance(error, MetadataError)
    assert sent == [b"MetadataError"]


def test_no_message_limit_counts_in_the_handshake() -> None:
    """libzmq counts READY against ZMQ_MAXMSGSIZE, so that a small one locks everybody out."""
    connection = established(PULL, max_message_size=4, max_message_parts=1)
    assert drive(connection, [message(b"1234") + message(b"12345")]) == [[b"1234"]]
    assert isinstance(connection.error, FrameTooLarge)


def test_message_limits_count_right_behind_ready() -> None:
    for chunks in chunkings(GREETING + vectors.READY_PUSH, message(b"12345")):
        connection = new_connection(PULL, max_message_size=4)
        assert drive(connection, chunks) == []
        assert isinstance(connection.error, FrameTooLarge)
        connection = new_connection(PULL, max_message_size=5, max_message_parts=1)
        assert drive(connection, [*chunks, b"\x01\x00\x00\x00"]) == [[b"12345"]]
        assert type(connection.error) is FramingError


# Commands when the connection is ready (3, 3.3, 3.4)


@pytest.mark.parametrize(
    ("ping", "pong"),
    [
        (vectors.PING, vectors.PONG),
        (vectors.PING_TTL, vectors.PONG),
        (vectors.PING_MAX_TTL, vectors.PONG),
        (vectors.PING_CONTEXT, vectors.PONG_CONTEXT),
        (vectors.PING_16, vectors.PONG_16),
        (vectors.PING_17, vectors.PONG_16),
    ],
)
def test_a_ping_is_answered_with_its_context(ping: bytes, pong: bytes) -> None:
    for chunks in chunkings(ping, HELLO):
        connection = established(PULL)
        assert not connection.attention
        assert drive(connection, chunks) == [[b"hello"]]
        assert connection.attention
        assert connection.data_to_send(0.0) == pong
        assert not connection.attention


def test_a_ping_within_a_message_is_answered_at_once() -> None:
    connection = established(PULL)
    head, tail = vectors.PING_BETWEEN_FRAMES[:12], vectors.PING_BETWEEN_FRAMES[12:]
    assert drive(connection, [head]) == []
    assert connection.data_to_send(0.0) == vectors.PONG
    assert drive(connection, [tail]) == [[b"a", b"b"]]


def test_each_ping_is_answered_if_the_answers_are_taken_meanwhile() -> None:
    connection = established(PULL)
    for _ in range(3):
        drive(connection, [vectors.PING_CONTEXT])
        assert connection.data_to_send(0.0) == vectors.PONG_CONTEXT


def test_of_a_flood_of_pings_one_pong_waits_the_newest() -> None:
    """libzmq queues one for each."""
    connection = established(PULL)
    assert (
        drive(connection, [vectors.PING * 1000, vectors.THREE_PINGS + vectors.PING_CONTEXT]) == []
    )
    assert connection.data_to_send(0.0) == vectors.PONG_CONTEXT
    assert connection.data_to_send(0.0) == b""


@pytest.mark.parametrize("vector", vectors.SHORT_PINGS, ids=str)
def test_a_ping_without_time_to_live_ends_the_connection_without_a_pong(vector: Vector) -> None:
    """libzmq leaks memory in its answer."""
    for chunks in chunkings(HELLO + vector.data, HELLO):
        connection = established(PULL)
        assert drive(connection, chunks) == [[b"hello"]]
        assert type(connection.error) is CommandError
        assert connection.data_to_send(0.0) == b""


@pytest.mark.parametrize(
    "data",
    [
        vectors.PONG,
        vectors.PONG_CONTEXT,
        vectors.LEAKED_PONG,
        vectors.UNKNOWN,
        vectors.PING_LOWER_CASE,
        vectors.JOIN,
        vectors.LEAVE,
        vectors.READY_PUSH,
        vectors.READY_LOWER_CASE,
        vectors.ERROR_400,
        vectors.BAD_ERRORS[0].data,
    ],
)
def test_unknown_unsolicited_and_late_commands_are_dropped(data: bytes) -> None:
    for chunks in chunkings(HELLO + data, HELLO):
        connection = established(PULL)
        assert drive(connection, chunks) == [[b"hello"], [b"hello"]]
        assert not connection.attention
        assert connection.error is None


@pytest.mark.parametrize("data", MALFORMED)
def test_a_malformed_command_ends_the_connection(data: bytes) -> None:
    """libzmq drops it silently. RFC 37: a command has a name of 1 to 255 bytes."""
    for chunks in chunkings(HELLO + data, HELLO):
        connection = established(PULL)
        assert drive(connection, chunks) == [[b"hello"]]
        assert type(connection.error) is CommandError


def test_a_command_above_64_kilobytes_is_refused_at_its_length() -> None:
    connection = established(XPUB, ready("SUB"))
    topic = bytes(64 * 1024 - 10)
    assert drive(connection, [command(b"SUBSCRIBE", topic)]) == [[b"\x01" + topic]]
    for byte in pieces(b"\x06" + (64 * 1024 + 1).to_bytes(8, "big"), 1):
        assert connection.error is None
        drive(connection, [byte])
    assert isinstance(connection.error, FrameTooLarge)


SUBSCRIPTIONS = [
    (vectors.SUBSCRIBE_AB, b"\x01AB"),
    (vectors.SUBSCRIBE_ALL, b"\x01"),
    (vectors.SUBSCRIBE_TOPIC, b"\x01topic"),
    (vectors.CANCEL_C, b"\x00C"),
    (vectors.SUBSCRIBE_245, b"\x01" + b"T" * 245),
    (vectors.SUBSCRIBE_246, b"\x01" + b"T" * 246),
    (vectors.CANCEL_248, b"\x00" + b"T" * 248),
    (vectors.CANCEL_249, b"\x00" + b"T" * 249),
    (vectors.MESSAGE_AB, b"\x01AB"),
    (vectors.MESSAGE_ALL, b"\x01"),
    (vectors.MESSAGE_X, b"\x01X"),
    (vectors.MESSAGE_CANCEL_C, b"\x00C"),
]


@pytest.mark.parametrize("socket_type", [SocketType.PUB, XPUB], ids=str)
@pytest.mark.parametrize("version", [(3, 0), (3, 1), (2, 0), (4, 0)], ids=str)
def test_publishers_take_both_forms_of_a_subscription_from_every_version(
    version: tuple[int, int], socket_type: SocketType
) -> None:
    for data, expected in SUBSCRIPTIONS:
        for chunks in chunkings(vectors.VERSIONS[version] + ready("SUB") + data, message(b"end")):
            connection = new_connection(socket_type)
            assert drive(connection, chunks) == [[expected], [b"end"]]


def test_subscriptions_keep_their_place_among_the_messages() -> None:
    data = HELLO + vectors.SUBSCRIBE_AB + message(b"x") + vectors.CANCEL_C + vectors.MESSAGE_X
    expected = [[b"hello"], [b"\x01AB"], [b"x"], [b"\x00C"], [b"\x01X"]]
    for limit in (1, 2, 3, PLENTY):
        for chunks in chunkings(data):
            assert drive(established(XPUB, ready("XSUB")), chunks, limit) == expected


@pytest.mark.parametrize(
    "socket_type",
    [
        socket_type
        for socket_type in SocketType
        if socket_type not in (SocketType.PUB, XPUB) and not socket_type.is_raw
    ],
    ids=str,
)
def test_only_publishers_hear_of_subscriptions(socket_type: SocketType) -> None:
    """A PULL or ROUTER of libzmq delivers the command's body to the application."""
    theirs = min(COMPATIBLE[socket_type.value])
    connection = established(socket_type, ready(theirs))
    assert drive(connection, [vectors.SUBSCRIBE_TOPIC + vectors.CANCEL_C + HELLO]) == [[b"hello"]]
    assert connection.error is None


# What is received, and how much at once


@pytest.mark.parametrize(
    ("vector", "expected"), vectors.MESSAGES, ids=[str(vector) for vector, _ in vectors.MESSAGES]
)
def test_messages_arrive_however_they_are_cut(vector: Vector, expected: list[bytes]) -> None:
    for chunks in chunkings(vector.data, HELLO):
        assert drive(established(PULL), chunks) == [expected, [b"hello"]]


def test_the_rest_waits_when_the_limit_is_reached() -> None:
    connection = established(PULL)
    data = HELLO * 3 + vectors.PING + HELLO
    assert connection.receive_data(data, 0.0, 2) == [[b"hello"]] * 2
    assert connection.more
    assert connection.receive_data(b"", 0.0, 1) == [[b"hello"]]
    assert connection.more
    assert not connection.attention  # the PING is behind the limit
    assert connection.receive_data(b"", 0.0, 2) == [[b"hello"]]
    assert not connection.more
    assert connection.data_to_send(0.0) == vectors.PONG


def test_a_subscription_counts_towards_the_limit() -> None:
    connection = established(XPUB, ready("SUB"))
    data = vectors.SUBSCRIBE_AB * 3 + HELLO
    for _ in range(3):
        assert connection.receive_data(data, 0.0, 1) == [[b"\x01AB"]]
        assert connection.more
        data = b""
    assert connection.receive_data(b"", 0.0, 1) == [[b"hello"]]
    assert not connection.more


def test_nothing_is_handed_out_in_the_call_that_ends_the_handshake() -> None:
    """So the owner can make room for the messages first."""
    connection = new_connection(PULL)
    connection.data_to_send(0.0)
    assert connection.receive_data(GREETING + vectors.READY_PUSH + HELLO, 0.0, 0) == []
    assert connection.state is State.READY
    assert connection.more
    assert connection.attention
    assert connection.receive_data(b"", 0.0, PLENTY) == [[b"hello"]]
    assert not connection.more


def test_a_handshake_without_messages_behind_it_leaves_nothing_to_do() -> None:
    connection = new_connection(PULL)
    assert connection.receive_data(GREETING + vectors.READY_PUSH, 0.0, 0) == []
    assert not connection.more


@pytest.mark.parametrize(
    ("bad", "error_type"),
    [
        (vectors.RESERVED_BITS, FramingError),
        (vectors.COMMAND_MORE, FramingError),
        (vectors.SIZE_2_63, FrameTooLarge),
        (vectors.SIZE_2_64, FrameTooLarge),
        (vectors.SHORT_PINGS[0].data, CommandError),
        (vectors.EMPTY_COMMAND, CommandError),
        (vectors.FRAMES_1_0, FramingError),
        (b"\x06" + (2**40).to_bytes(8, "big"), FrameTooLarge),
    ],
)
def test_an_error_keeps_what_came_before_it_and_drops_what_comes_after(
    bad: bytes, error_type: type[ProtocolError]
) -> None:
    before = HELLO + vectors.PING + message(b"a", b"b") + b"\x01\x04half"
    for chunks in chunkings(GREETING + vectors.READY_PUSH + before, bad + HELLO):
        connection = new_connection(PULL)
        assert drive(connection, chunks) == [[b"hello"], [b"a", b"b"]]
        assert type(connection.error) is error_type
        assert connection.state is State.CLOSED
        assert connection.attention
        assert not connection.more
        assert drive(connection, [HELLO]) == []


def test_the_stream_that_libzmqs_bug_with_255_bytes_spoils_ends_in_an_error() -> None:
    """Its topic of 255 bytes to a 3.0 peer has a long length, but no LONG bit."""
    connection = established(XPUB, ready("SUB"))
    assert drive(connection, [HELLO + vectors.MESSAGE_255_BROKEN])[0] == [b"hello"]
    assert connection.error is not None


def test_what_a_queue_may_hold_is_encoded_up_to_the_limit() -> None:
    connection = established(XPUB, ready("SUB"))
    queue: list[Outgoing] = [
        [b"hello"],
        SharedMessage([b"", b"hi"]),
        subscription_command(b"\x01", b"AB"),
    ]
    everything = HELLO + message(b"", b"hi") + vectors.SUBSCRIBE_AB
    assert joined(connection.encode(queue, PLENTY)) == (everything, 3)
    assert joined(connection.encode(queue, 8)) == (everything[:13], 2)


# Time and the end


def test_a_handshake_has_until_its_deadline() -> None:
    connection = new_connection(ROUTER, now=100.0, handshake_timeout=30.0)
    assert connection.next_deadline() == 130.0
    connection.data_to_send(0.0)
    drive(connection, [GREETING])
    connection.data_to_send(0.0)
    connection.handle_timer(129.9)
    assert connection.error is None
    assert not connection.attention
    connection.handle_timer(130.0)
    error = connection.error
    assert isinstance(error, HandshakeTimeout)
    assert error.seconds == 30.0
    assert connection.attention
    assert connection.state is State.CLOSED
    assert connection.next_deadline() is None
    assert drive(connection, [vectors.READY_DEALER + HELLO]) == []
    assert connection.peer is None


def test_silence_ends_in_the_same_timeout_as_half_a_greeting() -> None:
    for data in (b"", GREETING[:9], GREETING[:63], GREETING + vectors.READY_DEALER[:-1]):
        connection = new_connection(ROUTER, handshake_timeout=30.0)
        drive(connection, pieces(data, 1))
        connection.handle_timer(30.0)
        assert isinstance(connection.error, HandshakeTimeout)


def test_bytes_do_not_move_the_deadline() -> None:
    connection = new_connection(ROUTER, now=1.0, handshake_timeout=30.0)
    for now, byte in enumerate(pieces(GREETING, 1)):
        connection.receive_data(byte, float(now), PLENTY)
    assert connection.next_deadline() == 31.0


def test_a_finished_handshake_has_no_deadline() -> None:
    connection = new_connection(ROUTER, handshake_timeout=30.0)
    drive(connection, [GREETING + vectors.READY_DEALER])
    assert connection.next_deadline() is None
    connection.handle_timer(1e9)
    assert connection.error is None
    assert drive(connection, [HELLO]) == [[b"hello"]]


def test_without_a_timeout_there_is_no_deadline() -> None:
    connection = new_connection(ROUTER)
    assert connection.next_deadline() is None
    connection.handle_timer(1e9)
    assert connection.error is None


def test_a_failed_handshake_has_no_deadline() -> None:
    connection = new_connection(ROUTER, handshake_timeout=30.0)
    drive(connection, [b"GET / HTTP/1.1"])
    assert connection.next_deadline() is None
    connection.handle_timer(1e9)
    assert isinstance(connection.error, NotZMTP)


@pytest.mark.parametrize(
    "data", [b"", GREETING[:20], GREETING, GREETING + vectors.READY_DEALER], ids=len
)
def test_a_lost_transport_closes_without_an_error_and_without_a_deadline(data: bytes) -> None:
    connection = new_connection(ROUTER, handshake_timeout=30.0)
    drive(connection, [data])
    connection.transport_lost()
    assert connection.state is State.CLOSED
    assert connection.next_deadline() is None
    connection.handle_timer(1e9)
    assert connection.error is None
    assert drive(connection, [GREETING + vectors.READY_DEALER + HELLO]) == []


def test_a_transport_may_be_lost_after_an_error_and_more_than_once() -> None:
    connection = established(PULL)
    drive(connection, [vectors.RESERVED_BITS])
    error = connection.error
    connection.transport_lost()
    connection.transport_lost()
    assert connection.error is error


def test_the_owner_can_reject_a_peer_and_the_first_error_stays() -> None:
    connection = established(ROUTER)
    error = RoutingIdInUse(b"abc")
    connection.reject(error)
    assert connection.error is error
    assert connection.attention
    assert connection.state is State.CLOSED
    connection.reject(RoutingIdInUse(b"other"))
    assert connection.error is error
    assert drive(connection, [HELLO]) == []


# Any bytes at all


def consistent(socket_type: SocketType, data: bytes, cuts: list[int], limit: int) -> None:
    """However ``data`` is cut, the outcome is the same, and a connection never raises."""
    whole = outcome(new_connection(socket_type), [data])
    assert (whole.error is not None) is (whole.state is State.CLOSED)
    assert (whole.peer is None) or whole.state in (State.READY, State.CLOSED)
    for chunks, most in ((pieces(data, 1), PLENTY), (chunked(data, cuts), limit), ([data], 1)):
        assert outcome(new_connection(socket_type), chunks, most) == whole


BEGINNINGS = [
    b"",
    GREETING[:10],
    GREETING[:11],
    GREETING,
    GREETING + ready("DEALER", (b"Identity", b"abc"), (b"X-a", b"b")),
    vectors.VERSIONS[3, 0] + ready("SUB"),
]


@given(
    st.sampled_from(BEGINNINGS),
    st.binary(max_size=120),
    st.lists(st.integers(0, 300), max_size=8),
    st.integers(1, 3),
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_random_bytes_never_raise_and_give_the_same_however_they_are_cut(
    beginning: bytes, data: bytes, cuts: list[int], limit: int
) -> None:
    consistent(ROUTER, beginning + data, cuts, limit)
    consistent(XPUB, beginning + data, cuts, limit)


@given(st.data())
@hypothesis.settings(max_examples=200, deadline=None)
def test_mutated_sessions_never_raise_and_give_the_same_however_they_are_cut(
    data: st.DataObject,
) -> None:
    pairs = [(ROUTER, "DEALER"), (XPUB, "SUB"), (PULL, "SUB")]
    socket_type, peer = data.draw(st.sampled_from(pairs))
    session = greeting(version=data.draw(st.sampled_from(list(vectors.VERSIONS))))
    session += ready(peer, (b"Identity", b"abc")) + b"".join(
        data.draw(st.lists(frames, max_size=5))
    )
    mutated = data.draw(mutations(session))
    cuts = data.draw(st.lists(st.integers(0, 2000), max_size=8))
    consistent(socket_type, mutated, cuts, data.draw(st.integers(1, 3)))


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=len)
def test_every_captured_byte_is_taken_or_refused_at_any_time_however_it_is_cut(
    beginning: bytes,
) -> None:
    for vector in vectors.ALL:
        for socket_type in (ROUTER, XPUB):
            consistent(socket_type, beginning + vector.data + HELLO, [70, 73, 90], 2)


def test_a_valid_session_is_the_same_when_cut_in_two_at_every_byte() -> None:
    data = GREETING + ready("SUB") + HELLO + vectors.SUBSCRIBE_AB + vectors.PING_CONTEXT + HELLO
    whole = outcome(new_connection(XPUB), [data])
    assert whole.messages == [[b"hello"], [b"\x01AB"], [b"hello"]]
    for chunks in splits(data):
        assert outcome(new_connection(XPUB), chunks) == whole
