"""The programs in examples/, in processes of their own, as their users start them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from math import prod
from pathlib import Path
from threading import Timer
from time import sleep
from typing import Any
from urllib.request import urlopen

import jupyter_client.session

from examples.jupyter import Session
from examples.tls import certify
from interop.pages import ROOT, blocks_of
from interop.programs import Program, bound, libzmq
from pyzmtp import curve_keypair

EXAMPLES = ROOT / "examples"

#: The sockets of a Jupyter kernel.
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")

#: Seconds after which a program is killed, whatever it is at.
LIMIT = 40.0


class Running(Program):
    """A program that has its time limit."""

    def __init__(self, *arguments: str, **settings: Any) -> None:
        # Without buffers: end() would not see what line() had taken into one.
        super().__init__(*arguments, bufsize=0, **settings)
        self._limit = Timer(LIMIT, self.process.kill)
        self._limit.start()

    def __exit__(self, *reason: Any) -> None:
        self._limit.cancel()
        super().__exit__(*reason)

    def address(self) -> str:
        """The address in its first line."""
        return self.line().split()[-1]

    def complaint(self) -> str:
        """The next line that it says on standard error."""
        assert self.process.stderr is not None
        line: bytes = self.process.stderr.readline()
        return line.decode()

    def say(self, line: str) -> None:
        """Give it a line of input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        """End it as Ctrl-C does: that is no failure, and nothing is complained of."""
        self.signal(signal.SIGINT)
        status, _, said = self.end()
        assert (status, said) == (0, "")


def example(name: str, *arguments: str, **settings: Any) -> Running:
    """A program of examples/, by its name."""
    program = EXAMPLES / name
    launcher = ["-m", f"examples.{name}"] if program.is_dir() else [f"{program}.py"]
    return Running(*arguments, launcher=launcher, cwd=ROOT, **settings)


