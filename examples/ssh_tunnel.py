"""ZeroMQ through an SSH server, as an endpoint: no port of the other network is open to anybody.

A program in this network reaches a socket that only the SSH server can reach::

    endpoint = SSHTunnelEndpoint(
        HostnameEndpoint(reactor, "gate.example", 22),
        user="anne",
        key=Key.fromFile("/home/anne/.ssh/id_ed25519"),
        is_known=lambda key: key == Key.fromFile("/home/anne/gate.pub"),
        host="worker.internal",
        port=5555,
    )
    push.connect(endpoint)

Each connection has an SSH connection of its own, with one channel of type ``direct-tcpip`` (RFC 4254,
section 7.2), as ``ssh -W worker.internal:5555 gate.example`` has. It is made anew when it is lost, and
high-water marks are felt through it, both ways. It needs ``pyzmtp[ssh]``.

    python examples/ssh_tunnel.py anne@gate.example worker.internal:5555 KEY KNOWN_HOSTS MESSAGE...
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from twisted.conch.client.knownhosts import KnownHostsFile
from twisted.conch.error import ConchError
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHClientTransport
from twisted.conch.ssh.userauth import SSHUserAuthClient
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IConsumer,
    IProducer,
    IProtocolFactory,
    IPushProducer,
    IStreamClientEndpoint,
)
from twisted.internet.task import react
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath
from zope.interface import implementer

from pyzmtp import PushSocket

__all__ = ["SSHTunnelEndpoint", "main"]


@implementer(IStreamClientEndpoint)
class SSHTunnelEndpoint:
    """Connects to ``host`` and ``port`` as the SSH server at the endpoint ``server`` sees them.

    ``user`` and ``key`` are who we are there. ``is_known(key)``: whether a host key is the server's; only
    a server that has proved to have it is talked to.
    """

    def __init__(
        self,
        server: IStreamClientEndpoint,
        *,
        user: str,
        key: Key,
        is_known: Callable[[Key], bool],
        host: str,
        port: int,
    ) -> None:
        self._server = server
        self._user = user
        self._key = key
        self._is_known = is_known
        self._target = (host, port)

    def __repr__(self) -> str:
        host, port = self._target
        return f"<ssh {self._user} to {host}:{port}>"

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Fires with the protocol when the channel is open; fails with what SSH fails with."""
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: IProtocolFactory) -> Any:
        ssh = _Transport(self._user, self._key, self._is_known)
        await connectProtocol(self._server, ssh)
        try:
            connection = await ssh.ready
            tunnel = _Tunnel(conn=connection)
            connection.open(tunnel, *self._target)
            await tunnel.opened
        except BaseException:
            ssh.abort()
            raise
        transport: Any = tunnel
        protocol: Any = factory.buildProtocol(transport.getPeer())
        tunnel.carry(protocol)
        return protocol


class _Transport(SSHClientTransport):
    """The SSH connection. ``ready`` fires with its channels when we are let in."""

    def __init__(self, user: str, key: Key, is_known: Callable[[Key], bool]) -> None:
        self.ready: Deferred[_Connection] = Deferred()
        self._user = user
        self._key = key
        self._is_known = is_known

    def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> Deferred[bool]:
        if self._is_known(Key.fromString(hostKey)):
            return succeed(True)
        error = ConchError(f"the host key {fingerprint.decode()} is not known")
        self._not_ready(Failure(error))
        return fail(error)

    def connectionSecure(self) -> None:
        self.requestService(_Login(self._user.encode(), _Connection(self.ready), self._key))

    def connectionLost(self, reason: Failure | None = None) -> None:
        SSHClientTransport.connectionLost(self, reason)
        self._not_ready(Failure(ConchError("the SSH server does not let us in")))

    def _not_ready(self, failure: Failure) -> None:
        if not self.ready.called:
            self.ready.errback(failure)

    def abort(self) -> None:
        """Close the connection, whatever is still under way."""
        transport: Any = self.transport
        transport.abortConnection()


