"""PublishingHandler: topics and texts as pyzmq has them, threads, drops, and no recursion."""

from __future__ import annotations

import logging
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING
from typing import Any

import pytest
from twisted.python import threadable

from pyzmtp import PublishingHandler, PubSocket, PullSocket
from pyzmtp.net import threads as thread_module
from pyzmtp.testing import Conditions

from ..sockets.world import World
from .stage import Subscribed, Threads, record_of


def test_topics_and_texts(world: World) -> None:
    stage = Subscribed(world)
    handler = PublishingHandler(stage.reactor, stage.pub, root_topic="app")
    for record in (
        record_of("plain %s", INFO, "text"),
        record_of("disk.full::no space on %s", WARNING, "/tmp"),
        record_of("listening on ::1", INFO),
        record_of("a::b::c", DEBUG),
        record_of(ValueError("any object"), CRITICAL),
        record_of("odd", 25),
        record_of("low", 5),
    ):
        handler.handle(record)
    assert stage.messages() == [
        [b"app.INFO", b"plain text\n"],
        [b"app.WARNING.disk.full", b"WARNING source.py:7 - no space on /tmp\n"],
        [b"app.INFO", b"listening on ::1\n"],
        [b"app.DEBUG.a", b"DEBUG source.py:7 - b::c\n"],
        [b"app.CRITICAL", b"CRITICAL source.py:7 - any object\n"],
        [b"app.Level 25", b"odd\n"],
        [b"app.Level 5", b"Level 5 source.py:7 - low\n"],
    ]
    assert handler.dropped == 0


def test_a_record_is_not_changed(world: World) -> None:
    stage = Subscribed(world)
    record = record_of("topic::text", INFO)
    PublishingHandler(stage.reactor, stage.pub).handle(record)
    assert record.msg == "topic::text"
    assert stage.messages() == [[b"INFO.topic", b"text\n"]]


def test_tracebacks(world: World) -> None:
    stage = Subscribed(world)
    logger = logging.Logger("test")
    logger.addHandler(PublishingHandler(stage.reactor, stage.pub))
    try:
        raise LookupError("wrong")
    except LookupError:
        logger.exception("it failed")
    [[topic, text]] = stage.messages()
    assert topic == b"ERROR"
    assert text.startswith(b"ERROR test_handler.py:")
    assert b" - it failed\nTraceback (most recent call last):\n" in text
    assert text.endswith(b"LookupError: wrong\n")


def test_formatters(world: World) -> None:
    stage = Subscribed(world)
    handler = PublishingHandler(stage.reactor, stage.pub)
    handler.setFormatter(logging.Formatter("error %(message)s"), logging.ERROR)
    for level in (WARNING, ERROR, CRITICAL):
        handler.handle(record_of("x", level))
    handler.setFormatter(logging.Formatter("all %(message)s"))
    handler.handle(record_of("x", ERROR))
    handler.setFormatter(None)
    handler.handle(record_of("x", INFO))
    assert [text for _, text in stage.messages()] == [
        b"WARNING source.py:7 - x\n",
        b"error x\n",
        b"error x\n",
        b"all x\n",
        b"INFO source.py:7 - x\n",
    ]


def test_levels_and_subscriptions(world: World) -> None:
    stage = Subscribed(world, b"app.ERROR")
    handler = PublishingHandler(stage.reactor, stage.pub, "app", level="WARNING")
    logger = logging.Logger("test")
    logger.addHandler(handler)
    for level in (INFO, WARNING, ERROR):
        logger.log(level, "x")
    assert [topic for topic, _ in stage.messages()] == [b"app.ERROR"]


def test_a_record_that_cannot_be_formatted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Subscribed(world)
    PublishingHandler(stage.reactor, stage.pub).handle(record_of("%d", INFO, "no number"))
    assert "--- Logging error ---" in capsys.readouterr().err
    assert stage.messages() == []


