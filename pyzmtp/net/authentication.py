"""Asking who decides on peers whether one may come in: :func:`authenticate`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from traceback import walk_tb
from typing import Final

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime, ISystemHandle
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.authentication import (
    DENIED,
    FAILED,
    AuthenticationRequest,
    Check,
    Grant,
    Refusal,
    Verdict,
)
from pyzmtp.errors import AuthenticationUnavailable, ProtocolError
from pyzmtp.net.address import describe
from pyzmtp.net.admission import peer_credentials
from pyzmtp.net.outcome import as_deferred
from pyzmtp.net.reactor import Transport

__all__ = ["AskZap", "authenticate", "zap_address"]

_log: Final = Logger(namespace="pyzmtp")

#: Asks the ZAP handler of the reactor; fails with a :exc:`ProtocolError`. Without a handler that is so
#: too, unless the first argument (``zap_enforce_domain``) is false and the mechanism is NULL.
AskZap = Callable[..., Deferred[Verdict]]


async def authenticate(
    reactor: IReactorTime, check: Check, request: AuthenticationRequest, timeout: float | None
) -> Verdict:
    """What ``check`` says of a peer, if it does so in time.

    Whatever else it does or raises is a :class:`Refusal` with status 500, and logged: an error never
    opens the door. Raises :exc:`AuthenticationUnavailable` for no answer in time, and what ``check``
    raised of :exc:`ProtocolError`.
    """

    def too_late(result: object, seconds: float) -> Failure:
        return Failure(AuthenticationUnavailable(f"no answer within {seconds} s"))

    try:
        result = check(request)
        waiting = as_deferred(result)
        if waiting is not None:
            if timeout is not None:
                waiting.addTimeout(timeout, reactor, too_late)
            result = await waiting
    except ProtocolError:
        raise
    except (CancelledError, asyncio.CancelledError):
        raise AuthenticationUnavailable("the check was cancelled") from None
    except BaseException as error:
        # The text of the error may hold what the check was given, which is secret: only its type is told,
        # and where it was raised.
        frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
        place = "{}:{}".format(*frames[-1])
        return _failed(request, f"failed with {type(error).__name__}", f"at {place}")
    if isinstance(result, Grant | Refusal):
        return result
    if isinstance(result, str) and result:
        return Grant(result)
    if result is True:
        return _named(request)
    if result is False:
        return Refusal(DENIED)
    returned = "an empty user id" if result == "" else type(result).__name__
    return _failed(request, f"returned {returned}, not a Grant or Refusal")


def _named(request: AuthenticationRequest) -> Verdict:
    """The peer is let in, and what it is called says its mechanism."""
    try:
        return Grant(request.username.decode())
    except UnicodeDecodeError:
        return Refusal(DENIED, "the name is not UTF-8, and the check gave no user id")


def _failed(request: AuthenticationRequest, what: str, place: str = "") -> Refusal:
    _log.error(
        "The check of a {mechanism} peer at {address} {what} {place}",
        mechanism=request.mechanism,
        address=request.address,
        what=what,
        place=place,
    )
    return Refusal(FAILED, f"the check {what}")


def zap_address(transport: Transport) -> str:
    """Where a peer is, as libzmq tells ZAP: an IP address, or ``localhost:uid:gid:pid``."""
    peer = transport.getPeer()
    if isinstance(peer, IPv4Address | IPv6Address):
        return peer.host
    if isinstance(peer, UNIXAddress) and ISystemHandle.providedBy(transport):
        credentials = peer_credentials(transport.getHandle())
        if credentials is not None:
            return f"localhost:{credentials.uid}:{credentials.gid}:{credentials.pid}"
    return describe(peer)
