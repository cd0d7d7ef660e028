"""Asking a ZAP handler (RFC 27): :func:`ask_zap`."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail

from pyzmtp.authentication import AuthenticationRequest, Verdict
from pyzmtp.errors import AuthenticationUnavailable
from pyzmtp.net.reactor import Reactor

__all__ = ["ask_zap"]


def ask_zap(reactor: Reactor, strict: bool, request: AuthenticationRequest) -> Deferred[Verdict]:
    """Ask the handler at ``inproc://zeromq.zap.01`` of ``reactor`` whether a peer may come in."""
    return fail(AuthenticationUnavailable("there is no ZAP handler"))
