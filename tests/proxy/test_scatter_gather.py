"""Proxy with types whose messages have one frame."""

from __future__ import annotations

from pyzmtp import GatherSocket, Proxy, PullSocket, PushSocket, ScatterSocket

from ..sockets.world import Outcomes, World


def test_what_a_scatter_cannot_be_sent_is_dropped_and_counted(world: World) -> None:
    source, frontend = world.make(PushSocket), world.make(PullSocket)
    backend, worker = world.make(ScatterSocket), world.make(GatherSocket)
    world.link(frontend, source)
    world.link(backend, worker)
    proxy = Proxy(frontend, backend)
    started = Outcomes(proxy.start())
    for frames in ([b"1"], [b"2", b"3"], [b"4"]):
        source.try_send(frames)
    assert world.drain(worker) == [[b"1"], [b"4"]]
    assert proxy.statistics.dropped_messages == 1
    assert started.pending
