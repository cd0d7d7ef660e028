"""To learn of connections that the system did not hand out: :func:`watch_accepts`."""

from __future__ import annotations

import socket
from collections.abc import Callable

from twisted.internet import tcp
from twisted.internet.interfaces import IListeningPort

__all__ = ["watch_accepts"]


class _WatchedSocket(socket.socket):
    """A listening socket that tells of each ``accept()`` that failed."""

    told: Callable[[OSError], None]

    def accept(self) -> tuple[socket.socket, object]:
        try:
            return super().accept()
        except BlockingIOError:  # nobody is waiting any more: that is how Twisted finds out
            raise
        except OSError as error:
            self.told(error)
            raise


def watch_accepts(port: IListeningPort, told: Callable[[OSError], None]) -> None:
    """Call ``told`` with what ``accept()`` says whenever it fails at ``port``.

    Twisted deals with such an error by itself and says no more than a line in its log, which does not
    tell whose port it was. So its socket is exchanged for one that tells: the same descriptor, under a
    new object. Ports that are not Twisted's own for TCP and UNIX (IOCP, memory) stay as they are.
    """
    if not isinstance(port, tcp.Port):
        return
    plain = port.socket
    watched = _WatchedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    watched.setblocking(False)
    watched.told = told
    port.socket = watched
    port.fileno = watched.fileno  # type: ignore[method-assign]
