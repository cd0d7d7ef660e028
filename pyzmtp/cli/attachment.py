"""Binds and connects a socket as the command line says, and closes it: :class:`Attachment`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from pyzmtp.cli.addresses import Endpoint
from pyzmtp.errors import ConnectAborted
from pyzmtp.sockets.base import Socket

__all__ = ["Attachment", "close_all"]


class Attachment:
    """The endpoints of a socket.

    ``tell`` is told each address that is bound, as it was asked for and as it is. ``hopeless`` is called
    when every endpoint was a connect that has been given up: no peer will ever come.
    """

    def __init__(
        self,
        socket: Socket,
        endpoints: Sequence[Endpoint],
        tell: Callable[[str, str], None],
        hopeless: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._endpoints = endpoints
        self._tell = tell
        self._hopeless = hopeless
        self._hopes = len(endpoints)

    async def make(self) -> None:
        """Bind, and begin to connect. Raises what :meth:`Socket.bind` and :meth:`Socket.connect` do."""
        for endpoint in self._endpoints:
            if endpoint.binds:
                self._tell(endpoint.address, await self._socket.bind(endpoint.address))
            else:
                self._socket.connect(endpoint.address).addErrback(self._given_up)

    def _given_up(self, failure: Failure) -> None:
        """A connect has ended for good, of which an event has told, unless it is our own doing."""
        if failure.check(ConnectAborted) is None:
            self._hopes -= 1
            if not self._hopes:
                self._hopeless()


async def close_all(sockets: Iterable[Socket]) -> None:
    """Close sockets, all at a time; if that is cancelled, without any linger."""
    chosen = list(sockets)
    closing = [socket.close() for socket in chosen]
    try:
        for closed in closing:
            await closed
    except CancelledError:
        closing = [socket.close(linger=0) for socket in chosen]
        for closed in closing:
            await closed
