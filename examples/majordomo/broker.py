"""The broker: :class:`Broker`."""

from __future__ import annotations

from collections import OrderedDict, deque

from attrs import Factory, define
from twisted.internet.task import LoopingCall

from examples.majordomo.commands import (
    CLIENT,
    DISCONNECT,
    HEARTBEAT,
    INTERVAL,
    PATIENCE,
    READY,
    REPLY,
    REQUEST,
    WORKER,
)
from pyzmtp import RouterSocket
from pyzmtp.net.reactor import Reactor


@define(eq=False)
class _Service:
    """A service: its idle workers, the longest idle first, and the requests that wait for one."""

    name: bytes
    idle: OrderedDict[bytes, None] = Factory(OrderedDict)
    requests: deque[_Request] = Factory(deque)


@define
class _Request:
    """A request: whom the reply goes to, through whom, and what was asked."""

    client: bytes
    envelope: list[bytes]
    body: list[bytes]


@define
class _Worker:
    """A worker, until when it counts as alive, and what it is at work on."""

    service: _Service
    expires: float
    request: _Request | None = None


class Broker:
    """Hands requests to workers, and their replies to who asked.

    A request for ``mmi.service`` is answered by the broker: ``200`` if the service that its body names
    has workers, else ``404``.
    """

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._router = RouterSocket(reactor)
        self._workers: dict[bytes, _Worker] = {}
        self._services: dict[bytes, _Service] = {}
        self._pulse = LoopingCall(self._beat)
        self._pulse.clock = reactor

    async def start(self, address: str) -> str:
        """Serve at ``address``; return the real one."""
        self._router.consume(self._receive)
        self._pulse.start(INTERVAL, now=False)
        return await self._router.bind(address)

    async def stop(self) -> None:
        """Serve no more."""
        if self._pulse.running:
            self._pulse.stop()
        for worker in self._workers:
            self._tell(worker, DISCONNECT)
        await self._router.close()

    def workers(self, service: bytes) -> int:
        """How many workers there are for a service."""
        return sum(worker.service.name == service for worker in self._workers.values())

    def _receive(self, messages: list[list[bytes]]) -> None:
        for peer, *frames in messages:
            if b"" not in frames[:-1]:
                continue
            body = frames.index(b"") + 1
            envelope, header, rest = frames[:body], frames[body], frames[body + 1 :]
            if header == CLIENT and len(rest) > 1:
                self._ask(_Request(peer, envelope, rest[1:]), rest[0])
            elif header == WORKER and rest:
                self._hear(peer, rest[0], rest[1:])

    # Clients

    def _ask(self, request: _Request, name: bytes) -> None:
        if name == b"mmi.service":
            known = self.workers(request.body[0]) > 0
            self._reply(request, name, [b"200" if known else b"404"])
        else:
            service = self._service(name)
            service.requests.append(request)
            self._dispatch(service)

    def _reply(self, request: _Request, name: bytes, body: list[bytes]) -> None:
        self._router.try_send([request.client, *request.envelope, CLIENT, name, *body])

    # Workers

    def _hear(self, peer: bytes, command: bytes, rest: list[bytes]) -> None:
        worker = self._workers.get(peer)
        if command == READY and rest and worker is None:
            service = self._service(rest[0])
            self._workers[peer] = _Worker(service, self._expiry())
            service.idle[peer] = None
            self._dispatch(service)
        elif command == DISCONNECT:
            self._forget(peer)
        elif worker is None or command not in (REPLY, HEARTBEAT):
            self._forget(peer)
            self._tell(peer, DISCONNECT)  # whoever we do not know is to register
        else:
            worker.expires = self._expiry()
            if command == REPLY and worker.request is not None:
                request, worker.request = worker.request, None
                self._reply(request, worker.service.name, rest)
                worker.service.idle[peer] = None
                self._dispatch(worker.service)

    def _dispatch(self, service: _Service) -> None:
        while service.requests and service.idle:
            peer, _ = service.idle.popitem(last=False)
            request = service.requests.popleft()
            self._workers[peer].request = request
            self._tell(peer, REQUEST, *request.body)

    def _forget(self, peer: bytes) -> None:
        worker = self._workers.pop(peer, None)
        if worker is not None:
            worker.service.idle.pop(peer, None)
            if worker.request is not None:
                worker.service.requests.appendleft(worker.request)
                self._dispatch(worker.service)

    def _beat(self) -> None:
        now = self._reactor.seconds()
        for peer, worker in list(self._workers.items()):
            if worker.expires <= now:
                self._forget(peer)
            else:
                self._tell(peer, HEARTBEAT)

    def _tell(self, peer: bytes, command: bytes, *body: bytes) -> None:
        self._router.try_send([peer, b"", WORKER, command, *body])

    def _service(self, name: bytes) -> _Service:
        return self._services.setdefault(name, _Service(name))

    def _expiry(self) -> float:
        return self._reactor.seconds() + PATIENCE * INTERVAL
