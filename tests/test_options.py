"""Every option: its default, what it takes, what it says of a wrong value, and where it has a use."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Mapping
from typing import Any, Final

import attrs
import pytest

from pyzmtp.constants import ReconnectStop, RouterNotify, SocketType
from pyzmtp.errors import OptionError, UsageError
from pyzmtp.net.address import parse
from pyzmtp.options import SocketOptions, options_for
from pyzmtp.security.null import Null

_NO: Final = False

#: What is shown in no representation and no error, and is in no pickle.
_SECRET: Final = {"socks_password", "wss_key_pem"}

#: DESIGN.md 1 and 4, PARITY.md 5; times in seconds.
_DEFAULTS: Final[dict[str, Any]] = {
    "send_hwm": 1000,
    "receive_hwm": 1000,
    "send_hwm_bytes": 0,
    "receive_hwm_bytes": 0,
    "linger": 5.0,
    "send_timeout": None,
    "receive_timeout": None,
    "max_message_size": 0,
    "max_message_parts": 0,
    "routing_id": b"",
    "immediate": _NO,
    "handshake_timeout": 30.0,
    "reconnect_stop": ReconnectStop.NEVER,
    "tcp_keepalive": None,
    "tcp_keepalive_count": None,
    "tcp_keepalive_idle": None,
    "tcp_keepalive_interval": None,
    "tcp_user_timeout": None,
    "tos": 0,
    "conflate": _NO,
    "hello_message": b"",
    "disconnect_message": b"",
    "hiccup_message": b"",
    "router_notify": RouterNotify.NOTHING,
    "xpub_welcome_message": b"",
    "xpub_manual": _NO,
    "xpub_manual_last_value": _NO,
    "security": None,
    "zap_domain": "",
    "zap_enforce_domain": True,
    "authentication_timeout": 10.0,
    "max_authentications": 100,
    "reconnect_after_refusal": _NO,
    "heartbeat_interval": None,
    "heartbeat_timeout": None,
    "heartbeat_ttl": 0.0,
    "connect_timeout": None,
    "reconnect_interval": 0.1,
    "reconnect_interval_max": 0.0,
    "socks_proxy": None,
    "socks_username": None,
    "socks_password": None,
    "wss_cert_pem": None,
    "wss_key_pem": None,
    "wss_trust_pem": None,
    "wss_trust_system": _NO,
    "wss_hostname": None,
    "use_fd": None,
    "tcp_accept_filter": (),
    "ipc_filter_uid": (),
    "ipc_filter_gid": (),
    "ipc_filter_pid": (),
    "backlog": 100,
    "greeting_timeout": 5.0,
    "max_handshake_size": 16 * 1024,
    "max_handshake_commands": 10,
    "max_properties": 64,
    "max_property_size": 8 * 1024,
    "max_half_open": 1000,
    "max_half_open_per_address": 500,
    "send_buffer": None,
    "receive_buffer": None,
    "ipv6": _NO,
    "min_version": (2, 0),
    "metadata": {},
    "router_mandatory": _NO,
    "router_handover": _NO,
    "probe_router": _NO,
    "req_correlate": _NO,
    "req_relaxed": _NO,
    "xpub_verbose": _NO,
    "xpub_verboser": _NO,
    "xpub_nodrop": _NO,
    "only_first_subscribe": _NO,
    "max_subscriptions": 100_000,
    "invert_matching": _NO,
    "xsub_verbose_unsubscribe": _NO,
    "stream_notify": True,
    "multicast_hops": 1,
    "multicast_loop": True,
}

#: What no number is. A text that looks like one is none either.
_NO_NUMBERS: Final[list[Any]] = ["1", b"1", [1], True, False, 1j, math.nan, math.inf, -math.inf]
_NO_FLAGS: Final[list[Any]] = [0, 1, None, "yes", b"", []]
_NO_SIZES: Final = [*_NO_NUMBERS, None, -1, 1.0, 2**62 + 1]
_NO_TIMES: Final = [*_NO_NUMBERS, -1, -0.001]
_NO_BUFFERS: Final = [*_NO_NUMBERS, 0, -1, 1.0, 2**31]
_NO_IDS: Final = [None, 5, "root", ["root"], [-1], [2**32], [1.0], [True]]

#: What each option takes, and what it does not.
_VALUES: Final[dict[str, tuple[list[Any], list[Any]]]] = {
    "send_hwm": ([0, 1, 2**31], _NO_SIZES),
    "receive_hwm": ([0, 1, 2**31], _NO_SIZES),
    "send_hwm_bytes": ([0, 1, 2**40], _NO_SIZES),
    "receive_hwm_bytes": ([0, 1, 2**40], _NO_SIZES),
    "linger": ([None, 0, 0.0, 2, 0.25], _NO_TIMES),
    "send_timeout": ([None, 0, 2, 0.25], _NO_TIMES),
    "receive_timeout": ([None, 0, 2, 0.25], _NO_TIMES),
    "max_message_size": ([0, 1, 2**40], _NO_SIZES),
    "max_message_parts": ([0, 1, 10_000], _NO_SIZES),
    "max_subscriptions": ([0, 1, 10_000], _NO_SIZES),
    "routing_id": ([b"", b"x", b"\xff" * 255, b"x\0"], ["x", 1, None, b"x" * 256, b"\0x"]),
    "immediate": ([True, False], _NO_FLAGS),
    "handshake_timeout": ([None, 1, 0.25], [*_NO_TIMES, 0, 0.0]),
    "reconnect_stop": (list(ReconnectStop), [0, 1, None, "REFUSED", RouterNotify.CONNECT]),
    "tcp_keepalive": ([None, True, False], [0, 1, "yes"]),
    "tcp_keepalive_count": ([None, 1, 127], [*_NO_NUMBERS, 0, 128, 1.5]),
    "tcp_keepalive_idle": ([None, 1, 32767], [*_NO_NUMBERS, 0, 32768, 1.5]),
    "tcp_keepalive_interval": ([None, 1, 32767], [*_NO_NUMBERS, 0, 32768, 1.5]),
    "tcp_user_timeout": ([None, 1, 0.25], [*_NO_TIMES, 0, 2**31]),
    "tos": ([0, 255], [*_NO_NUMBERS, None, -1, 256]),
    "multicast_hops": ([1, 255], [*_NO_NUMBERS, None, 0, 256]),
    "multicast_loop": ([True, False], _NO_FLAGS),
    "hello_message": ([b"", b"x"], ["x", 1, None]),
    "disconnect_message": ([b"", b"x"], ["x", 1, None]),
    "hiccup_message": ([b"", b"x"], ["x", 1, None]),
    "router_notify": (list(RouterNotify), [0, 1, None, ReconnectStop.REFUSED]),
    "xpub_welcome_message": ([b"", b"x"], ["x", 1, None]),
    "heartbeat_interval": ([None, 1, 0.25], [*_NO_TIMES, 0, 0.0]),
    "heartbeat_timeout": ([None, 0, 2, 0.25], _NO_TIMES),
    "heartbeat_ttl": ([0, 0.1, 65.5], [*_NO_TIMES, 65.6, None]),
    "connect_timeout": ([None, 1, 0.25], [*_NO_TIMES, 0, 0.0]),
    "tcp_accept_filter": (
        [(), ("127.0.0.1",), ("10.0.0.0/8", "::1", "fe80::/10"), ("127.0.0.1/8",)],
        [None, "127.0.0.1", 1, ["localhost"], ["300.0.0.1"], ["10.0.0.0/33"], [b"::1"], [1], [""]],
    ),
    "ipc_filter_uid": ([(), (0,), (1, 2**32 - 1)], _NO_IDS),
    "ipc_filter_gid": ([(), (0,), (1, 2**32 - 1)], _NO_IDS),
    "ipc_filter_pid": ([(), (0,), (1, 2**32 - 1)], _NO_IDS),
    "reconnect_interval": ([None, 1, 0.25], [*_NO_TIMES, 0, 0.0]),
    "reconnect_interval_max": ([0, 0.0, 30, 0.25], [*_NO_TIMES, None]),
    "socks_proxy": (
        [
            None,
            "127.0.0.1:1080",
            "proxy_1.example-2.org:65535",
            "[::1]:1",
            "[fe80::1%eth0]:1080",
            "[fe80::1%a-b_c.d]:1080",
            "[::1%" + "a" * 249 + "]:1",
            "[::ffff:10.0.0.1]:1080",
            "a" * 63 + ":1",
            ".".join(["a" * 63, "a" * 63, "a" * 63, "a" * 61]) + ":65535",
        ],
        [
            "",
            "127.0.0.1",
            "127.0.0.1:",
            ":1080",
            "host:0",
            "host:65536",
            "host:123456",
            "host:1x",
            "::1:1080",
            "[::1]",
            "[127.0.0.1]:1080",
            "[x]:1080",
            "[]:1080",
            "[::1%]]:1",
            "[::1%lo 0]:1",
            "[::1%*]:1",
            "[::1%" + "a" * 250 + "]:1",
            "[::1]1080",
            "*:1080",
            "a..b:1",
            "-a:1",
            ".a:1",
            "a b:1",
            "user@host:1",
            "socks5://host:1",
            "host:1/",
            "ä:1",
            "host:\u0661",
            "host:1\n",
            "a" * 64 + ":1",
            1080,
            b"host:1",
            ("host", 1),
            ".".join(["a" * 63, "a" * 63, "a" * 63, "a" * 62]) + ":1",
        ],
    ),
    "socks_username": (
        [None, "x", "x" * 255, "ä" * 127],
        ["", "x" * 256, "ä" * 128, b"x", 1, "\ud800"],
    ),
    "socks_password": (
        [None, "", "x" * 255, "ä" * 127],
        ["x" * 256, "ä" * 128, b"x", 1, "\ud800"],
    ),
    **dict.fromkeys(
        ["wss_cert_pem", "wss_key_pem", "wss_trust_pem"],
        ([None, "x", "x" * 100_000], ["", b"x", 1, "\ud800"]),
    ),
    "wss_hostname": ([None, "x", "x" * 253], ["", "x" * 254, b"x", 1, "\ud800"]),
    "security": (
        [None, Null(), Null("there")],
        [True, 1, "PLAIN", b"", "x" * 40, Null, {"admin": "secret"}, ("admin", "secret")],
    ),
    "zap_domain": (["", "x", "x" * 255, "ä" * 127], ["x" * 256, "ä" * 128, b"x", None, "\ud800"]),
    "authentication_timeout": ([None, 1, 0.25], [*_NO_TIMES, 0, 0.0]),
    "max_authentications": ([1, 10_000], [*_NO_SIZES, 0]),
    "use_fd": ([None, 0, 3, 2**31 - 1], [*_NO_NUMBERS, -1, 1.0, 2**31]),
    "backlog": ([1, 2**31 - 1], [*_NO_BUFFERS, None]),
    "greeting_timeout": ([None, 1, 0.25], [*_NO_TIMES, 0, 0.0]),
    "max_handshake_size": ([1, 2**40], [*_NO_SIZES, 0]),
    "max_handshake_commands": ([1, 10_000], [*_NO_SIZES, 0]),
    "max_properties": ([1, 10_000], [*_NO_SIZES, 0]),
    "max_property_size": ([1, 2**40], [*_NO_SIZES, 0]),
    "max_half_open": ([1, 10_000], [*_NO_SIZES, 0]),
    "max_half_open_per_address": ([1, 10_000], [*_NO_SIZES, 0]),
    "send_buffer": ([None, 1, 2**31 - 1], _NO_BUFFERS),
    "receive_buffer": ([None, 1, 2**31 - 1], _NO_BUFFERS),
    "ipv6": ([True, False], _NO_FLAGS),
    "min_version": (
        [(1, 0), (2, 0), (3, 0), (3, 1)],
        [(0, 0), (1, 1), (2, 1), (4, 0), 3, "3.1", None, (3,), [3, 1]],
    ),
    "metadata": (
        [{}, {"X-a": b""}, {"X-a": b"1", "X-B.c_d+e-9": bytes(8192)}, {"X-": b""}],
        [
            None,
            [("X-a", b"1")],
            "X-a:1",
            {"a": b"1"},
            {"x-a": b"1"},
            {b"X-a": b"1"},
            {"X-a": "1"},
            {"X-ä": b"1"},
            {"X-\ud800": b"1"},
            {"X-a b": b"1"},
            {"X-a:b": b"1"},
            {"X-" + "a" * 254: b""},
            {"X-a": bytes(8193)},
            {"X-a": b"1", "X-A": b"2"},
            {f"X-{number}": b"" for number in range(63)},
            {"X-a": bytes(8192), "X-b": bytes(8192)},
        ],
    ),
    **{name: ([True, False], _NO_FLAGS) for name in _DEFAULTS if isinstance(_DEFAULTS[name], bool)},
}

#: Where an option has a use, for those that have none everywhere: PARITY.md 5, "applies to".
#: Of ROUTING_ID only REQ, DEALER and ROUTER tell a peer; libzmq takes it on a REP too.
_USES: Final = {
    **dict.fromkeys(
        [
            "max_message_size",
            "max_message_parts",
            "immediate",
            "handshake_timeout",
            "security",
            "zap_domain",
            "zap_enforce_domain",
            "wss_cert_pem",
            "wss_key_pem",
            "wss_trust_pem",
            "wss_trust_system",
            "wss_hostname",
            "authentication_timeout",
            "max_authentications",
            "reconnect_after_refusal",
            "heartbeat_interval",
            "heartbeat_timeout",
            "heartbeat_ttl",
            "greeting_timeout",
            "max_handshake_size",
            "max_handshake_commands",
            "max_properties",
            "max_property_size",
            "max_half_open",
            "max_half_open_per_address",
            "min_version",
            "metadata",
        ],
        "PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB RADIO DISH"
        " SERVER CLIENT GATHER SCATTER PEER CHANNEL",
    ),
    "routing_id": "REQ REP DEALER ROUTER",
    "conflate": "PUSH PULL DEALER PUB SUB",
    "hello_message": "ROUTER DEALER CLIENT SERVER PEER",
    "disconnect_message": "ROUTER SERVER PEER",
    "hiccup_message": "DEALER CLIENT PEER",
    "router_notify": "ROUTER",
    "xpub_welcome_message": "XPUB",
    "xpub_manual": "XPUB",
    "xpub_manual_last_value": "XPUB",
    "router_mandatory": "ROUTER",
    "router_handover": "ROUTER",
    "probe_router": "ROUTER DEALER REQ",
    "req_correlate": "REQ",
    "req_relaxed": "REQ",
    "xpub_verbose": "XPUB",
    "xpub_verboser": "XPUB",
    "xpub_nodrop": "PUB XPUB RADIO",
    "only_first_subscribe": "PUB XPUB XSUB",
    "max_subscriptions": "PUB XPUB RADIO",
    "invert_matching": "PUB XPUB SUB",
    "xsub_verbose_unsubscribe": "XSUB",
    "multicast_hops": "RADIO",
    "multicast_loop": "RADIO",
    "stream_notify": "STREAM",
}

_FIELDS: Final = attrs.fields_dict(SocketOptions)


def _cases(which: int) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{number}")
        for name, values in _VALUES.items()
        for number, value in enumerate(values[which])
    ]


def _set_everywhere(name: str) -> Any:
    """A value of an option that is not its default."""
    return next(value for value in _VALUES[name][0] if value != _DEFAULTS[name])


# Values


def test_every_option_is_in_this_test() -> None:
    assert set(_FIELDS) == set(_DEFAULTS) == set(_VALUES)


@pytest.mark.parametrize("name", _DEFAULTS)
def test_a_default_is_what_the_design_says(name: str) -> None:
    value = getattr(SocketOptions(), name)
    assert value == _DEFAULTS[name]
    assert isinstance(value, Mapping) or type(value) is type(_DEFAULTS[name])


@pytest.mark.parametrize(("name", "value"), _cases(0))
def test_a_good_value_is_kept(name: str, value: Any) -> None:
    assert getattr(SocketOptions(**{name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), _cases(1))
def test_a_wrong_value_is_refused_and_the_error_says_all(name: str, value: Any) -> None:
    with pytest.raises(OptionError) as raised:
        SocketOptions(**{name: value})
    error = raised.value
    assert isinstance(error, ValueError)
    assert isinstance(error, UsageError)
    assert error.option == name
    assert error.problem
    assert str(error) == f"option {name}={error.value!r}: {error.problem}"
    if name in ("socks_password", "wss_key_pem"):
        assert error.value == "(secret)"
    elif name == "security":  # it may be a key or a password
        assert error.value == f"({type(value).__name__})"
    elif not isinstance(value, dict) and "filter" not in name:  # else an item may be wrong
        assert error.value is value


@pytest.mark.parametrize(("name", "value", "problem"), [
    ("send_hwm", -1, f"it takes a whole number from 0 to {2**62}"),
    ("backlog", 0, f"it takes a whole number from 1 to {2**31 - 1}"),
    ("immediate", 1, "it takes True or False"),
    ("reconnect_interval_max", -1, "it takes seconds as a number from 0 up"),
    ("linger", -1, "it takes seconds as a number from 0 up, or None for no limit"),
    (
        "handshake_timeout",
        0,
        "it takes seconds as a number from more than 0 up, or None for no limit",
    ),
    ("routing_id", b"x" * 256, "it takes 0 to 255 bytes"),
    ("routing_id", b"\0", "it may not begin with a zero byte"),
    ("min_version", (2, 1), "it takes (1, 0), (2, 0), (3, 0) or (3, 1)"),
    ("metadata", None, "it takes a mapping of str to bytes"),
    (
        "socks_proxy",
        "host",
        "it takes host:port or [IPv6 address]:port, with a port from 1 to 65535,"
        " or None for no proxy",
    ),
    ("socks_username", "", "it takes a str of 1 to 255 bytes in UTF-8, or None for no authentication"),
])  # fmt: skip
def test_an_error_names_the_range(name: str, value: Any, problem: str) -> None:
    with pytest.raises(OptionError) as raised:
        SocketOptions(**{name: value})
    assert raised.value.problem == problem


def test_a_secret_is_not_shown() -> None:
    options = SocketOptions(socks_username="anne", socks_password="hush", wss_key_pem="hush")
    assert "anne" in repr(options)
    assert "hush" not in repr(options)


def test_of_several_values_nobody_can_change_any_later() -> None:
    given = ["127.0.0.1"]
    options = SocketOptions(tcp_accept_filter=given, ipc_filter_uid={5})  # type: ignore[arg-type]
    given.append("::1")
    assert options.tcp_accept_filter == ("127.0.0.1",)
    assert options.ipc_filter_uid == (5,)


def test_of_metadata_the_wrong_item_is_named() -> None:
    with pytest.raises(OptionError) as raised:
        SocketOptions(metadata={"X-good": b"", "bad": b""})
    assert raised.value.value == "bad"
    with pytest.raises(OptionError) as raised:
        SocketOptions(metadata={"X-good": "text"})  # type: ignore[dict-item]
    assert raised.value.value == "text"


def test_options_are_given_by_name() -> None:
    make: Any = SocketOptions
    with pytest.raises(TypeError):
        make(10)


@pytest.mark.parametrize("name", _DEFAULTS)
def test_options_cannot_be_changed(name: str) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(SocketOptions(), name, _DEFAULTS[name])


def test_options_are_a_value() -> None:
    assert SocketOptions(send_hwm=5) == SocketOptions(send_hwm=5)
    assert SocketOptions(send_hwm=5) != SocketOptions()


def test_metadata_that_is_changed_later_does_not_pass_by_the_check() -> None:
    metadata = {"X-a": b"1"}
    options = SocketOptions(metadata=metadata)
    metadata["no such name"] = b"2"
    assert dict(options.metadata) == {"X-a": b"1"}
    with pytest.raises(TypeError):
        options.metadata["no such name"] = b"2"  # type: ignore[index]


@pytest.mark.parametrize("name", _FIELDS)
def test_options_can_be_copied_and_sent_elsewhere(name: str) -> None:
    for value in _VALUES[name][0]:
        options = SocketOptions(**{name: value})
        copies = [copy.copy(options), copy.deepcopy(options)]
        if name in _SECRET and value is not None:
            with pytest.raises(TypeError, match=f"{name} is a secret"):
                pickle.dumps(options)
        else:
            copies.append(_pickled(options))
        for again in copies:
            assert again == options
            assert hash(again) == hash(options)
            assert type(again.metadata) is type(options.metadata)


def _pickled(options: SocketOptions) -> SocketOptions:
    again: SocketOptions = pickle.loads(pickle.dumps(options))
    return again


@pytest.mark.parametrize("proxy", [value for value in _VALUES["socks_proxy"][0] if value])
def test_a_proxy_is_where_an_address_can_lead(proxy: str) -> None:
    """What the check lets pass is not refused when it is too late."""
    assert parse(f"tcp://{proxy}") is not None


# Documentation


@pytest.mark.parametrize("name", _DEFAULTS)
def test_an_option_says_what_it_means_and_what_libzmq_calls_it(name: str) -> None:
    metadata = _FIELDS[name].metadata
    assert metadata["meaning"]
    assert metadata["zmq"] is None or metadata["zmq"].startswith("ZMQ_")
    assert metadata["zmq_default"] is None or metadata["zmq"] is not None


def test_no_two_options_stand_for_the_same_of_libzmq() -> None:
    names = [field.metadata["zmq"] for field in _FIELDS.values() if field.metadata["zmq"]]
    assert len(set(names)) == len(names)


# Options of a socket


def test_without_options_all_are_at_their_defaults() -> None:
    assert options_for(SocketType.PUSH, None, {}) == SocketOptions()


def test_options_can_be_overridden_by_name() -> None:
    given = SocketOptions(send_hwm=5, linger=1.0)
    chosen = options_for(SocketType.PUSH, given, {"send_hwm": 7})
    assert (chosen.send_hwm, chosen.linger) == (7, 1.0)
    assert given.send_hwm == 5
    assert options_for(SocketType.PUSH, given, {}) == given


def test_an_overriding_value_is_checked_too() -> None:
    with pytest.raises(OptionError) as raised:
        options_for(SocketType.PUSH, None, {"send_hwm": "many"})
    assert raised.value.option == "send_hwm"


def test_unknown_names_are_told() -> None:
    with pytest.raises(TypeError, match="hwm, sendhwm"):
        options_for(SocketType.PUSH, None, {"sendhwm": 1, "hwm": 2, "send_hwm": 3})


@pytest.mark.parametrize("wrong", [{"send_hwm": 1}, 5, "send_hwm"])
def test_what_are_no_options_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="SocketOptions"):
        options_for(SocketType.PUSH, wrong, {})


@pytest.mark.parametrize("socket_type", SocketType)
@pytest.mark.parametrize("name", _DEFAULTS)
def test_an_option_that_does_nothing_on_a_type_is_refused_there(
    name: str, socket_type: SocketType
) -> None:
    value = _set_everywhere(name)
    useful = name not in _USES or socket_type.value in _USES[name].split()
    given = SocketOptions(**{name: value})
    for options, overrides in ((given, {}), (None, {name: value})):
        if useful:
            assert getattr(options_for(socket_type, options, overrides), name) == value
        else:
            with pytest.raises(UsageError, match=f"{name} .*{socket_type.value}"):
                options_for(socket_type, options, overrides)


@pytest.mark.parametrize("socket_type", SocketType)
def test_an_option_at_its_default_is_refused_nowhere(socket_type: SocketType) -> None:
    assert options_for(socket_type, SocketOptions(), dict(_DEFAULTS)) == SocketOptions()


def test_options_can_be_kept_in_sets() -> None:
    one, same = SocketOptions(metadata={"X-A": b"b"}), SocketOptions(metadata={"X-A": b"b"})
    other = SocketOptions(send_hwm=7)
    assert hash(one) == hash(same)
    assert {one, same, other} == {one, other}
    assert hash(SocketOptions()) == hash(SocketOptions())
