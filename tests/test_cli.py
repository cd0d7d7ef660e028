"""The command line: the group, what it says without its extra, the demo on a network in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from io import StringIO
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeVar

import attrs
import pytest
from click.testing import CliRunner
from rich.console import Console
from twisted.internet.defer import Deferred

from pyzmtp import cli
from pyzmtp.cli import demo
from pyzmtp.cli.about import about, installed_version
from pyzmtp.cli.demo import libzmq_child, stage
from pyzmtp.cli.demo.conversations import (
    CONVERSATIONS,
    EXCERPTS,
    SYNC,
    AwaitSubscriber,
    Conversation,
    Expect,
    Role,
    Send,
    Step,
    Subscribe,
    plain_program,
)
from pyzmtp.cli.demo.libzmq_process import LibzmqFailed, LibzmqMissing, LibzmqProcess
from pyzmtp.cli.demo.plan import LIBZMQ, PYZMTP, TRANSPORTS, Meeting, plan
from pyzmtp.cli.demo.relay import Chunk, Relay
from pyzmtp.cli.demo.report import has_failed, print_excerpt, print_outcomes, print_summary
from pyzmtp.cli.demo.sides import LibzmqSide, Mismatch, PyzmtpSide, Side, play
from pyzmtp.cli.demo.stage import Outcome, Stage, hold
from pyzmtp.cli.demo.transcript import Line, hex_dump, transcribe
from pyzmtp.cli.group import group
from tests.memory import MemoryNetwork
from tests.memory.transport import new_failure

T = TypeVar("T")

REQ_REP, PUB_SUB, PUSH_PULL, DEALER_ROUTER = EXCERPTS


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing, or what it raised."""
    return MemoryNetwork().run(coroutine)


def meeting_of(conversation: Conversation, transport: str = "tcp", **kwargs: str) -> Meeting:
    """The meeting of a conversation's roles in their order."""
    binds, connects = conversation.roles
    by = {"bound_by": PYZMTP, "connected_by": PYZMTP, **kwargs}
    return Meeting(conversation, transport, binds=binds, connects=connects, **by)


