"""The greeting: what is read of a peer's at which byte, and the bytes of our own (ZMTP.md 1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.errors import NotZMTP, UnsupportedVersion
from pyzmtp.wire.greeting import (
    Greeting,
    GreetingReader,
    GreetingStage,
    encode_rest,
    encode_signature,
    encode_version,
)

from .. import vectors
from ..helpers import chunked, chunkings, greeting
from ..vectors import GREETING, Vector

FOLLOWING = vectors.READY_PUSH + vectors.MESSAGES[0][0].data


def read(chunks: list[bytes]) -> tuple[GreetingReader, bytes]:
    """A reader that was fed ``chunks``, and what it left of them."""
    reader = GreetingReader()
    rest = b""
    for chunk in chunks:
        rest += reader.feed(chunk)
    return reader, rest


# Reading


@pytest.mark.parametrize("vector", vectors.GREETINGS, ids=str)
def test_a_greeting_is_read_however_it_is_cut_and_what_follows_is_left(vector: Vector) -> None:
    for chunks in chunkings(vector.data, FOLLOWING):
        reader, rest = read(chunks)
        assert reader.stage is GreetingStage.WHOLE
        assert reader.greeting is not None
        assert reader.greeting.version == (3, 1)
        assert reader.greeting.mechanism == b"NULL".ljust(20, b"\0")
        assert rest == FOLLOWING


@pytest.mark.parametrize(("version", "data"), vectors.VERSIONS.items(), ids=str)
def test_revision_2_and_all_above_are_3_1_but_3_0(version: tuple[int, int], data: bytes) -> None:
    for chunks in chunkings(data, FOLLOWING):
        reader, rest = read(chunks)
        spoken = (3, 0) if version == (3, 0) else (3, 1)
        assert reader.greeting == Greeting(spoken, b"NULL".ljust(20, b"\0"), False)
        assert rest == FOLLOWING


@pytest.mark.parametrize("vector", vectors.OTHER_MECHANISMS, ids=str)
def test_the_mechanism_is_all_twenty_bytes(vector: Vector) -> None:
    for chunks in chunkings(vector.data):
        reader, _ = read(chunks)
        assert reader.greeting is not None
        assert reader.greeting.mechanism == vector.data[12:32]


def test_only_a_1_says_as_server() -> None:
    told = {}
    for byte in range(256):
        reader, _ = read([GREETING[:32] + bytes((byte,)) + GREETING[33:]])
        assert reader.greeting is not None
        told[byte] = reader.greeting.as_server
    assert [byte for byte, as_server in told.items() if as_server] == [1]


@pytest.mark.parametrize(
    ("count", "stage"),
    [
        (0, GreetingStage.NOTHING),
        (1, GreetingStage.NOTHING),
        (9, GreetingStage.NOTHING),
        (10, GreetingStage.SIGNATURE),
        (11, GreetingStage.VERSION),
        (12, GreetingStage.VERSION),
        (63, GreetingStage.VERSION),
        (64, GreetingStage.WHOLE),
    ],
)
def test_the_tenth_the_eleventh_and_the_last_byte_begin_a_stage(
    count: int, stage: GreetingStage
) -> None:
    for chunks in chunkings(GREETING[:count]):
        reader, rest = read(chunks)
        assert reader.stage is stage
        assert (reader.greeting is None) is (count < 64)
        assert rest == b""


def test_bytes_behind_a_whole_greeting_come_back_in_later_calls_too() -> None:
    reader, rest = read([GREETING, b"abc", b"", b"de"])
    assert rest == b"abcde"
    assert reader.stage is GreetingStage.WHOLE


@given(
    padding=st.binary(min_size=8, max_size=8),
    odd=st.integers(0, 127),
    filler=st.binary(min_size=31, max_size=31),
    as_server=st.integers(0, 255),
    cuts=st.lists(st.integers(0, 64)),
)
def test_of_signature_and_filler_only_the_first_byte_and_one_bit_count(
    padding: bytes, odd: int, filler: bytes, as_server: int, cuts: list[int]
) -> None:
    last = bytes((2 * odd + 1,))
    data = b"\xff" + padding + last + GREETING[10:32] + bytes((as_server,)) + filler
    reader, rest = read(chunked(data, cuts))
    assert reader.greeting == Greeting((3, 1), b"NULL".ljust(20, b"\0"), as_server == 1)
    assert rest == b""


# Refusing


@pytest.mark.parametrize("vector", vectors.JUNK, ids=str)
def test_junk_is_refused_at_its_first_byte(vector: Vector) -> None:
    """libzmq takes most of it for ZMTP 1.0; pyzmtp never does."""
    for chunks in chunkings(vector.data):
        reader = GreetingReader()
        with pytest.raises(NotZMTP) as caught:
            reader.feed(chunks[0])
        assert caught.value.data == chunks[0][:10]
        assert reader.stage is GreetingStage.NOTHING


@given(first=st.integers(0, 254), more=st.binary(max_size=100))
def test_every_first_byte_but_ff_is_refused(first: int, more: bytes) -> None:
    with pytest.raises(NotZMTP):
        GreetingReader().feed(bytes((first,)) + more)


@pytest.mark.parametrize(
    ("version", "vector"), vectors.OLD_PEERS, ids=[str(vector) for _, vector in vectors.OLD_PEERS]
)
@pytest.mark.parametrize("minimum", [(3, 0), (2, 0)], ids=str)
def test_a_peer_below_the_minimum_is_refused_and_its_version_told(
    version: tuple[int, int], vector: Vector, minimum: tuple[int, int]
) -> None:
    if version >= minimum:
        return
    needed = 10 if vector.data[9] == 0 else 11
    for chunks in chunkings(vector.data):
        reader = GreetingReader(minimum)
        position = 0
        while position + len(chunks[0]) < needed:
            position += len(chunks[0])
            assert reader.feed(chunks.pop(0)) == b""
        with pytest.raises(UnsupportedVersion) as caught:
            reader.feed(chunks[0])
        assert caught.value.version == version
        assert caught.value.minimum == minimum


def test_the_head_of_an_unversioned_libzmqs_identity_looks_like_a_high_revision() -> None:
    """It sends this only to a peer that began as ZMTP 1.0, which pyzmtp never does."""
    reader, _ = read([vectors.UNVERSIONED_SRV])
    assert reader.stage is GreetingStage.VERSION


def test_a_3_0_peer_is_refused_where_the_minimum_is_3_1() -> None:
    """An option that is taken must do something: DESIGN.md, "nothing is ignored"."""
    reader = GreetingReader((3, 1))
    with pytest.raises(UnsupportedVersion) as caught:
        reader.feed(vectors.VERSIONS[3, 0])
    assert (caught.value.version, caught.value.minimum) == ((3, 0), (3, 1))


@pytest.mark.parametrize("version", [(3, 1), (3, 2), (4, 0), (255, 255)], ids=str)
def test_a_peer_at_or_above_the_minimum_of_3_1_is_read(version: tuple[int, int]) -> None:
    reader = GreetingReader((3, 1))
    reader.feed(vectors.VERSIONS[version])
    assert reader.greeting is not None
    assert reader.greeting.version == (3, 1)


# Old peers


@pytest.mark.parametrize(
    ("version", "vector"), vectors.OLD_PEERS, ids=[str(vector) for _, vector in vectors.OLD_PEERS]
)
def test_the_greeting_of_a_2_0_peer_is_twelve_bytes_and_that_of_1_0_none(
    version: tuple[int, int], vector: Vector
) -> None:
    for chunks in chunkings(vector.data, FOLLOWING):
        reader = GreetingReader((1, 0))
        rest = b"".join(map(reader.feed, chunks))
        greeting = reader.greeting
        assert greeting is not None
        assert greeting.version == version
        if version == (2, 0):
            assert greeting.socket_type == vector.data[11]
            assert greeting.frames_of_1_0 is (vector.data[10] == 0)
            assert rest == vector.data[12:] + FOLLOWING
        else:
            assert greeting.socket_type is None
            assert greeting.frames_of_1_0
            assert rest == vector.data + FOLLOWING


@pytest.mark.parametrize("vector", vectors.JUNK, ids=str)
def test_where_1_0_is_served_any_first_byte_but_ff_is_a_frame_of_it(vector: Vector) -> None:
    """libzmq serves such peers always; here only ``min_version=(1, 0)`` does (DESIGN.md, 4)."""
    for chunks in chunkings(vector.data):
        reader = GreetingReader((1, 0))
        assert b"".join(map(reader.feed, chunks)) == vector.data
        assert reader.greeting == Greeting((1, 0), frames_of_1_0=True)


@pytest.mark.parametrize(
    ("count", "stage"),
    [(9, "NOTHING"), (10, "SIGNATURE"), (11, "VERSION"), (12, "WHOLE")],
)
def test_the_stages_of_a_2_0_greeting(count: int, stage: str) -> None:
    reader = GreetingReader()
    reader.feed((vectors.SIGNATURE + b"\x01\x05")[:count])
    assert reader.stage is GreetingStage[stage]


# Our own


def test_the_signature_holds_the_length_of_the_routing_id_as_libzmqs_does() -> None:
    assert encode_signature() == vectors.SIGNATURE
    assert encode_signature(b"abc") == vectors.SIGNATURE_ID_ABC
    assert encode_signature(b"i" * 255) == vectors.SIGNATURE_ID_255


def test_the_version_is_3_1() -> None:
    assert encode_version() == vectors.MAJOR
    assert encode_rest(b"NULL", False)[0] == 1


def test_the_rest_is_libzmqs_under_null() -> None:
    assert encode_rest(b"NULL", False) == vectors.REST


def test_the_rest_tells_the_truth_about_as_server() -> None:
    """libzmq always says 0, also from a PLAIN or CURVE server; RFC 23 to 25 want the truth."""
    assert encode_rest(b"PLAIN", True) == b"\x01PLAIN" + bytes(15) + b"\x01" + bytes(31)


@given(
    mechanism=st.binary(min_size=1, max_size=20).filter(lambda name: name[-1:] != b"\0"),
    as_server=st.booleans(),
    routing_id=st.binary(max_size=255),
    cuts=st.lists(st.integers(0, 70)),
    following=st.binary(max_size=9),
)
def test_our_greeting_reads_back(
    mechanism: bytes, as_server: bool, routing_id: bytes, cuts: list[int], following: bytes
) -> None:
    data = encode_signature(routing_id) + encode_version() + encode_rest(mechanism, as_server)
    assert len(data) == 64
    reader, rest = read(chunked(data + following, cuts))
    assert reader.greeting == Greeting((3, 1), mechanism.ljust(20, b"\0"), as_server)
    assert rest == following


def test_the_tests_own_greeting_is_libzmqs() -> None:
    assert greeting() == GREETING
