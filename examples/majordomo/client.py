"""A client: :class:`Client`."""

from __future__ import annotations

from examples.majordomo.commands import CLIENT
from pyzmtp import PeerLost, Requester, RequestTimeout
from pyzmtp.net.reactor import Reactor


class Client:
    """Asks for services, many at a time, and again where there is no answer."""

    def __init__(self, reactor: Reactor, address: str) -> None:
        self._requester = Requester(reactor)
        self._requester.connect(address)

    async def ask(
        self, service: bytes, *body: bytes, timeout: float = 2.0, attempts: int = 5
    ) -> list[bytes]:
        """The reply of ``service``. Raises :exc:`RequestTimeout` after the last attempt."""
        while True:
            attempts -= 1
            try:
                reply = await self._requester.request([CLIENT, service, *body], timeout=timeout)
            except (PeerLost, RequestTimeout):
                if attempts <= 0:
                    raise
            else:
                return reply[2:]

    async def close(self) -> None:
        """Ask no more."""
        await self._requester.close()
