"""``pyzmtp proxy``: its sockets, what it forwards, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from click.testing import CliRunner
from twisted.internet.defer import CancelledError, Deferred

from pyzmtp import (
    CurveServer,
    PlainClient,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    SubSocket,
    UsageError,
)
from pyzmtp.certificates import create_certificates
from pyzmtp.cli import proxy
from pyzmtp.cli.addresses import Endpoint
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.group import group
from pyzmtp.cli.proxy import report_on
from pyzmtp.cli.proxy.plan import read_plan
from pyzmtp.cli.proxy.readings import Flow, Reading, SocketReading
from pyzmtp.cli.proxy.report import LineReport, LiveReport
from pyzmtp.cli.proxy.running import run_proxy
from pyzmtp.cli.screen import Screen
from tests.cli.stage import MemorySink
from tests.sockets.world import Outcomes, World

FRONT = "tcp://127.0.0.1:5001"
BACK = "tcp://127.0.0.1:5002"
COPY = "tcp://127.0.0.1:5003"
QUEUE = (f"router@{FRONT}", f"dealer@{BACK}")


class Proxied:
    """A proxy at work on a host in memory."""

    def __init__(
        self,
        world: World,
        sockets: Sequence[str],
        options: Sequence[str] = (),
        sink: MemorySink | None = None,
        quiet: bool = False,
    ) -> None:
        self.world = world
        self.sink = sink if sink is not None else MemorySink()
        plans = read_plan(sockets, options)
        report = report_on(self.sink, plans, quiet)
        self.said: list[str] = []
        if isinstance(report, LineReport):
            report.say = self.said.append
        reactor = world.network.reactor()
        self._work = Deferred.fromCoroutine(run_proxy(reactor, plans, report, 10.0, False))
        self.outcome = Outcomes(self._work)
        world.settle()

    def interrupt(self) -> None:
        """Do what a signal does."""
        self._work.cancel()
        self.world.settle()

    @property
    def lines(self) -> list[str]:
        """What it has reported."""
        return self.sink.data.decode().splitlines()


Start = Callable[..., Proxied]


@pytest.fixture
def start(world: World) -> Any:
    """Start proxies; those that still run at the end are interrupted."""
    started: list[Proxied] = []

    def begin(*arguments: Any, **settings: Any) -> Proxied:
        started.append(Proxied(world, *arguments, **settings))
        return started[-1]

    yield begin
    for running in started:
        for _ in range(3):
            running.interrupt()
        assert not running.outcome.pending


class TestPlan:
    def test_sockets(self) -> None:
        front, back, capture = read_plan(
            ["xsub@tcp://*:1,>tcp://a:2,@tls:3:x", "XPUB>ipc:///x", "pub@inproc://y"], []
        )
        assert front.endpoints == [
            Endpoint("tcp://*:1", True),
            Endpoint("tcp://a:2", False),
            Endpoint("tls:3:x", True),
        ]
        assert [plan.socket.socket_type.value for plan in (front, back, capture)] == [
            "XSUB",
            "XPUB",
            "PUB",
        ]
        assert [plan.side for plan in (front, back, capture)] == ["frontend", "backend", "capture"]

    def test_options_for_all_that_have_them_or_for_one(self) -> None:
        front, back = read_plan(
            QUEUE,
            ["send_hwm=5", "router-mandatory=yes", "backend.linger=0", "frontend.linger=none"],
        )
        assert front.options == {"send_hwm": 5, "router_mandatory": True, "linger": None}
        assert back.options == {"send_hwm": 5, "linger": 0.0}

    def test_security_of_one_side(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYZMTP_PLAIN_PASSWORD", "secret")
        public, secret = create_certificates(tmp_path, "server")
        front, back = read_plan(
            QUEUE,
            [
                f"frontend.curve-key={secret}",
                f"frontend.curve-clients={public}",
                f"frontend.curve-clients={public}",
                "backend.plain-username=admin",
            ],
        )
        reactor: Any = type("Reactor", (), {"seconds": lambda self: 0.0})()
        assert isinstance(front.policy(reactor), CurveServer)
        assert isinstance(back.policy(reactor), PlainClient)
        front, back = read_plan(QUEUE, [f"curve_key={secret}", "curve_clients=any"])
        assert isinstance(back.policy(reactor), CurveServer)

    @pytest.mark.parametrize(
        ("sockets", "options", "problem"),
        [
            (["router", BACK], [], "'router' is no socket"),
            ([f"router={FRONT}", BACK], [], "is no socket"),
            (["router@nothing", BACK], [], "is no socket"),
            ([f"router@{FRONT},>", BACK], [], "is no socket"),
            ([f"queue@{FRONT}", BACK], [], "there is no type of socket 'queue'"),
            (QUEUE, ["capture.linger=1"], "there is no socket 'capture', but frontend, backend"),
            (QUEUE, ["xpub_verbose=1"], "none of the sockets has a use for it"),
            (QUEUE, ["nonsense=1"], "there is no option nonsense"),
            (QUEUE, ["backend.linger=x"], "it takes seconds"),
            (QUEUE, ["backend.curve_clients=any"], "needs curve-key"),
        ],
    )
    def test_what_makes_none(self, sockets: list[str], options: list[str], problem: str) -> None:
        with pytest.raises((UsageError, ValueError), match=problem):
            read_plan(sockets, options)


class TestForwarding:
    def test_requests_and_replies(self, world: World, start: Start) -> None:
        proxied = start([*QUEUE, f"pub@{COPY}"])
        assert proxied.said == [
            f"frontend: ROUTER listens at {FRONT}",
            f"backend: DEALER listens at {BACK}",
            f"capture: PUB listens at {COPY}",
        ]
        rep, req, sub = world.make(RepSocket), world.make(ReqSocket), world.make(SubSocket)
        sub.subscribe(b"")
        for socket, address in ((rep, BACK), (req, FRONT), (sub, COPY)):
            world.run(socket.connect(address))
        rep.serve(lambda request: [b"you said", *request])
        world.settle()
        assert world.run(req.request([b"a", b"b"])) == [b"you said", b"a", b"b"]
        assert [message[-1] for message in world.drain(sub)] == [b"b", b"b"]
        assert proxied.lines == []
        world.advance(10)
        assert proxied.lines == [
            "frontend > backend: 0.4 frames/s, 0.7 B/s; frontend peers 1, queued 0; "
            "backend peers 1, queued 0; capture peers 1, queued 0; 0 dropped, 0 not captured",
            "backend > frontend: 0.5 frames/s, 1.5 B/s; frontend peers 1, queued 0; "
            "backend peers 1, queued 0; capture peers 1, queued 0; 0 dropped, 0 not captured",
        ]
        world.advance(60)
        assert len(proxied.lines) == 2, "when nothing moves nothing is told"

    def test_one_way(self, world: World, start: Start) -> None:
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"])
        push, pull = world.make(PushSocket), world.make(PullSocket)
        world.run(push.connect(FRONT))
        world.run(pull.connect(BACK))
        push.send_batch([b"x" * 100] * 500)
        assert len(world.drain(pull)) == 500
        world.advance(10)
        [line] = proxied.lines
        assert line.startswith("frontend > backend: 50 frames/s, 5.0 kB/s; ")

    def test_quietly(self, world: World, start: Start) -> None:
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"], quiet=True)
        push, pull = world.make(PushSocket), world.make(PullSocket)
        world.run(push.connect(FRONT))
        world.run(pull.connect(BACK))
        push.try_send(b"x")
        assert world.drain(pull) == [[b"x"]]
        world.advance(20)
        assert proxied.sink.writes == []

    def test_on_a_terminal_a_table_is_drawn(
        self, world: World, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setenv("TERM", "xterm")
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"], sink=MemorySink(interactive=True))
        push, pull = world.make(PushSocket), world.make(PullSocket)
        world.run(push.connect(FRONT))
        world.run(pull.connect(BACK))
        push.send_batch([b"x" * 1000] * 20_000)
        assert len(world.drain(pull)) == 20_000
        before = len(proxied.sink.data)
        world.advance(10)
        drawn = proxied.sink.data[before:].decode()
        for text in (
            f"PULL @{FRONT}",
            f"PUSH @{BACK}",
            "frontend > backend",
            "2,000 frames/s",
            "2.0 MB/s",
            "20,000,000",
            "0 dropped",
        ):
            assert text in drawn
        assert "backend > frontend" not in drawn
        assert f"pyzmtp: frontend: PULL listens at {FRONT}" in proxied.sink.data.decode()

    def test_a_terminal_that_takes_nothing_holds_up_nothing(
        self, world: World, start: Start
    ) -> None:
        sink = MemorySink(interactive=True)
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"], sink=sink)
        sink.slow = True
        world.advance(10)
        written = len(sink.writes)
        push, pull = world.make(PushSocket), world.make(PullSocket)
        world.run(push.connect(FRONT))
        world.run(pull.connect(BACK))
        push.try_send(b"x")
        world.advance(100)
        assert world.drain(pull) == [[b"x"]]
        assert len(sink.writes) == written
        sink.slow = False
        sink.take()
        assert proxied.outcome.pending


class TestEnding:
    def test_what_is_under_way_is_forwarded(self, world: World, start: Start) -> None:
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"])
        push = world.make(PushSocket)
        world.run(push.connect(FRONT))
        push.send_batch([b"a", b"b"])
        world.settle()
        proxied.interrupt()
        assert proxied.outcome.pending
        pull = world.make(PullSocket)
        world.run(pull.connect(BACK))
        assert world.drain(pull) == [[b"a"], [b"b"]]
        world.advance(1)
        assert isinstance(proxied.outcome.error, CancelledError)

    def test_but_not_for_ever(self, world: World, start: Start) -> None:
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"], ["linger=2"])
        push = world.make(PushSocket)
        world.run(push.connect(FRONT))
        push.try_send(b"a")
        world.settle()
        proxied.interrupt()
        world.advance(1)
        assert proxied.outcome.pending
        world.advance(2)
        assert not proxied.outcome.pending

    @pytest.mark.parametrize("backend", [f"push@{BACK}", f"push>{BACK}"])
    def test_interrupted_twice_it_does_not_wait(
        self, world: World, start: Start, backend: str
    ) -> None:
        proxied = start([f"pull@{FRONT}", backend], ["linger=none"])
        push = world.make(PushSocket)
        world.run(push.connect(FRONT))
        push.try_send(b"a")
        world.settle()
        proxied.interrupt()
        world.advance(100)
        assert proxied.outcome.pending
        proxied.interrupt()
        assert not proxied.outcome.pending

    def test_a_side_that_will_never_have_a_peer(self, world: World, start: Start) -> None:
        world.run(world.make(PubSocket).bind(BACK))
        proxied = start([f"pull@{FRONT}", f"push>{BACK}"])
        world.advance(1)
        assert proxied.outcome == [ExitStatus.FAILED]
        assert proxied.said[-1] == f"{BACK}: a PUSH socket cannot talk to a 'PUB' socket"

    def test_an_address_in_use(self, world: World, start: Start) -> None:
        world.run(world.make(PullSocket).bind(BACK))
        proxied = start([f"pull@{FRONT}", f"push@{BACK}"])
        assert proxied.outcome == [ExitStatus.FAILED]
        assert proxied.said[-1] == f"{BACK} is in use"

    @pytest.mark.parametrize(
        ("sockets", "options", "problem"),
        [
            ([f"pull@{FRONT}", f"pull@{BACK}"], [], "nothing can be forwarded"),
            ([f"req@{FRONT}", f"dealer@{BACK}"], [], "takes turns with its peers"),
            ([*QUEUE, f"pull@{COPY}"], [], "capture: a PULL cannot send"),
            (QUEUE, ["send_timeout=0"], "nobody can wait"),
            (QUEUE, ["backend.router_mandatory=1"], "does nothing on a DEALER socket"),
            ([f"router@{FRONT}", "dealer@foo://x"], [], "there is no transport 'foo'"),
        ],
    )
    def test_what_cannot_be(
        self, start: Start, sockets: list[str], options: list[str], problem: str
    ) -> None:
        proxied = start(sockets, options)
        assert proxied.outcome == [ExitStatus.USAGE]
        assert problem in proxied.said[-1]


class TestCommand:
    def test_its_help(self) -> None:
        done = CliRunner().invoke(group, ["proxy", "--help"])
        assert done.exit_code == 0
        for text in ("--capture", "--option", "--interval", "pyzmtp proxy 'router@", "Exit status"):
            assert text in done.output

    @pytest.mark.parametrize("sockets", [["router", "dealer"], [*QUEUE, "-o", "linger"]])
    def test_what_makes_no_sense(self, sockets: list[str]) -> None:
        done = CliRunner().invoke(group, ["proxy", *sockets])
        assert done.exit_code == 2
        assert "Error: " in done.output

    @pytest.mark.parametrize(
        ("interactive", "arguments", "seconds"),
        [(True, [], 1.0), (False, [], 10.0), (True, ["-i", "3"], 3.0)],
    )
    def test_it_runs(
        self,
        interactive: bool,
        arguments: list[str],
        seconds: float,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ran: list[tuple[Any, ...]] = []

        async def fake_run(*details: Any) -> int:
            ran.append(details)
            return 0

        streams = type("Streams", (), {"stdout": MemorySink(interactive)})
        monkeypatch.setattr(proxy, "run", lambda main: Outcomes(Deferred.fromCoroutine(main("it"))))
        monkeypatch.setattr(proxy, "run_proxy", fake_run)
        monkeypatch.setattr(proxy, "standard_streams", lambda *details: streams)
        capture = ["--capture", f"pub@{COPY}"]
        done = CliRunner().invoke(group, ["proxy", *QUEUE, *capture, *arguments])
        assert done.exit_code == 0, done.output
        [(reactor, plans, report, interval, verbose)] = ran
        assert (reactor, len(plans), interval, verbose) == ("it", 3, seconds, False)
        assert isinstance(report, LiveReport if interactive else LineReport)


def test_rates_are_written_in_units_that_fit() -> None:
    sink = MemorySink()
    report = LineReport(Screen(sink), print, silent=False)
    sockets = {"frontend": SocketReading(1, 2), "backend": SocketReading(3, 4)}
    total = 0.0
    for at, size in enumerate((0, 999, 1000, 1e6, 1e9, 1e12)):
        total += size
        report.show(Reading(at, {"frontend > backend": Flow(size, total)}, sockets, 5, 0))
    lines = sink.data.decode().splitlines()
    assert [line.partition("; ")[0].rpartition(", ")[2] for line in lines] == [
        "999.0 B/s",
        "1.0 kB/s",
        "1.0 MB/s",
        "1.0 GB/s",
        "1,000.0 GB/s",
    ]
    assert all(
        line.endswith("frontend peers 1, queued 2; backend peers 3, queued 4; 5 dropped")
        for line in lines
    )
