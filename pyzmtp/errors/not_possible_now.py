"""What could not be done at this moment: :exc:`NotPossibleNow` and below."""

from __future__ import annotations

from pyzmtp.errors.base import ZMTPError

__all__ = [
    "AddressInUse",
    "BindError",
    "ConnectAborted",
    "ConnectError",
    "HostUnreachable",
    "NotPossibleNow",
    "OperationTimeout",
    "PeerLost",
    "ProxyError",
    "ReceiveTimeout",
    "RequestTimeout",
    "SendTimeout",
    "WouldBlock",
]


class NotPossibleNow(ZMTPError):
    """Nothing is wrong, but it cannot be done at this moment."""


class WouldBlock(NotPossibleNow):
    """No peer can take the message now (libzmq: EAGAIN)."""


class OperationTimeout(NotPossibleNow, TimeoutError):
    """Something took longer than ``seconds``."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} within {seconds} s")
        self.seconds = seconds


class SendTimeout(OperationTimeout):
    """No peer could take the message within ``send_timeout`` (ZMQ_SNDTIMEO)."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no peer could take the message", seconds)


class ReceiveTimeout(OperationTimeout):
    """No message came within ``receive_timeout`` (ZMQ_RCVTIMEO)."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no message arrived", seconds)


class RequestTimeout(OperationTimeout):
    """No reply came within the request's ``timeout``."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no reply arrived", seconds)


class HostUnreachable(NotPossibleNow):
    """A ROUTER with ``router_mandatory``, or a STREAM, knows no peer ``routing_id``.

    (libzmq: EHOSTUNREACH)
    """

    def __init__(self, routing_id: bytes) -> None:
        super().__init__(f"no peer has the routing id {routing_id!r}")
        self.routing_id = routing_id


class PeerLost(NotPossibleNow):
    """The connection to the peer that was to answer has been lost."""

    def __init__(self, address: str) -> None:
        super().__init__(f"the connection to {address} was lost before the reply came")
        self.address = address


class AddressInUse(NotPossibleNow):
    """Somebody listens at ``address`` already (EADDRINUSE)."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is in use")
        self.address = address


class BindError(NotPossibleNow):
    """The operating system, or the endpoint, refused to listen at ``address``; see ``reason``."""

    def __init__(self, address: str, reason: BaseException) -> None:
        super().__init__(f"cannot listen at {address}: {reason}")
        self.address = address
        self.reason = reason


class ConnectError(NotPossibleNow):
    """An attempt to connect to ``address`` failed with ``reason``. Others may follow."""

    def __init__(self, address: str, reason: BaseException) -> None:
        super().__init__(f"cannot connect to {address}: {reason}")
        self.address = address
        self.reason = reason


class ProxyError(NotPossibleNow):
    """The SOCKS proxy at ``proxy`` was not reached, or opened no tunnel: the ``reason`` of a
    :exc:`ConnectError`.

    ``reply``: the number that it refused the tunnel with (RFC 1928, section 6), else ``None``.
    """

    def __init__(self, proxy: str, problem: str, reply: int | None = None) -> None:
        number = "" if reply is None else f" (reply {reply})"
        super().__init__(f"SOCKS proxy {proxy}: {problem}{number}")
        self.proxy = proxy
        self.problem = problem
        self.reply = reply


class ConnectAborted(NotPossibleNow):
    """The connection to ``address`` was given up (disconnect, unbind or close) before it was ready."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} was disconnected before the handshake was done")
        self.address = address
