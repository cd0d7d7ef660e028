"""Errors that programs of txZMQ know how to catch: :func:`as_pyzmq_error`."""

from __future__ import annotations

import errno
import sys
from functools import cache
from typing import Any, Final

from pyzmtp.errors import AddressInUse, SocketClosed, WouldBlock, ZMTPError

__all__ = ["as_pyzmq_error"]

#: libzmq's ENOTSOCK is what it says of a closed socket; all else is a wrong argument to it.
_NUMBERS: Final[dict[type[ZMTPError], int]] = {
    WouldBlock: errno.EAGAIN,
    AddressInUse: errno.EADDRINUSE,
    SocketClosed: errno.ENOTSOCK,
}


def as_pyzmq_error(error: ZMTPError) -> ZMTPError:
    """``error``, which in a program that has imported pyzmq is one of pyzmq's errors as well.

    Such a program may say ``except zmq.error.Again``, as txZMQ's examples do. One that has left pyzmq
    behind catches pyzmtp's own :exc:`WouldBlock`.
    """
    pyzmq = sys.modules.get("zmq.error")
    if pyzmq is not None:
        kind: Any = type(error)
        error.strerror = str(error)  # type: ignore[attr-defined]  # what pyzmq's errors print
        error.__class__ = _both(pyzmq, kind)
    return error


@cache
def _both(pyzmq: Any, kind: Any) -> Any:
    theirs = pyzmq.Again if issubclass(kind, WouldBlock) else pyzmq.ZMQError
    number = _NUMBERS.get(kind, errno.EINVAL)
    return type(kind.__name__, (kind, theirs), {"errno": number, "__module__": kind.__module__})
