"""The numbers and names of the wire (RFC 37; PARITY.md 1)."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from pyzmtp import constants
from pyzmtp.constants import SocketType, compatible

#: Who may talk to whom: PARITY.md 1, column "Accepts peers".
_ACCEPTS: Final = {
    "PAIR": "PAIR",
    "PUB": "SUB XSUB",
    "SUB": "PUB XPUB",
    "XPUB": "SUB XSUB",
    "XSUB": "PUB XPUB",
    "REQ": "REP ROUTER",
    "REP": "REQ DEALER",
    "DEALER": "REP DEALER ROUTER",
    "ROUTER": "REQ DEALER ROUTER",
    "PULL": "PUSH",
    "PUSH": "PULL",
    "STREAM": "",
    "SERVER": "CLIENT",
    "CLIENT": "SERVER",
    "GATHER": "SCATTER",
    "SCATTER": "GATHER",
    "PEER": "PEER",
    "CHANNEL": "CHANNEL",
    "RADIO": "DISH",
    "DISH": "RADIO",
    "DGRAM": "",
}


def test_the_frame_flags_are_those_of_the_rfc() -> None:
    assert (constants.MORE, constants.LONG, constants.COMMAND) == (1, 2, 4)
    assert constants.SHORT_FRAME_LIMIT == 255


def test_zmtp_3_1_is_announced() -> None:
    assert constants.VERSION == (3, 1)


def test_queues_hold_a_thousand_messages_by_default() -> None:
    assert constants.DEFAULT_HWM == 1000


def test_the_limits_of_a_handshake_are_those_that_zmtp_md_suggests() -> None:
    assert constants.MAX_HANDSHAKE_COMMAND == 16 * 1024
    assert constants.MAX_HANDSHAKE_COMMANDS == 10
    assert constants.MAX_PROPERTIES == 64
    assert constants.MAX_PROPERTY_VALUE == 8 * 1024
    assert constants.MAX_IDENTITY == 255


def test_a_property_name_is_made_of_the_characters_of_the_rfc() -> None:
    letters = {chr(code) for code in range(256) if chr(code).isascii() and chr(code).isalnum()}
    allowed = {chr(code) for code in constants.PROPERTY_NAME_CHARACTERS}
    assert allowed == letters | set("-_.+")


def test_a_socket_type_is_called_as_on_the_wire() -> None:
    assert {socket_type.value for socket_type in SocketType} == set(_ACCEPTS)
    assert all(socket_type.name == socket_type.value for socket_type in SocketType)


@pytest.mark.parametrize("ours", _ACCEPTS)
def test_a_type_talks_to_those_of_the_table_and_to_no_other(ours: str) -> None:
    accepted = {theirs.value for theirs in SocketType if compatible(SocketType(ours), theirs)}
    assert accepted == set(_ACCEPTS[ours].split())


def test_to_be_compatible_is_mutual() -> None:
    for ours, theirs in product(SocketType, SocketType):
        assert compatible(ours, theirs) is compatible(theirs, ours)


def test_only_stream_and_dgram_speak_no_zmtp() -> None:
    raw = {socket_type.value for socket_type in SocketType if socket_type.is_raw}
    assert raw == {"STREAM", "DGRAM"}


def test_only_req_dealer_and_router_say_who_they_are() -> None:
    senders = {socket_type.value for socket_type in SocketType if socket_type.sends_identity}
    assert senders == {"REQ", "DEALER", "ROUTER"}


def test_the_number_of_frames_is_fixed_for_some_types() -> None:
    """libzmq: EINVAL for ZMQ_SNDMORE; STREAM, SERVER and PEER have the routing id before."""
    fixed = {kind.value: kind.frames for kind in SocketType if kind.frames is not None}
    assert fixed == {
        "STREAM": 2,
        "SERVER": 2,
        "PEER": 2,
        "CLIENT": 1,
        "SCATTER": 1,
        "CHANNEL": 1,
    }
