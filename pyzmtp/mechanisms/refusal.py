"""How a peer is told that it may not come in (RFC 27, "Status codes"; libzmq)."""

from __future__ import annotations

from typing import Final

from pyzmtp.authentication import DENIED, FAILED, TEMPORARY, Refusal
from pyzmtp.errors import AuthenticationFailed, PeerRefused, ProtocolError
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.wire.command import decode_error, encode_error

__all__ = ["decode_refusal", "encode_refusal", "refused"]

_STATUSES: Final = {str(status): status for status in (TEMPORARY, DENIED, FAILED)}


def encode_refusal(refusal: Refusal) -> bytes:
    """ERROR with the status. A refusal for now says nothing, so that the peer comes again."""
    return b"" if refusal.status == TEMPORARY else encode_error(str(refusal.status))


def decode_refusal(data: bytes, mechanism: Mechanism, address: str) -> ProtocolError:
    """What the peer means with the ``data`` of an ERROR: a client has no say in who comes in.

    Raises :exc:`CommandError` if that is cut short.
    """
    reason = decode_error(data)
    if reason in _STATUSES and not mechanism.as_server:
        return refused(Refusal(_STATUSES[reason]), mechanism.name, address)
    return PeerRefused(reason)


def refused(refusal: Refusal, mechanism: bytes, address: str) -> AuthenticationFailed:
    """What ends a connection at ``address`` that was refused, on both sides."""
    return AuthenticationFailed(refusal.status, refusal.reason, mechanism.decode("ascii"), address)
