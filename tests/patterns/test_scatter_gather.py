"""SCATTER and GATHER: PUSH and PULL with messages of one frame (RFC 49; ZMTP.md 7.9)."""

from __future__ import annotations

from pyzmtp.options import SocketOptions
from pyzmtp.patterns.gather import GatherPattern
from pyzmtp.patterns.scatter import ScatterPattern

from .links import Calls, accept, begin_connect, queued, receive_all


def test_scatter_goes_round_even_to_peers_that_are_not_there_yet() -> None:
    scatter = ScatterPattern(SocketOptions(send_hwm=2))
    first, second = begin_connect(scatter), begin_connect(scatter)
    sent = [scatter.try_send([b"%d" % number]) for number in range(5)]
    assert sent == [True, True, True, True, False]
    assert queued(first) == [[b"0"], [b"2"]]
    assert queued(second) == [[b"1"], [b"3"]]


def test_what_a_scatter_is_sent_is_dropped_and_counted() -> None:
    scatter = ScatterPattern(SocketOptions())
    scatter.deliver(accept(scatter), [[b"a"], [b"b"]])
    assert scatter.dropped_received == 2


def test_gather_takes_one_message_of_each_peer_in_turn() -> None:
    gather = GatherPattern(SocketOptions())
    greedy, modest = accept(gather), accept(gather)
    gather.deliver(greedy, [[b"a0"], [b"a1"]])
    gather.deliver(modest, [[b"b0"]])
    assert receive_all(gather) == [[b"a0"], [b"b0"], [b"a1"]]


def test_gather_drops_and_counts_what_has_more_than_one_frame() -> None:
    gather = GatherPattern(SocketOptions())
    gather.on_readable = readable = Calls()
    pipe = accept(gather)
    gather.deliver(pipe, [[b"a", b"b"]])
    assert (readable.count, gather.queued, gather.dropped_received) == (0, 0, 1)
    assert not gather.readable
    gather.deliver(pipe, [[b"1"], [b"", b"", b""], [b""]])
    assert readable.count == 1
    assert receive_all(gather) == [[b"1"], [b""]]
    assert gather.dropped_received == 2
