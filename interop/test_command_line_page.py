"""The commands of docs/command-line.md, and of other pages, run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from interop.pages import ROOT, as_pattern, blocks_of, files_of
from pyzmtp.cli.group import group
from pyzmtp.cli.sockets.kinds import KINDS

DOCS = ROOT / "docs"
PAGE = (DOCS / "command-line.md").read_text()
#: Each with where it stands, and the files that are written on its page. trace.md has tests of its own.
BLOCKS = [
    (block.where, block.text, files_of(page))
    for page in sorted(DOCS.glob("*.md"))
    if page.name != "trace.md"
    for block in blocks_of(page)
    if block.language == "console" and block.text.startswith("$ ")
]

#: Seconds; a block takes a few.
PATIENCE = 55.0

#: A port that a command listens at.
_LISTENS = re.compile(r"(?:-b |--bind |@)tcp://127\.0\.0\.1:(\d+)(?![-\d])")
#: Waits until somebody listens at a port, without a connection that would have to be explained.
_WAIT_FOR = """\
wait_for() {
    for _ in $(seq 300); do
        grep -qi ":$(printf %04X $1) .* 0A " /proc/net/tcp && return
        sleep 0.1
    done
}"""

PORT = re.compile(r"(?<=127\.0\.0\.1:)(55\d\d)")


def free_ports(numbers: set[str]) -> dict[str, str]:
    """Ports that nobody uses, in place of those on the page."""
    ports = {}
    for number in sorted(numbers):
        with socket.create_server(("127.0.0.1", 0)) as server:
            ports[number] = str(server.getsockname()[1])
    return ports


def run(block: str, directory: Path) -> tuple[list[str], list[str]]:
    """Run the commands of a block; return the lines that are promised, and those that came."""
    lines = block.splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    promised = [line for line in lines if not line.startswith("$ ")]
    program = directory / "bin" / "pyzmtp"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom pyzmtp.cli import main\nmain()\n")
    program.chmod(0o755)
    script = [_WAIT_FOR]
    for command in commands:
        script.append(command)
        # As a reader does: what listens in the background is there before others connect.
        script += [f"wait_for {port}" for port in _LISTENS.findall(command) if "&" in command]
    script.append("wait")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=directory,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "100",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return promised, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("block", "files"),
    [pytest.param(block, files, id=where) for where, block, files in BLOCKS],
)
def test_a_block_does_what_it_says(block: str, files: dict[str, str], tmp_path: Path) -> None:
    named = {name: text for name, text in files.items() if name in block}
    ports = free_ports(set(PORT.findall("".join([block, *named.values()]))))
    block = PORT.sub(lambda match: ports[match[0]], block)
    for name, text in named.items():
        (tmp_path / name).write_text(PORT.sub(lambda match: ports[match[0]], text))
    block = re.sub(r"(:\d+)-55\d\d", r"\1-65535", block)
    promised, came = run(block, tmp_path)
    # A program that begins to connect a moment too early says so, and goes on.
    left = [line for line in came if not line.endswith("(trying again)") or line in promised]
    for line in promised:
        found = [each for each in came if re.fullmatch(as_pattern(line), each)]
        assert found, (line, came)
        for each in found if "..." in line else found[:1]:
            if each in left:
                left.remove(each)
    assert left == []


def test_every_file_on_a_page_is_run() -> None:
    run = {name for _, block, files in BLOCKS for name in files if f"python {name}" in block}
    for page in DOCS.glob("*.md"):
        assert page.name == "reactors.md" or set(files_of(page)) <= run


def test_what_is_not_run_can_be_read() -> None:
    lines = re.findall(r"^    (pyzmtp .*?)(?:   .*)?$", PAGE, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        _, name, *arguments = shlex.split(line)
        assert name == "proxy"
        done = CliRunner().invoke(group, [name, *arguments, "--interval", "nonsense"])
        assert "Invalid value for '-i'" in done.output


def test_the_commands_of_the_trace_can_be_read() -> None:
    lines = re.findall(r"^\$ pyzmtp (.*?)(?: \||$)", (DOCS / "trace.md").read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        name, *arguments = shlex.split(line)
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.make_context(name, arguments).params


def test_every_option_on_the_page_is_one() -> None:
    offered: set[str] = set()
    for name in group.list_commands(None):  # type: ignore[arg-type]
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        for parameter in command.params:
            offered |= set(parameter.opts)
    named = set(re.findall(r"(?<![\w`-])--[a-z][a-z-]+", re.sub(r"\| omq.*|omq [^|]*\|", "", PAGE)))
    others = {
        "--identity",
        "--target",
        "--msgpack",
        "--curve-server-key",
        "--help",
        "--plain-",
        "--curve-",
    }
    assert named - offered - others == set()


def test_the_table_of_commands_is_complete() -> None:
    table = PAGE[PAGE.index("| command | sends") : PAGE.index("What is sent are the MESSAGEs")]
    assert set(re.findall(r"`([a-z]+)`", table)) >= KINDS.keys()
