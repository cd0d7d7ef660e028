"""The commands of sockets in real processes and pipes, with libzmq at the other end."""

from __future__ import annotations

import json
import signal
import socket as system_sockets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.programs import PATIENCE, Open, Program, bound, libzmq

#: A message, and how each format writes it; text cannot tell all of it.
MESSAGES = {
    "text": ([b"one", "zwölf".encode(), b""], "one\tzwölf\t\n"),
    "quoted": ([b"a\tb\\", b"\0\xff", "ü".encode()], "a\\tb\\\\\t\\x00\\xff\tü\n"),
    "hex": ([b"\x00\xab", b""], "00ab\t\n"),
    "json": ([b"one", b"\xff", b""], '["one",{"base64":"/w=="},""]\n'),
}
PACKED = ([b"one", b"\xff"], bytes.fromhex("92 c403 6f6e65 c401 ff"))


@pytest.fixture
def zmq_socket() -> Iterator[Open]:
    """Opens sockets of libzmq."""
    with libzmq() as open_socket:
        yield open_socket


class TestFormats:
    @pytest.mark.parametrize("name", [*MESSAGES, "msgpack", "raw"])
    def test_what_is_read_is_sent_and_what_is_received_is_written(
        self, name: str, zmq_socket: Open
    ) -> None:
        if name == "msgpack":
            message, written = PACKED
        elif name == "raw":
            message, written = [bytes(range(256)) * 1000], bytes(range(256)) * 1000
        else:
            frames, text = MESSAGES[name]
            message, written = frames, text.encode()
        count = 1 if name == "raw" else 3
        pull, push = zmq_socket("PULL"), zmq_socket("PUSH")
        sending = Program("push", "-c", bound(pull), "-f", name, stdin=subprocess.PIPE)
        receiving = Program("pull", "-c", bound(push), "-f", name, "-n", str(count))
        with sending, receiving:
            assert sending.end(written * count) == (0, b"", "")
            assert [pull.recv_multipart() for _ in range(count)] == [message] * count
            for _ in range(count):
                push.send_multipart(message)
            assert receiving.end() == (0, written * count, "")

    def test_a_file_goes_through(self, zmq_socket: Open, tmp_path: Path) -> None:
        content = bytes(range(256)) * 20_000
        (tmp_path / "in").write_bytes(content)
        address = f"ipc://{tmp_path}/socket"
        with (
            open(tmp_path / "out", "wb") as out,
            Program("pull", "-b", address, "-f", "raw", "-n", "1", stdout=out) as pull,
            Program("push", "-c", address, "-F", str(tmp_path / "in")) as push,
        ):
            assert push.end()[0] == 0
            assert pull.end()[0] == 0
        assert (tmp_path / "out").read_bytes() == content


