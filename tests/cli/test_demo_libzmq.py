"""The libzmq side of the demo, from either end of the pipe, without libzmq."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.python.failure import Failure

from pyzmtp.cli.demo import libzmq_child
from pyzmtp.cli.demo.conversations import Role, Send
from pyzmtp.cli.demo.libzmq_process import LibzmqFailed, LibzmqMissing, LibzmqProcess
from pyzmtp.cli.demo.sides import LibzmqSide
from tests.cli.helpers import FakeProcess, finish


class FakePool:
    """A thread pool that runs everything at once, in this thread."""

    def callInThreadWithCallback(
        self, done: Callable[[bool, object], None], function: Callable[..., object], *args: object
    ) -> None:
        try:
            done(True, function(*args))
        except Exception as error:
            done(False, Failure(error))


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
