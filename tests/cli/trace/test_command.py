"""``pyzmtp trace``: the command, between two pyzmtp sockets on a network in memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from pyzmtp import PubSocket, RepSocket, ReqSocket, SubSocket
from pyzmtp.cli import program, trace
from pyzmtp.cli.group import group
from pyzmtp.cli.program import run_until_interrupted
from pyzmtp.cli.streams import StreamError, Streams
from pyzmtp.cli.trace import perform
from pyzmtp.cli.trace.output import Output
from pyzmtp.cli.trace.records import Opened, Record
from pyzmtp.errors import AddressError, AddressInUse
from pyzmtp.testing import MemoryNetwork, MemoryReactor
from tests.cli.stage import MemorySink, MemorySource
from tests.sockets.world import World


class Performance:
    """One trace, and the lines that it prints."""

    def __init__(self, network: MemoryNetwork, target: str, **options: Any) -> None:
        self.network = network
        self.reactor = network.reactor()
        self.lines: list[str] = []
        self.broken: list[Exception] = []
        self.output = Output(self._write, lambda count: f"{count} missing")
        show: Callable[[Record], Any] = trace._line_maker(
            options.get("as_json", False), False, options.get("quiet", False)
        )
        work = perform(self.reactor, "tcp://127.0.0.1:*", target, self.output, show, 64)
        self.work = Deferred.fromCoroutine(work)
        self.network.settle()

    def _write(self, data: bytes) -> Deferred[None]:
        self.lines += data.decode().splitlines()
        done: Deferred[None] = Deferred()
        if self.broken:
            done.errback(self.broken[0])
        else:
            done.callback(None)
        return done

    @property
    def address(self) -> str:
        """Where it listens, as it says itself."""
        if self.lines[0].startswith("{"):
            address: str = json.loads(self.lines[0])["address"]
            return address
        return self.lines[0].split()[2].rstrip(",")

    def stop(self) -> None:
        """Interrupt it."""
        ends: list[object] = []
        self.work.addErrback(lambda reason: reason.trap(CancelledError)).addCallback(ends.append)
        self.work.cancel()
        self.network.advance(3.0)
        assert len(ends) == 1


def test_a_request_and_its_reply(world: World) -> None:
    rep = world.make(RepSocket)
    req = world.make(ReqSocket)
    traced = Performance(world.network, world.bind(rep))
    rep.serve(lambda request: [b"echo", *request])
    world.run(req.connect(traced.address), 1)
    assert world.run(req.request(b"hello"), 1) == [b"echo", b"hello"]
    what = [line[26:].split()[:3] for line in traced.lines if line[26:28] in ("->", "<-")]
    assert sorted(what[:4]) == [
        ["->", "REQ", "READY"],
        ["->", "greeting", "ZMTP"],
        ["<-", "REP", "READY"],
        ["<-", "greeting", "ZMTP"],
    ]
    assert what[4:] == [["->", "REQ", "message"], ["<-", "REP", "message"]]
    assert any(line.endswith('4  "echo"') for line in traced.lines)
    traced.stop()
    assert " closed " in traced.lines[-1]


def test_json(world: World) -> None:
    pub = world.make(PubSocket)
    sub = world.make(SubSocket)
    traced = Performance(world.network, world.bind(pub), as_json=True)
    sub.subscribe(b"weather.")
    world.run(sub.connect(traced.address), 1)
    world.run(pub.wait_subscribed(b"weather."), 1)
    world.run(pub.send([b"weather.oslo", b"-3"]), 1)
    assert world.run(sub.receive(), 1) == [b"weather.oslo", b"-3"]
    traced.stop()
    values = [json.loads(line) for line in traced.lines]
    assert [value.get("topic") for value in values if "topic" in value] == [
        {"size": 8, "text": "weather."},
        {"size": 12, "text": "weather.oslo"},
    ]
    assert [value["type"] for value in values][:2] == ["listening", "opened"]
    assert values[-1]["type"] == "closed"


def test_quiet(world: World) -> None:
    rep = world.make(RepSocket)
    traced = Performance(world.network, world.bind(rep), quiet=True)
    client = world.network.raw_connect(int(traced.address.rpartition(":")[2]))
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    world.settle()
    client.close()
    world.settle()
    kinds = [line[37:].split()[0] for line in traced.lines[1:]]
    assert kinds == ["opened", "undecoded", "!!", "ended", "ended", "closed"]
    traced.stop()


def test_a_target_that_is_down(world: World) -> None:
    traced = Performance(world.network, "tcp://127.0.0.1:9")
    client = world.network.raw_connect(int(traced.address.rpartition(":")[2]))
    world.settle()
    assert client.closed is not None
    assert "unreachable target: " in traced.lines[2]
    assert "refused" in traced.lines[2]
    traced.stop()


def test_it_ends_when_nobody_reads_its_lines(world: World) -> None:
    traced = Performance(world.network, "tcp://127.0.0.1:9")
    traced.broken.append(BrokenPipeError(32, "Broken pipe"))
    world.network.raw_connect(int(traced.address.rpartition(":")[2]))
    world.settle()
    world.network.advance(3.0)
    assert world.run(traced.work) is None


def test_lines_that_cannot_be_written_are_a_failure(world: World) -> None:
    traced = Performance(world.network, "tcp://127.0.0.1:9")
    traced.broken.append(OSError(28, "No space left on device"))
    world.network.raw_connect(int(traced.address.rpartition(":")[2]))
    world.settle()
    world.network.advance(3.0)
    with pytest.raises(StreamError, match="standard output: No space left on device"):
        world.run(traced.work)


def test_it_waits_no_longer_than_this_for_a_slow_reader(world: World) -> None:
    reactor = world.network.reactor()
    stuck: Deferred[None] = Deferred()
    output = Output(lambda data: stuck, str)
    ends: list[object] = []
    work = Deferred.fromCoroutine(
        perform(reactor, "tcp://127.0.0.1:*", "tcp://127.0.0.1:9", output, lambda _: ["x"], 64)
    )
    work.addErrback(lambda reason: reason.trap(CancelledError)).addCallback(ends.append)
    world.settle()
    work.cancel()
    world.network.advance(1.9)
    assert not ends
    world.network.advance(0.2)
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("listen", "target", "error"),
    [
        ("tcp://127.0.0.1:*", "inproc://x", AddressError),
        ("ws://127.0.0.1:*", "tcp://127.0.0.1:9", AddressError),
        ("tcp://127.0.0.1:5555", "tcp://127.0.0.1:9", AddressInUse),
    ],
)
def test_what_cannot_be(world: World, listen: str, target: str, error: type[Exception]) -> None:
    reactor = world.network.reactor()
    holder = world.network.raw_listen(5555)
    output = Output(lambda data: succeed(None), str)
    with pytest.raises(error):
        world.run(
            Deferred.fromCoroutine(perform(reactor, listen, target, output, lambda _: [], 64))
        )
    holder.close()


class TestCommand:
    """The command itself, without a reactor: it hands over what it was told."""

    @pytest.fixture(autouse=True)
    def _no_reactor(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.performed: list[tuple[Any, ...]] = []
        self.error: Exception | None = None

        async def perform(*arguments: Any) -> None:
            self.performed.append(arguments)
            if self.error is not None:
                raise self.error

        def run(main: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
            MemoryNetwork().run(main(object()))

        self.stdout = MemorySink()
        streams = Streams(MemorySource(), self.stdout, lambda text: None)
        monkeypatch.setattr(trace, "perform", perform)
        monkeypatch.setattr(trace, "run_until_interrupted", run)
        monkeypatch.setattr(trace, "standard_streams", lambda reactor, say: streams)

    def invoke(self, *arguments: str) -> Result:
        return CliRunner().invoke(group, ["trace", *arguments])

    def test_addresses_and_options(self, tmp_path: Path) -> None:
        path = tmp_path / "x.pcapng"
        done = self.invoke("tcp://*:1", "ipc:///x", "--preview", "9", "--pcapng", str(path))
        assert (done.exit_code, done.output) == (0, "")
        [(_, listen, target, _, _, limit, capture)] = self.performed
        assert (listen, target, limit) == ("tcp://*:1", "ipc:///x", 9)
        assert capture._file is None, "it is closed in the end"
        assert path.stat().st_size > 0

    def test_lines_go_where_all_commands_write(self) -> None:
        # That knows a standard output that is closed: its number may be the capture file's by now.
        assert self.invoke("tcp://*:1", "ipc:///x").exit_code == 0
        [(_, _, _, output, *_)] = self.performed
        output.put("a line")
        assert self.stdout.data == b"a line\n"

    def test_no_capture(self) -> None:
        assert self.invoke("tcp://*:1", "ipc:///x").exit_code == 0
        assert self.performed[0][-2:] == (64, None)

    @pytest.mark.parametrize(
        ("error", "code", "text"),
        [
            (AddressError("x", "it names no port"), 2, "address 'x': it names no port"),
            (AddressInUse("tcp://*:1"), 1, "tcp://*:1"),
            (StreamError("output", OSError("it is closed")), 1, "standard output: it is closed"),
        ],
    )
    def test_errors(self, error: Exception, code: int, text: str) -> None:
        self.error = error
        done = self.invoke("tcp://*:1", "x")
        assert done.exit_code == code
        assert text in done.stderr
        assert "Traceback" not in done.output

    def test_a_capture_file_that_cannot_be(self, tmp_path: Path) -> None:
        done = self.invoke("tcp://*:1", "ipc:///x", "--pcapng", str(tmp_path / "no" / "x"))
        assert done.exit_code == 1
        assert "No such file or directory" in done.stderr
        assert not self.performed

    def test_a_capture_that_fails_is_told(self, tmp_path: Path) -> None:
        path = str(tmp_path / "x.pcapng")

        def fail(*arguments: Any) -> None:
            arguments[-1]._failed(OSError(28, "No space left on device"))

        async def perform(*arguments: Any) -> None:
            fail(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trace, "perform", perform)
            done = self.invoke("tcp://*:1", "ipc:///x", "--pcapng", path)
        assert done.stderr == f"{path}: No space left on device. Nothing more is captured.\n"

    def test_without_dpkt(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyzmtp.cli.trace.capture", None)
        monkeypatch.delitem(sys.modules, "pyzmtp.cli.trace.capture")
        monkeypatch.delitem(sys.modules, "pyzmtp.cli.trace.packets", raising=False)
        monkeypatch.setitem(sys.modules, "dpkt", None)
        done = self.invoke("tcp://*:1", "ipc:///x", "--pcapng", str(tmp_path / "x"))
        assert done.exit_code == 1
        assert 'dpkt, which is not installed: pip install "pyzmtp[cli]"' in done.stderr
        assert self.invoke("tcp://*:1", "ipc:///x").exit_code == 0, "else it is not needed"

    def test_another_missing_module_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyzmtp.cli.trace.capture", None)
        with pytest.raises(ModuleNotFoundError):
            CliRunner().invoke(
                group, ["trace", "tcp://*:1", "x", "--pcapng", "f"], catch_exceptions=False
            )

    @pytest.mark.parametrize(
        "arguments", [[], ["tcp://*:1"], ["a", "b", "c"], ["a", "b", "--preview", "-1"]]
    )
    def test_bad_usage(self, arguments: list[str]) -> None:
        assert self.invoke(*arguments).exit_code == 2

    def test_help(self) -> None:
        done = self.invoke("--help")
        assert done.exit_code == 0
        for option in ("LISTEN TARGET", "--json", "--pcapng", "--preview", "--hex", "--quiet"):
            assert option in done.output


class ShutdownReactor(MemoryReactor):
    """A reactor that can be told to stop, as by a signal."""

    def __init__(self, network: MemoryNetwork) -> None:
        super().__init__(network, network.hosts.get("localhost"), clock=0.0, number=0)
        self.triggers: list[Callable[[], Deferred[None]]] = []

    def addSystemEventTrigger(
        self, phase: str, event: str, trigger: Callable[[], Deferred[None]]
    ) -> None:
        assert (phase, event) == ("before", "shutdown")
        self.triggers.append(trigger)


class TestRun:
    """A signal cancels the work, and the process waits for its end; ``react`` is a fake."""

    def run(
        self,
        main: Callable[[Any], Coroutine[Any, Any, None]],
        monkeypatch: pytest.MonkeyPatch,
        interrupted: bool = True,
        code: int = 0,
    ) -> list[object]:
        results: list[object] = []

        def react(begin: Callable[[Any], Deferred[None]]) -> None:
            network = MemoryNetwork()
            reactor = ShutdownReactor(network)
            begin(reactor).addBoth(results.append)
            if interrupted:
                [trigger] = reactor.triggers
                network.run(trigger())
            raise SystemExit(code)

        monkeypatch.setattr(program, "react", react)
        run_until_interrupted(main)
        return results

    def test_an_interrupt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cleaned: list[bool] = []

        async def main(reactor: IReactorTime) -> None:
            try:
                await Deferred[None]()
            finally:
                cleaned.append(True)

        assert self.run(main, monkeypatch) == [None]
        assert cleaned == [True]

    def test_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def main(reactor: IReactorTime) -> None:
            """It is over at once."""

        assert self.run(main, monkeypatch) == [None]
        assert self.run(main, monkeypatch, interrupted=False) == [None]

    def test_a_crash_is_the_exit_status(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def main(reactor: IReactorTime) -> None:
            """What react() makes of an error is its code."""

        with pytest.raises(SystemExit):
            self.run(main, monkeypatch, code=1)


@pytest.mark.parametrize("terminal", [True, False])
def test_colours_on_a_terminal_only(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR" if terminal else "TERM", "1" if terminal else "dumb")
    [line] = trace._line_maker(False, False, False)(Record(0.5, Opened("127.0.0.1:1"), 1))
    assert ("\x1b[" in line) is terminal
    assert line.endswith("by 127.0.0.1:1")


def test_a_long_line_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    [line] = trace._line_maker(False, False, False)(Record(0.5, Opened("x" * 500), 1))
    assert "\n" not in line
    assert "x" * 500 in line


def test_a_line_that_tells_of_missing_ones() -> None:
    assert trace._line_of_dropped(3, as_json=True) == '{"type": "dropped", "lines": 3}'
    assert "3 lines are missing" in trace._line_of_dropped(3, as_json=False)
