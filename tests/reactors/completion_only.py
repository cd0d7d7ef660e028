"""A reactor as strict as IOCP is: it completes reads and writes, and watches no descriptor for anybody."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IConsumer,
    IListeningPort,
    IMulticastTransport,
    IPushProducer,
    IReactorCore,
    IReactorFromThreads,
    IReactorMulticast,
    IReactorPluggableNameResolver,
    IReactorSSL,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUDP,
    IReactorUNIX,
    ISystemHandle,
    ITCPTransport,
    ITransport,
    IUDPTransport,
)
from twisted.internet.protocol import ClientFactory, DatagramProtocol, Protocol
from twisted.python.failure import Failure
from zope.interface import directlyProvides
from zope.interface.interface import InterfaceClass

__all__ = ["CompletionOnlyReactor", "DescriptorWanted"]

_REACTOR: Final = (
    IReactorCore,
    IReactorFromThreads,
    IReactorMulticast,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUDP,
    IReactorUNIX,
)
_STREAM: Final = (ITransport, IConsumer, IPushProducer, ITCPTransport, ISystemHandle)
_DATAGRAMS: Final = (IUDPTransport, IMulticastTransport)


class DescriptorWanted(AssertionError):
    """Somebody has asked this reactor to watch a descriptor."""


class _View:
    """Of an object, what some of its interfaces name, and nothing besides."""

    def __init__(self, real: Any, *interfaces: InterfaceClass) -> None:
        provided = [one for one in interfaces if one.providedBy(real)]
        self._real = real
        self._names = {name for one in provided for name in one.names(all=True)}
        directlyProvides(self, *provided)

    def __getattr__(self, name: str) -> Any:
        if name in self._names:
            return getattr(self._real, name)
        raise AttributeError(f"a completion-only reactor has no {name!r} here")


class CompletionOnlyReactor(_View):
    """Offers of a real reactor what needs no descriptor, and the same of its transports and ports.

    :ivar refused: the names of the methods by which somebody wanted a descriptor watched; each call
        raised :exc:`DescriptorWanted`.
    """

    def __init__(self, real: Any) -> None:
        tls = [IReactorSSL] if find_spec("OpenSSL") else []  # as IOCP has it: over its own TCP
        super().__init__(real, *_REACTOR, *tls)
        self.refused: list[str] = []

    # What IReactorFDSet has

    def _refuse(self, name: str) -> Any:
        self.refused.append(name)
        raise DescriptorWanted(f"{name}: this reactor watches no descriptors")

    def addReader(self, reader: object) -> None:
        self._refuse("addReader")

    def addWriter(self, writer: object) -> None:
        self._refuse("addWriter")

    def removeReader(self, reader: object) -> None:
        self._refuse("removeReader")

    def removeWriter(self, writer: object) -> None:
        self._refuse("removeWriter")

    def removeAll(self) -> Any:
        return self._refuse("removeAll")

    def getReaders(self) -> Any:
        return self._refuse("getReaders")

    def getWriters(self) -> Any:
        return self._refuse("getWriters")

    # Connections

    def connectTCP(self, host: str, port: int, factory: Any, *args: Any, **options: Any) -> Any:
        return self._connector(
            self._real.connectTCP(host, port, _Factory(factory), *args, **options)
        )

    def connectUNIX(self, address: str, factory: Any, *args: Any, **options: Any) -> Any:
        return self._connector(self._real.connectUNIX(address, _Factory(factory), *args, **options))

    def connectSSL(
        self, host: str, port: int, factory: Any, contextFactory: Any, *args: Any, **options: Any
    ) -> Any:
        return self.connectTCP(
            host, port, self._over_tls(contextFactory, True, factory), *args, **options
        )

    def listenTCP(self, port: int, factory: Any, *args: Any, **options: Any) -> Any:
        return self._port(self._real.listenTCP(port, _Factory(factory), *args, **options))

    def listenUNIX(self, address: str, factory: Any, *args: Any, **options: Any) -> Any:
        return self._port(self._real.listenUNIX(address, _Factory(factory), *args, **options))

    def listenSSL(
        self, port: int, factory: Any, contextFactory: Any, *args: Any, **options: Any
    ) -> Any:
        return self.listenTCP(
            port, self._over_tls(contextFactory, False, factory), *args, **options
        )

    def listenUDP(self, port: int, protocol: Any, *args: Any, **options: Any) -> Any:
        return self._port(self._real.listenUDP(port, _Datagrams(protocol), *args, **options))

    def listenMulticast(self, port: int, protocol: Any, *args: Any, **options: Any) -> Any:
        return self._port(self._real.listenMulticast(port, _Datagrams(protocol), *args, **options))

    def _over_tls(self, contexts: Any, is_client: bool, factory: Any) -> Any:
        from twisted.protocols.tls import TLSMemoryBIOFactory

        return TLSMemoryBIOFactory(contexts, is_client, factory, self._real)

    @staticmethod
    def _connector(real: Any) -> Any:
        return _View(real, IConnector)

    @staticmethod
    def _port(real: Any) -> Any:
        return _View(real, IListeningPort)


class _Factory(ClientFactory):
    """Stands before a factory of a client or a server, and before each of its protocols."""

    noisy = False

    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def doStart(self) -> None:
        self._theirs.doStart()

    def doStop(self) -> None:
        self._theirs.doStop()

    def startedConnecting(self, connector: Any) -> None:
        self._theirs.startedConnecting(_View(connector, IConnector))

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        self._theirs.clientConnectionFailed(_View(connector, IConnector), reason)

    def clientConnectionLost(self, connector: Any, reason: Failure) -> None:
        self._theirs.clientConnectionLost(_View(connector, IConnector), reason)

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        protocol = self._theirs.buildProtocol(addr)
        return None if protocol is None else _Stream(protocol)


class _Transport(_View):
    """:ivar protocol: who is told; may be exchanged, as Twisted's may."""

    def __init__(self, real: Any, protocol: Any) -> None:
        super().__init__(real, *_STREAM)
        self.protocol = protocol


class _Stream(Protocol):
    """Tells a protocol what becomes of a transport of which it sees little."""

    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def connectionMade(self) -> None:
        self._shown = _Transport(self.transport, self._theirs)
        self._theirs.makeConnection(self._shown)

    def dataReceived(self, data: bytes) -> None:
        self._shown.protocol.dataReceived(data)

    def connectionLost(self, reason: Any = None) -> None:
        self._shown.protocol.connectionLost(reason)


class _Datagrams(DatagramProtocol):
    """The same for datagrams."""

    noisy = False

    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def makeConnection(self, transport: Any) -> None:
        self._theirs.makeConnection(_View(transport, *_DATAGRAMS))

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        self._theirs.datagramReceived(datagram, addr)

    def connectionRefused(self) -> None:
        self._theirs.connectionRefused()

    def doStop(self) -> None:
        self._theirs.doStop()
