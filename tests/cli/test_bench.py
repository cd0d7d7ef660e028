"""``pyzmtp bench`` on hosts in memory, whose clock the test makes."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from click.testing import CliRunner
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from pyzmtp import PairSocket
from pyzmtp.cli import bench
from pyzmtp.cli.bench.measurement import RoundTrip, Throughput
from pyzmtp.cli.bench.other_side import LocalSide, serve
from pyzmtp.cli.bench.running import Load, run_bench
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.group import group
from tests.cli.stage import MemorySink, MemorySource, Running
from tests.sockets.world import Outcomes, World


@pytest.fixture
def host(world: World) -> Any:
    """A host in memory; what it is given as ``spawnProcess`` starts other processes."""
    return world.network.reactor()


class Processes:
    """In place of a reactor's ``spawnProcess``: the other process is another host."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.arguments: list[str] = []
        self.outcomes: list[Outcomes[int]] = []

    def spawn(self, protocol: ProcessProtocol, executable: str, args: Any, **_: Any) -> None:
        self.arguments = list(args)
        transport: Any = object()
        protocol.makeConnection(transport)
        running: Deferred[Any] = Deferred.fromCoroutine(
            serve(self.world.network.reactor(), args[-1])
        )

        def ended(result: object) -> object:
            protocol.processEnded(Failure(ProcessTerminated(0)))
            return result

        self.outcomes.append(Outcomes(running.addBoth(ended)))


def ticks(step: float = 0.5) -> Any:
    """A clock that is ``step`` later each time that it is asked."""
    times = count(0.0, step)
    return lambda: next(times)


def start(world: World, host: Any, load: Load, as_json: bool = False, tty: bool = False) -> Running:
    running = Running(
        MemorySource(),
        MemorySink(tty),
        lambda streams: run_bench(host, load, ticks(), as_json, streams),
    )
    world.settle()
    world.advance(5)
    return running


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_in_one_process(world: World, host: Any, transport: str) -> None:
    load = Load([transport], [0, 100], messages=2000, requests=10, apart=False)
    running = start(world, host, load, as_json=True)
    assert running.status == ExitStatus.DONE
    [small, large] = json.loads(running.stdout.data)
    assert (small["transport"], small["processes"], small["size"]) == (transport, 1, 0)
    assert large["size"] == 100
    # From the first batch, which does not count, to the last the clock has ticked once.
    assert 0 < large["messages_per_second"] <= 2 * 2000
    assert large["bytes_per_second"] == 100 * large["messages_per_second"]
    assert large["round_trip_seconds"] == {"median": 0.5, "99 %": 0.5}


def test_in_two_processes(world: World, host: Any) -> None:
    processes = Processes(world)
    host.spawnProcess = processes.spawn
    load = Load(["tcp", "inproc"], [16], messages=100, requests=5, apart=True)
    running = start(world, host, load)
    assert running.status == ExitStatus.DONE
    assert processes.arguments[1:5] == ["-m", "pyzmtp", "bench", "--other-side"]
    assert processes.outcomes[0] == [ExitStatus.DONE]
    text = running.stdout.data.decode()
    assert "tcp, 2 processes" in text
    assert "inproc, 1 process " in text
    assert "500,000 us" in text


def test_progress_is_told_on_a_terminal(world: World, host: Any) -> None:
    load = Load(["tcp"], [16], messages=10, requests=1, apart=False)
    running = start(world, host, load, tty=True)
    assert running.said == ["measuring tcp with 16 bytes"]


def test_another_process_that_ends_too_early(world: World, host: Any) -> None:
    def spawn(protocol: ProcessProtocol, executable: str, args: Any, **_: Any) -> None:
        transport: Any = object()
        protocol.makeConnection(transport)
        protocol.processEnded(Failure(ProcessTerminated(1)))

    host.spawnProcess = spawn
    load = Load(["tcp"], [16], messages=10, requests=1, apart=True)
    running = start(world, host, load)
    assert running.status == ExitStatus.FAILED
    assert running.said == ["the other process has ended"]


