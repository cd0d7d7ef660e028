"""pyzmtp.net.limiter: only so many things at a time."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail, succeed

from pyzmtp.net.limiter import Limiter

from ..sockets.world import Outcomes


def test_the_others_wait_their_turn() -> None:
    limiter = Limiter(2)
    running: list[Deferred[int]] = []

    def start() -> Deferred[int]:
        running.append(Deferred())
        return running[-1]

    results = [Outcomes(limiter.run(start)) for _ in range(4)]
    assert len(running) == 2
    running[1].callback(1)
    assert len(running) == 3
    running[0].errback(ValueError())
    running[2].callback(2)
    running[3].callback(3)
    assert [list(result) for result in results] == [[], [1], [2], [3]]
    assert isinstance(results[0].error, ValueError)


def test_who_left_does_not_block_the_others() -> None:
    limiter = Limiter(1)
    first: Deferred[int] = Deferred()
    outcomes = Outcomes(limiter.run(lambda: first))
    waiting = [limiter.run(lambda: succeed(2)) for _ in range(3)]
    ends = [Outcomes(one) for one in waiting]
    waiting[0].cancel()
    waiting[2].cancel()
    assert [end.pending for end in ends] == [False, True, False]
    first.callback(1)
    assert outcomes == [1]
    assert ends[1] == [2]
    again = Outcomes(limiter.run(lambda: succeed(3)))
    assert again == [3]


def test_who_runs_and_leaves_gives_the_turn_to_the_next() -> None:
    limiter = Limiter(1)
    first: Deferred[int] = Deferred()
    running = limiter.run(lambda: first)
    Outcomes(running)
    after = Outcomes(limiter.run(lambda: succeed(1)))
    assert after.pending
    running.cancel()
    assert after == [1]


def test_thousands_may_wait() -> None:
    limiter = Limiter(1)
    first: Deferred[int] = Deferred()
    Outcomes(limiter.run(lambda: first))
    ends = [Outcomes(limiter.run(lambda: succeed(1))) for _ in range(5000)]
    first.callback(0)
    assert all(end == [1] for end in ends)


def test_a_failure_gives_the_turn_to_the_next() -> None:
    limiter = Limiter(1)
    assert isinstance(Outcomes(limiter.run(lambda: fail(ValueError()))).error, ValueError)
    assert Outcomes(limiter.run(lambda: succeed(1))) == [1]
