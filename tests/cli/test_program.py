"""How a command runs on a reactor, what ends it, and what the shell hears."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger, LogLevel, LogPublisher

from pyzmtp.cli import program
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.program import Program, say
from tests.sockets.world import Outcomes


class Reactor:
    """Makes its calls at once."""

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)

    callWhenRunning = callFromThread


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[int, Any]:
    """The handlers of signals, none of which is really set."""
    found: dict[int, Any] = dict.fromkeys(
        (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_DFL
    )
    monkeypatch.setattr(signal, "signal", found.__setitem__)
    monkeypatch.setattr(signal, "getsignal", found.__getitem__)
    return found


class TestSignals:
    def test_the_first_one_cancels(self, handlers: dict[int, Any]) -> None:
        closed: list[str] = []

        async def main(reactor: Any) -> int:
            try:
                await Deferred()
            finally:
                closed.append("closed")
            return 0

        running = Program(main)
        outcome = Outcomes(running.start(Reactor()))
        assert outcome.pending
        handlers[signal.SIGTERM](signal.SIGTERM, None)
        assert outcome == [None]
        assert closed == ["closed"]
        assert running.signal == signal.SIGTERM

    def test_the_second_one_cancels_what_the_first_has_begun(
        self, handlers: dict[int, Any]
    ) -> None:
        async def main(reactor: Any) -> int:
            try:
                await Deferred()
            finally:
                await Deferred()
            return 0

        running = Program(main)
        outcome = Outcomes(running.start(Reactor()))
        handlers[signal.SIGINT](signal.SIGINT, None)
        assert outcome.pending
        handlers[signal.SIGTERM](signal.SIGTERM, None)
        assert outcome == [None]
        assert running.signal == signal.SIGINT

    def test_one_that_is_ignored_stays_so(self, handlers: dict[int, Any]) -> None:
        handlers[signal.SIGINT] = signal.SIG_IGN

        async def main(reactor: Any) -> int:
            return ExitStatus.TIMEOUT

        running = Program(main)
        assert Outcomes(running.start(Reactor())) == [None]
        assert handlers[signal.SIGINT] is signal.SIG_IGN
        assert callable(handlers[signal.SIGHUP])
        assert (running.status, running.signal) == (ExitStatus.TIMEOUT, None)

    def test_a_status_after_a_signal_counts_for_nothing(self, handlers: dict[int, Any]) -> None:
        async def main(reactor: Any) -> int:
            try:
                await Deferred()
            except CancelledError:
                return 7
            return 0

        running = Program(main)
        outcome = Outcomes(running.start(Reactor()))
        handlers[signal.SIGINT](signal.SIGINT, None)
        assert outcome == [None]
        assert running.signal == signal.SIGINT

    def test_what_goes_wrong_is_not_hidden(self, handlers: dict[int, Any]) -> None:
        async def main(reactor: Any) -> int:
            raise CancelledError

        running = Program(main)
        assert isinstance(Outcomes(running.start(Reactor())).error, CancelledError)
        assert running.status == ExitStatus.FAILED


class TestRun:
    @pytest.fixture(autouse=True)
    def _no_log(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Beginner:
            def beginLoggingTo(self, observers: Any, **settings: Any) -> None:
                assert settings == {"redirectStandardIO": False, "discardBuffer": True}

        monkeypatch.setattr(program, "globalLogBeginner", Beginner())

    def ended(self, monkeypatch: pytest.MonkeyPatch, code: int, number: int | None = None) -> Any:
        """How the process ends when ``react`` does so, perhaps after a signal."""

        def react(start: Any) -> None:
            running = start.__self__
            running.status, running.signal = ExitStatus.UNSENT, number
            raise SystemExit(code)

        async def main(reactor: Any) -> int:
            return 0

        monkeypatch.setattr(program, "react", react)
        with pytest.raises(SystemExit) as ended:
            program.run(main)
        return ended.value.code

    def test_with_the_status_of_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.ended(monkeypatch, 0) == ExitStatus.UNSENT

    def test_with_a_failure_if_it_crashed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.ended(monkeypatch, 1) == ExitStatus.FAILED

    def test_without_standard_output(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", None)
            assert self.ended(patch, 0) == ExitStatus.UNSENT

    def test_by_the_signal_that_came(
        self, monkeypatch: pytest.MonkeyPatch, handlers: dict[int, Any]
    ) -> None:
        killed: list[tuple[int, int]] = []
        monkeypatch.setattr(os, "kill", lambda *arguments: killed.append(arguments))
        handlers[signal.SIGINT] = "a handler"
        assert self.ended(monkeypatch, 0, signal.SIGINT) == 130
        assert killed == [(os.getpid(), signal.SIGINT)]
        assert handlers[signal.SIGINT] is signal.SIG_DFL

    def test_on_windows_with_a_status(
        self, monkeypatch: pytest.MonkeyPatch, handlers: dict[int, Any]
    ) -> None:
        monkeypatch.setattr(os, "name", "nt")
        assert self.ended(monkeypatch, 0, signal.SIGTERM) == 143


class TestSaying:
    def test_it_goes_to_standard_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        say("hello")
        assert capsys.readouterr() == ("", "pyzmtp: hello\n")

    def test_where_there_is_none_nothing_happens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", None)
            say("hello")

    def test_where_it_cannot_be_told_nothing_happens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Full(StringIO):
            def flush(self) -> None:
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", Full())
            say("hello")

    def test_warnings_are_told_but_those_of_sockets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        log = Logger("somebody", observer=LogPublisher(program.tell_log))
        told = StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", told)
            log.info("nothing of note")
            log.warn("{what} is broken", what="a certificate")
            log.warn("HandshakeFailed", event=object())
            log.error("an error")
            try:
                raise ValueError("a bug")
            except ValueError:
                log.failure("it crashed", level=LogLevel.critical)
        text = told.getvalue()
        assert text.startswith("pyzmtp: a certificate is broken\npyzmtp: an error\npyzmtp: ")
        assert "ValueError: a bug" in text
        assert "it crashed" in text
        assert "HandshakeFailed" not in text
