"""What crossed the wire: the relay that records it, and how it is read."""

from __future__ import annotations

import pytest
from pyzmtp.cli.demo.relay import Chunk, Relay
from pyzmtp.cli.demo.transcript import hex_dump, transcribe

from tests.cli.helpers import GREETING, READY_REP, READY_REQ, REPLY, REQUEST, UNKNOWN, finish
from tests.memory import MemoryNetwork


class TestTranscript:
    def recorded(self, size: int) -> list[Chunk]:
        """The conversation in chunks of ``size`` bytes."""
        chunks: list[Chunk] = []
        for from_connecting, data in (
            (True, GREETING + READY_REQ),
            (False, GREETING + READY_REP),
            (True, REQUEST),
            (False, REPLY + UNKNOWN),
        ):
            for start in range(0, len(data), size):
                at = float(len(chunks))
                chunks.append(Chunk(at, from_connecting, data[start : start + size]))
        return chunks

    @pytest.mark.parametrize("size", [1, 7, 64, 1000])
    def test_any_chunks_are_read_the_same(self, size: int) -> None:
        lines = transcribe(self.recorded(size))
        assert [(line.from_connecting, line.what, line.meaning, line.data) for line in lines] == [
            (True, "greeting", "ZMTP 3.1, mechanism NULL", GREETING),
            (True, "READY", "Socket-Type: REQ, Identity: (empty)", READY_REQ),
            (False, "greeting", "ZMTP 3.1, mechanism NULL", GREETING),
            (False, "READY", "Socket-Type: REP", READY_REP),
            (True, "message", "(empty) | hello", REQUEST),
            (False, "message", "(empty) | ack | 256 bytes", REPLY),
            (False, "JOIN", "g", UNKNOWN),
        ]

    def test_frames_are_shown_short(self) -> None:
        chunks = [Chunk(0.0, True, GREETING + frame) for frame in (b"\0\x02\xff\x00",)]
        chunks.append(Chunk(1.0, True, b"\0\x21" + b"a" * 33 + b"\0\x09" + b"\xfe" * 9))
        assert [line.meaning for line in transcribe(chunks)][1:] == ["ff00", "33 bytes", "9 bytes"]

    def test_hex_dump(self) -> None:
        assert hex_dump(b"\x01\xff") == "01 ff"
        assert hex_dump(bytes(100), limit=3) == "00 00 00 .. (100 bytes)"


class TestRelay:
    def test_bytes_pass_both_ways_and_are_kept(self) -> None:
        network = MemoryNetwork()
        relay = Relay(network.reactor())
        listener = network.raw_listen()
        client = network.raw_connect(relay.listen(listener.port))
        client.send(b"before the relay has dialled")
        network.settle()
        [server] = listener.peers
        assert server.received == b"before the relay has dialled"
        network.advance(0.5)
        server.send(b"an answer")
        network.settle()
        assert client.received == b"an answer"
        assert relay.chunks == [
            Chunk(0.0, True, b"before the relay has dialled"),
            Chunk(0.5, False, b"an answer"),
        ]

    @pytest.mark.parametrize("client_closes", [True, False])
    def test_when_one_end_closes_so_does_the_other(self, client_closes: bool) -> None:
        network = MemoryNetwork()
        relay = Relay(network.reactor())
        listener = network.raw_listen()
        client = network.raw_connect(relay.listen(listener.port))
        network.settle()
        [server] = listener.peers
        (client if client_closes else server).close()
        network.settle()
        assert client.closed is not None
        assert server.closed is not None
        listener.close()
        network.run(relay.stop(), within=1.0)
        network.assert_clean()

    def test_nobody_listens_behind_it(self) -> None:
        network = MemoryNetwork()
        relay = Relay(network.reactor())
        client = network.raw_connect(relay.listen(9))
        network.settle()
        assert client.closed is not None
        network.run(relay.stop(), within=1.0)
        network.assert_clean()

    def test_one_that_never_listened_can_be_stopped(self) -> None:
        finish(Relay(MemoryNetwork().reactor()).stop())
