"""A pyzmtp server in a process of its own, so that its memory can be measured.

Run as `python -m interop.besieged` with a mechanism and the server's secret key for CURVE. It
prints its address and serves until its standard input ends. Under PLAIN the user `good` comes in;
whoever else asks never hears of it.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure

from pyzmtp import ALLOW_ANY, CurveServer, PlainServer, PullSocket
from pyzmtp.authentication import AuthenticationRequest

reactor: Any = installed_reactor


class UntilEnd(Protocol):
    """Ends the process with its standard input."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        reactor.stop()


def decide(request: AuthenticationRequest) -> object:
    """Let one user in, and leave all others waiting."""
    return True if request.username == b"good" else Deferred()


async def serve(mechanism: str, secret_key: str) -> None:
    """Bind, and say where."""
    # The default lets 100 be decided on at a time. Here one more is to get through.
    policies: dict[str, dict[str, Any]] = {
        "NULL": {},
        "CURVE": {"security": CurveServer(secret_key, ALLOW_ANY)},
        "PLAIN": {"security": PlainServer(decide), "max_authentications": 1100},
    }
    # So long a backlog lets the whole crowd in at once.
    socket = PullSocket(reactor, backlog=1024, **policies[mechanism])
    print(await socket.bind("tcp://127.0.0.1:*"), flush=True)
    reactor.addSystemEventTrigger("before", "shutdown", socket.close)


if __name__ == "__main__":
    StandardIO(UntilEnd())
    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(serve(*sys.argv[1:])))
    reactor.run()
