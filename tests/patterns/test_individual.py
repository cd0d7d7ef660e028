"""No pattern: each peer is told apart and left to a handler."""

from __future__ import annotations

import pytest

from pyzmtp.constants import SocketType
from pyzmtp.options import SocketOptions
from pyzmtp.patterns.hot import Pipe
from pyzmtp.patterns.individual import IndividualPattern

from .links import accept, begin_connect, take_out


class _Handler:
    """Writes down what it is told, and of whom."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Pipe]] = []

    def peer_ready(self, pipe: Pipe) -> None:
        self.log.append(("ready", pipe))

    def peer_readable(self, pipe: Pipe) -> None:
        self.log.append(("readable", pipe))

    def peer_writable(self, pipe: Pipe) -> None:
        self.log.append(("writable", pipe))


@pytest.fixture
def handler() -> _Handler:
    return _Handler()


@pytest.fixture
def pattern(handler: _Handler) -> IndividualPattern:
    return IndividualPattern(SocketOptions(send_hwm=2), SocketType.DEALER, handler)


def test_it_has_the_type_that_it_was_given(handler: _Handler) -> None:
    pattern = IndividualPattern(SocketOptions(), SocketType.PAIR, handler)
    assert pattern.socket_type is SocketType.PAIR


def test_a_handler_is_told_of_each_handshake(pattern: IndividualPattern, handler: _Handler) -> None:
    pipe = begin_connect(pattern)
    assert handler.log == []
    pattern.ready(pipe)
    assert pipe.ready
    assert handler.log == [("ready", pipe)]


def test_a_handler_takes_messages_from_the_pipe_itself(
    pattern: IndividualPattern, handler: _Handler
) -> None:
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"a"], [b"b", b"c"]])
    assert handler.log[1:] == [("readable", pipe)]
    assert pipe.take_all() == [[b"a"], [b"b", b"c"]]


def test_a_handler_is_told_of_room(pattern: IndividualPattern, handler: _Handler) -> None:
    pipe = accept(pattern)
    pipe.extend([[b"a"], [b"b"]])
    take_out(pipe)
    assert handler.log[1:] == [("writable", pipe)]


def test_what_is_discarded_is_counted(pattern: IndividualPattern) -> None:
    pipe = accept(pattern)
    pattern.deliver(pipe, [[b"a"], [b"b"]])
    assert pattern.discard(pipe) == 2
    assert pattern.discard(pipe) == 0
