"""Every socket option of libzmq that a pyzmtp socket must have, and what it is here (PARITY.md 5)."""

from __future__ import annotations

import inspect
from operator import attrgetter
from typing import Final

import attrs
import pytest

import pyzmtp
from pyzmtp import SocketOptions

_FIELDS: Final = attrs.fields_dict(SocketOptions)

#: By libzmq's name: an option, ...
_OPTIONS: Final = {
    "ZMQ_BACKLOG": "backlog",
    "ZMQ_CONFLATE": "conflate",
    "ZMQ_CONNECT_TIMEOUT": "connect_timeout",
    "ZMQ_DISCONNECT_MSG": "disconnect_message",
    "ZMQ_HANDSHAKE_IVL": "handshake_timeout",
    "ZMQ_HEARTBEAT_IVL": "heartbeat_interval",
    "ZMQ_HEARTBEAT_TIMEOUT": "heartbeat_timeout",
    "ZMQ_HEARTBEAT_TTL": "heartbeat_ttl",
    "ZMQ_HELLO_MSG": "hello_message",
    "ZMQ_HICCUP_MSG": "hiccup_message",
    "ZMQ_IMMEDIATE": "immediate",
    "ZMQ_INVERT_MATCHING": "invert_matching",
    "ZMQ_IPV6": "ipv6",
    "ZMQ_IPC_FILTER_GID": "ipc_filter_gid",
    "ZMQ_IPC_FILTER_PID": "ipc_filter_pid",
    "ZMQ_IPC_FILTER_UID": "ipc_filter_uid",
    "ZMQ_LINGER": "linger",
    "ZMQ_MAXMSGSIZE": "max_message_size",
    "ZMQ_METADATA": "metadata",
    "ZMQ_MULTICAST_HOPS": "multicast_hops",
    "ZMQ_MULTICAST_LOOP": "multicast_loop",
    "ZMQ_ONLY_FIRST_SUBSCRIBE": "only_first_subscribe",
    "ZMQ_PROBE_ROUTER": "probe_router",
    "ZMQ_RCVBUF": "receive_buffer",
    "ZMQ_RCVHWM": "receive_hwm",
    "ZMQ_RCVTIMEO": "receive_timeout",
    "ZMQ_RECONNECT_IVL": "reconnect_interval",
    "ZMQ_RECONNECT_IVL_MAX": "reconnect_interval_max",
    "ZMQ_RECONNECT_STOP": "reconnect_stop",
    "ZMQ_REQ_CORRELATE": "req_correlate",
    "ZMQ_REQ_RELAXED": "req_relaxed",
    "ZMQ_ROUTER_HANDOVER": "router_handover",
    "ZMQ_ROUTER_MANDATORY": "router_mandatory",
    "ZMQ_ROUTER_NOTIFY": "router_notify",
    "ZMQ_ROUTING_ID": "routing_id",
    "ZMQ_SNDBUF": "send_buffer",
    "ZMQ_SNDHWM": "send_hwm",
    "ZMQ_SNDTIMEO": "send_timeout",
    "ZMQ_SOCKS_PASSWORD": "socks_password",
    "ZMQ_SOCKS_PROXY": "socks_proxy",
    "ZMQ_SOCKS_USERNAME": "socks_username",
    "ZMQ_STREAM_NOTIFY": "stream_notify",
    "ZMQ_TCP_ACCEPT_FILTER": "tcp_accept_filter",
    "ZMQ_TCP_KEEPALIVE": "tcp_keepalive",
    "ZMQ_TCP_KEEPALIVE_CNT": "tcp_keepalive_count",
    "ZMQ_TCP_KEEPALIVE_IDLE": "tcp_keepalive_idle",
    "ZMQ_TCP_KEEPALIVE_INTVL": "tcp_keepalive_interval",
    "ZMQ_TCP_MAXRT": "tcp_user_timeout",
    "ZMQ_TOS": "tos",
    "ZMQ_USE_FD": "use_fd",
    "ZMQ_WSS_CERT_PEM": "wss_cert_pem",
    "ZMQ_WSS_HOSTNAME": "wss_hostname",
    "ZMQ_WSS_KEY_PEM": "wss_key_pem",
    "ZMQ_WSS_TRUST_PEM": "wss_trust_pem",
    "ZMQ_WSS_TRUST_SYSTEM": "wss_trust_system",
    "ZMQ_XPUB_MANUAL": "xpub_manual",
    "ZMQ_XPUB_MANUAL_LAST_VALUE": "xpub_manual_last_value",
    "ZMQ_XPUB_NODROP": "xpub_nodrop",
    "ZMQ_XPUB_VERBOSE": "xpub_verbose",
    "ZMQ_XPUB_VERBOSER": "xpub_verboser",
    "ZMQ_XPUB_WELCOME_MSG": "xpub_welcome_message",
    "ZMQ_ZAP_DOMAIN": "zap_domain",
    "ZMQ_ZAP_ENFORCE_DOMAIN": "zap_enforce_domain",
    "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE": "xsub_verbose_unsubscribe",
}

#: ... or methods and properties, whose docstrings name it, ...
_MEMBERS: Final = {
    "ZMQ_EVENTS": ["ReceivingSocket.readable", "SendingSocket.writable"],
    "ZMQ_LAST_ENDPOINT": ["Socket.last_endpoint"],
    "ZMQ_SUBSCRIBE": ["SubSocket.subscribe", "XPubSocket.subscribe"],
    "ZMQ_TOPICS_COUNT": [
        "PubSocket.topics",
        "XPubSocket.topics",
        "SubSocket.topics",
        "XSubSocket.topics",
    ],
    "ZMQ_UNSUBSCRIBE": ["SubSocket.unsubscribe", "XPubSocket.unsubscribe"],
}


@pytest.mark.parametrize(("zmq", "name"), _OPTIONS.items())
def test_an_option_that_is_one_here_too(zmq: str, name: str) -> None:
    assert _FIELDS[name].metadata["zmq"] == zmq


@pytest.mark.parametrize(("zmq", "members"), _MEMBERS.items())
def test_an_option_that_is_a_method_or_a_property(zmq: str, members: list[str]) -> None:
    for member in members:
        assert zmq in (attrgetter(member)(pyzmtp).__doc__ or "")


def test_an_option_that_is_a_parameter() -> None:
    """ZMQ_CONNECT_ROUTING_ID is given to the very connect() that it is for."""
    assert "routing_id" in inspect.signature(pyzmtp.Socket.connect).parameters
    assert "ZMQ_CONNECT_ROUTING_ID" in (pyzmtp.Socket.connect.__doc__ or "")


def test_options_that_can_only_be_read() -> None:
    """ZMQ_TYPE, ZMQ_MECHANISM (each peer may have another), ZMQ_RCVMORE (a message is whole)."""
    assert pyzmtp.PubSocket.socket_type is pyzmtp.SocketType.PUB
    assert "mechanism" in attrs.fields_dict(pyzmtp.Peer)
    receive = inspect.signature(pyzmtp.ReceivingSocket.receive)
    assert receive.return_annotation == "Deferred[Message]"


def test_no_option_of_libzmqs_has_two_counterparts() -> None:
    named = [field.metadata["zmq"] for field in _FIELDS.values() if field.metadata["zmq"]]
    assert len(named) == len(set(named))
    assert not set(named) & set(_MEMBERS)