class TestTypes:
    def test_pub_and_sub(self, zmq_socket: Open) -> None:
        sub, pub = zmq_socket("SUB", SUBSCRIBE=b"wea"), zmq_socket("XPUB")
        with Program("pub", "-c", bound(sub), "-T", "weather", "sunny") as ours:
            assert sub.recv_multipart() == [b"weather", b"sunny"]
            assert ours.end() == (0, b"", "")
        with Program("sub", "-c", bound(pub), "-T", "a", "-T", "b", "-n", "2") as ours:
            assert sorted([pub.recv(), pub.recv()]) == [b"\x01a", b"\x01b"]
            for topic in (b"ax", b"c", b"bx"):
                pub.send(topic)
            assert ours.end() == (0, b"ax\nbx\n", "")

    def test_xpub_and_xsub(self, zmq_socket: Open) -> None:
        sub, pub = zmq_socket("SUB", SUBSCRIBE=b"t"), zmq_socket("XPUB")
        with Program("xpub", "-c", bound(sub), "-f", "quoted", "-n", "1", "t") as ours:
            assert sub.recv() == b"t"
            assert ours.end() == (0, b"\\x01t\n", "")
        with Program("xsub", "-c", bound(pub), "-T", "a", "-n", "1") as ours:
            assert pub.recv() == b"\x01a"
            pub.send_multipart([b"a", b"b"])
            assert ours.end() == (0, b"a\tb\n", "")

    def test_req_and_rep(self, zmq_socket: Open, tmp_path: Path) -> None:
        rep, req = zmq_socket("REP"), zmq_socket("REQ")
        with Program("req", "-c", bound(rep), "one", "two\tthree") as ours:
            for request in ([b"one"], [b"two", b"three"]):
                assert rep.recv_multipart() == request
                rep.send_multipart([b"re", *request])
            assert ours.end() == (0, b"re\tone\nre\ttwo\tthree\n", "")
        with Program("rep", "-c", bound(req), "-x", "tr a-z A-Z; exit 3", "-n", "2") as ours:
            for asked, answer in (([b"one"], [b"ONE"]), ([b"x", b"y"], [b"X", b"Y"])):
                req.send_multipart(asked)
                assert req.recv_multipart() == answer
            status, output, said = ours.end()
            assert (status, output) == (0, b"one\nx\ty\n")
            assert said == "pyzmtp: tr a-z A-Z; exit 3: it exited with 3\n" * 2

    def test_dealer_and_router(self, zmq_socket: Open) -> None:
        router, dealer = zmq_socket("ROUTER"), zmq_socket("DEALER", ROUTING_ID=b"they")
        with Program("dealer", "-c", bound(router), "-o", "routing_id=us", "hi", "-n", "1") as ours:
            assert router.recv_multipart() == [b"us", b"hi"]
            router.send_multipart([b"us", b"ho"])
            assert ours.end() == (0, b"ho\n", "")
        with Program("router", "-c", bound(dealer), "--echo", "-n", "2") as ours:
            for _ in range(2):
                dealer.send_multipart([b"a", b""])
                assert dealer.recv_multipart() == [b"a", b""]
            assert ours.end() == (0, b"they\ta\t\n" * 2, "")

    def test_pair(self, zmq_socket: Open) -> None:
        pair = zmq_socket("PAIR")
        with Program("pair", "-c", bound(pair), stdin=subprocess.PIPE) as ours:
            assert ours.process.stdin is not None
            ours.process.stdin.write(b"hello\n")
            ours.process.stdin.flush()
            assert pair.recv_multipart() == [b"hello"]
            pair.send(b"world")
            assert ours.line() == "world\n"
            ours.process.stdin.close()
            pair.send(b"still here")
            assert ours.line() == "still here\n"
            ours.process.stdin = None
            ours.signal(signal.SIGTERM)
            assert ours.end()[0] == -signal.SIGTERM

    def test_stream(self) -> None:
        with system_sockets.create_server(("127.0.0.1", 0)) as server:
            address = "tcp://127.0.0.1:{1}".format(*server.getsockname())
            with Program("stream", "-c", address, "--echo", "-q") as ours:
                peer, _ = server.accept()
                with peer:
                    peer.settimeout(30)
                    peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    assert peer.recv(100) == b"GET / HTTP/1.0\r\n\r\n"
                ours.signal(signal.SIGINT)
                assert ours.end()[0] == -signal.SIGINT

    def test_the_types_that_libzmq_has_not_released(self, tmp_path: Path) -> None:
        """Among ourselves: those that pyzmq's wheels do not bring."""
        for binds, connects, arguments, output in (
            ("gather", "scatter", ["x"], b"x\n"),
            ("dish", "radio", ["-g", "g", "x"], b"g\tx\n"),
        ):
            where = f"ipc://{tmp_path}/{binds}"
            group = ["-g", "g"] if binds == "dish" else []
            with (
                Program(binds, "-b", where, "-n", "1", *group) as one,
                Program(connects, "-c", where, *arguments) as other,
            ):
                assert one.end()[:2] == (0, output)
                assert other.end()[0] == 0
        where = f"ipc://{tmp_path}/server"
        with (
            Program("server", "-b", where, "--echo", "-q", "-n", "1") as server,
            Program("client", "-c", where, "x") as client,
        ):
            assert client.end()[:2] == (0, b"x\n")
            assert server.end()[0] == 0


