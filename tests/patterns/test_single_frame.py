"""CLIENT and CHANNEL: DEALER and PAIR with messages of one frame (RFC 41, 52; ZMTP.md 7.9)."""

from __future__ import annotations

import pytest

from pyzmtp.errors import TooManyPeers
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.base import FairReceiver
from pyzmtp.patterns.channel import ChannelPattern
from pyzmtp.patterns.client import ClientPattern

from .links import Calls, accept, queued, receive_all


@pytest.mark.parametrize("kind", [ClientPattern, ChannelPattern])
def test_what_has_more_than_one_frame_is_dropped_and_counted(kind: type[FairReceiver]) -> None:
    pattern = kind(SocketOptions())
    pattern.on_readable = readable = Calls()
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"a", b"b"]])
    assert (readable.count, pattern.queued, pattern.dropped_received) == (0, 0, 1)
    pattern.deliver(pipe, [[b"1"], [b"", b""], [b""]])
    assert receive_all(pattern) == [[b"1"], [b""]]
    assert (readable.count, pattern.dropped_received) == (1, 2)


def test_client_sends_and_receives_in_turn() -> None:
    client = ClientPattern(SocketOptions())
    first, second = accept(client), accept(client)
    assert client.try_send_batch([[b"0"], [b"1"], [b"2"]]) == 3
    assert queued(first) == [[b"0"], [b"2"]]
    assert queued(second) == [[b"1"]]
    client.deliver(first, [[b"a0"], [b"a1"]])
    client.deliver(second, [[b"b0"]])
    assert receive_all(client) == [[b"a0"], [b"b0"], [b"a1"]]


def test_channel_has_one_peer() -> None:
    channel = ChannelPattern(SocketOptions())
    assert not channel.try_send([b"x"])
    pipe = accept(channel)
    with pytest.raises(TooManyPeers):
        accept(channel)
    assert channel.try_send([b"x"])
    assert queued(pipe) == [[b"x"]]
