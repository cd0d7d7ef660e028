"""Sockets and proxies that start and stop with a Twisted application (``twisted.application``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from twisted.application.service import MultiService, Service
from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.errors import SocketClosed
from pyzmtp.net.outcome import Outcome, as_deferred, exception_of, raise_at_once
from pyzmtp.net.reactor import Reactor
from pyzmtp.proxy import Proxy
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.req import ReqSocket, check_timeout

__all__ = ["ProxyService", "SocketService"]

_log = Logger(namespace="pyzmtp")
_S = TypeVar("_S", bound=Socket)

#: Seconds that a service goes on with what it has been given when it is to stop.
_DRAIN_TIMEOUT: Final = 5.0


class SocketService(Service, Generic[_S]):
    """A socket that is there while the service runs.

    ``make_socket(reactor)`` gives a new socket at each start, as the socket classes do, or
    ``partial(PullSocket, receive_hwm=10)``. ``bind`` and ``connect`` are what to give to
    :meth:`Socket.bind` and :meth:`Socket.connect`.

    ``work(socket)`` is called when the socket is bound; the Deferred or coroutine that it returns goes on
    for as long as there is something to do, as that of ``rep.serve(handler)``. If it fails, that is logged.

    The end is graceful. Nobody is accepted any more and no message is handed out. The work has
    ``drain_timeout`` seconds (``None``: as many as it needs) to come to its end, as ``async for``,
    ``consume()`` and ``serve()`` do by themselves then; after that it is cancelled. (Work that does not
    learn of the end by receiving, as with a PUSH or REQ, is cancelled at once.) Last, the socket is
    closed: what is queued is sent, within the socket's ``linger``.
    """

    def __init__(
        self,
        reactor: Reactor,
        make_socket: Callable[[Reactor], _S],
        *,
        bind: Iterable[object] = (),
        connect: Iterable[object] = (),
        work: Callable[[_S], object] | None = None,
        drain_timeout: float | None = _DRAIN_TIMEOUT,
    ) -> None:
        check_timeout(drain_timeout)
        self._reactor = reactor
        self._make_socket = make_socket
        self._bind = _several(bind)
        self._connect = _several(connect)
        self._make_work = work
        self._drain_timeout = drain_timeout
        self._socket: _S | None = None
        self._ready: Outcome[list[str]] = Outcome()
        self._work: _Work | None = None

    @property
    def socket(self) -> _S:
        """The socket. Raises :exc:`SocketClosed` while there is none, as the service does not run."""
        if self._socket is None:
            raise SocketClosed
        return self._socket

    def when_ready(self) -> Deferred[list[str]]:
        """Fires with the real addresses of all binds, once the socket listens there.

        Fails with what :meth:`Socket.bind` fails with, and with :exc:`SocketClosed` if the service is
        stopped before. It may be dropped.
        """
        return self._ready.ask()

    # IService

    def privilegedStartService(self) -> None:
        """Bind, while the process may still bind to any port. Raises as :meth:`startService`."""
        Service.privilegedStartService(self)
        self._open()

    def startService(self) -> None:
        """Bind, unless that is done, and connect.

        Raises what a bind or connect fails with at once, and then nothing is left of the socket. A
        bind that fails later, because its name cannot be resolved for example, is logged. While the
        service runs, nothing happens.
        """
        if self.running:
            return
        socket = self._open()
        try:
            for where in self._connect:
                socket.connect(where)
        except Exception as error:
            self._discard(error)
            raise
        Service.startService(self)
        self._ready.ask().addCallbacks(lambda _: self._begin_work(socket), lambda _: None)

    def stopService(self) -> Deferred[None]:
        """Stop as described above; fires when nothing of the socket is left in the reactor."""
        Service.stopService(self)
        socket, work = self._socket, self._work
        self._ready.fail(SocketClosed())
        self._ready = Outcome()
        self._socket = self._work = None
        return Deferred.fromCoroutine(self._drain(socket, work))

    def _open(self) -> _S:
        if self._socket is not None:
            return self._socket
        self._socket = socket = self._make_socket(self._reactor)
        try:
            bound = gatherResults([socket.bind(where) for where in self._bind], consumeErrors=True)
            bound.addCallbacks(self._ready.succeed, _first)
            raise_at_once(bound, self._bind_failed)
        except Exception as error:
            self._discard(error)
            raise
        return socket

    def _discard(self, error: Exception) -> None:
        """The start has failed."""
        assert self._socket is not None
        self._socket.close(linger=0)
        self._socket = None
        self._ready.fail(error)
        self._ready = Outcome()

    def _bind_failed(self, failure: Failure) -> None:
        if not failure.check(SocketClosed):
            _log.failure("a service could not listen", failure)
            self._ready.fail(exception_of(failure))

    def _begin_work(self, socket: _S) -> None:
        if self._make_work is not None and self._socket is socket:
            self._work = _Work(self._make_work, socket)

    async def _drain(self, socket: Socket | None, work: _Work | None) -> None:
        if work is not None:
            if not isinstance(socket, ReqSocket) and _stop_receiving(socket):
                await _for_some_time(work.done.ask(), self._drain_timeout, self._reactor)
            work.cancel()
        if socket is not None:
            await socket.close()


class ProxyService(MultiService):
    """A :class:`Proxy` that runs while the service does, between the sockets of other services.

    ``frontend``, ``backend`` and ``capture`` are services without work; this service is their parent.

    The end is graceful: nobody is accepted and nothing is received any more, what has been received is
    forwarded, for ``drain_timeout`` seconds at the most (``None``: as many as it takes), and then the
    sockets are closed, within the ``linger`` of each.

    :ivar proxy: the proxy, or what is left of the last one; ``None`` before the first start.
    """

    def __init__(
        self,
        reactor: Reactor,
        frontend: SocketService[Any],
        backend: SocketService[Any],
        capture: SocketService[Any] | None = None,
        *,
        drain_timeout: float | None = _DRAIN_TIMEOUT,
    ) -> None:
        MultiService.__init__(self)
        check_timeout(drain_timeout)
        self.proxy: Proxy | None = None
        self._reactor = reactor
        self._frontend = frontend
        self._backend = backend
        self._capture = capture
        self._drain_timeout = drain_timeout
        for service in (frontend, backend, capture):
            if service is not None:
                Service.setServiceParent(service, self)

    def startService(self) -> None:
        """Start the sockets, and then the proxy.

        Raises what :meth:`SocketService.startService` and :class:`Proxy` raise; then nothing runs. While
        the service runs, nothing happens.
        """
        if self.running:
            return
        try:
            MultiService.startService(self)
            capture = None if self._capture is None else self._capture.socket
            self.proxy = Proxy(self._frontend.socket, self._backend.socket, capture)
        except BaseException:
            MultiService.stopService(self)
            raise
        self.proxy.start().addErrback(lambda failure: _log.failure("a proxy failed", failure))

    def stopService(self) -> Deferred[Any]:
        """Stop as described above; fires when nothing of the sockets is left in the reactor."""
        return Deferred.fromCoroutine(self._drain())

    async def _drain(self) -> None:
        if self.running and self.proxy is not None:
            for service in (self._frontend, self._backend):
                if service.running:
                    _stop_receiving(service.socket)
            await _for_some_time(self.proxy.stop(), self._drain_timeout, self._reactor)
        await MultiService.stopService(self)


class _Work:
    """What a service does with its socket.

    :ivar done: tells when it has come to its end, well or not.
    """

    def __init__(self, make: Callable[[_S], object], socket: _S) -> None:
        self.done: Outcome[bool] = Outcome()
        self._cancelled = False
        self._deferred: Deferred[Any] = Deferred.fromCoroutine(self._run(make, socket))
        self._deferred.addErrback(self._failed).addCallback(lambda _: self.done.succeed(True))

    @staticmethod
    async def _run(make: Callable[[_S], object], socket: _S) -> None:
        going_on = as_deferred(make(socket))
        if going_on is not None:
            await going_on

    def _failed(self, failure: Failure) -> None:
        if not (self._cancelled and failure.check(CancelledError)):
            _log.failure("the work of a service has failed", failure)

    def cancel(self) -> None:
        """End it, unless it has ended."""
        self._cancelled = True
        self._deferred.cancel()


def _several(places: Iterable[object]) -> list[object]:
    if isinstance(places, str):
        raise TypeError(f"give a list of addresses, not {places!r}")
    return list(places)


def _first(failure: Failure) -> Failure:
    """What the first of several has failed with."""
    assert isinstance(failure.value, FirstError)
    return failure.value.subFailure


def _stop_receiving(socket: Socket | None) -> bool:
    """Stop receiving from a socket; return whether it is one that can be received from."""
    if not isinstance(socket, ReceivingSocket) or socket.closed:
        return False
    socket.stop_receiving()
    return True


async def _for_some_time(end: Deferred[Any], seconds: float | None, reactor: IReactorTime) -> None:
    """Wait for ``end``, which may be cancelled without harm, for so many seconds at the most."""
    if seconds is not None:
        end.addTimeout(seconds, reactor, lambda result, _: None)
    await end
