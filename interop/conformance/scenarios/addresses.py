"""What may be bound and connected, and what it is called then."""

from __future__ import annotations

import warnings
from pathlib import Path

from interop.conformance.actor import OK
from interop.conformance.probes import (
    bounce,
    option_of,
    port_of,
    tcp_sockets,
    try_bind,
    try_connect,
    try_disconnect,
    try_unbind,
)
from interop.conformance.scenario import PURE, TCP, scenario
from interop.conformance.stage import Stage

IPC = ("ipc",)
_ALONE = "one socket, and nobody to talk to"


@scenario("term_endpoint", expected=[[b"ABC"], "would-block"])
async def send_after_unbind(stage: Stage) -> object:
    """To unbind ends the connections that came by it."""
    push, pull = stage.first("PUSH"), stage.second("PULL")
    address = await stage.link(push, pull)
    await push.send(b"ABC")
    got = await pull.receive()
    await push.unbind(address)
    await stage.settle()
    return [got, push.try_send(b"ABC")]


@scenario("term_endpoint", expected=[[b"ABC"], "would-block"])
async def send_after_disconnect(stage: Stage) -> object:
    """To disconnect ends the connection and its queue."""
    push, pull = stage.first("PUSH"), stage.second("PULL")
    address = await stage.link(pull, push)
    await push.send(b"ABC")
    got = await pull.receive()
    await push.disconnect(address)
    await stage.settle()
    return [got, push.try_send(b"ABC")]


@scenario(
    "term_endpoint",
    expected=["unknown-endpoint", OK, "unknown-endpoint"],
    combinations=PURE,
    why=_ALONE,
)
async def a_wildcard_is_unbound_by_its_real_name(stage: Stage) -> object:
    """What bind gave is unbound, once; not the wildcard that it was given."""
    push = stage.first("PUSH")
    wildcard = "tcp://127.0.0.1:*" if stage.transport == "tcp" else "ipc://*"
    address = await push.bind(wildcard)
    return [await try_unbind(push, one) for one in (wildcard, address, address)]


@scenario("term_endpoint", expected=["unknown-endpoint", OK], combinations=PURE, why=_ALONE)
async def what_was_never_connected_cannot_be_disconnected(stage: Stage) -> object:
    """ENOENT for an address that nobody knows."""
    push = stage.first("PUSH")
    address = stage.lasting_address()
    unknown = await try_disconnect(push, address)
    push.connect(address)
    await stage.turn()
    return [unknown, await try_disconnect(push, address)]


async def _wildcard(stage: Stage, address: str, ipv6: bool) -> object:
    rep, req = stage.first("REP", ipv6=ipv6), stage.second("REQ", ipv6=ipv6)
    bound = await stage.link(rep, req, address=address)
    bounced = await bounce(req, rep)
    return [
        bound.rsplit(":", 1)[0],
        port_of(bound) > 0,
        bounced,
        await try_disconnect(req, bound),
        await try_unbind(rep, bound),
    ]


def _due(host: str) -> object:
    return [f"tcp://{host}", True, [True, True], OK, OK]


@scenario("unbind_wildcard", expected=_due("0.0.0.0"), transports=TCP)
async def any_ipv4_address(stage: Stage) -> object:
    """``tcp://*:*`` without IPv6."""
    return await _wildcard(stage, "tcp://*:*", False)


@scenario("unbind_wildcard", expected=_due("[::]"), transports=TCP)
async def any_address_with_ipv6(stage: Stage) -> object:
    """``tcp://*:*`` with IPv6."""
    return await _wildcard(stage, "tcp://*:*", True)


@scenario("unbind_wildcard", expected=_due("127.0.0.1"), transports=TCP)
async def any_port(stage: Stage) -> object:
    """A port wildcard at an IPv4 address, without IPv6."""
    return await _wildcard(stage, "tcp://127.0.0.1:*", False)


@scenario("unbind_wildcard", expected=_due("[::ffff:127.0.0.1]"), transports=TCP)
async def any_port_of_an_ipv4_address_with_ipv6(stage: Stage) -> object:
    """The same with IPv6."""
    return await _wildcard(stage, "tcp://127.0.0.1:*", True)


@scenario("unbind_wildcard", expected=_due("[::1]"), transports=TCP)
async def any_port_of_an_ipv6_address(stage: Stage) -> object:
    """A port wildcard at an IPv6 address."""
    return await _wildcard(stage, "tcp://[::1]:*", True)


