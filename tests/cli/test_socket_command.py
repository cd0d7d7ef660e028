"""The command lines of sockets: what they mean, what they cannot mean, and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from pyzmtp.cli.addresses import Endpoint
from pyzmtp.cli.group import SOCKETS, group
from pyzmtp.cli.program import say
from pyzmtp.cli.sockets import command
from pyzmtp.cli.sockets.command import socket_command
from pyzmtp.cli.sockets.kinds import KINDS, Exchange
from pyzmtp.cli.sockets.task import Task
from pyzmtp.constants import SocketType
from tests.cli.stage import HERE, read_task


def test_there_is_a_command_for_every_type_of_socket() -> None:
    assert sorted(SOCKETS) == sorted(kind.value.lower() for kind in SocketType)
    assert set(SOCKETS) == KINDS.keys()
    for name, kind in KINDS.items():
        assert kind.socket.socket_type.value.lower() == name == kind.name


@pytest.mark.parametrize("name", SOCKETS)
def test_its_help(name: str) -> None:
    done = CliRunner().invoke(group, [name, "--help"], terminal_width=100)
    assert done.exit_code == 0
    kind = KINDS[name]
    for text in ("--bind", "--connect", "--format", "--curve-key", "Exit status: 0 done"):
        assert text in done.output
    for option, offered in {
        "--repeat": kind.sends and kind.exchange is not Exchange.REPLY,
        "--file": kind.sends,
        "[MESSAGE]": kind.sends,
        "--quiet": kind.receives,
        "--echo": kind.answers,
        "--exec": kind.answers,
        "--receive-only": kind.exchange is Exchange.BOTH,
        "--topic": name in ("pub", "sub", "xpub", "xsub"),
        "--group": name in ("radio", "dish"),
        "--to ": name in ("router", "stream", "server", "peer", "dgram"),
    }.items():
        assert (option in done.output) is offered, option
    titles = [
        line[:-1] for line in done.output.splitlines() if line.endswith(":") and line[0] != " "
    ]
    assert titles == ["Addresses", "Messages", "Beginning, pace and end", "Security", "Other"]


@pytest.mark.parametrize("name", SOCKETS)
def test_without_arguments_it_shows_its_help(name: str) -> None:
    done = CliRunner().invoke(group, [name])
    assert done.output.startswith("Usage: ")
    assert KINDS[name].summary in done.output


def test_the_options_are_listed() -> None:
    done = CliRunner().invoke(group, ["router", "-o", "help"])
    assert done.exit_code == 0
    assert "router_mandatory=no" in done.output
    assert "xpub_nodrop" not in done.output


def test_options_are_completed() -> None:
    completing = ShellComplete(group, {}, "pyzmtp", "_PYZMTP_COMPLETE")
    found = completing.get_completions(["router", "-o"], "router_m")
    assert [item.value for item in found] == ["router_mandatory="]


class TestMeaning:
    def test_addresses_from_everywhere(self) -> None:
        task = read_task("push", "@tcp://*:1", ">ipc:///x", "hello", "-b", "tls:1", "-c", "unix:/y")
        assert task.endpoints == [
            Endpoint("tcp://*:1", True),
            Endpoint("ipc:///x", False),
            Endpoint("tls:1", True),
            Endpoint("unix:/y", False),
        ]
        assert task.given == [[b"hello"]]

    def test_what_is_meant_by_default(self) -> None:
        task = read_task("push", "-c", HERE)
        assert task == Task(
            kind=KINDS["push"],
            endpoints=[Endpoint(HERE, False)],
            form=task.form,
            options={"send_timeout": None, "receive_timeout": None},
            policy=task.policy,
            given=[],
            filters=[],
            receives=False,
        )
        assert task.policy(None) is None
        assert (task.form.end, task.form.encode([b"a", b"b"])) == (b"\n", b"a\tb")

    def test_messages(self) -> None:
        def given(*arguments: str) -> Any:
            return read_task("push", "-c", HERE, *arguments).given

        assert given("a\tb", "\udcff") == [[b"a", b"b"], [b"\xff"]]
        assert given("-s", "|", "a|b") == [[b"a", b"b"]]
        assert given("-s", "", "a\tb") == [[b"a\tb"]]
        assert given("-f", "quoted", "a\\tb") == [[b"a\tb"]]
        assert given("-f", "hex", "-s", "\\x2d", "61-62") == [[b"a", b"b"]]
        assert given("-f", "json", '["a"]') == [[b"a"]]
        assert given("-f", "raw", "a\tb") == [[b"a\tb"]]
        assert given("--", "-3") == [[b"-3"]]

    def test_arguments_need_not_be_utf_8(self) -> None:
        argument = "\udcff"  # as Python hands over the byte 0xff
        assert read_task("sub", "-c", HERE, "-T", argument).filters == [b"\xff"]
        task = read_task("pub", "-c", HERE, "-T", argument, "-s", argument, f"a{argument}b")
        assert task.prefix == [b"\xff"]
        assert task.given == [[b"a", b"b"]]

    def test_messages_may_end_with_a_zero_byte(self) -> None:
        assert read_task("pull", "-b", HERE, "-0").form.end == b"\0"

    def test_files_are_messages(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"a\tb\n")
        task = read_task("push", "-c", HERE, "first", "-F", str(path), "--file", str(path))
        assert task.given == [[b"first"], [b"a\tb\n"], [b"a\tb\n"]]

    def test_a_time_limit_is_that_of_each_message(self) -> None:
        task = read_task("dealer", "-c", HERE, "-t", "1.5", "-o", "send_timeout=9")
        assert task.options == {"send_timeout": 9.0, "receive_timeout": 1.5}
        assert task.timeout == 1.5

    def test_topics(self) -> None:
        assert read_task("sub", "-c", HERE).filters == [b""]
        assert read_task("sub", "-c", HERE, "-T", "a", "-T", "\\x00").filters == [b"a", b"\0"]
        assert read_task("xsub", "-c", HERE).filters == []
        assert read_task("pub", "-c", HERE, "-T", "a\\x00").prefix == [b"a\0"]
        assert read_task("pub", "-c", HERE).prefix == []
        assert read_task("pub", "-c", HERE, "-T", "").prefix == [b""]

    def test_a_router_tells_of_ids_that_it_does_not_know(self) -> None:
        assert read_task("router", "-b", HERE).options["router_mandatory"] is True
        task = read_task("router", "-b", HERE, "-o", "router_mandatory=no")
        assert task.options["router_mandatory"] is False

    def test_an_audience(self) -> None:
        assert [name for name in SOCKETS if read_task(name, *_arguments(name)).audience] == [
            "pub",
            "xpub",
            "radio",
        ]
        assert read_task("push", "-c", HERE, "--wait", "3").audience == 3

    def test_replies_are_given_in_turn(self) -> None:
        assert read_task("rep", "-b", HERE, "a").repeat
        assert not read_task("req", "-b", HERE, "a").repeat

    def test_expressions(self) -> None:
        task = read_task("dealer", "-c", HERE, "-e", "message[0]", "-E", "message[1]")
        assert task.on_receive is not None
        assert task.on_send is not None
        assert (task.on_receive([b"a", b"b"]), task.on_send([b"a", b"b"])) == ([b"a"], [b"b"])


def _arguments(name: str) -> list[str]:
    return ["-b", HERE, *(["-g", "x"] if name == "dish" else [])]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("push hello", "there is no address"),
        ("pull hello", "what to do with 'hello'?"),
        (f"pull -b {HERE} hello", "what to do with 'hello'?"),
        (f"dish -b {HERE}", "say which --group to join"),
        (f"push -c {HERE} --repeat", "--repeat is for MESSAGEs"),
        (f"pair -c {HERE} -r hello", "to send others or none"),
        (f"rep -b {HERE} --echo hello", "to send others or none"),
        (f"rep -b {HERE} --echo -x cat", "--echo and --exec exclude each other"),
        (f"pair -b {HERE} -r -w", "--receive-only and --send-only exclude each other"),
        (f"push -c {HERE} -f json hello", "'hello': it is no JSON"),
        (f"push -c {HERE} -f quoted \\q", "is no escape"),
        (f"push -c {HERE} -s \\q", "is no escape"),
        (f"push -c {HERE} -f hex -s a", "a separator holds no digits"),
        (f"push -c {HERE} -o linger", "'linger' is not NAME=VALUE"),
        (f"push -c {HERE} -E )", "--send-eval: "),
        (f"pull -b {HERE} -T \\q", "No such option"),
        (f"sub -b {HERE} -T \\q", "is no escape"),
        (f"push -c {HERE} --curve-clients any", "needs curve-key"),
        (f"push -c {HERE} -n 0", "-n"),
        (f"push -c {HERE} -t 0", "-t"),
        (f"push -c {HERE} -t nan", "nan is no number of seconds"),
        (f"push -c {HERE} -d nan", "nan is no number of seconds"),
        (f"push -c {HERE} -d inf", "inf is no number of seconds"),
        (f"push -c {HERE} -i nan", "nan is no number of seconds"),
        (f"info {HERE} -t inf", "inf is no number of seconds"),
        (f"proxy pull@{HERE} push@{HERE} -i nan", "nan is no number of seconds"),
        (f"push -c {HERE} -F /no/such/file", "does not exist"),
        (f"push -c {HERE} -f yaml", "yaml"),
        (f"stream -b {HERE} --wait 1", "No such option"),
    ],
)
def test_what_makes_no_sense(arguments: str, problem: str) -> None:
    done = CliRunner().invoke(group, arguments.split())
    assert done.exit_code == 2
    assert problem in done.output


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "file"
    path.touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(click.UsageError, match="file: Permission denied"):
        read_task("push", "-c", HERE, "-F", str(path))


def test_a_command_runs_its_task_on_the_reactor_and_the_standard_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(command, "run", lambda main: ran.append(main("the reactor")))
    monkeypatch.setattr(command, "run_task", lambda *arguments: arguments)
    monkeypatch.setattr(command, "standard_streams", lambda *arguments: arguments)
    done = CliRunner().invoke(socket_command("push"), ["-c", HERE, "x"])
    assert done.exit_code == 0, done.output
    [(reactor, task, streams)] = ran
    assert reactor == "the reactor"
    assert task.given == [[b"x"]]
    assert streams == ("the reactor", say)