def test_the_page_has_the_commands_of_the_programs() -> None:
    commands = [
        line
        for block in blocks_of(ROOT / "docs" / "examples.md")
        if block.language == "console"
        for line in block.text.splitlines()
    ]
    told = {
        line.strip()
        for program in [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*/__init__.py")]
        for line in program.read_text().splitlines()
    }
    assert len(commands) > 15
    assert [command for command in commands if command not in told] == []


def test_clock() -> None:
    with (
        example("clock", "publish", "tcp://127.0.0.1:*") as clock,
        example("clock", "subscribe", address := clock.address()) as all_topics,
        example("clock", "subscribe", address, "sec") as some,
        libzmq() as open_socket,
    ):
        theirs = open_socket("SUB", SUBSCRIBE=b"second")
        theirs.connect(address)
        topic, time = theirs.recv_multipart()
        assert (topic, re.fullmatch(rb"\d\d:\d\d:\d\d", time) is not None) == (b"second", True)
        for subscriber in (all_topics, some):
            assert re.fullmatch(r"(second|minute|hour) \d\d:\d\d:\d\d\n", subscriber.line())
            subscriber.interrupt()
        clock.interrupt()


def test_task_farm() -> None:
    with (
        example("task_farm", "sink", "tcp://127.0.0.1:*") as sink,
        example(
            "task_farm",
            "ventilator",
            "tcp://127.0.0.1:*",
            results := sink.address(),
            *("2", "20"),
        ) as ventilator,
        example("task_farm", "worker", tasks := ventilator.address(), results, "anne") as anne,
        example("task_farm", "worker", tasks, results, "bob") as bob,
    ):
        status, output, said = sink.end()
        assert (status, said) == (0, "")
        *lines, summary = output.decode().splitlines()
        assert summary == "anne: 10, bob: 10"
        assert len(lines) == 20
        for line in lines:
            number, *factors = map(int, re.findall(r"\d+", line))
            assert prod(factors) == number
        assert ventilator.end()[::2] == (0, "")
        anne.interrupt()
        bob.interrupt()


def test_chat() -> None:
    def join(name: str) -> Running:
        return example("chat", "join", where, name, stdin=subprocess.PIPE)

    with example("chat", "serve", "tcp://127.0.0.1:*") as server:
        where = server.address()
        with join("anne") as anne:
            assert anne.line() == "welcome, anne\n"
            with join("bob") as bob:
                assert bob.line() == "welcome, bob\n"
                assert anne.line() == "bob has come\n"
                anne.say("grüß dich")
                assert bob.line() == "anne says: grüß dich\n"
                with join("anne") as impostor:
                    assert impostor.end() == (1, b"", "choose another name than anne\n")
                assert bob.end() == (0, b"", "")  # the input's end is his leave
            assert anne.line() == "bob has left\n"
            anne.interrupt()
        server.interrupt()


def test_tls(tmp_path: Path) -> None:
    ours, others = str(tmp_path / "ours"), str(tmp_path / "others")
    certify(tmp_path / "ours", "server", "anne", "bob")
    certify(tmp_path / "others", "anne")
    (tmp_path / "others/authority/authority.pem").write_bytes(
        (tmp_path / "ours/authority/authority.pem").read_bytes()
    )
    with example("tls", "serve", ours, "0", "anne") as server:
        port = server.address().rpartition(":")[2]
        with example("tls", "ask", ours, port, "anne", "How are you?") as anne:
            assert anne.end() == (0, b"Fine, anne.\n", "")
        assert server.line() == "anne asks: How are you?\n"
        with example("tls", "ask", ours, port, "bob", "And me?") as bob:
            status, output, said = bob.end()
            assert (status, output, said.splitlines()[-1]) == (1, b"", "bob is not let in")
        # Somebody else has certified this Anne. She may try again, but not in this test.
        with example("tls", "ask", others, port, "anne", "Me too?") as stranger:
            assert "TLS" in stranger.complaint()
            stranger.signal(signal.SIGINT)
            assert stranger.end()[:2] == (0, b"")
        server.interrupt()
    # Bob's certificate is good, but it is none for a server.
    (tmp_path / "ours/server.pem").write_bytes((tmp_path / "ours/bob.pem").read_bytes())
    with example("tls", "serve", ours, "0", "anne") as impostor:
        port = impostor.address().rpartition(":")[2]
        with example("tls", "ask", ours, port, "anne", "Who is it?") as anne:
            assert "certificate verify failed" in anne.complaint()
            anne.signal(signal.SIGINT)
            assert anne.end()[:2] == (0, b"")
        impostor.interrupt()


def test_web_page() -> None:
    with libzmq() as open_socket:
        pub = open_socket("XPUB")
        with example("web_page", "0", bound(pub)) as page:
            url = page.address()
            with urlopen(url, timeout=LIMIT) as response:
                assert 'new EventSource("events" + location.search)' in response.read().decode()
            with urlopen(f"{url}events?topic=weather.", timeout=LIMIT) as events:
                assert events.headers["Content-Type"] == "text/event-stream; charset=utf-8"
                assert pub.recv() == b"\x01weather."
                for message in (
                    [b"sports"],
                    [b"weather.oslo", "-3 °C\n<b>".encode()],
                    [b"weather.\xff"],
                ):
                    pub.send_multipart(message)
                lines = [events.readline().decode() for _ in range(6)]
                assert lines[:2] == [": welcome\n", "\n"]
                shown = [json.loads(line.removeprefix("data: ")) for line in lines[2::2]]
                assert shown == [
                    ["weather.oslo", "-3 °C\n<b>"],
                    ["weather.\N{REPLACEMENT CHARACTER}"],
                ]
            assert pub.recv() == b"\x00weather."  # the browser has gone, and its socket too
            page.interrupt()


def test_jupyter_messages() -> None:
    """Jupyter's own session and that of the example believe each other."""
    theirs, ours = jupyter_client.session.Session(key=b"secret"), Session("secret")
    sent = ours.message("input_reply", {"value": "grüß dich"}, ours.message("input_request", {}))
    _, frames = theirs.feed_identities([b"somebody", *ours.encode(sent)])
    taken = theirs.deserialize(frames)
    assert taken["content"] == sent.content
    assert taken["parent_header"]["msg_id"] == sent.parent["msg_id"]
    assert (taken["msg_type"], taken["header"]["session"]) == ("input_reply", ours.name)
    answer = theirs.serialize(theirs.msg("status", {"execution_state": "idle"}), ident=b"topic")
    message = ours.decode(answer)
    assert message is not None
    assert (message.kind, message.content) == ("status", {"execution_state": "idle"})


def jupyter_kernel(file: Path) -> Running:
    """A real one, with a connection file that it writes, unless there is one."""
    return Running("-f", str(file), launcher=["-m", "ipykernel_launcher"])


def wait_for(program: Program, path: Path) -> bool:
    """Wait until a program has written a file of JSON, or made a socket, before its time is over."""
    while program.process.poll() is None:
        if path.is_socket() or (path.is_file() and path.read_text().rstrip().endswith("}")):
            return True
        sleep(0.05)
    return False


def test_jupyter(directory: Path) -> None:
    file = directory / "kernel.json"
    with jupyter_kernel(file) as kernel:
        assert wait_for(kernel, file)

        def run(*codes: str) -> Running:
            return example("jupyter", str(file), *codes, stdin=subprocess.PIPE)

        with run("1 + 1", "print('twice', end=' ')\nprint(_ * 2)") as client:
            assert client.end() == (0, b"2\ntwice 4\n", "")
        # What comes before a question has been shown when it is put: it is streamed.
        with run("print('one')\nname = input('who? ')\nprint('hello', name)") as client:
            assert client.line() == "one\n"
            assert client.end(b"Anne\n") == (0, b"who? hello Anne\n", "")
        with run("1 / 0", "print('never')") as client:
            status, output, said = client.end()
            assert (status, output, "ZeroDivisionError" in said) == (1, b"", True)
        with run("import time\nfor n in range(999): print(n); time.sleep(0.1)") as client:
            assert [client.line() for _ in range(3)] == ["0\n", "1\n", "2\n"]
            client.signal(signal.SIGINT)
            status, _, said = client.end()
            assert (status, "KeyboardInterrupt" in said) == (1, True)
        # The kernel goes on, and the next client finds what the last one has left there.
        with run("n < 900", "import os\nos.kill(os.getpid(), 9)") as client:
            assert client.line() == "True\n"
            status, _, said = client.end()
            assert (status, "KernelDied: the kernel does not answer" in said) == (1, True)


def test_jupyter_encrypted(directory: Path) -> None:
    file, keys = directory / "kernel.json", curve_keypair()
    connection = {
        "transport": "ipc",
        "ip": str(directory / "kernel"),
        "key": "secret",
        "signature_scheme": "hmac-sha256",
        "curve_publickey": keys.public,
        "curve_secretkey": keys.secret,
        **{f"{name}_port": port for port, name in enumerate(CHANNELS, 1)},
    }
    file.write_text(json.dumps(connection))
    with jupyter_kernel(file) as kernel:
        assert wait_for(kernel, directory / f"kernel-{len(CHANNELS)}")
        with example("jupyter", str(file), "1 + 1") as client:
            assert client.end() == (0, b"2\n", "")