@scenario("last_endpoint", expected=[True, True], combinations=PURE, why=_ALONE)
async def the_address_is_reported(stage: Stage) -> object:
    """What was bound is called what it was called."""
    router = stage.first("ROUTER")
    wanted = [stage.lasting_address(), stage.lasting_address()]
    return [await router.bind(address) == address for address in wanted]


@scenario("ipc_wildcard", expected=[True, [True, True]], transports=IPC)
async def a_path_is_made(stage: Stage) -> object:
    """``ipc://*`` makes a path that others can connect to."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    address = await stage.link(binder, connecter, address="ipc://*")
    path = Path(address.removeprefix("ipc://"))
    return [path.is_socket(), await bounce(binder, connecter)]


@scenario("rebind_ipc", expected=[[b"42"], OK], transports=IPC)
async def a_path_in_use_is_bound_again(stage: Stage) -> object:
    """A second socket binds a path that the first still listens at."""
    first, second = stage.first("PUSH"), stage.first("PUSH")
    pull = stage.second("PULL")
    address = await stage.link(first, pull)
    await first.send(b"42")
    with warnings.catch_warnings():
        # Twisted leaves a socket that it could not bind to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        again = await try_bind(second, address)
    return [await pull.receive(), again]


@scenario("rebind_ipc", expected=[[b"42"], [b"43"]], transports=IPC)
async def a_path_is_free_after_unbind(stage: Stage) -> object:
    """The path can be bound again when it was given back, and its client comes back."""
    first, second = stage.first("PUSH"), stage.first("PUSH")
    pull = stage.second("PULL")
    address = await stage.link(first, pull)
    await first.send(b"42")
    got = await pull.receive()
    await first.unbind(address)
    await second.bind(address)
    await second.send(b"43")
    return [got, await pull.receive()]


@scenario("abstract_ipc", expected=[True, [True, True]], transports=IPC)
async def a_name_without_a_path(stage: Stage) -> object:
    """``ipc://@name`` is a name in Linux's abstract namespace."""
    binder, connecter = stage.first("DEALER"), stage.second("DEALER")
    wanted = f"ipc://@{stage.directory.name}"
    address = await stage.link(binder, connecter, address=wanted)
    return [address == wanted, await bounce(binder, connecter)]


@scenario("abstract_ipc", expected=True, transports=IPC, combinations=PURE, why=_ALONE)
async def an_empty_name(stage: Stage) -> object:
    """``ipc://@`` is no name. (EINVAL; with a monitor libzmq's bind tells a wrong errno)"""
    return await try_bind(stage.first("DEALER"), "ipc://@") != OK


@scenario("bind_src_address", expected=[OK, OK, OK], transports=TCP, combinations=PURE, why=_ALONE)
async def a_source_address_is_accepted(stage: Stage) -> object:
    """An address to connect from may stand before the address to connect to."""
    pub = stage.first("PUB")
    addresses = (
        "tcp://127.0.0.1:0;localhost:1234",
        "tcp://localhost:5555;localhost:1235",
        "tcp://lo:5555;localhost:1235",
    )
    results = [try_connect(pub, address) for address in addresses]
    await stage.turn()
    return results


@scenario("bind_src_address", expected=["127.0.0.1", True, [True, True]], transports=TCP)
async def a_source_address_is_used(stage: Stage) -> object:
    """The connection comes from the address and the port that were given."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    address = await binder.bind(stage.address())
    port = port_of(stage.lasting_address())
    target = address.removeprefix("tcp://")
    connecter.connect(f"tcp://127.0.0.1:{port};{target}")
    bounced = await bounce(binder, connecter)
    hosts, ports = set(), set()
    for copy in tcp_sockets():
        with copy:
            here = copy.getsockname()
            if here[1] == port:
                hosts.add(here[0])
                ports.add(copy.getpeername()[1])
    return [*hosts, ports == {port_of(address)}, bounced]


@scenario(
    "connect_resolve",
    expected={
        "tcp://localhost:1234": OK,
        "tcp://[::1]:1234": OK,
        "tcp://in val id:1234": "invalid",
        "tcp://": "invalid",
        "tcp://localhost:invalid": "invalid",
        "invalid://localhost:1234": "invalid",
        "tcp://192.168.0.200:*": "invalid",
        "localhost": "invalid",
    },
    transports=TCP,
    combinations=PURE,
    why=_ALONE,
)
async def addresses_are_checked(stage: Stage) -> object:
    """connect() refuses at once what is no address."""
    addresses = (
        "tcp://localhost:1234",
        "tcp://[::1]:1234",
        "tcp://in val id:1234",
        "tcp://",
        "tcp://localhost:invalid",
        "invalid://localhost:1234",
        "tcp://192.168.0.200:*",
        "localhost",
    )
    pub = stage.first("PUB", ipv6=True)
    outcome = {address: try_connect(pub, address) for address in addresses}
    await stage.turn()
    return outcome


@scenario(
    "setsockopt",
    expected={"by default": [-1, -1], "set": [16384, 16384], "two": [20, 0]},
    transports=TCP,
    combinations=PURE,
    why=_ALONE,
)
async def options_are_kept(stage: Stage) -> object:
    """What was set is what is told; the defaults of the buffers are the system's."""
    plain = stage.first("PUSH")
    one = stage.first("PUSH", send_buffer=16384, receive_buffer=16384)
    two = stage.first("PUSH", send_hwm=20, receive_hwm=0)
    return {
        "by default": [option_of(plain, name) for name in ("send_buffer", "receive_buffer")],
        "set": [option_of(one, name) for name in ("send_buffer", "receive_buffer")],
        "two": [option_of(two, name) for name in ("send_hwm", "receive_hwm")],
    }


