"""PublishingObserver: events of twisted.logger, of pyzmtp itself, and of the old log."""

from __future__ import annotations

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogPublisher,
)
from twisted.python import log
from zope.interface.verify import verifyObject

from pyzmtp import PublishingObserver, PushSocket
from pyzmtp.testing import Conditions

from ..sockets.world import World
from .stage import Subscribed


def test_topics_and_texts(world: World) -> None:
    stage = Subscribed(world)
    observer = PublishingObserver(stage.reactor, stage.pub, root_topic="app")
    assert verifyObject(ILogObserver, observer)
    logger = Logger(namespace="my.part", observer=observer)
    for level in LogLevel.iterconstants():
        logger.emit(level, "{number} bottles", number=99)
    assert stage.messages() == [
        [f"app.{level}.my.part".encode(), b"99 bottles\n"]
        for level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    ]
    assert observer.dropped == 0


def test_tracebacks(world: World) -> None:
    stage = Subscribed(world)
    logger = Logger(namespace="n", observer=PublishingObserver(stage.reactor, stage.pub))
    try:
        raise LookupError("wrong")
    except LookupError:
        logger.failure("it failed")
    [[topic, text]] = stage.messages()
    assert topic == b"CRITICAL.n"
    assert text.startswith(b"it failed\nTraceback (most recent call last):")
    assert b"LookupError: wrong" in text


def test_an_event_without_anything(world: World) -> None:
    stage = Subscribed(world)
    PublishingObserver(stage.reactor, stage.pub)({})
    assert stage.messages() == [[b"INFO", b"\n"]]


def test_the_old_log(world: World) -> None:
    stage = Subscribed(world)
    observer = PublishingObserver(stage.reactor, stage.pub)
    globalLogPublisher.addObserver(observer)
    try:
        log.msg("something old")
    finally:
        globalLogPublisher.removeObserver(observer)
    [[topic, text]] = stage.messages()
    assert topic.startswith(b"INFO.")
    assert text == b"something old\n"


def test_what_pyzmtp_itself_logs_has_an_end(world: World) -> None:
    """Its debug entries tell of each connection, and of the one that carries them too."""
    stage = Subscribed(world)
    observer = PublishingObserver(stage.reactor, stage.pub)
    globalLogPublisher.addObserver(observer)
    try:
        push = world.make(PushSocket)
        push.connect("tcp://127.0.0.1:1")
        world.advance(0.05)
        world.run(push.close(linger=0), 1)
        first = len(stage.messages())
        world.advance(10)
    finally:
        globalLogPublisher.removeObserver(observer)
    assert first > 0
    assert stage.messages() == []


def test_a_warning_about_the_publisher_itself_is_published_once(world: World) -> None:
    """The loss of a subscriber, with what was queued for it, is told to the others."""
    stage = Subscribed(world)
    observer = FilteringLogObserver(
        PublishingObserver(stage.reactor, stage.pub), [LogLevelFilterPredicate(LogLevel.warn)]
    )
    globalLogPublisher.addObserver(observer)
    try:
        slow = Subscribed(world).sub
        world.run(slow.connect(stage.pub.last_endpoint), 1)
        world.run(stage.pub.wait_subscribed(b"", 2), 1)
        slow.configure(receive_hwm=1)
        world.network.conditions = Conditions(buffer=1000)
        for _ in range(50):
            stage.pub.try_send([b"noise", bytes(1000)])
        world.settle()
        world.run(slow.close(linger=0), 1)
        world.advance(10)
    finally:
        globalLogPublisher.removeObserver(observer)
    warnings = [topic for topic, _ in stage.messages() if topic != b"noise"]
    assert warnings.count(b"WARNING.pyzmtp") == len(warnings) <= 3
