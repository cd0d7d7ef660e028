"""A network that loses and delays packets, and links that go down and come up again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from interop.conversations import CONVERSATIONS, Case, our_options, their_options
from interop.faults.machine import Place, python
from interop.faults.network import Network, line, loopback
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.payloads import Made, number_frame
from interop.peer import RemoteSocket
from interop.reactor import reactor, within
from interop.restarts import RECONNECT
from interop.sockets import EventLog
from pyzmtp import (
    ConnectRetried,
    DealerSocket,
    Disconnected,
    HandshakeSucceeded,
    HeartbeatTimeout,
)

_GROUP = "Networks"

Make = Callable[[float, float], AbstractContextManager[Network]]

#: Percent of the packets, and milliseconds. At such a loss TCP brings some 100 kB a second.
_LOSS, _DELAY = 2.0, 10.0

#: Some 400 kB each way: hundreds of packets.
_STREAM = Case("stream", tuple((number_frame(n), Made(10_000, n)) for n in range(40)))

#: Seconds that a link is down for a moment, in which nobody misses it.
_MOMENT = 0.5

#: On a link that is down, an attempt may last until it is given up.
_RETRYING: dict[str, Any] = {"reconnect_interval": RECONNECT, "connect_timeout": 1.0}

_HEARTBEATS: dict[str, Any] = {"heartbeat_interval": 0.2, "heartbeat_timeout": 0.8}
_THEIR_HEARTBEATS = {"HEARTBEAT_IVL": 200, "HEARTBEAT_TIMEOUT": 800}


async def _join(ours: DealerSocket, theirs: RemoteSocket, binder: str, network: Network) -> None:
    """Have one bind, and the other begin to connect."""
    where = f"tcp://{network.here}:*"
    if binder == "libzmq":
        address = await theirs.bind(where)
        ours.connect(address.replace(network.here, network.there))
    else:
        address = await ours.bind(where)
        await theirs.connect(address.replace(network.here, network.there))


async def _talk(ours: DealerSocket, theirs: RemoteSocket) -> None:
    """Have messages go both ways."""
    for conversation in CONVERSATIONS["DEALER", "DEALER"]:
        await conversation(ours, theirs, _STREAM)


def _in_vain(events: EventLog) -> str:
    number = len(events.of(ConnectRetried))
    return f"{number} attempts in vain" if number else ""


async def _lossy(make: Make, binder: str, stage: Stage) -> str:
    """All comes, whole and in order."""
    theirs = await (await stage.spawn()).open("DEALER", **their_options("DEALER"))
    with make(_LOSS, _DELAY) as network:
        async with DealerSocket(reactor, **our_options("DEALER")) as ours:
            events = EventLog(ours)
            await _join(ours, theirs, binder, network)
            await events.wait(HandshakeSucceeded)
            await _talk(ours, theirs)
            assert not events.of(Disconnected)
    assert network.lost > 0
    return f"{network.packets} packets, {network.lost} lost"


async def _down_for_a_moment(make: Make, binder: str, stage: Stage) -> None:
    """Nobody is lost, and nothing."""
    theirs = await (await stage.spawn()).open("DEALER", **their_options("DEALER"))
    with make(0, 0) as network:
        async with DealerSocket(reactor, **our_options("DEALER")) as ours:
            events = EventLog(ours)
            await _join(ours, theirs, binder, network)
            await events.wait(HandshakeSucceeded)
            network.switch("down")
            talking = Deferred.fromCoroutine(_talk(ours, theirs))
            await deferLater(reactor, _MOMENT)
            assert not talking.called
            network.switch("up")
            await talking
            assert not events.of(Disconnected)


async def _down_for_long(make: Make, binder: str, stage: Stage) -> str:
    """Heartbeats miss the other side; when the link is there again, they find each other."""
    options = {**their_options("DEALER"), **_THEIR_HEARTBEATS, "RECONNECT_IVL": 50}
    theirs = await (await stage.spawn()).open("DEALER", **options)
    ours_too = {**our_options("DEALER"), **_HEARTBEATS, **_RETRYING}
    with make(0, 0) as network:
        async with DealerSocket(reactor, **ours_too) as ours:
            events = EventLog(ours)
            await theirs.watch()
            await _join(ours, theirs, binder, network)
            await events.wait(HandshakeSucceeded)
            await _talk(ours, theirs)
            network.switch("down")
            lost = await events.wait(Disconnected)
            assert isinstance(lost.reason, HeartbeatTimeout)
            await theirs.wait_lost()
            if binder == "libzmq":
                await events.wait(ConnectRetried, 2)
            network.switch("up")
            await events.wait(HandshakeSucceeded, 2)
            await _talk(ours, theirs)
            return _in_vain(events)


async def _down_at_first(make: Make, binder: str, stage: Stage) -> str:
    """Who connects tries until the link is there; what was queued comes."""
    theirs = await (await stage.spawn()).open("DEALER", **their_options("DEALER"), RECONNECT_IVL=50)
    ours_too = {**our_options("DEALER"), **_RETRYING}
    with make(0, 0) as network:
        async with DealerSocket(reactor, **ours_too) as ours:
            events = EventLog(ours)
            network.switch("down")
            await _join(ours, theirs, binder, network)
            if binder == "libzmq":
                await events.wait(ConnectRetried, 2)
                assert ours.try_send([b"patience"])
            else:
                await theirs.send([[b"patience"]])
            network.switch("up")
            if binder == "libzmq":
                assert await theirs.receive(1) == [["8 bytes " + b"patience".hex()]]
            else:
                assert await within(ours.receive(), "what was queued") == [b"patience"]
            await _talk(ours, theirs)
            return _in_vain(events)


#: How each network is made, and what it needs.
_NETEM = ("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
_TUN = python("-m", "interop.faults.line", "check")

for _binder, _column in (("pyzmtp", "we bind"), ("libzmq", "we connect")):
    for _name, _make, _needs in (("netem", loopback, _NETEM), ("a TUN device", line, _TUN)):
        row(
            _GROUP,
            f"{_LOSS:g} % of the packets lost, {_DELAY:g} ms of delay, by {_name}",
            _column,
            Place.NETWORK,
            _needs,
        )(partial(_lossy, _make, _binder))
    for _title, _play in (
        (f"a link that is down for {_MOMENT:g} s", _down_for_a_moment),
        ("a link that is down until heartbeats miss it", _down_for_long),
        ("a link that is down at first", _down_at_first),
    ):
        for _name, _make, _needs in (("loopback", loopback, ()), ("TUN device", line, _TUN)):
            row(_GROUP, f"{_title}, {_name}", _column, Place.NETWORK, _needs)(
                partial(_play, _make, _binder)
            )
