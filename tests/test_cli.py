"""The command line: the group, what it says without its extra, the outcome of `demo`."""

from __future__ import annotations

import io
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any

import click
import pytest
from click.testing import CliRunner
from twisted.internet.defer import Deferred

from pyzmtp import cli
from pyzmtp.cli import demo
from pyzmtp.cli.about import about, installed_version
from pyzmtp.cli.demo.plan import Meeting
from pyzmtp.cli.demo.stage import Outcome
from pyzmtp.cli.group import COMMANDS, SOCKETS, group
from pyzmtp.cli.trace.records import Record
from tests.cli.helpers import finish


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

    def test_python_m_pyzmtp_is_the_same_program(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["pyzmtp", "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("pyzmtp", run_name="__main__")
        assert not ended.value.code
        assert "demo" in capsys.readouterr().out
        runpy.run_module("pyzmtp.__main__", run_name="imported")  # does nothing then

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
    def test_output_that_cannot_be_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Full(io.StringIO):
            def write(self, text: str) -> int:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(sys, "argv", ["pyzmtp", "--version"])
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Full())
            with pytest.raises(SystemExit) as ended:
                cli.main()
        assert ended.value.code == "pyzmtp: No space left on device"

    @pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
    def test_help_lists_the_commands(self, arguments: list[str]) -> None:
        done = CliRunner().invoke(group, arguments)
        assert done.exit_code == 0
        assert "Let pyzmtp's sockets talk" in done.output
        _, sockets, tools = re.split("^(?:Sockets|Tools):$", done.output, flags=re.MULTILINE)
        assert re.findall(r"^  (\w+)  ", sockets, re.MULTILINE) == list(SOCKETS)
        assert re.findall(r"^  (\w+)  ", tools, re.MULTILINE)[: len(COMMANDS)] == sorted(COMMANDS)

    def test_each_command_is_in_the_module_of_its_name(self) -> None:
        context = click.Context(group)
        assert group.list_commands(context) == [*SOCKETS, *sorted(COMMANDS)]
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            assert command.get_short_help_str(), name
            assert command.name in (name, "command")
        assert {name: f"pyzmtp.cli.{name}" for name in COMMANDS} == COMMANDS

    def test_an_unknown_command_is_a_usage_error(self) -> None:
        done = CliRunner().invoke(group, ["nonesuch"])
        assert done.exit_code == 2
        assert "No such command" in done.output

    def test_version(self) -> None:
        done = CliRunner().invoke(group, ["--version"])
        assert done.exit_code == 0
        assert done.output == about() + "\n"

    def test_commands_are_loaded_when_they_are_called(self) -> None:
        code = (
            "import sys, pyzmtp.cli.group as group;"
            "loaded = [*group.COMMANDS.values(), 'pyzmtp.cli.sockets'];"
            "print([name for name in loaded if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout.strip() == "[]", done.stderr

    def test_main_runs_the_group(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["pyzmtp", "--help"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0

    def test_a_checkout_has_no_version(self) -> None:
        assert installed_version("twisted")[0].isdigit()
        assert installed_version("no-such-distribution") == "(not installed)"


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

    async def record(self, meeting: Meeting) -> tuple[Outcome, list[Record]]:
        return await self.run(meeting), []


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
