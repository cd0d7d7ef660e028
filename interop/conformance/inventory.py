"""libzmq's tests, by name, and what becomes of each.

A name is a file ``tests/test_NAME.cpp`` of libzmq (or a group of them); so that none is forgotten, a
test holds this list against the registered scenarios.
"""

from __future__ import annotations

PATTERNS = (
    "spec_req",
    "spec_rep",
    "spec_dealer",
    "spec_router",
    "spec_pushpull",
    "req_correlate",
    "req_relaxed",
    "invalid_rep",
    "reqrep_inproc",
    "reqrep_tcp",
    "reqrep_ipc",
    "reqrep_device",
    "router_mandatory",
    "router_mandatory_hwm",
    "router_handover",
    "router_notify",
    "probe_router",
    "connect_rid",
    "sub_forward",
    "pubsub",
    "xpub_verbose",
    "xpub_manual",
    "xpub_manual_last_value",
    "xpub_nodrop",
    "xpub_topic",
    "xpub_welcome_msg",
    "xsub_verbose",
    "pub_invert_matching",
    "pubsub_topics_count",
    "mock_pub_sub",
    "conflate",
    "client_server",
    "scatter_gather",
    "channel",
    "peer",
    "peer_disconnect",
    "radio_dish",
    "dgram",
    "hello_msg",
    "disconnect_msg",
    "hiccup_msg",
)

STREAM = (
    "stream",
    "stream_disconnect",
    "stream_empty",
    "stream_exceeds_buffer",
    "stream_timeout",
)

CONNECTIONS = (
    "hwm",
    "hwm_pubsub",
    "sockopt_hwm",
    "immediate",
    "bind_after_connect_tcp",
    "inproc_connect",
    "disconnect_inproc",
    "term_endpoint",
    "unbind_wildcard",
    "last_endpoint",
    "ipc_wildcard",
    "rebind_ipc",
    "abstract_ipc",
    "bind_src_address",
    "connect_resolve",
    "setsockopt",
    "reconnect_ivl",
    "reconnect_options",
    "heartbeats",
    "timeo",
    "tcp_accept_filter",
    "filter_ipc",
    "diffserv",
    "use_fd",
    "srcfd",
    "pair_inproc",
    "pair_ipc",
    "pair_tcp",
    "issue_566",
    "many_sockets",
    "ctx_destroy",
    "shutdown_stress",
    "fork",
    "socks",
    "ws_transport",
    "wss_transport",
    "capabilities",
    "ctx_options",
    "msg_flags",
    "msg_init",
    "msg_ffn",
    "iov",
    "z85",
    "base85",
    "getsockopt_memset",
    "atomics",
    "thread_safe",
    "poller",
    "timers",
    "proxy",
    "proxy_hwm",
    "proxy_single_socket",
    "proxy_steerable",
    "proxy_terminate",
)

METADATA = ("metadata", "app_meta", "monitor")

SECURITY = (
    "security_null",
    "security_plain",
    "security_curve",
    "security_zap",
    "security_no_zap_handler",
    "security_gssapi",
)

UNITS = (
    "bind_fuzzer",
    "bind_null_fuzzer",
    "bind_curve_fuzzer",
    "bind_stream_fuzzer",
    "bind_ws_fuzzer",
    "connect_fuzzer",
    "connect_null_fuzzer",
    "connect_curve_fuzzer",
    "connect_stream_fuzzer",
    "connect_ws_fuzzer",
    "socket_options_fuzzer",
    "z85_decode_fuzzer",
    "unittest_mtrie",
    "unittest_radix_tree",
    "unittest_curve_encoding",
    "unittest_ip_resolver",
    "unittest_udp_address",
)

OTHERS = (
    "address_tipc",
    "connect_delay_tipc",
    "pair_tipc",
    "reqrep_device_tipc",
    "reqrep_tipc",
    "router_mandatory_tipc",
    "shutdown_stress_tipc",
    "sub_forward_tipc",
    "term_endpoint_tipc",
    "pair_vmci",
    "reqrep_vmci",
    "pair_vsock",
    "reqrep_vsock",
    "busy_poll",
    "pair_tcp_cap_net_admin",
    "sodium",
    "zmq_poll_fd",
    "zmq_ppoll_fd",
    "zmq_ppoll_signals",
    "ancillaries",
    "system",
    "socket_null",
)

