"""pyzmtp.cli.trace.capture: a file that Wireshark reads."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from dpkt import pcapng
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.task import Clock

from pyzmtp.cli.trace.capture import Capture
from tests.cli.trace.captures import check_stream, read_capture
from tests.cli.trace.helpers import C, T

CLIENT = IPv4Address("TCP", "127.0.0.1", 50000)
OURS = IPv4Address("TCP", "127.0.0.1", 5555)


def never(error: OSError) -> None:
    raise AssertionError(error)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcapng"


def test_a_connection(path: Path) -> None:
    clock = Clock()
    clock.advance(1_700_000_000.0)
    capture = Capture(str(path), never, clock.seconds)
    watch = capture.watch(1, CLIENT, OURS)
    clock.advance(0.25)
    watch.heard(C, b"question")
    watch.heard(T, b"answer")
    clock.advance(0.25)
    watch.ended(C, "")
    watch.ended(T, "")
    watch.closed()
    capture.close()
    packets = read_capture(path)
    assert check_stream(packets) == (b"question", b"answer")
    assert [packet.at for packet in packets] == [
        *[1_700_000_000.0] * 3,
        *[1_700_000_000.25] * 4,
        *[1_700_000_000.5] * 4,
    ]
    assert sum("FIN" in packet.flags for packet in packets) == 2


def test_it_is_whole_at_any_time(path: Path) -> None:
    capture = Capture(str(path), never)
    assert read_capture(path) == []
    watch = capture.watch(1, CLIENT, OURS)
    assert len(read_capture(path)) == 3
    watch.heard(C, b"x")
    assert len(read_capture(path)) == 5
    capture.close()


def test_connections_are_streams_of_their_own(path: Path) -> None:
    capture = Capture(str(path), never)
    places = [UNIXAddress(None), UNIXAddress("/run/x")]
    one, two = (capture.watch(number, *places) for number in (1, 2))
    one.heard(C, b"one")
    two.heard(C, b"two")
    one.heard(T, b"to one")
    capture.close()
    packets = read_capture(path)
    for port, sent in ((49152, (b"one", b"to one")), (49153, (b"two", b""))):
        ours = [packet for packet in packets if port in (packet.source[1], packet.target[1])]
        assert check_stream(ours) == sent


@pytest.mark.parametrize(
    ("client", "ours", "comment"),
    [
        (CLIENT, OURS, "connection 7: 127.0.0.1:50000 to 127.0.0.1:5555"),
        (UNIXAddress(None), UNIXAddress("/run/x"), "connection 7: /run/x"),
    ],
)
def test_the_first_packet_tells_whose_it_is(
    path: Path,
    client: IPv4Address | UNIXAddress,
    ours: IPv4Address | UNIXAddress,
    comment: str,
) -> None:
    capture = Capture(str(path), never)
    capture.watch(7, client, ours)
    capture.close()
    assert comment.encode() in path.read_bytes()
    assert path.read_bytes().count(b"connection 7") == 1


def test_what_breaks_off_is_a_reset(path: Path) -> None:
    capture = Capture(str(path), never)
    capture.watch(1, CLIENT, OURS).ended(C, "Connection lost.")
    capture.watch(2, CLIENT, OURS).unreachable("Connection refused.")
    capture.close()
    packets = read_capture(path)
    assert [packet.flags for packet in packets if "RST" in packet.flags] == [{"RST", "ACK"}] * 2
    assert (packets[3].source[1], packets[7].source[1]) == (50000, 5555)
    assert b"the target: Connection refused." in path.read_bytes()


def test_only_its_owner_may_read_it(path: Path) -> None:
    Capture(str(path), never).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_that_exists_is_written_anew(path: Path) -> None:
    path.write_bytes(bytes(10_000))
    path.chmod(0o644)
    capture = Capture(str(path), never)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    capture.watch(1, CLIENT, OURS)
    capture.close()
    assert len(read_capture(path)) == 3


def test_a_pipe_will_do(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    read_end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    capture = Capture(str(pipe), never)
    capture.watch(1, CLIENT, OURS)
    capture.close()
    copy = tmp_path / "copy"
    copy.write_bytes(os.read(read_end, 65536))
    os.close(read_end)
    assert len(read_capture(copy)) == 3
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o644


def test_one_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Capture(str(tmp_path / "missing" / "file"), never)


def test_a_full_disk_is_told_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problems: list[OSError] = []
    capture = Capture(str(path), problems.append)
    watch = capture.watch(1, CLIENT, OURS)

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pcapng.Writer, "writepkt", fail)
    watch.heard(C, b"x")
    watch.heard(C, b"y")
    watch.ended(C, "")
    assert [error.errno for error in problems] == [errno.ENOSPC]
    capture.close()
    assert len(read_capture(path)) == 3


def test_nothing_is_written_behind_the_end(path: Path) -> None:
    capture = Capture(str(path), never)
    watch = capture.watch(1, CLIENT, OURS)
    capture.close()
    capture.close()
    watch.heard(C, b"x")
    assert len(read_capture(path)) == 3
