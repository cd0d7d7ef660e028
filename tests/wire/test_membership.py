"""JOIN and LEAVE (RFC 48; ZMTP.md 3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.errors import CommandError
from pyzmtp.wire.command import Command, decode_command
from pyzmtp.wire.membership import JOIN, LEAVE, Membership, membership_of, read_membership

from .. import vectors


def test_the_commands_are_those_of_libzmq() -> None:
    assert Command(JOIN, b"grp").wire == vectors.JOIN
    assert Command(LEAVE, b"grp").wire == vectors.LEAVE


@pytest.mark.parametrize("name", [JOIN, LEAVE])
@pytest.mark.parametrize("group", [b"", b"grp", b"g" * 255])
def test_a_membership_tells_what_and_of_which_group(name: bytes, group: bytes) -> None:
    for membership in (read_membership(name, group), membership_of(Command(name, group))):
        assert isinstance(membership, Membership)
        assert list(membership) == [name, group]


@pytest.mark.parametrize("name", [JOIN, LEAVE])
def test_a_group_of_256_bytes_is_refused(name: bytes) -> None:
    with pytest.raises(CommandError) as raised:
        read_membership(name, b"g" * 256)
    assert raised.value.command == name.decode()


@given(st.sampled_from([JOIN, LEAVE]), st.binary(max_size=255))
def test_a_radio_reads_what_a_dish_has_written(name: bytes, group: bytes) -> None:
    command = Command(name, group)
    assert read_membership(*decode_command(command.body)) == membership_of(command) == [name, group]
