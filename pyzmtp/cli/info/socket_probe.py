"""Asks a peer by way of whole sockets, where its bytes cannot be looked at: :func:`ask_by_sockets`."""

from __future__ import annotations

from typing import Any, NoReturn

from attrs import evolve

from pyzmtp.cli.info.inspection import Findings
from pyzmtp.cli.info.joining import SAFE_TYPES, UNSAFE_TYPES, type_to_join
from pyzmtp.cli.info.probe import NoSafeType, PeerClosed, Probed
from pyzmtp.cli.sockets.kinds import KINDS
from pyzmtp.constants import SocketType
from pyzmtp.engine.events import Connected, Event
from pyzmtp.errors import ConnectError, IncompatibleSocketType, OperationTimeout, ProtocolError
from pyzmtp.options import SocketOptions
from pyzmtp.peer import Peer
from pyzmtp.wire.greeting import Greeting

__all__ = ["ask_by_sockets"]


async def ask_by_sockets(
    reactor: Any, address: str, options: SocketOptions, joins: bool, timeout: float
) -> Probed:
    """Connect a socket of one type after the other, until one fits, or the peer says what it is.

    Raises :exc:`ConnectError`, :exc:`OperationTimeout`, :exc:`UsageError`.
    """
    options = evolve(options, reconnect_interval=None, linger=0.0)
    types = [*SAFE_TYPES, *(UNSAFE_TYPES if joins else ())]
    while True:
        ours = types.pop(0)
        probed = await _ask(reactor, address, ours, options, timeout)
        error = probed.error
        if isinstance(error, IncompatibleSocketType):
            fitting = type_to_join(error.theirs, joins)
            if fitting is None:
                probed.error = None
                probed.findings.properties = {"Socket-Type": error.theirs.encode()}
                return probed
            types = [fitting]
        elif not isinstance(error, PeerClosed):
            return probed
        elif not types:
            probed.error = NoSafeType()
            return probed


async def _ask(
    reactor: Any, address: str, ours: SocketType, options: SocketOptions, timeout: float
) -> Probed:
    """Connect a socket of one type."""
    probed = Probed()
    began = reactor.seconds()

    def notice(event: Event) -> None:
        if isinstance(event, Connected):
            probed.peer_address = event.peer_address
            probed.connect_seconds = reactor.seconds() - began

    def too_late(_: object, seconds: float) -> NoReturn:
        raise OperationTimeout("nobody became ready", seconds)

    async with KINDS[ours.value.lower()].socket(reactor, options) as socket:
        socket.on_event(notice)
        try:
            peer = await socket.connect(address).addTimeout(timeout, reactor, too_late)
        except (ConnectError, OperationTimeout):
            raise
        except ProtocolError as error:
            probed.error = error
        except Exception:  # what the transport says when it is closed
            probed.error = PeerClosed("the end of the handshake")
        else:
            seconds = reactor.seconds() - began - probed.connect_seconds
            probed.findings = _findings(peer, ours, seconds)
    return probed


def _findings(peer: Peer, ours: SocketType, seconds: float) -> Findings:
    """What is known of a peer that is ready."""
    properties = dict(peer.metadata)
    if peer.socket_type is not None:
        properties["Socket-Type"] = peer.socket_type.value.encode()
    if peer.routing_id:
        properties["Identity"] = peer.routing_id
    greeting = Greeting(peer.version, peer.mechanism.encode())
    return Findings(greeting, properties, ours, seconds)
