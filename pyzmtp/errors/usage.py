"""What the caller did: :exc:`UsageError` and below."""

from __future__ import annotations

from pyzmtp.errors.base import ZMTPError

__all__ = [
    "AddressError",
    "CertificateError",
    "LibraryMissing",
    "OptionError",
    "SocketClosed",
    "TransportUnavailable",
    "UnknownEndpoint",
    "UsageError",
    "WrongState",
]


class UsageError(ZMTPError):
    """The caller asked for something that this socket, or any socket, does not do."""


class WrongState(UsageError):
    """The call is out of order, as libzmq's EFSM."""


class OptionError(UsageError, ValueError):
    """``option`` does not take ``value``."""

    def __init__(self, option: str, value: object, problem: str) -> None:
        super().__init__(f"option {option}={value!r}: {problem}")
        self.option = option
        self.value = value
        self.problem = problem


class AddressError(UsageError, ValueError):
    """An address that cannot be understood, or does not fit the call."""

    def __init__(self, address: object, problem: str) -> None:
        super().__init__(f"address {address!r}: {problem}")
        self.address = address
        self.problem = problem


class UnknownEndpoint(UsageError):
    """Nothing of this socket is bound, or connected, to ``address`` (libzmq: ENOENT)."""

    def __init__(self, address: object) -> None:
        super().__init__(f"this socket has nothing at {address!r}")
        self.address = address


class TransportUnavailable(UsageError):
    """The reactor offers no ``interface``, which this address needs."""

    def __init__(self, address: str, interface: str) -> None:
        super().__init__(
            f"{address!r} needs a reactor that provides {interface}; this one does not"
        )
        self.address = address
        self.interface = interface


class LibraryMissing(UsageError):
    """``what`` needs a ``library`` that is not installed; the ``extra`` of pyzmtp brings it."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {library}, which is not installed: pip install pyzmtp[{extra}]"
        )
        self.what = what
        self.library = library
        self.extra = extra


class CertificateError(UsageError, ValueError):
    """The file at ``path`` is no certificate, and the ``problem``, in ``line`` if in one, is why."""

    def __init__(self, path: str, line: int | None, problem: str) -> None:
        where = path if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class SocketClosed(UsageError):
    """The socket was closed before, or during, the call."""

    def __init__(self) -> None:
        super().__init__("the socket is closed")
