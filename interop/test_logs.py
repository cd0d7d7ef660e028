"""Log entries between pyzmtp and pyzmq's ``zmq.log``, and from threads of their own."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import zmq
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from zmq.log.handlers import PUBHandler

from interop.conversations import check
from interop.peer import ROOT, LibzmqPeer
from interop.reactor import PATIENCE, reactor, within
from pyzmtp import LogEntry, PublishingHandler, PublishingObserver, PubSocket, SubSocket

#: Records, each of which both handlers are to publish alike: message, arguments, level.
RECORDS: list[tuple[object, tuple[object, ...], int]] = [
    ("plain %s", ("text",), logging.INFO),
    ("topic.sub::with %d", (2,), logging.INFO),
    ("a::b::c", (), logging.DEBUG),
    ("careful", (), logging.WARNING),
    ("worst", (), logging.CRITICAL),
    ("täxt", (), logging.INFO),
    (ValueError("an object"), (), logging.INFO),
]


class Frames:
    """In place of a socket: keeps what it is to send."""

    def __init__(self) -> None:
        self.sent: list[list[bytes]] = []

    def send_multipart(self, frames: list[bytes]) -> None:
        self.sent.append(frames)


def records() -> list[logging.LogRecord]:
    """Make the records."""
    return [
        logging.LogRecord("name", level, "/a/source.py", 7, message, args, None)
        for message, args, level in RECORDS
    ]


async def test_the_frames_are_those_of_pyzmq() -> None:
    context = zmq.Context()
    theirs = PUBHandler(context.socket(zmq.PUB), root_topic="root")
    context.destroy()
    frames: Any = Frames()
    theirs.socket = frames
    async with PubSocket(reactor) as pub, SubSocket(reactor) as sub:
        sub.subscribe(b"root.")
        sub.connect(await pub.bind("tcp://127.0.0.1:*"))
        await within(pub.wait_subscribed(b"root."), "the subscription")
        ours = PublishingHandler(reactor, pub, root_topic="root")
        for record in records():
            theirs.handle(record)
            ours.handle(record)
            assert await within(sub.receive(), "an entry") == frames.sent.pop()
        assert ours.dropped == 0


async def test_a_libzmq_subscriber_chooses_by_topic(libzmq: LibzmqPeer) -> None:
    theirs = await libzmq.open("SUB")
    async with PubSocket(reactor) as pub:
        address = await pub.bind("tcp://127.0.0.1:*")
        await theirs.connect(address)
        await theirs.subscribe(b"app.WARNING")
        await within(pub.wait_subscribed(b"app.WARNING"), "the subscription")
        logger = Logger(namespace="disk", observer=PublishingObserver(reactor, pub, "app"))
        received = theirs.receive(1)
        logger.info("not this")
        logger.warn("but {this}", this="that")
        check(await received, [[b"app.WARNING.disk", b"but that\n"]], "what was chosen")


async def test_pyzmqs_viewer_shows_them() -> None:
    async with PubSocket(reactor) as pub:
        address = await pub.bind("tcp://127.0.0.1:*")
        viewer = subprocess.Popen(
            [sys.executable, "-u", "-m", "zmq.log", "--topic", "app", address],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            await within(pub.wait_subscribed(b"app"), "the viewer")
            handler = PublishingHandler(reactor, pub, root_topic="app")
            for record in records():
                handler.handle(record)
            assert viewer.stdout is not None
            lines = [await deferToThread(viewer.stdout.readline) for _ in RECORDS]
        finally:
            viewer.kill()
            viewer.communicate()
    assert lines[:3] == [
        "app.INFO | plain text\n",
        "app.INFO.topic.sub | with 2\n",
        "app.DEBUG.a | DEBUG source.py:7 - b::c\n",
    ]


PYZMQ_PROGRAM = """
import logging, sys, time, zmq
from zmq.log.handlers import PUBHandler
handler = PUBHandler(sys.argv[1], root_topic="theirs")
logger = logging.getLogger()
logger.addHandler(handler)
while True:
    logger.error("disk.full::no space")
    time.sleep(0.05)
