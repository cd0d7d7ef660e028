"""libzmq's process is stopped in the midst of traffic, and continued: nothing is lost, twice or torn."""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from interop.conversations import (
    CONVERSATIONS,
    Case,
    Conversation,
    let_publish,
    our_options,
    their_options,
)
from interop.faults.row import row
from interop.faults.stage import Stage
from interop.limits import BUFFER, BUFFERS
from interop.payloads import Made, number_frame
from interop.peer import RemoteSocket
from interop.reactor import reactor, until, within
from interop.sockets import CLASSES, PAIRS, EventLog, link
from pyzmtp import Disconnected

#: Messages of a conversation, and bytes in each: ten times what fits between two processes, lest the end of
#: it be on its way already when the process is stopped.
_COUNT, _SIZE = 600, 10_000

STREAM = Case("stream", tuple((number_frame(n), Made(_SIZE, n)) for n in range(_COUNT)))

#: How many have passed when the process is stopped, each time.
_STOPS = (_COUNT // 5, _COUNT // 2)

#: Seconds that it is stopped: the other side fills all buffers meanwhile.
_PAUSE = 0.1


async def _talk_with_breaks(
    ours: Any, theirs: RemoteSocket, conversation: Conversation, events: EventLog
) -> None:
    stats = ours.stats
    before = stats.messages_sent + stats.messages_received

    async def talk() -> None:
        await conversation(ours, theirs, STREAM)

    talking = Deferred.fromCoroutine(talk())

    def passed() -> int:
        stats = ours.stats
        return int(stats.messages_sent + stats.messages_received - before)

    for stop in _STOPS:
        await until(lambda: talking.called or passed() >= stop, "traffic")  # noqa: B023
        assert not talking.called
        theirs.peer.stop()
        await deferLater(reactor, _PAUSE)
        assert not talking.called
        theirs.peer.resume()
    await within(talking, "the end of the stream")
    assert not events.of(Disconnected)


async def _stopped(our_kind: str, their_kind: str, binder: str, stage: Stage) -> None:
    theirs = await (await stage.spawn()).open(
        their_kind, SNDBUF=BUFFER, RCVBUF=BUFFER, **their_options(their_kind)
    )
    async with CLASSES[our_kind](reactor, **BUFFERS, **our_options(our_kind)) as ours:
        events = EventLog(ours)
        await link(ours, events, theirs, binder, "tcp://127.0.0.1:*")
        await let_publish(ours, theirs)
        for conversation in CONVERSATIONS[our_kind, their_kind]:
            await _talk_with_breaks(ours, theirs, conversation, events)
        assert ours.stats.dropped_sent == ours.stats.dropped_received == 0


for _pair in PAIRS:
    for _binder, _column in (("pyzmtp", "we bind"), ("libzmq", "we connect")):
        row(
            "libzmq is stopped in the midst of traffic, and continued (our type - libzmq's)",
            " - ".join(_pair),
            _column,
        )(partial(_stopped, *_pair, _binder))
