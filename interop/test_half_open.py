"""A thousand connections that never become ready: they cost little, and others come in beside them."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import monotonic
from typing import Any

import pytest
from twisted.internet.task import deferLater

from interop.memory import memory_of
from interop.peer import ROOT
from interop.reactor import reactor, within
from pyzmtp import CurveClient, PlainClient, PushSocket, curve_keypair

#: Connections in the crowd.
CROWD = 1000

#: How many of them the server bears, by the number of addresses that they come from: the defaults of
#: `max_half_open_per_address` and `max_half_open`.
BORNE = {1: 500, 20: 1000}

#: Good clients that come one after another, and the seconds that each of them may take.
CLIENTS, ALLOWED = 20, 1.0

#: Bytes of real memory by which the server may grow. A silent connection is a protocol, a transport and a
#: timer: measured were 4.1 to 4.3 MB for 1,000, and 3.5 MB for 500 whose other half is turned away. Of a
#: maximal handshake 16 KiB are kept: 20.9 MB for 1,000 under NULL, 22.0 MB under CURVE. Under PLAIN
#: 10.6 MB: each of them is being decided on, and meanwhile nothing longer than a HELLO is taken.
GROWTH = {"silent": 8_000_000, "drip": 8_000_000, "maximal": 35_000_000}

#: Seconds between two good clients: a crowd that drips has said three bytes at the end.
PAUSE = {"silent": 0.0, "drip": 0.15, "maximal": 0.0}

#: The server's, under CURVE.
KEYS = curve_keypair()

CREDENTIALS: dict[str, dict[str, Any]] = {
    "NULL": {},
    "PLAIN": {"security": PlainClient("good", "")},
    "CURVE": {"security": CurveClient(KEYS.public)},
}


@contextmanager
def program(module: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run one of the programs beside this module; it ends when its standard input is closed."""
    command = (sys.executable, "-m", f"interop.{module}", *map(str, arguments))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    try:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield process
        process.communicate(timeout=20)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[str], line: str = "") -> str:
    """Give the next line that a program prints, after a line that it may wait for."""
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


async def connect(address: str, options: dict[str, Any]) -> float:
    """Give the seconds that a good client takes to come in."""
    async with PushSocket(reactor, **options) as client:
        started = monotonic()
        await within(client.connect(address), "a good client")
        return monotonic() - started


@pytest.mark.parametrize("addresses", BORNE, ids=["one-address", "twenty-addresses"])
@pytest.mark.parametrize("mechanism", CREDENTIALS)
@pytest.mark.parametrize("manner", GROWTH)
async def test_a_crowd_at_the_door(manner: str, mechanism: str, addresses: int) -> None:
    """The first good client comes when nobody has been there for long enough to make way: that takes
    the longest, 0.6 s as measured. Each of the others takes 2 ms.
    """
    with program("besieged", mechanism, KEYS.secret) as server:
        address = ask(server)
        await connect(address, CREDENTIALS[mechanism])
        before = memory_of(server.pid, "VmRSS")
        hello = CurveClient(KEYS.public).new_mechanism([], "").start().hex()
        with program("crowd", address, manner, mechanism, hello, CROWD, addresses) as crowd:
            assert int(ask(crowd)) > 0
            times = []
            for _ in range(CLIENTS):
                times.append(await connect(address, CREDENTIALS[mechanism]))
                await deferLater(reactor, PAUSE[manner])
            left = int(ask(crowd, "left"))
        taken = memory_of(server.pid, "VmHWM") - before
        after = await connect(address, CREDENTIALS[mechanism])
    assert BORNE[addresses] - CLIENTS <= left <= BORNE[addresses]
    assert taken < GROWTH[manner]
    assert max(*times, after) < ALLOWED
    assert median(times) < ALLOWED / 10
