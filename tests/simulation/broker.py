"""Somebody between those who ask and those who answer: :class:`Broker`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, gatherResults

from pyzmtp import DealerSocket, Proxy

from .plan import Role
from .player import Player

if TYPE_CHECKING:
    from .stage import Stage

__all__ = ["Broker"]


class Broker(Player):
    """A ROUTER for those who ask, a DEALER for those who answer, and a proxy between the two.

    Its first place is for the former, its second for the latter.
    """

    def __init__(self, stage: Stage, number: int, role_number: int, role: Role) -> None:
        super().__init__(stage, number, role_number, role)
        options = {**role.options, "metadata": {"X-Player": b"%d" % number}}
        self.back = DealerSocket(self.reactor, **options)
        self.back.on_event(self._on_event)
        self.proxy = Proxy(self.socket, self.back)
        self.promise("proxy", self.proxy.start(), lambda _: None)

    @property
    def sockets(self) -> list[Any]:
        return [self.socket, self.back]

    def _at(self, place: int) -> Any:
        return self.socket if place == self.role.places[0] else self.back

    def bind(self, place: int) -> Deferred[str]:
        bound: Deferred[str] = self._at(place).bind(self.stage.plan.places[place].bind)
        return bound

    def unbind(self, place: int) -> Deferred[Any]:
        unbound: Deferred[Any] = self._at(place).unbind(self.bound.pop(place))
        return unbound

    def close(self, linger: float) -> Deferred[Any]:
        self.promise("stop", self.proxy.stop(), lambda _: None)
        return gatherResults([socket.close(linger=linger) for socket in self.sockets])
