"""Makes inputs of what libzmq and pyzmtp say to each other: ``python -m fuzz.capture``.

They are in ``corpus/`` already; run it again when either says something new. It needs pyzmq, and some
seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import define
from twisted.protocols.portforward import (
    ProxyClient,
    ProxyClientFactory,
    ProxyFactory,
    ProxyServer,
)

from fuzz.corpus import keep
from fuzz.live import TYPES
from fuzz.reader import Writer
from fuzz.target import CORPUS, load
from fuzz.targets import null
from fuzz.vectors import script_of
from interop.conversations import CONVERSATIONS, Case, let_publish, our_options, their_options
from interop.payloads import Made
from interop.peer import LibzmqPeer, RemoteSocket
from interop.reactor import reactor, run, stop_threads, within
from interop.secured import PLAIN
from interop.sockets import CLASSES, PAIRS, EventLog
from pyzmtp import HandshakeSucceeded
from pyzmtp.constants import SocketType

__all__ = ["PREFIX", "Recording"]

#: How the names of these inputs begin.
PREFIX: Final = "capture"

#: What is said: something short, several frames, a long frame.
_CASE: Final = Case("a few", ((b"hello",), (b"", b"middle", b""), (Made(260, 7),)))
_GREETING: Final = 64


@define
class Recording:
    """What the two sides of a connection have said: who connected, and who accepted it."""

    connecting: bytes = b""
    accepting: bytes = b""


class _Relay:
    """Passes on, and writes down, what is said between whoever connects and an address."""

    def __init__(self, target: str) -> None:
        recording = self.recording = Recording()
        host, _, port = target.removeprefix("tcp://").rpartition(":")

        class Client(ProxyClient):
            def dataReceived(self, data: bytes) -> None:
                recording.accepting += data
                pass_on: Any = super().dataReceived  # Twisted has not typed it
                pass_on(data)

        class ClientFactory(ProxyClientFactory):
            noisy = False
            protocol = Client

        class Server(ProxyServer):
            clientProtocolFactory = ClientFactory

            def dataReceived(self, data: bytes) -> None:
                recording.connecting += data
                pass_on: Any = super().dataReceived
                pass_on(data)

        factory: Any = ProxyFactory(host, int(port))
        factory.noisy = False
        factory.protocol = Server
        listening: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self._port = listening
        self.address = f"tcp://127.0.0.1:{listening.getHost().port}"

    async def stop(self) -> None:
        """Listen no more."""
        await self._port.stopListening()


async def _record(our_kind: str, theirs: RemoteSocket, we_bind: bool, **security: Any) -> Recording:
    """What is said when a pair of types talks."""
    async with CLASSES[our_kind](reactor, **our_options(our_kind), **security) as ours:
        events = EventLog(ours)
        if we_bind:
            relay = _Relay(await ours.bind("tcp://127.0.0.1:*"))
            await theirs.connect(relay.address)
        else:
            relay = _Relay(await theirs.bind("tcp://127.0.0.1:*"))
            await within(ours.connect(relay.address), "connect")
        await events.wait(HandshakeSucceeded, 1)
        await let_publish(ours, theirs)
        for conversation in CONVERSATIONS[our_kind, theirs.kind]:
            await conversation(ours, theirs, _CASE)
        await relay.stop()
    return relay.recording


def _inputs(
    ours: SocketType, we_bind: bool, mechanism: int, said: bytes
) -> Iterator[tuple[str, bytes]]:
    """The targets to which what is ``said`` to us can be given, each with its input."""
    yield "connection", script_of(ours, int(we_bind), mechanism, 0, said).data + b"\4\5\0\1x"
    behind = said[_GREETING:]
    if mechanism:
        role = 0 if mechanism == 2 else 1  # a PLAIN server, or client
        yield "plain", bytes((role, 0, 0)) + behind
        return
    yield "null", bytes((null.TYPES.index(ours), 0, 0)) + behind
    yield "framing", b"\0\0" + behind
    names = [kind.socket_type for kind in TYPES]
    live = Writer(names.index(ours), 0, 0, 0)
    live.chunk(said)
    yield "listening" if we_bind else "connecting", live.data + b"\4\0\1x\5"


async def _capture() -> list[tuple[str, bytes]]:
    """All inputs."""
    found: list[tuple[str, bytes]] = []
    peer = await LibzmqPeer.start()
    for our_kind, their_kind in PAIRS:
        for we_bind in (True, False):
            theirs = await peer.open(their_kind, **their_options(their_kind))
            recording = await _record(our_kind, theirs, we_bind)
            ours, other = recording.accepting, recording.connecting
            if not we_bind:
                ours, other = other, ours
            found += _inputs(SocketType(our_kind), we_bind, 0, other)
            found += _inputs(SocketType(their_kind), not we_bind, 0, ours)
            await peer.close_all()
    for server, mechanism in (("pyzmtp", 2), ("libzmq", 3)):
        theirs = await PLAIN.open(peer, server, "PULL", **their_options("PULL"))
        recording = await _record("PUSH", theirs, True, **PLAIN.ours(server))
        found += _inputs(SocketType.PUSH, True, mechanism, recording.connecting)
        await peer.close_all()
    await peer.discard()
    return found


def main() -> None:
    """Write all inputs, in place of those of before."""
    found = run(_capture(), 300.0)
    stop_threads()
    for old in CORPUS.glob(f"*/{PREFIX}-*"):
        old.unlink()
    for target, data in found:
        if len(data) <= load(target).max_size:
            keep(data, CORPUS / target, PREFIX)


if __name__ == "__main__":
    main()
