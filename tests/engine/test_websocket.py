"""The engine of a websocket connection, fed with anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp.authentication import Grant
from pyzmtp.constants import SocketType
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.engine.websocket import WebsocketConnection
from pyzmtp.errors import FramingError
from pyzmtp.mechanisms.base import Mechanism, Properties
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.mechanisms.plain import PlainServerMechanism

from ..helpers import chunked, drive
from ..sockets.test_websocket import frame, ready, request


def _engine(
    incoming: bool,
    ours: SocketType = SocketType.PULL,
    mechanism: Callable[[Properties], Mechanism] = NullMechanism,
) -> WebsocketConnection:
    said = [("Socket-Type", ours.value.encode())]
    kept = ConnectionSettings(ours, lambda: mechanism(said), max_message_size=1000)
    return WebsocketConnection(kept, 0.0, "", "", incoming, "127.0.0.1:5", "/")


_CHUNKS = st.lists(
    st.binary(max_size=60)
    | st.just(request())
    | st.just(frame(ready(b"PUSH")))
    | st.builds(frame, st.binary(max_size=200), st.integers(0, 255)),
    max_size=8,
)


@pytest.mark.parametrize("incoming", [True, False])
@settings(deadline=None)
@given(chunks=_CHUNKS, begun=st.booleans())
def test_any_bytes_end_in_an_error_or_wait_for_more(
    incoming: bool, chunks: list[bytes], begun: bool
) -> None:
    engine = _engine(incoming)
    if begun:
        chunks = [request() + frame(ready(b"PUSH")), *chunks]
    for chunk in chunks:
        if engine.error is not None:
            break
        for message in engine.receive_data(chunk, 1.0, 100):
            assert engine.peer is not None
            assert sum(map(len, message)) <= 1000
        while engine.more:
            engine.receive_data(b"", 1.0, 100)
        engine.data_to_send(1.0)
        assert not engine.attention


def test_the_client_speaks_first() -> None:
    assert _engine(True).data_to_send(0.0) == b""
    assert _engine(False).data_to_send(0.0).startswith(b"GET / HTTP/1.1\r\n")


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.binary(max_size=300), min_size=1, max_size=3).filter(
            lambda message: sum(map(len, message)) <= 1000
        ),
        max_size=5,
    ),
    st.lists(st.integers(0, 3000), max_size=6),
)
def test_what_is_sent_is_received_however_it_is_cut(
    messages: list[list[bytes]], cuts: list[int]
) -> None:
    server, client = _engine(True), _engine(False, SocketType.PUSH)
    for sender, receiver in ((client, server), (server, client)) * 3:
        receiver.receive_data(sender.data_to_send(1.0), 1.0, 100)
    assert server.peer is not None
    assert client.peer is not None
    sent, count = client.encode([*messages], 1 << 20)
    assert count == len(messages)
    assert drive(server, chunked(b"".join(sent), cuts)) == messages
    assert server.error is None


_PLAIN = request(Sec_WebSocket_Protocol=b"ZWS2.0/PLAIN")
_HELLO = frame(b"\x02\x05HELLO\x01u\x02pw")
_INITIATE = frame(b"\x02\x08INITIATE\x0bSocket-Type\0\0\0\x04PUSH")


@pytest.mark.parametrize("chunks", [[_PLAIN, _HELLO + _INITIATE], [_PLAIN + _HELLO + _INITIATE]])
def test_what_comes_behind_the_credentials_waits_for_the_answer(chunks: list[bytes]) -> None:
    engine = _engine(True, mechanism=PlainServerMechanism)
    for chunk in chunks:
        assert engine.receive_data(chunk, 1.0, 100) == []
    assert engine.question == (b"u", b"pw")
    assert engine.more
    engine.answer(Grant("u"), 1.0)
    assert drive(engine, [b""]) == []
    assert engine.error is None
    assert engine.peer is not None
    assert engine.peer.user_id == "u"


def test_who_sends_something_wrong_behind_the_upgrade_is_asked_about_first() -> None:
    engine = _engine(True, mechanism=lambda said: NullMechanism(said, asks=True))
    assert engine.receive_data(request() + frame(b"\xff"), 1.0, 100) == []
    assert engine.question == ()
    assert engine.more
    assert engine.error is None
    assert engine.receive_data(b"", 1.0, 100) == []
    assert isinstance(engine.error, FramingError)
    assert not engine.more