class TestPipelines:
    def shell(self, line: str, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run a line of the shell in which ``pyzmtp`` is this one."""
        program = f'pyzmtp() {{ "{sys.executable}" -m pyzmtp "$@"; }}\n{line}'
        return subprocess.run(
            ["bash", "-c", program], cwd=directory, capture_output=True, text=True, timeout=PATIENCE
        )

    def test_from_file_to_file(self, tmp_path: Path) -> None:
        lines = "".join(f"{number}\n" for number in range(50_000))
        (tmp_path / "in").write_text(lines)
        done = self.shell(
            "pyzmtp pull -b ipc://$PWD/s -n 50000 > out & pyzmtp push -c ipc://$PWD/s < in && wait",
            tmp_path,
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert (tmp_path / "out").read_text() == lines

    def test_through_several(self, tmp_path: Path) -> None:
        done = self.shell(
            "pyzmtp pull -b ipc://$PWD/b -n 3 & "
            "pyzmtp pull -b ipc://$PWD/a -n 3 -e 'message[0].upper()' | pyzmtp push -c ipc://$PWD/b & "
            "printf 'a\\nb\\nc\\n' | pyzmtp push -c ipc://$PWD/a; wait",
            tmp_path,
        )
        assert sorted(done.stdout.splitlines()) == ["A", "B", "C"], done.stderr

    def test_no_input(self, tmp_path: Path) -> None:
        for stdin in ("< /dev/null", "<&-"):
            done = self.shell(f"pyzmtp push -b ipc://$PWD/s {stdin}", tmp_path)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), stdin

    def test_an_output_that_is_full_or_closed(self, tmp_path: Path) -> None:
        for stdout, problem in (
            ("> /dev/full", "standard output: No space left on device"),
            (">&-", "standard output: it is closed"),
        ):
            done = self.shell(
                f"pyzmtp pull -b ipc://$PWD/s {stdout} & P=$!; pyzmtp push -c ipc://$PWD/s x; wait $P",
                tmp_path,
            )
            assert done.returncode == 1, done.stderr
            assert f"pyzmtp: {problem}\n" in done.stderr

    def test_a_reader_that_has_had_enough(self, tmp_path: Path) -> None:
        done = self.shell(
            "set -o pipefail; pyzmtp push -b ipc://$PWD/s --repeat x --transient & "
            "pyzmtp pull -c ipc://$PWD/s | head -n 3; echo $?; wait",
            tmp_path,
        )
        assert done.stdout == "x\nx\nx\n0\n", done.stderr

    def test_a_reader_that_goes_while_nothing_comes(self, tmp_path: Path) -> None:
        done = self.shell("set -o pipefail; pyzmtp sub -b ipc://$PWD/s | true; echo $?", tmp_path)
        assert (done.stdout, done.stderr) == ("0\n", "")


def test_options_are_obeyed(zmq_socket: Open) -> None:
    pull = zmq_socket("PULL")
    with Program(
        "push", "-c", bound(pull), "x", "-o", "metadata=X-Team=a", "-o", "linger=none"
    ) as ours:
        frame = pull.recv(copy=False)
        assert frame.get("X-Team") == "a"
        assert ours.end() == (0, b"", "")


def test_json_of_a_message_of_bytes(zmq_socket: Open) -> None:
    push = zmq_socket("PUSH")
    with Program("pull", "-c", bound(push), "-f", "json", "-n", "1") as ours:
        push.send_multipart([b"a", b"\x80"])
        status, output, _ = ours.end()
        assert status == 0
        assert json.loads(output) == ["a", {"base64": "gA=="}]
