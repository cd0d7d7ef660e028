"""The rules of the simulation: each is broken by what it forbids."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from pyzmtp import ConnectAborted, MessagesDropped, SocketClosed

from .generate import plan_of
from .kinds import KINDS
from .ledger import Fate, Ledger
from .message import frames_of, origin_of
from .plan import Place, Plan, Role, Step
from .run import play, shrink
from .stage import Stage
from .violation import Violation

SIZES = (0, 7, 300)


def plan(*steps: Step, left: str = "Push", right: str = "Pull", **options: Any) -> Plan:
    """Two roles, the second of which binds."""
    reads = "from" if KINDS[right].receives else "none"
    roles = (
        Role(left, 0, options, "from" if KINDS[left].receives else "none", False, (0,)),
        Role(right, 1, options, reads, True, (0,)),
    )
    places = (Place(1, "tcp://*:5000", "tcp://there:5000"),)
    return Plan(1, "test", ("here", "there"), "NULL", 1, None, roles, places, steps)


def opening() -> list[Step]:
    """Both come, and meet."""
    names = [("make", 1), ("make", 0), ("enter", 1), ("enter", 0)]
    return [Step(name, {"role": role}) for name, role in names] + [Step("settle", {})]


def stage_of(**options: Any) -> Stage:
    """A stage on which both have met."""
    stage = Stage(plan(**options))
    for step in opening():
        stage.do(step.action, step.arguments)
    return stage


def kind_of(stage: Stage, action: str, **arguments: Any) -> str:
    """Which rule a step breaks."""
    with pytest.raises(Violation) as caught:
        stage.do(action, arguments)
    return caught.value.kind


# Messages


@pytest.mark.parametrize("topic", [b"", b"A"])
def test_a_message_tells_where_it_comes_from(topic: bytes) -> None:
    frames = frames_of(3, 17, SIZES, topic)
    assert origin_of(frames[0]) == (3, 17)
    assert frames[0].startswith(topic)
    assert [len(frame) for frame in frames[1:]] == [7, 300]
    assert frames != frames_of(3, 18, SIZES, topic)
    for other in (b"", b"x", b"|", b"|3", b"|a.b.", b"|3.17"):
        assert origin_of(other) is None


def ledger_with(number: int, copies: bool = False) -> Ledger:
    ledger = Ledger(copies)
    for _ in range(number):
        ledger.offer(0, SIZES, 0.0).fate = Fate.TAKEN
    return ledger


@pytest.mark.parametrize(
    ("kind", "frames"),
    [
        ("invented", [b"what?"]),
        ("invented", []),
        ("invented", frames_of(1, 0, SIZES)),
        ("invented", frames_of(0, 9, SIZES)),
        ("changed", frames_of(0, 0, SIZES)[:-1]),
        ("changed", [*frames_of(0, 0, SIZES), b""]),
        ("changed", [frames_of(0, 0, SIZES)[0], *frames_of(0, 1, SIZES)[1:]]),
    ],
)
def test_what_was_never_sent(kind: str, frames: list[bytes]) -> None:
    with pytest.raises(Violation) as caught:
        ledger_with(2).receive(5, frames, None, True)
    assert caught.value.kind == kind


def test_what_was_refused_received_before_or_overtaken() -> None:
    ledger = ledger_with(3)
    ledger.entries[0][2].fate = Fate.REFUSED
    ledger.receive(5, frames_of(0, 1, SIZES), None, True)
    for number, kind in ((2, "refused"), (1, "twice"), (0, "order")):
        with pytest.raises(Violation) as caught:
            ledger.receive(5, frames_of(0, number, SIZES), None, True)
        assert caught.value.kind == kind
    with pytest.raises(Violation, match="twice"):
        ledger.receive(6, frames_of(0, 1, SIZES), None, True)


def test_copies_go_to_many_once_each() -> None:
    ledger = ledger_with(1, copies=True)
    for receiver in (5, 6):
        ledger.receive(receiver, frames_of(0, 0, SIZES), None, True)
    with pytest.raises(Violation, match="twice"):
        ledger.receive(6, frames_of(0, 0, SIZES), None, True)


# Players


def send(stage: Stage, count: int = 3) -> None:
    stage.do(
        "send", {"role": 0, "how": "try", "count": count, "sizes": SIZES, "topic": b"", "to": 1}
    )


def test_all_is_well_at_first() -> None:
    stage = stage_of()
    send(stage)
    stage.do("calm", {})
    for what in ("spread", "burst", "turns", "farewell"):
        for role in (0, 1):
            arguments = {"what": what, "role": role, "count": 3, "sizes": SIZES, "topic": b""}
            stage.do("exercise", arguments)
    stage.do("end", {"linger": 0.0})
    assert sum(len(entries) for entries in stage.ledger.entries.values()) > 10


def test_a_message_that_is_lost() -> None:
    stage = stage_of()
    stage.cast[0].socket._core.sent += 1
    stage.cast[0].offered += 1
    assert kind_of(stage, "calm") == "lost"


def test_a_message_that_is_not_counted() -> None:
    stage = stage_of()
    send(stage)
    stage.do("settle", {})
    stage.cast[1].socket.try_receive()
    assert kind_of(stage, "settle") == "count"


def test_a_drop_that_is_not_told() -> None:
    stage = stage_of()
    stage.cast[0].socket._core.dropped_sent += 1
    stage.cast[0].offered += 1
    assert kind_of(stage, "settle") == "untold"


def test_a_drop_of_what_is_kept() -> None:
    stage = stage_of()
    player = stage.cast[0]
    where = "tcp://there:5000"
    stage.messages_dropped(player, MessagesDropped(where, 2, ConnectAborted(where), True))
    assert kind_of(stage, "settle") == "kept"


def test_a_drop_of_what_is_unread() -> None:
    stage = stage_of()
    stage.messages_dropped(stage.cast[1], MessagesDropped("", 2, SocketClosed(), False))
    assert kind_of(stage, "settle") == "unread"


def test_a_queue_that_sends_beyond_its_mark() -> None:
    stage = stage_of(send_hwm=2)
    [pipe] = stage.cast[0].socket._pipes()
    pipe.outbox.extend([[b"x"]] * 3)
    stage.cast[0].offered += 3
    assert kind_of(stage, "rounds", count=0) == "mark"


def test_a_queue_that_receives_beyond_its_mark() -> None:
    stage = stage_of(receive_hwm=2)
    [pipe] = stage.cast[1].socket._pipes()
    stage.cast[1].socket._pattern.deliver(pipe, [[b"x"]] * 3)
    pipe.received += 3
    assert kind_of(stage, "rounds", count=0) == "mark"


def test_a_deferred_that_never_fires() -> None:
    stage = stage_of()
    stage.cast[0].promise("wish", Deferred())
    assert kind_of(stage, "end", linger=0.0) == "unfired"


def test_something_that_is_left() -> None:
    stage = stage_of()
    stage.processes[0].callLater(100, print)
    assert kind_of(stage, "end", linger=0.0) == "unclean"


def test_who_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = stage_of()
    stage.do("reset", {"which": 0})
    monkeypatch.setattr("pyzmtp.net.connecter.Connecter._dial", lambda self: None)
    assert kind_of(stage, "calm") == "apart"


def test_an_exception() -> None:
    stage = stage_of()
    stage.processes[0].callLater(1, int, "x")
    assert kind_of(stage, "advance", seconds=2.0) == "escaped"


def test_a_socket_that_takes_too_long_to_close() -> None:
    stage = stage_of()
    stage.do("stall", {"which": 0, "stalled": True})
    stage.do("send", {
        "role": 0, "how": "try", "count": 9, "sizes": (0, 300_000), "topic": b"", "to": 1
    })  # fmt: skip
    player = stage.cast[0]
    player.socket.configure(linger=5.0)
    close = player.socket.close
    player.socket.close = lambda linger: close(linger=5.0)
    stage.do("close", {"role": 0, "linger": 0.0})
    assert kind_of(stage, "advance", seconds=10.0) == "linger"


def test_an_error_that_nobody_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "slip", lambda stage: fail(KeyError("unseen")), raising=False)
    outcome = play(plan(*opening(), Step("slip", {})))
    assert outcome.violation is not None
    assert outcome.violation.kind == "logged"
    assert "unseen" in str(outcome.violation)


# Shorter plans


def test_a_plan_is_made_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails if it is armed twice before it is sprung."""

    def arm(stage: Any) -> None:
        stage.armed = getattr(stage, "armed", 0) + 1

    def spring(stage: Any) -> None:
        if getattr(stage, "armed", 0) >= 2:
            stage.fail("sprung", "it was armed")

    monkeypatch.setattr(Stage, "arm", arm, raising=False)
    monkeypatch.setattr(Stage, "spring", spring, raising=False)
    steps = [*opening(), *[Step("rounds", {"count": 1})] * 40]
    for place in (3, 17, 29):
        steps.insert(place, Step("arm", {}))
    steps.insert(35, Step("spring", {}))
    long = plan(*steps)
    outcome = play(long)
    assert outcome.violation is not None
    assert (outcome.violation.kind, outcome.steps) == ("sprung", 35)
    assert [step.action for step in shrink(long, "sprung").steps] == ["arm", "arm", "spring"]
    assert shrink(long, "another") == long
    assert len(shrink(long, "sprung", attempts=3).steps) > 3


def test_a_plan_can_be_read() -> None:
    text = str(plan_of(3))
    assert text.startswith("seed 3: ")
    assert all(word in text for word in ("role 0:", "place 0:", "process 0", "calm(", "end("))
