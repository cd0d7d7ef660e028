"""Windows's completion ports, as far as Twisted's IOCP reactor needs them, made of ``select()``.

With them that reactor, its transports and its ports run where there is no Windows: the very code that
meets pyzmtp there. What it asks of the system is the same; how fast, and in which order the system does it,
is not.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Final

__all__ = ["new_reactor"]

# Windows's numbers, as in twisted.internet.iocpreactor.const.
_IO_PENDING: Final = 997
_OPERATION_ABORTED: Final = 995
_WAIT_TIMEOUT: Final = 258
_OF_CONNECT: Final = {errno.ECONNREFUSED: 1225, errno.ENETUNREACH: 1231}
_UPDATE_CONTEXT: Final = {0x700B, 0x7010}  # SO_UPDATE_ACCEPT_CONTEXT, SO_UPDATE_CONNECT_CONTEXT

#: Longest text of an address.
_ADDRESS_SIZE: Final = 64

_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE


class Event:
    """One operation; Twisted adds attributes of its own."""

    def __init__(self, callback: Callable[..., object], owner: object) -> None:
        self.callback = callback
        self.owner = owner


#: What the system does when it can: gives the number of bytes, or raises what it says.
_Operation = Callable[[], int]
_Completion = tuple[int, int, int, Event | None]


class CompletionPort:
    """Does what was asked for when the system is ready, and tells when it is done."""

    #: There is one a process, as there is one reactor.
    only: CompletionPort

    def __init__(self) -> None:
        CompletionPort.only = self
        self._done: deque[_Completion] = deque()
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._pending: dict[int, dict[int, tuple[_Operation, Event]]] = {}
        self._waking, self._wake = os.pipe()
        os.set_blocking(self._waking, False)
        self._selector.register(self._waking, _READ)

    def addHandle(self, handle: int, key: int) -> None:
        """Watch a socket: nothing is to be done before the first operation."""

    def postEvent(self, size: int, key: int, event: Event | None) -> None:
        """Have getEvent() give this. For any thread."""
        with self._lock:
            self._done.append((0, size, key, event))
        os.write(self._wake, b"\0")

    def getEvent(self, milliseconds: int) -> _Completion:
        """Wait for the next operation to be done."""
        if not self._done:
            for key, ready in self._selector.select(max(milliseconds, 0) / 1000):
                if key.fd == self._waking:
                    os.read(self._waking, 4096)
                else:
                    self._ready(key.fd, ready)
        return self._done.popleft() if self._done else (_WAIT_TIMEOUT, 0, 0, None)

    def begin(self, handle: int, way: int, operation: _Operation, event: Event) -> int:
        """Do something as soon as the system is ready."""
        pending = self._pending.setdefault(handle, {})
        assert way not in pending, "Twisted has one operation at a time each way"
        pending[way] = operation, event
        self._watch(handle)
        return _IO_PENDING

    def closing(self, handle: int) -> None:
        """A socket is about to be closed: what is under way on it will not be done."""
        for _, event in self._pending.pop(handle, {}).values():
            self._done.append((_OPERATION_ABORTED, 0, 0, event))
        self._watch(handle)

    def _ready(self, handle: int, ready: int) -> None:
        for way in (_READ, _WRITE):
            if not ready & way or way not in self._pending.get(handle, {}):
                continue
            operation, event = self._pending[handle].pop(way)
            code = size = 0
            try:
                size = operation()
            except BlockingIOError:
                self._pending[handle][way] = operation, event
                continue
            except OSError as error:
                code = error.errno or errno.EIO
            self._done.append((code, size, 0, event))
        self._watch(handle)

    def _watch(self, handle: int) -> None:
        ways = sum(self._pending.get(handle, {}))
        known = handle in self._selector.get_map()
        if not ways:
            self._pending.pop(handle, None)
            if known:
                self._selector.unregister(handle)
        elif known:
            self._selector.modify(handle, ways)
        else:
            self._selector.register(handle, ways)


class _Socket(socket.socket):
    """A socket that tells the port of its end."""

    def setsockopt(self, level: int, option: int, *value: Any) -> None:
        if option not in _UPDATE_CONTEXT:
            super().setsockopt(level, option, *value)

    def close(self) -> None:
        if self.fileno() >= 0:
            CompletionPort.only.closing(self.fileno())
        super().close()


# The functions of Twisted's extension


def accept(listening: int, accepting: int, buffer: bytearray, event: Event) -> int:
    """Have ``accepting`` become the next connection."""

    def operation() -> int:
        with socket.socket(fileno=os.dup(listening)) as port:
            connection, _ = port.accept()
        with connection:
            connection.setblocking(False)
            os.dup2(connection.fileno(), accepting, inheritable=False)
        return 0

    os.set_blocking(listening, False)
    return CompletionPort.only.begin(listening, _READ, operation, event)


def get_accept_addrs(handle: int, buffer: bytearray) -> tuple[int, Any, Any]:
    """Family and both addresses of what was accepted."""
    with socket.socket(fileno=os.dup(handle)) as accepted:
        return accepted.family, accepted.getsockname(), accepted.getpeername()


def connect(handle: int, address: Any, event: Event) -> int:
    """Connect."""

    def operation() -> int:
        with socket.socket(fileno=os.dup(handle)) as connecting:
            code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(_OF_CONNECT.get(code, code), os.strerror(code))
        return 0

    os.set_blocking(handle, False)
    with socket.socket(fileno=os.dup(handle)) as connecting:
        code = connecting.connect_ex(address)
    if code not in (0, errno.EINPROGRESS):
        return _OF_CONNECT.get(code, code)
    return CompletionPort.only.begin(handle, _WRITE, operation, event)


def recv(handle: int, buffers: Sequence[bytearray], event: Event) -> tuple[int, int]:
    """Read into buffers."""
    return CompletionPort.only.begin(handle, _READ, lambda: os.readv(handle, buffers), event), 0


def send(handle: int, data: bytes, event: Event) -> tuple[int, int]:
    """Write what there is room for."""
    return CompletionPort.only.begin(handle, _WRITE, lambda: os.write(handle, data), event), 0


def recvfrom(
    handle: int, buffer: bytearray, address: bytearray, size: bytearray, event: Event
) -> tuple[int, int]:
    """Read a datagram, and whom it is from."""

    def operation() -> int:
        with socket.socket(fileno=os.dup(handle)) as port:
            count, (host, number, *_) = port.recvfrom_into(buffer)
        address[:] = f"{number} {host}".encode().ljust(_ADDRESS_SIZE, b"\0")
        return count

    os.set_blocking(handle, False)
    return CompletionPort.only.begin(handle, _READ, operation, event), 0


def makesockaddr(address: bytearray) -> tuple[str, int]:
    """What recvfrom() has written there."""
    number, host = address.rstrip(b"\0").decode().split(" ")
    return host, int(number)


def maxAddrLen(handle: int) -> int:
    """Room for an address."""
    return _ADDRESS_SIZE


def new_reactor() -> Any:
    """Twisted's IOCP reactor, on these ports. Raises :exc:`ImportError` where there are real ones."""
    if sys.platform == "win32":
        raise ImportError("there are real completion ports")
    for name in ("CONNREFUSED", "CONNRESET", "DISCON", "INTR", "MSGSIZE", "NETUNREACH"):
        setattr(errno, f"WSAE{name}", getattr(errno, f"E{name}", -1))
    support = ModuleType("twisted_iocpsupport")
    vars(support).update(vars(sys.modules[__name__]), have_connectex=True)
    events = ModuleType("twisted.internet.win32eventreactor")
    vars(events).update(_ThreadedWin32EventsMixin=object)
    processes = ModuleType("twisted.internet._dumbwin32proc")
    vars(processes).update(Process=None)
    sys.modules |= {
        "twisted_iocpsupport": support,
        "twisted_iocpsupport.iocpsupport": support,
        events.__name__: events,
        processes.__name__: processes,
    }
    iocp = import_module("twisted.internet.iocpreactor.reactor")
    reactor = iocp.IOCPReactor()

    def createSocket(family: int, kind: int) -> socket.socket:
        made = _Socket(family, kind)
        made.setblocking(False)
        return made

    reactor.createSocket = createSocket
    return reactor