class _Login(SSHUserAuthClient):
    """Shows the one key that there is, once."""

    def __init__(self, user: bytes, connection: SSHConnection, key: Key) -> None:
        SSHUserAuthClient.__init__(self, user, connection)
        self._keys = [key.public()]
        self._key = key

    def getPublicKey(self) -> Key | None:
        return self._keys.pop() if self._keys else None

    def getPrivateKey(self) -> Deferred[Key]:
        return succeed(self._key)


class _Connection(SSHConnection):
    """The channels, of which there is one. A channel that is paused is given no more window."""

    def __init__(self, ready: Deferred[_Connection]) -> None:
        SSHConnection.__init__(self)
        self._ready = ready

    def serviceStarted(self) -> None:
        if not self._ready.called:
            self._ready.callback(self)

    def open(self, tunnel: _Tunnel, host: str, port: int) -> None:
        """Have the server connect to an address."""
        target = NS(host.encode()) + port.to_bytes(4, "big")
        originator = NS(b"127.0.0.1") + bytes(4)
        SSHConnection.openChannel(self, tunnel, target + originator)

    def adjustWindow(self, channel: SSHChannel, bytesToAdd: int) -> None:
        if not (isinstance(channel, _Tunnel) and channel.paused):
            SSHConnection.adjustWindow(self, channel, bytesToAdd)


@implementer(IConsumer, IPushProducer)
class _Tunnel(SSHChannel):
    """The channel, which is the transport of a protocol.

    While it is paused, what is still within the window is kept.
    """

    name = b"direct-tcpip"
    conn: Any

    def __init__(self, **settings: Any) -> None:
        SSHChannel.__init__(self, **settings)
        self.opened: Deferred[None] = Deferred()
        self.paused = True  # until there is a protocol
        self._protocol: Any = None
        self._producer: Any = None
        self._kept: list[bytes] = []

    def carry(self, protocol: Any) -> None:
        """Be the transport of a protocol from now on."""
        self._protocol = protocol
        self.paused = False
        protocol.makeConnection(self)
        self.resumeProducing()

    # What SSH tells

    def channelOpen(self, specificData: bytes) -> None:
        self.opened.callback(None)

    def openFailed(self, reason: Any) -> None:
        self.opened.errback(reason)

    def dataReceived(self, data: bytes) -> None:
        if self.paused:
            self._kept.append(data)
        else:
            self._protocol.dataReceived(data)

    def eofReceived(self) -> None:
        SSHChannel.loseConnection(self)

    def closed(self) -> None:
        self.conn.transport.loseConnection()
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connectionLost(Failure(ConnectionDone()))

    def stopWriting(self) -> None:
        if self._producer is not None:
            self._producer.pauseProducing()

    def startWriting(self) -> None:
        if self._producer is not None:
            self._producer.resumeProducing()

    # What the protocol asks for

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        assert streaming, "only producers that push are taken"
        self._producer = producer

    def unregisterProducer(self) -> None:
        self._producer = None

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False
        while self._kept and not self.paused and self._protocol is not None:
            self._protocol.dataReceived(self._kept.pop(0))
        if not self.paused and self.localWindowLeft < self.localWindowSize // 2:
            self.conn.adjustWindow(self, self.localWindowSize - self.localWindowLeft)

    def stopProducing(self) -> None:
        SSHChannel.loseConnection(self)

    def abortConnection(self) -> None:
        self.conn.transport.abort()


async def main(
    reactor: Any, login: str, target: str, key: str, known_hosts: str, *messages: str
) -> None:
    """Push messages to a PULL socket behind an SSH server."""
    user, _, gate = login.rpartition("@")
    gate, _, gate_port = gate.partition(":")
    host, _, port = target.rpartition(":")
    known = KnownHostsFile.fromPath(FilePath(known_hosts))
    endpoint = SSHTunnelEndpoint(
        HostnameEndpoint(reactor, gate, int(gate_port or 22)),
        user=user,
        key=Key.fromFile(key),
        is_known=lambda host_key: known.hasHostKey(gate.encode(), host_key),
        host=host,
        port=int(port),
    )
    async with PushSocket(reactor) as push:
        await push.connect(endpoint)
        for message in messages:
            await push.send(message.encode())


if __name__ == "__main__":
    react(
        lambda reactor, *arguments: Deferred.fromCoroutine(main(reactor, *arguments)), sys.argv[1:]
    )