_WRONG: tuple[dict[str, object], ...] = (
    {"send_hwm": -1},
    {"receive_hwm": -1},
    {"linger": -2.0},
    {"heartbeat_timeout": -2.0},
    {"heartbeat_ttl": -1.0},
    {"heartbeat_ttl": 6553.6},
    {"connect_timeout": -1.0},
    {"handshake_timeout": -1.0},
    {"tcp_keepalive": 2},
    {"tos": -1},
    {"reconnect_interval_max": -1.0},
    {"routing_id": bytes(256)},
)


@scenario(
    "setsockopt",
    expected=["invalid"] * len(_WRONG),
    transports=TCP,
    combinations=PURE,
    why=_ALONE,
)
async def ranges_are_checked(stage: Stage) -> object:
    """What is out of range is refused when it is set."""
    return [stage.try_first("DEALER", **wrong) for wrong in _WRONG]


@scenario(
    "diffserv",
    expected={"listening": 0x28, "accepted": 0x28, "connected": 0x58, "bounced": [True, True]},
    transports=TCP,
)
async def the_type_of_service_is_set(stage: Stage) -> object:
    """The kernel's sockets have the type of service that was asked for: all three of them."""
    binder, connecter = stage.first("PAIR", tos=0x28), stage.second("PAIR", tos=0x58)
    address = await stage.link(binder, connecter)
    outcome: dict[str, object] = {"bounced": await bounce(binder, connecter)}
    port = port_of(address)
    for copy in tcp_sockets():
        with copy:
            try:
                there = copy.getpeername()[1]
            except OSError:
                there = None
            tos = copy.getsockopt(0, 1)  # IPPROTO_IP, IP_TOS
            if there == port:
                outcome["connected"] = tos
            elif copy.getsockname()[1] == port:
                outcome["listening" if there is None else "accepted"] = tos
    return outcome


@scenario("pair_tcp", expected=[True, True], transports=TCP)
async def bounce_tcp(stage: Stage) -> object:
    """A message goes there and back."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    await stage.link(binder, connecter)
    return await bounce(binder, connecter)


@scenario("pair_tcp", expected=[True, True], transports=TCP)
async def bounce_by_name(stage: Stage) -> object:
    """The same by the name ``localhost``. (libzmq's test: test_pair_tcp_connect_by_name)"""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    address = await binder.bind(stage.address())
    connecter.connect(address.replace("127.0.0.1", "localhost"))
    return await bounce(binder, connecter)


@scenario("pair_ipc", expected=[True, True], transports=IPC)
async def bounce_ipc(stage: Stage) -> object:
    """A message goes there and back."""
    binder, connecter = stage.first("PAIR"), stage.second("PAIR")
    await stage.link(binder, connecter)
    return await bounce(binder, connecter)


@scenario(
    "pair_ipc", expected=["refused", "refused"], transports=IPC, combinations=PURE, why=_ALONE
)
async def a_path_that_is_too_long(stage: Stage) -> object:
    """A path of 108 bytes has no room in the system's structure (ENAMETOOLONG).

    With a monitor, which all sockets here have, libzmq's bind tells a wrong errno.
    """
    address = "ipc:///" + "x" * 107
    pair = stage.first("PAIR")
    results = [await try_bind(pair, address), try_connect(pair, address)]
    return ["refused" if result != OK else OK for result in results]