"""


async def test_what_pyzmq_publishes_is_understood(directory: Path) -> None:
    address = f"ipc://{directory}/log"
    program = subprocess.Popen([sys.executable, "-c", PYZMQ_PROGRAM, address])
    try:
        async with SubSocket(reactor) as sub:
            sub.subscribe(b"theirs")
            sub.connect(address)
            message = await within(sub.receive(), "an entry")
            entry = LogEntry.from_message(message)
    finally:
        program.kill()
        program.wait()
    assert (entry.root, entry.level, entry.subtopic) == ("theirs", "ERROR", "disk.full")
    assert entry.text.startswith("ERROR <string>:8 - no space")


def test_the_command_shows_what_pyzmq_publishes_until_it_is_interrupted(directory: Path) -> None:
    address = f"ipc://{directory}/log"
    program = subprocess.Popen([sys.executable, "-c", PYZMQ_PROGRAM, address])
    reader = subprocess.Popen(
        [sys.executable, "-m", "pyzmtp", "log", "--topic", "theirs.ERROR", "--no-time", address],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert reader.stdout is not None
        line = reader.stdout.readline()
        assert line.startswith("theirs.ERROR.disk.full ERROR <string>:8 - no space")
        reader.send_signal(signal.SIGINT)
        _, complaints = reader.communicate(timeout=PATIENCE)
        assert reader.returncode == 0
        assert complaints.splitlines()[-1] == f"pyzmtp: {address}: connected"
    finally:
        for process in (program, reader):
            process.kill()
            process.communicate()


def test_the_command_ends_when_nobody_reads_it_any_more(directory: Path) -> None:
    address = f"ipc://{directory}/log"
    program = subprocess.Popen([sys.executable, "-c", PYZMQ_PROGRAM, address])
    try:
        done = subprocess.run(
            f"set -o pipefail; {sys.executable} -m pyzmtp log {address} | head -n 2",
            shell=True,
            executable="/bin/bash",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        program.kill()
        program.communicate()
    assert done.stdout.count("no space") == 2
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_the_command_tells_that_it_cannot_write(directory: Path) -> None:
    address = f"ipc://{directory}/log"
    program = subprocess.Popen([sys.executable, "-c", PYZMQ_PROGRAM, address])
    try:
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "pyzmtp", "log", address],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
    finally:
        program.kill()
        program.communicate()
    assert done.returncode == 1
    assert "pyzmtp: standard output: No space left on device" in done.stderr.splitlines()
    assert "Traceback" not in done.stderr


async def test_other_threads_may_log() -> None:
    async with PubSocket(reactor, send_hwm=0) as pub, SubSocket(reactor, receive_hwm=0) as sub:
        sub.subscribe(b"")
        sub.connect(await pub.bind("inproc://log"))
        await within(pub.wait_subscribed(b""), "the subscription")
        handler = PublishingHandler(reactor, pub)
        observer = PublishingObserver(reactor, pub)
        logger, twisted_logger = logging.Logger("test"), Logger("n", observer=observer)
        logger.addHandler(handler)

        def work(name: str) -> None:
            for number in range(100):
                logger.info("%s %d", name, number)
                twisted_logger.info("{name} {number}", name=name, number=number)

        names = ("one", "two", "three")
        for thread in [deferToThread(work, name) for name in names]:
            await thread
        dropped = handler.dropped + observer.dropped
        texts = [
            (await within(sub.receive(), "an entry"))[1].decode() for _ in range(600 - dropped)
        ]
    assert dropped == 0
    for name in names:  # in the order of each
        assert [text for text in texts if text.startswith(name)].count(f"{name} 5\n") == 2
        numbers = [int(text.split()[1]) for text in texts if text.startswith(name)]
        assert sorted(numbers) == sorted([*range(100), *range(100)])


def test_a_program_logs_to_the_end(tmp_path: Path) -> None:
    """As a service does: what is logged while the reactor stops is still sent, within linger."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import logging
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from pyzmtp import PublishingHandler, PubSocket, SubSocket

async def main():
    pub, sub = PubSocket(reactor), SubSocket(reactor)
    sub.subscribe(b"")
    sub.connect(await pub.bind("tcp://127.0.0.1:*"))
    await pub.wait_subscribed()
    logging.getLogger().addHandler(PublishingHandler(reactor, pub))
    logging.warning("last words")
    await pub.close()
    logging.warning("too late")
    print(await sub.receive())
    await sub.close()

ensureDeferred(main()).addBoth(lambda result: (print(result), reactor.stop()))
reactor.run()
"""
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout == "[b'WARNING', b'WARNING program.py:13 - last words\\n']\nNone\n"
    assert done.stderr == ""