#: Every name.
NAMES = (*PATTERNS, *STREAM, *CONNECTIONS, *METADATA, *SECURITY, *UNITS, *OTHERS)

#: What waits for a part of pyzmtp that is not there yet.
LATER: dict[str, str] = {}

#: What has no meaning for pyzmtp.
NOT_APPLICABLE = {
    **{name: "TIPC: no Twisted transport" for name in OTHERS if name.endswith("_tipc")},
    "pair_vmci": "VMCI: no Twisted transport",
    "reqrep_vmci": "VMCI: no Twisted transport",
    "pair_vsock": "VSOCK: no Twisted transport",
    "reqrep_vsock": "VSOCK: no Twisted transport",
    "busy_poll": "an option of libzmq's own event loop",
    "pair_tcp_cap_net_admin": "SO_BINDTODEVICE and SO_PRIORITY need a privileged process",
    "sodium": "libzmq's use of libsodium's random numbers",
    "zmq_poll_fd": "zmq_poll: the reactor does this",
    "zmq_ppoll_fd": "zmq_ppoll: the reactor does this",
    "zmq_ppoll_signals": "zmq_ppoll: the reactor does this",
    "ancillaries": "C API: version and error strings",
    "system": "the limits of the machine that runs libzmq's tests",
    "socket_null": "C API: calls with a null pointer",
    "security_gssapi": (
        "GSSAPI needs a Kerberos realm, and a libzmq that is built for it: the wheel's is not, as few are"
    ),
    "srcfd": "events carry a connection's descriptor; a message tells its peer (receive_from)",
    "capabilities": "zmq_has(): what is there can be imported",
    "ctx_options": "there are no contexts: the reactor has threads, and sockets are as many as wanted",
    "msg_init": "C API: how a zmq_msg_t is made; a message is a list of bytes",
    "msg_ffn": "C API: who frees the memory of a zmq_msg_t",
    "getsockopt_memset": "C API: what is left of a buffer that is too large",
    "atomics": "C API: atomic counters",
    "thread_safe": "sockets belong to the reactor's thread",
    "timers": "zmq_timers: reactor.callLater and LoopingCall",
}

#: What other tests of this repository show: the file and the test function.
_MUTATED = "test_mutated_sessions_never_raise_and_give_the_same_however_they_are_cut"
_SECURED = "tests/engine/test_secured_junk.py"
ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(
        ("bind_curve_fuzzer", "connect_curve_fuzzer"),
        f"{_SECURED}::test_a_mutated_handshake_ends_in_an_error_or_waits_for_more",
    ),
    "unittest_curve_encoding": f"{_SECURED}::test_what_is_sealed_is_opened",
    "z85": "tests/wire/test_z85.py::test_the_vector_of_the_rfc",
    "base85": "tests/wire/test_z85.py::test_no_number_passes_four_bytes",
    "z85_decode_fuzzer": "tests/wire/test_z85.py::test_any_text_is_decoded_or_refused",
    "socks": "interop/test_socks.py::test_libzmq_through_the_proxy",
    **dict.fromkeys(
        ("bind_fuzzer", "bind_null_fuzzer", "connect_fuzzer", "connect_null_fuzzer"),
        f"tests/engine/test_connection.py::{_MUTATED}",
    ),
    **dict.fromkeys(
        ("bind_stream_fuzzer", "connect_stream_fuzzer"),
        "tests/engine/test_raw_connection.py::test_every_byte_arrives_once_and_in_its_place",
    ),
    **dict.fromkeys(
        ("bind_ws_fuzzer", "connect_ws_fuzzer"),
        "tests/engine/test_websocket.py::test_any_bytes_end_in_an_error_or_wait_for_more",
    ),
    "socket_options_fuzzer": "tests/test_options_fuzz.py::test_any_value_is_taken_or_refused",
    "unittest_mtrie": "tests/patterns/test_subscription_trie.py::test_it_does_what_a_set_of_pairs_does",
    "unittest_radix_tree": (
        "tests/patterns/test_subscription_trie.py"
        "::test_the_tree_has_one_shape_for_one_set_of_subscriptions"
    ),
    "unittest_udp_address": (
        "tests/sockets/test_udp.py::test_an_interface_needs_a_group_and_groups_are_ipv4"
    ),
    "unittest_ip_resolver": "tests/net/test_address.py::test_any_text_is_understood_or_refused",
}
