"""Finds out what a peer is, in as many connections as that takes: :func:`investigate`."""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import evolve, frozen

from pyzmtp.cli.info.inspection import Inspection
from pyzmtp.cli.info.joining import SAFE_TYPES
from pyzmtp.cli.info.probe import NoSafeType, PeerClosed, Probed, inspect_peer
from pyzmtp.cli.info.socket_probe import ask_by_sockets
from pyzmtp.constants import SocketType
from pyzmtp.errors import AddressError, PeerRefused
from pyzmtp.net.address import InprocAddress, UdpAddress, WebsocketAddress
from pyzmtp.net.places import client_place
from pyzmtp.options import SocketOptions
from pyzmtp.security.policy import Policy

__all__ = ["Question", "investigate"]


@frozen
class Question:
    """Whom to ask, and how.

    :ivar joins: whether to join a peer that would then send us what is meant for others.
    :ivar timeout: seconds for each connection.
    """

    address: str
    options: SocketOptions
    policy: Policy | None
    joins: bool
    timeout: float


async def investigate(reactor: Any, question: Question) -> Probed:
    """Ask until it is known what the peer is.

    Under NULL a peer says so at once. Under other mechanisms the client speaks first, and is refused if
    its type does not fit: then the types are tried one after the other, or none is said if ``joins``.

    Raises :exc:`UsageError`, :exc:`OperationTimeout`, and what the transport says.
    """
    place = client_place(reactor, question.address)
    if isinstance(place, InprocAddress | UdpAddress):
        raise AddressError(question.address, "there is no connection that could be asked")
    if isinstance(place, WebsocketAddress):
        return await ask_by_sockets(
            reactor,
            question.address,
            evolve(question.options, security=question.policy),
            question.joins,
            question.timeout,
        )
    types: tuple[SocketType | None, ...] = (None,) if question.joins else SAFE_TYPES
    for announced in types:
        inspection = _inspection(question, announced)
        probed = await inspect_peer(reactor, place, question.options, inspection, question.timeout)
        if not _wants_another_type(probed):
            return probed
    probed.error = NoSafeType()
    return probed


def _inspection(question: Question, announced: SocketType | None) -> Inspection:
    policy = question.policy
    return Inspection(
        mechanism=None if policy is None else partial(_new_mechanism, policy),
        mechanism_name="" if policy is None else policy.mechanism,
        announced=announced,
        joins=question.joins,
        address=question.address,
    )


def _new_mechanism(policy: Policy, properties: Any) -> Any:
    return policy.new_mechanism(properties, "")


def _wants_another_type(probed: Probed) -> bool:
    """Whether a peer has turned us away for what we said we are: behind all else it asks for.

    libzmq does so without a word, pyzmtp gives the name of its error.
    """
    if probed.expected != "READY":
        return False
    error = probed.error
    refused = isinstance(error, PeerRefused) and error.reason == "IncompatibleSocketType"
    return refused or isinstance(error, PeerClosed)