# Other threads


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says which thread is the present one."""
    monkeypatch.setattr(threadable, "ioThread", 1)
    return lambda number: monkeypatch.setattr(thread_module, "get_ident", lambda: number)


def test_another_thread_leaves_it_to_the_reactor(world: World, elsewhere: Any) -> None:
    stage = Subscribed(world)
    threads: Any = Threads()
    handler = PublishingHandler(threads, stage.pub)
    elsewhere(2)
    handler.handle(record_of("1"))
    handler.handle(record_of("2"))
    assert len(threads.calls) == 1
    elsewhere(1)
    handler.handle(record_of("of the reactor"))
    assert [text for _, text in stage.messages()] == [b"of the reactor\n"]
    threads.run()
    assert [text for _, text in stage.messages()] == [b"1\n", b"2\n"]
    elsewhere(2)
    handler.handle(record_of("3"))
    threads.run()
    assert [text for _, text in stage.messages()] == [b"3\n"]
    assert handler.dropped == 0


def test_a_reactor_that_does_not_come_to_it(world: World, elsewhere: Any) -> None:
    stage = Subscribed(world, send_hwm=0)
    threads: Any = Threads()
    handler = PublishingHandler(threads, stage.pub)
    elsewhere(2)
    for number in range(1003):
        handler.handle(record_of(str(number)))
    assert (handler.dropped, len(threads.calls)) == (3, 1)
    threads.run()
    assert [text for _, text in stage.messages()] == [b"%d\n" % n for n in range(1000)]
    handler.handle(record_of("later"))
    threads.run()
    assert stage.messages() == [[b"INFO", b"later\n"]]


# What cannot be sent


def test_a_slow_subscriber_misses_entries_and_the_socket_counts(world: World) -> None:
    stage = Subscribed(world, send_hwm=5)
    world.network.conditions = Conditions(buffer=1000)
    handler = PublishingHandler(stage.reactor, stage.pub)
    for _ in range(100):
        handler.handle(record_of("x" * 1000))
    counted = stage.pub.stats
    assert counted.dropped_sent > 20
    assert handler.dropped == 0
    assert len(stage.messages()) == 100 - counted.dropped_sent


def test_with_xpub_nodrop_the_handler_counts(world: World) -> None:
    stage = Subscribed(world, send_hwm=5, xpub_nodrop=True)
    world.network.conditions = Conditions(buffer=1000)
    handler = PublishingHandler(stage.reactor, stage.pub)
    for _ in range(100):
        handler.handle(record_of("x" * 1000))
    assert handler.dropped > 20
    assert stage.pub.stats.dropped_sent == 0
    assert len(stage.messages()) == 100 - handler.dropped


def test_after_the_end_of_the_socket(world: World) -> None:
    stage = Subscribed(world)
    handler = PublishingHandler(stage.reactor, stage.pub)
    world.run(stage.pub.close(), 1)
    handler.handle(record_of("x"))
    assert handler.dropped == 1


def test_what_is_logged_while_it_publishes_is_not_published(world: World) -> None:
    class Chatty(PubSocket):
        def try_send(self, message: Any) -> bool:
            logger.info("about to send")
            sent = super().try_send(message)
            logger.info("sent")
            return sent

    logger = logging.Logger("test")
    pub = world.make(Chatty)
    handler = PublishingHandler(world.network.reactor(), pub)  # type: ignore[arg-type]
    logger.addHandler(handler)
    stage = Subscribed(world)
    world.run(stage.sub.connect(world.bind(pub)), 1)
    world.run(pub.wait_subscribed(b""), 1)
    logger.info("x")
    logger.info("y")
    assert [text for _, text in stage.messages()] == [b"x\n", b"y\n"]
    assert handler.dropped == 4


def test_it_takes_publishing_sockets_only(world: World) -> None:
    with pytest.raises(TypeError, match="PUB or XPUB"):
        PublishingHandler(world.network.reactor(), world.make(PullSocket))  # type: ignore[arg-type]