@pytest.mark.parametrize("apart", [True, False])
def test_a_transport_that_this_system_has_not(world: World, apart: bool) -> None:
    load = Load(["ipc"], [16], messages=10, requests=1, apart=apart)
    running = start(world, world.network.reactor(tcp_only=True), load)
    assert running.status == ExitStatus.FAILED
    assert running.said[0].startswith("ipc: ")
    assert "IReactorUNIX" in running.said[0]


@pytest.mark.parametrize("busy", [False, True])
def test_the_other_process_ends_with_the_first(world: World, busy: bool) -> None:
    pair = world.make(PairSocket)
    address = world.bind(pair)
    serving = Outcomes(Deferred.fromCoroutine(serve(world.network.reactor(), address)))
    world.until(lambda: pair.readable)
    assert world.drain(pair) == [[b"here"]]
    if busy:
        pair.try_send(b'["echo", "tcp://127.0.0.1:1"]')  # nobody is there
    world.advance(5)
    assert serving.pending
    world.run(pair.close(0), 1)
    world.advance(1)
    assert serving == [ExitStatus.DONE]


def test_nobody_has_started_it(world: World) -> None:
    serving = serve(world.network.reactor(), "tcp://127.0.0.1:1")
    assert world.run(serving, 1) == ExitStatus.DONE


def test_a_side_that_has_not_begun_can_be_stopped(world: World, host: Any) -> None:
    side = LocalSide(host)
    assert world.run(side.stop()) is None
    assert world.run(side.close()) is None


def test_arithmetic() -> None:
    throughput = Throughput(size=100, messages=1000, seconds=0.5)
    assert (throughput.rate, throughput.bytes_rate) == (2000, 200_000)
    round_trip = RoundTrip(0, [float(number) for number in range(1, 101)])
    assert (round_trip.percentile(50), round_trip.percentile(99), round_trip.percentile(100)) == (
        51.0,
        100.0,
        100.0,
    )


class TestCommand:
    def ran(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, list[Any]]:
        """What the command has printed, and what it has run."""
        ran: list[Any] = []

        async def fake_bench(*details: Any) -> int:
            ran.append(details)
            return 0

        async def fake_serve(*details: Any) -> int:
            ran.append(details)
            return 0

        monkeypatch.setattr(bench, "run", lambda main: Outcomes(Deferred.fromCoroutine(main("it"))))
        monkeypatch.setattr(bench, "run_bench", fake_bench)
        monkeypatch.setattr(bench, "serve", fake_serve)
        monkeypatch.setattr(bench, "standard_streams", lambda *details: "streams")
        done = CliRunner().invoke(group, ["bench", *arguments])
        assert done.exit_code == 0, done.output
        return done.output, ran

    def test_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        output, [(reactor, load, clock, as_json, streams)] = self.ran(monkeypatch)
        assert output.startswith("pyzmtp ")
        assert (reactor, as_json, streams) == ("it", False, "streams")
        assert load == Load(("tcp", "ipc", "inproc"), (16, 1024, 65536), 100_000, 2000, True)
        assert clock() <= clock()

    def test_as_it_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        arguments = ["-T", "tcp", "-s", "1", "-s", "2", "-n", "30", "-r", "40", "-1", "--json"]
        output, [(_, load, _, as_json, _)] = self.ran(monkeypatch, *arguments)
        assert output == ""
        assert as_json
        assert load == Load(("tcp",), (1, 2), 30, 40, False)

    def test_as_the_other_side(self, monkeypatch: pytest.MonkeyPatch) -> None:
        output, ran = self.ran(monkeypatch, "--other-side", "tcp://127.0.0.1:1")
        assert (output, ran) == ("", [("it", "tcp://127.0.0.1:1")])

    def test_its_help(self) -> None:
        done = CliRunner().invoke(group, ["bench", "--help"])
        assert "--transport" in done.output
        assert "--other-side" not in done.output
