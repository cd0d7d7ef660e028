"""Carries an inspection over a connection: :func:`inspect_peer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ITCPTransport, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from pyzmtp.cli.info.inspection import Findings, Inspection, Stage
from pyzmtp.cli.info.joining import UNSAFE_NAMES
from pyzmtp.errors import OperationTimeout, ProtocolError
from pyzmtp.net.address import describe
from pyzmtp.net.dialling import dial
from pyzmtp.net.places import ClientPlace
from pyzmtp.options import SocketOptions

__all__ = ["NoSafeType", "PeerClosed", "Probed", "inspect_peer"]


@define
class Probed:
    """What came of one connection.

    :ivar peer_address: where the peer is.
    :ivar connect_seconds: how long the transport took to connect.
    :ivar expected: the command of the handshake that was waited for last.
    :ivar error: why not all was found that there is, if so.
    """

    findings: Findings = field(factory=Findings)
    peer_address: str = ""
    connect_seconds: float = 0.0
    expected: str = ""
    error: Exception | None = None


class _Probe(Protocol):
    """One connection that is inspected."""

    transport: ITransport

    def __init__(
        self, inspection: Inspection, probed: Probed, seconds: Callable[[], float], began: float
    ) -> None:
        self.done: Deferred[None] = Deferred(lambda _: self.end(None))
        self._inspection = inspection
        self._probed = probed
        self._seconds = seconds
        self._began = began
        self._over = False

    def connectionMade(self) -> None:
        transport = self.transport
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(True)
        self._probed.connect_seconds = self._seconds() - self._began
        self._probed.peer_address = describe(transport.getPeer())
        transport.write(self._inspection.start())

    def dataReceived(self, data: bytes) -> None:
        if self._over:
            return
        inspection = self._inspection
        try:
            output = inspection.receive(data, self._seconds())
        except ProtocolError as error:
            self.end(error)
            return
        if output:
            self.transport.write(output)
        if inspection.stage is Stage.DONE:
            self.end(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._over:
            self.end(PeerClosed(self._inspection.stage.value))
        if not self.done.called:
            self.done.callback(None)

    def end(self, error: Exception | None) -> None:
        """Hear no more of the peer."""
        self._over = True
        self._probed.error = error
        self._probed.expected = self._inspection.expected
        self.transport.loseConnection()


class NoSafeType(Exception):
    """The peer has refused every type that it would be safe to be."""

    def __init__(self) -> None:
        super().__init__(
            "it refuses every type that is safe to try, so it is one of "
            f"{', '.join(UNSAFE_NAMES)}. --join joins these too, and may be sent what is meant for others"
        )


class PeerClosed(Exception):
    """The peer has closed the connection before ``what`` came."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the peer closed the connection before {what}")


async def inspect_peer(
    reactor: Any,
    place: ClientPlace,
    options: SocketOptions,
    inspection: Inspection,
    timeout: float,
) -> Probed:
    """Connect to a place and inspect who is there, within ``timeout`` seconds.

    Raises what the transport says if nobody is there, and :exc:`OperationTimeout` if that takes too
    long; what goes wrong after that is told in :attr:`Probed.error`.
    """
    probed = Probed(inspection.findings)
    probes: list[_Probe] = []
    began = reactor.seconds()

    def build(where: str) -> Protocol:
        probes.append(_Probe(inspection, probed, reactor.seconds, began))
        return probes[0]

    def nobody(_: object, seconds: float) -> NoReturn:
        raise OperationTimeout("nobody answered", seconds)

    def too_late(_: object, seconds: float) -> None:
        probes[0].end(OperationTimeout(f"{inspection.stage.value} did not come", timeout))

    dialling = Deferred.fromCoroutine(dial(reactor, place, options, build))
    await dialling.addTimeout(timeout, reactor, nobody)
    left = max(0.0, began + timeout - reactor.seconds())
    await probes[0].done.addTimeout(left, reactor, too_late)
    return probed
