"""Runs a proxy and shows what it does: :func:`run_proxy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.task import LoopingCall

from pyzmtp.cli.attachment import Attachment, close_all
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.proxy.plan import SocketPlan
from pyzmtp.cli.proxy.readings import read_proxy
from pyzmtp.cli.proxy.report import Report
from pyzmtp.cli.sockets.watcher import Watcher
from pyzmtp.errors import UsageError, ZMTPError
from pyzmtp.proxy import Proxy
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.sender import SendingSocket

__all__ = ["run_proxy"]


async def run_proxy(
    reactor: Any, plans: Sequence[SocketPlan], report: Report, interval: float, verbose: bool
) -> ExitStatus:
    """Forward until it is cancelled, and show what happens each ``interval`` seconds.

    Cancelled, it forwards what it has received, and closes its sockets, for as long as they linger.
    """
    sockets: dict[str, Socket] = {}
    try:
        for plan in plans:
            sockets[plan.side] = plan.make(reactor)
        running = _Running(reactor, sockets, report)
        for plan in plans:
            Watcher(sockets[plan.side], report.say, verbose)
            await running.attach(plan)
        return await running.forward(interval)
    except UsageError as error:
        report.say(str(error))
        return ExitStatus.USAGE
    except ZMTPError as error:
        report.say(str(error))
        return ExitStatus.FAILED
    finally:
        await close_all(sockets.values())
        await report.close()


class _Running:
    """A proxy between its sockets. Raises :exc:`UsageError` if there can be none."""

    def __init__(self, reactor: Any, sockets: Mapping[str, Socket], report: Report) -> None:
        capture = sockets.get("capture")
        if capture is not None and not isinstance(capture, SendingSocket):
            raise UsageError(f"capture: a {capture.socket_type.value} cannot send")
        self._reactor = reactor
        self._sockets = sockets
        self._report = report
        self._proxy = Proxy(sockets["frontend"], sockets["backend"], capture)
        self._started: Deferred[None] | None = None
        self._hopeless = False

    async def attach(self, plan: SocketPlan) -> None:
        """Bind and connect one of the sockets."""

        def tell(asked: str, address: str) -> None:
            kind = plan.socket.socket_type.value
            self._report.say(f"{plan.side}: {kind} listens at {address}")

        await Attachment(self._sockets[plan.side], plan.endpoints, tell, self._give_up).make()

    def _give_up(self) -> None:
        """One of the sockets will never have a peer."""
        self._hopeless = True
        if self._started is not None:
            self._started.cancel()

    async def forward(self, interval: float) -> ExitStatus:
        """Forward until the end."""
        if self._hopeless:
            return ExitStatus.FAILED
        self._started = started = self._proxy.start()
        showing = LoopingCall(self._show)
        showing.clock = self._reactor
        showing.start(interval)
        try:
            await started
        except CancelledError:
            await self._stop()
            if not self._hopeless:
                raise
        finally:
            showing.stop()
        return ExitStatus.FAILED if self._hopeless else ExitStatus.DONE

    def _show(self) -> None:
        now = self._reactor.seconds()
        self._report.show(read_proxy(self._proxy, self._sockets, now))

    async def _stop(self) -> None:
        """Forward what has been received, for as long as the most patient socket lingers."""
        stopping = self._proxy.stop()
        lingers = [socket.options.linger for socket in self._sockets.values()]
        patience = [linger for linger in lingers if linger is not None]
        if len(patience) == len(lingers):
            stopping.addTimeout(max(patience), self._reactor)
        with suppress(CancelledError, DeferredTimeout):  # then the sockets drop what is under way
            await stopping
