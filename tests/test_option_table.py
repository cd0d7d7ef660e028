"""docs/options.md: made from the options themselves, none is missing, and each row tells all."""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest

from pyzmtp import SocketOptions
from pyzmtp.validators import Effect
from tools.option_table import PAGE, option_table

_FIELDS: Final = attrs.fields(SocketOptions)

#: What libzmq reads from the socket itself each time that it needs it (setsockopt in socket_base.cpp,
#: xsetsockopt of each type), and of ours what belongs to that. All else a session has its own copy of.
_AT_ONCE: Final = [
    "send_hwm",
    "receive_hwm",
    "send_hwm_bytes",
    "receive_hwm_bytes",
    "linger",
    "send_timeout",
    "receive_timeout",
    "router_mandatory",
    "router_handover",
    "probe_router",
    "req_correlate",
    "req_relaxed",
    "xpub_verbose",
    "xpub_verboser",
    "xpub_nodrop",
    "xpub_manual",
    "xpub_manual_last_value",
    "xpub_welcome_message",
    "only_first_subscribe",
    "max_subscriptions",
    "invert_matching",
    "xsub_verbose_unsubscribe",
]


def _rows() -> dict[str, list[str]]:
    """The cells of the table, by the name of the option."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row for row in rows}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == option_table(), "run: python -m tools.option_table"


def test_no_option_is_missing() -> None:
    lines = PAGE.read_text().splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    for field in _FIELDS:
        assert rows.count(f"`{field.name}`") == 1


@pytest.mark.parametrize("field", _FIELDS, ids=lambda field: field.name)
def test_each_row_tells_all(field: attrs.Attribute[Any]) -> None:
    name, unit, default, types, effect, meaning, zmq, its_unit, its_default = _rows()[
        f"`{field.name}`"
    ]
    assert all((name, unit, default, types, effect, meaning, zmq))
    assert bool(its_unit) is bool(its_default) is (zmq != "none")
    assert zmq in ("none", f"`{field.metadata['zmq']}`")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("send_hwm", ["messages", "`1000`", "`ZMQ_SNDHWM`", "messages", "1000"]),
        ("linger", ["seconds", "`5.0`", "`ZMQ_LINGER`", "milliseconds"]),
        (
            "handshake_timeout",
            ["seconds", "`30.0`", "`ZMQ_HANDSHAKE_IVL`", "milliseconds", "30000"],
        ),
        ("tcp_keepalive_idle", ["seconds", "`None`", "`ZMQ_TCP_KEEPALIVE_IDLE`", "seconds"]),
        ("ipv6", ["True, False", "`False`", "`ZMQ_IPV6`", "0, 1", "0"]),
        ("router_notify", ["flags", "`RouterNotify.NOTHING`", "`ZMQ_ROUTER_NOTIFY`", "bits", "0"]),
        ("max_half_open", ["connections", "`1000`", "none"]),
    ],
)
def test_units_and_defaults_of_both_sides(name: str, cells: list[str]) -> None:
    row = _rows()[f"`{name}`"]
    assert [cell for cell in row if cell in cells] == cells


@pytest.mark.parametrize("field", _FIELDS, ids=lambda field: field.name)
def test_every_option_takes_effect_when_it_does_in_libzmq(field: attrs.Attribute[Any]) -> None:
    expected = Effect.AT_ONCE if field.name in _AT_ONCE else Effect.NEXT_ENDPOINT
    assert field.metadata["effect"] is expected
    assert _rows()[f"`{field.name}`"][4] == expected.value
