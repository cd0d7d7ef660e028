"""What proxies are tried on: a line of PUSH and PULL, a service of clients and workers, a flood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from pyzmtp import (
    DealerSocket,
    Proxy,
    ProxyState,
    PullSocket,
    PushSocket,
    RepSocket,
    Requester,
    RouterSocket,
)
from pyzmtp.testing import Conditions

from ..sockets.world import Outcomes, World

TRANSPORTS = ["tcp", "inproc"]


def numbers(*values: int) -> list[list[bytes]]:
    """Messages that are numbers."""
    return [[b"%d" % value] for value in values]


def state(proxy: Proxy) -> ProxyState:
    """What a proxy is doing, which can change with any call."""
    return proxy.state


class Line:
    """PUSH -> PULL, proxy, PUSH -> PULL; the proxy is not started yet."""

    def __init__(self, world: World, transport: str = "tcp", **options: Any) -> None:
        limits = {"send_hwm": 10, "receive_hwm": 10, **options}
        on = world.network.reactor()
        self.world = world
        self.source = world.make(PushSocket, on=on, **limits)
        self.frontend = world.make(PullSocket, on=on, **limits)
        self.backend = world.make(PushSocket, on=on, **limits)
        self.sink = world.make(PullSocket, on=on, **limits)
        world.link(self.frontend, self.source, transport)
        world.link(self.backend, self.sink, transport)
        self.proxy = Proxy(self.frontend, self.backend)

    def send(self, *values: int) -> Outcomes[None]:
        """Send numbers and let them go as far as they get."""
        done = Outcomes(self.source.send_batch(numbers(*values)))
        self.world.settle()
        return done


class Service:
    """DEALER clients -> ROUTER, proxy, DEALER -> REP workers; the proxy is not started yet."""

    def __init__(
        self, world: World, clients: int = 1, workers: int = 1, transport: str = "tcp", **kind: Any
    ) -> None:
        on = world.network.reactor()
        self.world = world
        self.frontend = world.make(RouterSocket, on=on, **kind)
        self.backend = world.make(DealerSocket, on=on)
        front, back = world.bind(self.frontend, transport), world.bind(self.backend, transport)
        self.served: Counter[int] = Counter()
        self.clients = [world.make(Requester, on=on) for _ in range(clients)]
        self.workers = [world.make(RepSocket, on=on) for _ in range(workers)]
        for client in self.clients:
            world.run(client.connect(front), 1)
        for number, worker in enumerate(self.workers):
            world.run(worker.connect(back), 1)
            Outcomes(worker.serve(partial(self._reply, number)))
        world.settle()
        self.proxy = Proxy(self.frontend, self.backend)

    def _reply(self, number: int, request: list[bytes]) -> list[bytes]:
        self.served[number] += 1
        return [b"re", *request]


FLOOD = [b"%04d" % n for n in range(3000)]


def flood(world: World, line: Line) -> Outcomes[None]:
    """Send so much that a proxy stands still."""
    world.network.conditions = Conditions(buffer=1000)
    done = Outcomes(line.source.send_batch([number + bytes(1000) for number in FLOOD]))
    world.settle()
    assert done.pending
    return done


def heads(messages: list[list[bytes]]) -> list[bytes]:
    """The numbers that flood() puts first."""
    return [frames[0][:4] for frames in messages]


class Caller(PushSocket):
    """Calls out when it is sent the first message, which can be before start() has returned."""

    act: Callable[[], object] | None = None

    def try_send(self, message: Any) -> bool:
        act, self.act = self.act, None
        if act is not None:
            act()
        return True
