"""What goes wrong between peers that want to be sure of each other: below :exc:`ProtocolError`."""

from __future__ import annotations

from pyzmtp.errors.protocol import CommandError, ProtocolError

__all__ = [
    "AuthenticationFailed",
    "AuthenticationRevoked",
    "AuthenticationUnavailable",
    "CryptographicError",
    "KeyExchangeError",
    "RoleMismatch",
    "SequenceError",
    "TLSFailed",
    "ZapError",
]


class AuthenticationFailed(ProtocolError):
    """One side does not let the other in.

    :ivar status: 400: final; 300: for now only; 500: it could not be found out (RFC 27).
    :ivar reason: why; the side that is refused is told no more than the status.
    :ivar mechanism: the security mechanism in use.
    :ivar address: the address that was bound or connected.
    """

    def __init__(self, status: int, reason: str, mechanism: str, address: str) -> None:
        why = f": {reason}" if reason else ""
        super().__init__(f"{mechanism} authentication at {address} failed with {status}{why}")
        self.status = status
        self.reason = reason
        self.mechanism = mechanism
        self.address = address
        self.libzmq_code = status


class AuthenticationRevoked(ProtocolError):
    """A peer that had been let in is so no more; ``reason`` is what its revoker gave."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the peer is let in no more: {reason}")
        self.reason = reason


class AuthenticationUnavailable(ProtocolError):
    """Nobody said whether the peer may come in: no ZAP handler, or no answer in time."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the peer could not be authenticated: {problem}")
        self.problem = problem


class ZapError(ProtocolError):
    """A ZAP handler's reply is against RFC 27; ``libzmq_code`` is the ``ZMQ_PROTOCOL_ERROR_ZAP_``."""

    def __init__(self, problem: str, libzmq_code: int) -> None:
        super().__init__(f"the ZAP handler's reply is malformed: {problem}")
        self.problem = problem
        self.libzmq_code = libzmq_code


class RoleMismatch(CommandError):
    """Both sides are clients, or both are servers, of a ``mechanism`` that needs one of each."""

    libzmq_code = 0x10000001

    def __init__(self, mechanism: str, role: str) -> None:
        ProtocolError.__init__(self, f"both sides are {mechanism} {role}s")
        self.mechanism = mechanism
        self.role = role
        self.command = "greeting"
        self.problem = "one side must be the client, and the other the server"


class CryptographicError(ProtocolError):
    """A box that does not open: another key than the peer's was used, or bytes were changed.

    ``command``: what it stood in.
    """

    libzmq_code = 0x11000001

    def __init__(self, command: str) -> None:
        super().__init__(f"the box in {command} does not open: wrong keys, or it was tampered with")
        self.command = command


class KeyExchangeError(ProtocolError):
    """A CURVE client vouches for other keys than those of this connection."""

    libzmq_code = 0x10000003

    def __init__(self) -> None:
        super().__init__("the client's vouch is not for this connection")


class SequenceError(ProtocolError):
    """A nonce that is not above the last one: a command was repeated or changed places."""

    libzmq_code = 0x10000002

    def __init__(self, command: str) -> None:
        super().__init__(f"the nonce of {command} is not above the last one")
        self.command = command


class TLSFailed(ProtocolError):
    """What came is not TLS, or TLS could not be agreed on, such as for a certificate nobody vouches for.

    :ivar problem: what OpenSSL says of it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"TLS failed: {problem}")
        self.problem = problem
