"""Where pyzmtp's outcome differs from libzmq's on purpose. docs/departures.md says the same to users.

An entry that is not needed any more makes the test of its scenario fail.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from interop.conformance.scenario import FOUR
from interop.conformance.stage import Combination


@frozen
class Departure:
    """What comes of the scenario ``scenario`` (its id) in ``combinations`` instead, and why."""

    scenario: str
    combinations: tuple[Combination, ...]
    outcome: Any
    reason: str


#: With pyzmtp in the first part, in the second, or in one at least.
FIRST = (Combination.PYZMTP_LIBZMQ, Combination.PYZMTP_PYZMTP)
SECOND = (Combination.LIBZMQ_PYZMTP, Combination.PYZMTP_PYZMTP)
ANY = FOUR[1:]

DEPARTURES: tuple[Departure, ...] = (
    Departure(
        "proxy_hwm.back_pressure_goes_through",
        (Combination.PYZMTP_PYZMTP,),
        ["would-block", True, False, True],
        "the proxy takes what is there in batches: up to one queue full is under way in its hands, so"
        " that it is 5 times the limit at the most, not 4",
    ),
    Departure(
        "monitor.binds_and_unbinds",
        (Combination.PYZMTP_PYZMTP,),
        ["listening", "closed", "bind-failed"],
        "what never listened is not told as closed: a failed bind is one event",
    ),
    Departure(
        "heartbeats.the_time_to_live_has_steps",
        (Combination.PYZMTP_PYZMTP,),
        {"99 ms": 99, "250 ms": 250, "6553.599 s": "invalid", "6553.6 s": "invalid"},
        "an option is told as it was set, whatever the wire makes of it; and libzmq takes 65.6 s for"
        " 64 ms, so that 65.5 s is the most",
    ),
    Departure(
        "rebind_ipc.a_path_in_use_is_bound_again",
        FIRST,
        [[b"42"], "address-in-use"],
        "what somebody listens at is theirs: it is not taken from under them",
    ),
    Departure(
        "unbind_wildcard.any_port_of_an_ipv4_address_with_ipv6",
        FIRST,
        ["tcp://127.0.0.1", True, [True, True], "ok", "ok"],
        "an IPv4 address stays one, and those without IPv6 can connect to what is reported",
    ),
    Departure(
        "reconnect_options.a_lost_connection_is_made_again_over_ipc",
        FIRST,
        [
            *("connect-delayed", "connected", "handshake-succeeded"),
            *("disconnected", "connect-retried"),
            *("connect-delayed", "connected", "handshake-succeeded"),
        ],
        "the same events on every transport: each attempt begins with connect-delayed",
    ),
    Departure(
        "invalid_rep.no_delimiter_on_the_wire",
        FIRST,
        [[b"b"], 0],
        "one bad reply must not end the service: it is dropped, as on inproc",
    ),
    Departure(
        "xsub_verbose.a_verbose_xsub",
        (Combination.PYZMTP_PYZMTP,),
        [[], [b"\x01A", b"\x01A"], [b"\x00A"], []],
        "XPUB does not tell a cancellation of what the peer did not hold: passed on, it would end"
        " others' subscriptions upstream",
    ),
    Departure(
        "security_no_zap_handler.the_default",
        FIRST,
        False,
        "a domain is there to have somebody asked: without its handler it must not be an open door",
    ),
    Departure(
        "security_no_zap_handler.curve_lets_any_key_in",
        FIRST,
        False,
        "a server that was told to have clients' keys checked must not let any in for want of a handler",
    ),
    Departure(
        "security_no_zap_handler.a_server_that_asks_nobody",
        FIRST,
        {"PLAIN": "invalid", "CURVE": "invalid"},
        "a server without a word about who may come in is a mistake, and told at the bind",
    ),
    Departure(
        "security_plain.a_server_connects",
        (Combination.PYZMTP_PYZMTP,),
        {
            "through": False,
            "asked": [],
            "server": [("protocol", 0x10000001)],
            "client": [("protocol", 0x10000001)],
        },
        "two servers would wait for each other until the handshake times out; our greeting says that we"
        " are one",
    ),
    Departure(
        "security_plain.what_a_refused_client_sees",
        (Combination.PYZMTP_PYZMTP,),
        [b"^RROR\x03400", "closed"],
        "who was refused is parted from, and not kept until the handshake times out",
    ),
    Departure(
        "security_curve.null_server_key",
        SECOND,
        {"option": "invalid"},
        "everybody knows its secret key, and no server has it",
    ),
    Departure(
        "security_curve.null_client_public_key",
        SECOND,
        {"option": "invalid"},
        "half a pair of keys is a mistake, and told where it is made",
    ),
    Departure(
        "security_curve.null_client_secret_key",
        SECOND,
        {"option": "invalid"},
        "half a pair of keys is a mistake, and told where it is made",
    ),
)


def departure(scenario: str, combination: Combination) -> Departure | None:
    """Find the entry for a play, if there is one."""
    for entry in DEPARTURES:
        if entry.scenario == scenario and combination in entry.combinations:
            return entry
    return None