class TestWithoutTheExtra:
    @pytest.mark.parametrize("missing", ["click", "rich"])
    def test_it_says_what_to_install(self, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        # A text as exit code goes to standard error, and the process exits with 1.
        assert f"{missing} is not installed" in str(ended.value.code)
        assert 'pip install "pyzmtp[cli]"' in str(ended.value.code)

    def test_another_missing_module_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(name: str, *args: Any) -> Any:
            raise ModuleNotFoundError("No module named 'colorama'", name="colorama")

        monkeypatch.setattr("builtins.__import__", fail)
        with pytest.raises(ModuleNotFoundError, match="colorama"):
            cli.main()

    def test_the_library_does_not_need_it(self) -> None:
        code = (
            "import sys; sys.modules.update(click=None, rich=None); import pyzmtp, pyzmtp.cli;"
            "print(sorted(name for name in sys.modules if name.startswith('pyzmtp.cli.')))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr

    def test_python_m_pyzmtp_exits_with_1(self) -> None:
        code = (
            "import sys, runpy; sys.modules['click'] = None;"
            "runpy.run_module('pyzmtp', run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 1
        assert 'pip install "pyzmtp[cli]"' in done.stderr
        assert "Traceback" not in done.stderr


class TestGroup:
    def test_help_lists_the_commands(self) -> None:
        done = CliRunner().invoke(group, ["--help"])
        assert done.exit_code == 0
        assert "demo" in done.output
        assert "Let pyzmtp's sockets talk" in done.output

    def test_an_unknown_command_is_a_usage_error(self) -> None:
        done = CliRunner().invoke(group, ["nonesuch"])
        assert done.exit_code == 2
        assert "No such command" in done.output

    def test_version(self) -> None:
        done = CliRunner().invoke(group, ["--version"])
        assert done.exit_code == 0
        assert done.output == about() + "\n"

    def test_commands_are_loaded_when_they_are_called(self) -> None:
        code = "import sys, pyzmtp.cli.group; print('pyzmtp.cli.demo' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout.strip() == "False", done.stderr

    def test_main_runs_the_group(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["pyzmtp", "--help"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0

    def test_a_checkout_has_no_version(self) -> None:
        assert installed_version("twisted")[0].isdigit()
        assert installed_version("no-such-distribution") == "(not installed)"


class TestConversations:
    @pytest.mark.parametrize("conversation", [*CONVERSATIONS, *EXCERPTS])
    def test_what_one_side_sends_the_other_expects(self, conversation: Conversation) -> None:
        """Routing ids go and come, topics are filtered; everything else arrives as it was sent."""
        one, other = conversation.roles
        for sender, receiver in ((one, other), (other, one)):
            sent = [step.message for step in sender.program if isinstance(step, Send)]
            expected = [step.message for step in receiver.program if isinstance(step, Expect)]
            topics = [step.topic for step in receiver.program if isinstance(step, Subscribe)]
            if sender.socket_type == "ROUTER":
                sent = [message[1:] for message in sent]
            if receiver.socket_type == "ROUTER":
                expected = [message[1:] for message in expected]
            if topics:
                sent = [each for each in sent if each[0].startswith(topics[0])]
                assert SYNC[0].startswith(topics[0])
            assert sent == expected

    def test_the_four_patterns_are_there(self) -> None:
        names = ["REQ/REP", "PUB/SUB", "PUSH/PULL", "DEALER/ROUTER"]
        assert [each.name for each in CONVERSATIONS] == names
        assert [each.name for each in EXCERPTS] == names

    def test_every_conversation_compares_messages_on_the_receiving_sides(self) -> None:
        assert [each.messages for each in EXCERPTS] == [2, 1, 1, 2]
        assert all(each.messages >= 50 for each in CONVERSATIONS)

    def test_frames_at_the_edges_are_among_them(self) -> None:
        sizes = {
            len(frame)
            for step in CONVERSATIONS[2].roles[0].program
            if isinstance(step, Expect)
            for frame in step.message
        }
        assert {0, 1, 255, 256, 65536} <= sizes

    def test_a_program_survives_json(self) -> None:
        steps: list[Step] = [
            Subscribe(b"\x00t"),
            AwaitSubscriber(b"t"),
            Send((b"\xff", b"")),
            Expect((b"x",)),
        ]
        assert json.loads(json.dumps(plain_program(steps))) == [
            ["subscribe", "\x00t"],
            ["beat", ["weather.sync"]],
            ["send", ["\xff", ""]],
            ["expect", ["x"]],
        ]


class TestPlan:
    def test_each_role_is_bound_and_connected_by_each(self) -> None:
        meetings = plan(CONVERSATIONS, TRANSPORTS, with_libzmq=True)
        assert len(meetings) == 4 * 2 * (2 + 4)
        seen = {
            (each.binds.socket_type, each.bound_by, each.connects.socket_type, each.connected_by)
            for each in meetings
            if each.conversation.name == "PUSH/PULL"
        }
        assert seen == {
            (binds, bound_by, connects, connected_by)
            for binds, connects in (("PUSH", "PULL"), ("PULL", "PUSH"))
            for bound_by, connected_by in (
                (PYZMTP, PYZMTP),
                (PYZMTP, LIBZMQ),
                (LIBZMQ, PYZMTP),
            )
        }

    def test_without_libzmq(self) -> None:
        meetings = plan(CONVERSATIONS, ["tcp"], with_libzmq=False)
        assert len(meetings) == 4 * 2
        assert not any(each.with_libzmq for each in meetings)


class FakeSocket:
    """Records what is done to it, and receives what it was given."""

    def __init__(self, *incoming: tuple[bytes, ...]) -> None:
        self.incoming = deque(incoming)
        self.done: list[tuple[str, object]] = []

    async def send(self, message: object) -> None:
        self.done.append(("send", message))

    async def receive(self) -> list[bytes]:
        return list(self.incoming.popleft())

    def subscribe(self, topic: bytes) -> None:
        self.done.append(("subscribe", topic))

    async def wait_subscribed(self, topic: bytes) -> None:
        self.done.append(("wait_subscribed", topic))


class TestPlay:
    def test_every_step(self) -> None:
        socket = FakeSocket((b"a", b""))
        steps: list[Step] = [
            Subscribe(b"t"),
            AwaitSubscriber(b"t"),
            Send((b"m",)),
            Expect((b"a", b"")),
        ]
        finish(play(socket, "SUB", steps, lambda: None))
        assert socket.done == [("subscribe", b"t"), ("wait_subscribed", b"t"), ("send", (b"m",))]

    def test_a_publisher_that_tries_to_be_heard_is_told_so(self) -> None:
        heard: list[bool] = []
        socket = FakeSocket(SYNC, SYNC, (b"weather.1",))
        finish(play(socket, "SUB", [Expect((b"weather.1",))], lambda: heard.append(True)))
        assert heard == [True, True]

    def test_another_message_is_a_mismatch(self) -> None:
        with pytest.raises(Mismatch) as caught:
            finish(play(FakeSocket((b"x" * 99,)), "PULL", [Expect((b"a", b"b"))], lambda: None))
        assert str(caught.value) == (
            "PULL expected [b'a', b'b'] and received [b'xxxxxxxxxxxxxxxx'... (99 bytes)]"
        )


class FakeSide:
    """A side that does as it is told."""

    def __init__(self, log: list[str], name: str, **faults: Exception) -> None:
        self.log, self.name, self.faults = log, name, faults
        self.playing: Deferred[None] | None = None

    def _do(self, what: str) -> None:
        self.log.append(f"{self.name} {what}")
        if what in self.faults:
            raise self.faults[what]

    async def bind(self, address: str) -> str:
        self._do("bind")
        return address.replace("*", "1234")

    async def connect(self, address: str) -> None:
        self._do(f"connect {address}")

    async def play(self, heard_sync: Callable[[], None]) -> None:
        self._do("play")
        if self.playing is not None:
            await self.playing

    def other_heard_sync(self) -> None:
        self._do("go")

    async def close(self) -> None:
        self._do("close")


class TestHold:
    """:func:`hold` with sides that fail at every point."""

    @pytest.fixture
    def log(self) -> list[str]:
        return []

    def hold(
        self, log: list[str], network: MemoryNetwork, *sides: FakeSide, **kwargs: Any
    ) -> Outcome:
        waiting = list(sides)

        def new_side(implementation: str, role: Role) -> Side:
            return waiting.pop(0)

        return network.run(
            hold(
                network.reactor(),
                meeting_of(REQ_REP),
                new_side,
                "tcp://127.0.0.1:*",
                5.0,
                failed=lambda: log.append("failed"),
                **kwargs,
            ),
            within=20.0,
        )

    def test_all_is_well(self, log: list[str]) -> None:
        outcome = self.hold(log, MemoryNetwork(), FakeSide(log, "rep"), FakeSide(log, "req"))
        assert (outcome.error, outcome.address) == ("", "tcp://127.0.0.1:1234")
        assert log == [
            "rep bind",
            "req connect tcp://127.0.0.1:1234",
            "rep play",
            "req play",
            "rep close",
            "req close",
        ]

    def test_through_a_detour(self, log: list[str]) -> None:
        self.hold(
            log,
            MemoryNetwork(),
            FakeSide(log, "rep"),
            FakeSide(log, "req"),
            detour=lambda address: address + "5",
        )
        assert "req connect tcp://127.0.0.1:12345" in log

    def test_a_socket_that_cannot_be_bound(self, log: list[str]) -> None:
        outcome = self.hold(log, MemoryNetwork(), FakeSide(log, "rep", bind=OSError("in use")))
        assert (outcome.error, outcome.address) == ("OSError: in use", "")
        assert log == ["rep bind", "failed", "rep close"]

    def test_a_mismatch_is_reported_before_what_follows_from_it(self, log: list[str]) -> None:
        problem = Mismatch("REP", (b"a",), (b"b",))
        outcome = self.hold(
            log,
            MemoryNetwork(),
            FakeSide(log, "rep", play=problem, close=ValueError("cannot close either")),
            FakeSide(log, "req"),
        )
        assert outcome.error == "Mismatch: REP expected [b'a'] and received [b'b']"
        assert log[-3:] == ["failed", "rep close", "req close"]

    def test_a_side_that_hangs(self, log: list[str]) -> None:
        hanging = FakeSide(log, "req")
        hanging.playing = Deferred()
        outcome = self.hold(log, MemoryNetwork(), FakeSide(log, "rep"), hanging)
        assert outcome.error == "not done within 5 s"
        assert outcome.seconds == pytest.approx(5.0)
        assert log[-3:] == ["failed", "rep close", "req close"]

    def test_a_socket_that_cannot_be_closed(self, log: list[str]) -> None:
        outcome = self.hold(
            log,
            MemoryNetwork(),
            FakeSide(log, "rep", close=ValueError("stuck")),
            FakeSide(log, "req"),
        )
        assert outcome.error == "ValueError: stuck"
        assert "failed" not in log


class TestPyzmtpOnMemory:
    """The conversations themselves, between pyzmtp sockets on a network in memory."""

    @pytest.mark.parametrize("conversation", EXCERPTS, ids=lambda each: str(each.name))
    @pytest.mark.parametrize("backwards", [False, True])
    def test_the_short_ones(self, conversation: Conversation, backwards: bool) -> None:
        network = MemoryNetwork()
        reactor = network.reactor()
        meeting = meeting_of(conversation)
        if backwards:
            meeting = attrs.evolve(meeting, binds=meeting.connects, connects=meeting.binds)
        relay = Relay(reactor)
        outcome = network.run(
            hold(
                reactor,
                meeting,
                lambda implementation, role: PyzmtpSide(reactor, role),
                "tcp://127.0.0.1:*",
                5.0,
                detour=lambda address: f"tcp://127.0.0.1:{relay.listen(int(address[16:]))}",
            ),
            within=20.0,
        )
        network.run(relay.stop(), within=1.0)
        network.settle()
        network.assert_clean()
        assert outcome.error == ""
        said = [(line.what, line.from_connecting) for line in transcribe(relay.chunks)]
        assert said.count(("greeting", True)) == said.count(("greeting", False)) == 1
        assert said.count(("READY", True)) == said.count(("READY", False)) == 1
        assert sum(what == "message" for what, _ in said) == conversation.messages

    def test_a_long_one(self) -> None:
        network = MemoryNetwork()
        reactor = network.reactor()
        outcome = network.run(
            hold(
                reactor,
                meeting_of(CONVERSATIONS[2]),
                lambda implementation, role: PyzmtpSide(reactor, role),
                "tcp://127.0.0.1:*",
                5.0,
            ),
            within=20.0,
        )
        assert outcome.error == ""
        network.assert_clean()

    def test_a_lie_is_found(self) -> None:
        network = MemoryNetwork()
        reactor = network.reactor()
        pull, _ = PUSH_PULL.roles
        lying = Conversation("PUSH/PULL", (pull, Role("PUSH", [Send((b"something else",))])))
        outcome = network.run(
            hold(
                reactor,
                meeting_of(lying),
                lambda implementation, role: PyzmtpSide(reactor, role),
                "tcp://127.0.0.1:*",
                5.0,
            ),
            within=20.0,
        )
        assert outcome.error.startswith("Mismatch: PULL expected [b'head', b'', b'tail']")
        network.assert_clean()


# Greeting and READY of both sides, one request and its reply: ZMTP.md 1.1, 3.1 and 7.2.
GREETING = bytes.fromhex("ff00000000000000017f0301") + b"NULL" + bytes(48)
READY_REQ = bytes.fromhex("0426055245414459") + b"\x0bSocket-Type\0\0\0\x03REQ\x08Identity\0\0\0\0"
READY_REP = bytes.fromhex("0419055245414459") + b"\x0bSocket-Type\0\0\0\x03REP"
REQUEST = bytes.fromhex("0100000568656c6c6f")
REPLY = bytes.fromhex("0100010361636b020000000000000100") + b"l" * 256
UNKNOWN = bytes.fromhex("0406044a4f494e67")


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


class FakePool:
    """A thread pool that runs everything at once, in this thread."""

    def callInThreadWithCallback(
        self, done: Callable[[bool, object], None], function: Callable[..., object], *args: object
    ) -> None:
        try:
            done(True, function(*args))
        except Exception as error:
            done(False, new_failure(error))


class FakeReactor:
    """Has what ``deferToThreadPool`` asks for."""

    def getThreadPool(self) -> FakePool:
        return FakePool()

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        function(*args)


class FakePopen:
    """A process that gives prepared answers."""

    def __init__(self, *answers: str) -> None:
        self.stdin = StringIO()
        self.stdout = StringIO("".join(f"{answer}\n" for answer in answers))
        self.killed = False
        self.patience: list[float | None] = []

    def kill(self) -> None:
        self.killed = True

    def communicate(self, timeout: float | None = None) -> None:
        self.patience.append(timeout)
        if timeout is not None and not self.killed:
            raise subprocess.TimeoutExpired("libzmq", timeout)


HELLO = '{"value": {"pyzmq": "27", "libzmq": "4.3.5", "ipc": true}}'


class TestLibzmqProcess:
    def started(
        self, monkeypatch: pytest.MonkeyPatch, *answers: str
    ) -> tuple[LibzmqProcess, FakePopen]:
        popen = FakePopen(HELLO, *answers)
        monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: popen)
        process = LibzmqProcess(FakeReactor())
        assert finish(process.start()) == {"pyzmq": "27", "libzmq": "4.3.5", "ipc": True}
        return process, popen

    def test_questions_and_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        process, popen = self.started(monkeypatch, '{"value": "tcp://x"}')
        assert finish(process.ask(do="bind", address="tcp://*:*")) == "tcp://x"
        process.tell(do="go")
        assert popen.stdin.getvalue() == '{"do": "bind", "address": "tcp://*:*"}\n{"do": "go"}\n'

    def test_an_error_is_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        process, _ = self.started(monkeypatch, '{"error": "libzmq PULL: no"}')
        with pytest.raises(LibzmqFailed, match="libzmq PULL: no"):
            finish(process.ask(do="play"))

    def test_a_process_that_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        process, popen = self.started(monkeypatch)
        with pytest.raises(LibzmqFailed, match="ended without an answer"):
            finish(process.ask(do="play"))
        popen.stdin.close()
        with pytest.raises(LibzmqFailed, match="is gone"):
            finish(process.ask(do="play"))

    def test_no_pyzmq(self, monkeypatch: pytest.MonkeyPatch) -> None:
        popen = FakePopen('{"error": "No module named \'zmq\'"}')
        monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: popen)
        process = LibzmqProcess(FakeReactor())
        with pytest.raises(LibzmqMissing, match="No module named 'zmq'"):
            finish(process.start())
        assert not process.running

    def test_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        process, popen = self.started(monkeypatch)
        process.stop()
        assert popen.killed, "it did not end by itself"
        assert len(popen.patience) == 2
        assert not process.running
        process.stop()
        process.tell(do="go")
        assert popen.stdin.getvalue() == ""
        with pytest.raises(LibzmqFailed, match="was ended"):
            finish(process.ask(do="close"))

    def test_kill(self, monkeypatch: pytest.MonkeyPatch) -> None:
        process, popen = self.started(monkeypatch)
        process.stop(kill=True)
        assert popen.killed
        assert len(popen.patience) == 1


class FakeProcess:
    """In place of :class:`LibzmqProcess`: takes note of what is asked."""

    def __init__(self, missing: str = "") -> None:
        self.missing = missing
        self.asked: list[dict[str, Any]] = []
        self.running = False
        self.stopped: list[bool] = []

    async def start(self) -> dict[str, Any]:
        if self.missing:
            raise LibzmqMissing(self.missing)
        self.running = True
        return {"pyzmq": "27", "libzmq": "4.3.5", "ipc": False}

    async def ask(self, **line: Any) -> Any:
        self.asked.append(line)
        return "tcp://127.0.0.1:1234" if line["do"] == "bind" else None

    def tell(self, **line: Any) -> None:
        self.asked.append(line)

    def stop(self, kill: bool = False) -> None:
        self.running = False
        self.stopped.append(kill)


class TestLibzmqSide:
    def test_its_life(self) -> None:
        process: Any = FakeProcess()
        role = Role("DEALER", [Send((b"m",))], b"\xffme")
        side = LibzmqSide(process, role, timeout=3.0)
        finish(side.close())
        assert finish(side.bind("tcp://127.0.0.1:*")) == "tcp://127.0.0.1:1234"
        finish(side.play(lambda: None))
        side.other_heard_sync()
        finish(side.close())
        assert process.asked == [
            {"do": "open", "type": "DEALER", "routing_id": "\xffme", "timeout": 3.0},
            {"do": "bind", "address": "tcp://127.0.0.1:*"},
            {"do": "play", "program": [["send", ["m"]]]},
            {"do": "go"},
            {"do": "close"},
        ]

    def test_it_connects(self) -> None:
        process: Any = FakeProcess()
        finish(LibzmqSide(process, Role("PULL", []), 3.0).connect("tcp://127.0.0.1:1"))
        assert process.asked[-1] == {"do": "connect", "address": "tcp://127.0.0.1:1"}


class FakeZmq:
    """In place of the module ``zmq``: one socket, whose calls are noted."""

    __version__ = "27.0"
    PULL, PUB, ROUTING_ID, SUBSCRIBE, LAST_ENDPOINT = "PULL", "PUB", "id", "subscribe", "endpoint"
    RCVTIMEO, SNDTIMEO = "rcv", "snd"

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.incoming: deque[list[bytes]] = deque()
        self.socket_type = SimpleNamespace(name="PULL")

    def zmq_version(self) -> str:
        return "4.3.5"

    def has(self, feature: str) -> bool:
        return feature == "ipc"

    def Context(self) -> FakeZmq:
        return self

    def socket(self, kind: str) -> FakeZmq:
        return self

    def set(self, option: str, value: object) -> None:
        self.calls.append((option, value))

    def get(self, option: str) -> bytes:
        return b"tcp://127.0.0.1:1234\0"

    def recv_multipart(self) -> list[bytes]:
        return self.incoming.popleft()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.calls.append((name, *args))


class TestLibzmqChild:
    @pytest.fixture
    def zmq(self) -> FakeZmq:
        return FakeZmq()

    def run(
        self,
        zmq: FakeZmq,
        lines: Sequence[dict[str, Any]],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> list[dict[str, Any]]:
        """What the child says when it is given ``lines``."""
        text = "".join(json.dumps(line) + "\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", StringIO(text))
        monkeypatch.setitem(sys.modules, "zmq", zmq)
        libzmq_child.main()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def test_without_pyzmq(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "zmq", None)
        libzmq_child.main()
        assert "error" in json.loads(capsys.readouterr().out)

    def test_a_conversation(
        self, zmq: FakeZmq, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        zmq.incoming.append([b"\xff", b""])
        program = [["subscribe", "t"], ["send", ["a", "\xff"]], ["expect", ["\xff", ""]]]
        said = self.run(
            zmq,
            [
                {"do": "open", "type": "PULL", "routing_id": "me", "timeout": 2.5},
                {"do": "bind", "address": "tcp://127.0.0.1:*"},
                {"do": "connect", "address": "tcp://127.0.0.1:9"},
                {"do": "play", "program": program},
                {"do": "go"},
                {"do": "close"},
            ],
            monkeypatch,
            capsys,
        )
        assert said == [
            {"value": {"pyzmq": "27.0", "libzmq": "4.3.5", "ipc": True}},
            {"value": None},
            {"value": "tcp://127.0.0.1:1234"},
            {"value": None},
            {"value": None},
            {"value": None},
        ]
        assert zmq.calls == [
            ("rcv", 2500),
            ("snd", 2500),
            ("id", b"me"),
            ("bind", "tcp://127.0.0.1:*"),
            ("connect", "tcp://127.0.0.1:9"),
            ("subscribe", b"t"),
            ("send_multipart", [b"a", b"\xff"]),
            ("close",),
            ("term",),
        ]

    def test_what_goes_wrong_is_said(
        self, zmq: FakeZmq, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        zmq.incoming.append([b"b"])
        said = self.run(
            zmq,
            [
                {"do": "open", "type": "PULL", "routing_id": "", "timeout": 1},
                {"do": "play", "program": [["expect", ["a"]]]},
                {"do": "play", "program": [["dance", []]]},
                {"do": "close"},
                {"do": "nonsense"},
            ],
            monkeypatch,
            capsys,
        )
        assert [line.get("error") for line in said[2:]] == [
            "libzmq PULL: expected [b'a'] and received [b'b']",
            "libzmq PULL: no such word: dance",
            None,
            "libzmq : 'Player' object has no attribute 'do_nonsense'",
        ]

    def test_a_publisher_beats_until_it_is_heard(
        self, zmq: FakeZmq, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        opened = {"do": "open", "type": "PUB", "routing_id": "", "timeout": 1}
        beat = {"do": "play", "program": [["beat", ["sync"]]]}
        said = self.run(zmq, [opened, beat, {"do": "go"}], monkeypatch, capsys)
        assert said[2] == {"value": None}
        assert ("send_multipart", [b"sync"]) in zmq.calls

    def test_a_publisher_that_nobody_hears_gives_up(
        self, zmq: FakeZmq, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(libzmq_child, "_BEAT", 0.001)
        player = libzmq_child.Player(zmq)
        player.do_open("PUB", "", timeout=0.003)
        with pytest.raises(ValueError, match="nobody heard"):
            player.do_play([["beat", ["sync"]]])
        assert zmq.calls.count(("send_multipart", [b"sync"])) == 3
        player.lines.put(None)
        with pytest.raises(ValueError, match="got None"):
            player.do_play([["beat", ["sync"]]])


class TestStage:
    @pytest.fixture
    def network(self) -> MemoryNetwork:
        return MemoryNetwork()

    @pytest.fixture(autouse=True)
    def _own_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def stage_of(
        self,
        network: MemoryNetwork,
        monkeypatch: pytest.MonkeyPatch,
        process: FakeProcess,
        unix: bool = True,
    ) -> Stage:
        monkeypatch.setattr(stage, "LibzmqProcess", lambda reactor: process)
        made = Stage(network.reactor(unix), timeout=5.0)
        network.run(made.__aenter__())
        return made

    def test_it_tells_what_libzmq_is_there(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        process = FakeProcess()
        made = self.stage_of(network, monkeypatch, process)
        assert made.libzmq == {"pyzmq": "27", "libzmq": "4.3.5", "ipc": False}
        network.run(made.__aexit__(None, None, None))
        assert process.stopped == [False]

    def test_or_that_there_is_none(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess("No module named 'zmq'"))
        assert (made.libzmq, made.libzmq_missing) == (None, "No module named 'zmq'")

    def test_no_unix_sockets(self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess(), unix=False)
        outcome = network.run(made.run(meeting_of(PUSH_PULL, "ipc")))
        assert outcome.unavailable == "this reactor has no UNIX sockets"

    def test_a_libzmq_without_ipc(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        outcome = network.run(made.run(meeting_of(PUSH_PULL, "ipc", bound_by=LIBZMQ)))
        assert outcome.unavailable == "this libzmq has no ipc"

    def test_a_meeting_over_tcp(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        outcome = network.run(made.run(meeting_of(PUSH_PULL)), within=20.0)
        assert outcome.error == ""
        assert outcome.address.startswith("tcp://127.0.0.1:")
        network.assert_clean()

    def test_a_recorded_meeting(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        outcome, lines = network.run(made.record(meeting_of(REQ_REP)), within=20.0)
        assert outcome.error == ""
        assert [line.meaning for line in lines if line.what == "message"] == [
            "(empty) | hello",
            "(empty) | you said | hello",
        ]

    def test_after_a_failure_libzmq_is_started_anew(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        process = FakeProcess()
        made = self.stage_of(network, monkeypatch, process)
        meeting = meeting_of(PUSH_PULL, connected_by=LIBZMQ)  # which does nothing: it is a fake
        outcome = network.run(made.run(meeting), within=20.0)
        assert outcome.error == "not done within 5 s"
        assert process.stopped == [True]
        network.run(made.run(meeting), within=20.0)
        assert [line["do"] for line in process.asked].count("open") == 2
        assert process.stopped == [True, True]

    def test_ipc_paths_are_all_different(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        addresses = {made._address("ipc") for _ in range(3)}
        assert len(addresses) == 3
        assert all(each.startswith(f"ipc://{made.directory}") for each in addresses)
        network.run(made.__aexit__(None, None, None))


GOOD = Outcome(meeting_of(PUSH_PULL), address="tcp://127.0.0.1:1234", seconds=0.0123)
BAD = Outcome(
    meeting_of(REQ_REP, "ipc", bound_by=LIBZMQ),
    address="ipc:///tmp/somewhere/7.ipc",
    seconds=5.0,
    error="not done within 5 s [sic]",
)
ABSENT = Outcome(meeting_of(PUB_SUB, "ipc"), unavailable="this reactor has no UNIX sockets")


class TestReport:
    @pytest.fixture
    def console(self) -> Console:
        return Console(file=StringIO(), width=80)

    def text(self, console: Console) -> str:
        assert isinstance(console.file, StringIO)
        return console.file.getvalue()

    def test_what_counts_as_failed(self) -> None:
        assert not has_failed([GOOD])
        assert not has_failed([GOOD, ABSENT])
        assert has_failed([GOOD, BAD])
        assert has_failed([ABSENT]), "nothing was done"
        assert has_failed([])

    def test_the_table(self, console: Console) -> None:
        print_outcomes(console, [GOOD, BAD, ABSENT])
        rows = [line.split() for line in self.text(console).splitlines() if "pyzmtp " in line]
        assert rows[:3] == [
            ["PULL", "pyzmtp", "PUSH", "pyzmtp", "tcp://127.0.0.1:1234", "1", "12", "ok"],
            ["REP", "libzmq", "REQ", "pyzmtp", "ipc://.../7.ipc", "-", "5000", "FAILED"],
            ["PUB", "pyzmtp", "SUB", "pyzmtp", "ipc", "-", "-", "not", "held"],
        ]
        assert (
            "FAILED: REP (libzmq, binds) and REQ (pyzmtp, connects) over ipc: "
            "not done within 5 s [sic]" in self.text(console)
        )
        assert "not held here: this reactor has no UNIX sockets" in self.text(console)

    def test_the_excerpt(self, console: Console) -> None:
        lines = [
            Line(0.0, True, "greeting", "ZMTP 3.1, mechanism NULL", GREETING),
            Line(0.0012, False, "message", "[hello]", REQUEST),
        ]
        print_excerpt(console, GOOD, lines)
        text = self.text(console)
        assert "What crosses the wire: PULL (pyzmtp, binds) and PUSH (pyzmtp, connects)" in text
        assert "ff 00 00 00 00 00 00 00 01 7f 03 01" in text
        assert "    1.2 ms  PULL   message   [hello]\n" in text
        assert "FAILED" not in text

    def test_a_failed_excerpt(self, console: Console) -> None:
        print_excerpt(console, BAD, [])
        assert "FAILED: not done within 5 s [sic]" in self.text(console)

    def test_the_last_line(self, console: Console) -> None:
        print_summary(console, [GOOD, ABSENT])
        print_summary(console, [GOOD, BAD])
        good, bad = self.text(console).splitlines()
        assert good == "1 conversations, 1 messages, every byte compared, 0.0 s: all went well"
        assert bad == "2 conversations, 1 messages, every byte compared, 5.0 s: 1 FAILED"


class FakeStage:
    """In place of :class:`Stage`: every meeting ends as ``error`` says."""

    libzmq: Mapping[str, Any] | None = MappingProxyType({"pyzmq": "27", "libzmq": "4.3.5"})
    libzmq_missing = ""
    directory = "/tmp/nowhere"
    error = ""

    def __init__(self, reactor: object, timeout: float) -> None:
        self.timeout = timeout

    async def __aenter__(self) -> FakeStage:
        return self

    async def __aexit__(self, *args: object) -> None:
        pass

    async def run(self, meeting: Meeting) -> Outcome:
        return Outcome(meeting, address="tcp://127.0.0.1:1", error=self.error)

    async def record(self, meeting: Meeting) -> tuple[Outcome, list[Line]]:
        return await self.run(meeting), [Line(0.0, True, "message", "hi", b"\0\x02hi")]


class TestDemoCommand:
    @pytest.fixture(autouse=True)
    def _no_reactor(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def run(main: Callable[[object], Coroutine[Any, Any, None]]) -> bool:
            finish(main(object()))
            return False

        monkeypatch.setattr(demo, "run", run)
        monkeypatch.setattr(demo, "Stage", FakeStage)

    def test_all_is_well(self) -> None:
        done = CliRunner().invoke(group, ["demo"])
        assert done.exit_code == 0, done.output
        assert about() in done.output.replace("\n", " ")
        assert "libzmq 4.3.5 (pyzmq 27)" in done.output
        assert done.output.rstrip().endswith("all went well")
        assert "49 conversations" in done.output

    def test_a_failure_is_the_exit_code(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FakeStage, "error", "went wrong")
        done = CliRunner().invoke(group, ["demo", "--transport", "tcp", "--no-libzmq"])
        assert done.exit_code == 1
        assert "without libzmq, as asked" in done.output
        assert "9 FAILED" in done.output

    def test_without_pyzmq_one_line_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FakeStage, "libzmq", None)
        monkeypatch.setattr(FakeStage, "libzmq_missing", "No module named 'zmq'")
        done = CliRunner().invoke(group, ["demo"])
        assert done.exit_code == 0
        assert "without libzmq (No module named 'zmq'): pip install pyzmq\n" in done.output
        assert "17 conversations" in done.output

    def test_no_excerpt(self) -> None:
        done = CliRunner().invoke(group, ["demo", "--wire", "none"])
        assert "What crosses the wire" not in done.output
        assert "48 conversations" in done.output

    def test_another_excerpt(self) -> None:
        done = CliRunner().invoke(group, ["demo", "--wire", "pub/sub"])
        assert "What crosses the wire: PUB (libzmq, binds)" in done.output

    @pytest.mark.parametrize("option", [["--timeout", "0"], ["--transport", "udp"]])
    def test_bad_options(self, option: list[str]) -> None:
        assert CliRunner().invoke(group, ["demo", *option]).exit_code == 2

    def test_help(self) -> None:
        done = CliRunner().invoke(group, ["demo", "--help"])
        assert done.exit_code == 0
        for option in ("--transport", "--no-libzmq", "--wire", "--timeout"):
            assert option in done.output


class TestRun:
    @pytest.mark.parametrize(("code", "failed"), [(0, False), (1, True), (None, False)])
    def test_a_crash_is_told(
        self, code: int | None, failed: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def react(main: Callable[[object], Deferred[None]]) -> None:
            main("the reactor").addErrback(lambda failure: None)
            raise SystemExit(code)

        seen: list[object] = []

        async def main(reactor: object) -> None:
            seen.append(reactor)

        monkeypatch.setattr(demo, "react", react)
        assert demo.run(main) is failed
        assert seen == ["the reactor"]
