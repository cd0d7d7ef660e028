"""The libzmq side of the tests: a process that owns libzmq sockets and does as it is told.

Run as `python -m interop.libzmq_peer`. Each line on standard input is a command, a JSON object
with an `id`, the name of what to `do`, and arguments; each gets one line on standard output with
the same `id` and a `result` or an `error`. Commands are done one after another, and every one
that waits is given a time limit. The process ends when its standard input does, so that it cannot
outlive the tests.

Between commands it behaves as any event-driven libzmq program: it watches the descriptor of each
socket and lets the socket do its work. Without that, a bound SUB would keep its subscriptions to
itself until the next command.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from collections.abc import Iterator
from typing import Any

import zmq
from zmq.auth import CURVE_ALLOW_ANY
from zmq.auth.thread import ThreadAuthenticator

from interop.flooder import Flooder
from interop.payloads import describe, from_json, message_bytes, number_frame

STDIN = 0

#: Longest wait for a socket before looking again whether the time is up or a route has appeared.
STEP = 0.005

#: All events but the last: libzmq would wait for ever for somebody to read it.
EVENTS = zmq.EVENT_ALL & ~zmq.EVENT_MONITOR_STOPPED

#: Where the ZAP handler of a context is (RFC 27).
ZAP = "inproc://zeromq.zap.01"

Recipes = list[list[list[int] | str]]


class CommandFailed(Exception):
    """The command could not be done; the text is for the person who reads the failed test."""


def milliseconds(seconds: float) -> int:
    """Turn `seconds` into what `zmq_poll` takes, never less than zero."""
    return max(0, int(seconds * 1000))


class Peer:
    """The sockets of this process, by name, and one method for each command."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self.sockets: dict[str, zmq.Socket[bytes]] = {}
        self.authenticator: ThreadAuthenticator | None = None

    # -- sockets ----------------------------------------------------------------------------

    def do_open(self, socket: str, kind: str, options: dict[str, int | str]) -> None:
        """Make a socket. Text options are given in hexadecimal."""
        made: zmq.Socket[bytes] = self.context.socket(getattr(zmq, kind))
        made.setsockopt(zmq.LINGER, 0)
        for name, value in options.items():
            made.setsockopt(
                getattr(zmq, name), bytes.fromhex(value) if isinstance(value, str) else value
            )
        self.sockets[socket] = made

    def do_bind(self, socket: str, address: str, timeout: float) -> str:
        """Bind, trying again while another process still holds the address."""
        for _ in self._attempts(timeout, f"{address} is in use"):
            try:
                self.sockets[socket].bind(address)
                break
            except zmq.ZMQError as error:
                if error.errno != zmq.EADDRINUSE:
                    raise
        return self.sockets[socket].getsockopt_string(zmq.LAST_ENDPOINT)

    def do_connect(self, socket: str, address: str) -> None:
        """Connect; libzmq does so in the background."""
        self.sockets[socket].connect(address)

    def do_disconnect(self, socket: str, address: str) -> None:
        """Undo `connect`."""
        self.sockets[socket].disconnect(address)

    def do_subscribe(self, socket: str, topic: str) -> None:
        """Subscribe a SUB socket to a topic given in hexadecimal."""
        self.sockets[socket].setsockopt(zmq.SUBSCRIBE, bytes.fromhex(topic))

    def do_unsubscribe(self, socket: str, topic: str) -> None:
        """Undo `subscribe`."""
        self.sockets[socket].setsockopt(zmq.UNSUBSCRIBE, bytes.fromhex(topic))

    def do_close(self, socket: str, linger: int) -> None:
        """Close a socket; `linger` is in milliseconds, as for libzmq."""
        closing = self.sockets.pop(socket)
        closing.disable_monitor()
        closing.close(linger=linger)

    def do_close_all(self) -> None:
        """Close every socket, dropping what is unsent, and stop the ZAP handler."""
        for name in list(self.sockets):
            self.do_close(name, linger=0)
        if self.authenticator is not None:
            self.authenticator.stop()
            self.authenticator = None
            self._await_no_handler()

    def do_authenticate(
        self, passwords: dict[str, str], keys: str | None, allow: list[str], deny: list[str]
    ) -> None:
        """Begin to answer ZAP requests, as pyzmq does it; or go on with other rules.

        Without `keys`, a directory of certificates, any client that knows the server's key may come in.
        """
        authenticator = self.authenticator or self._start_authenticator()
        if allow:
            authenticator.allow(*allow)
        if deny:
            authenticator.deny(*deny)
        authenticator.configure_plain(domain="*", passwords=passwords)
        authenticator.configure_curve(domain="*", location=keys or CURVE_ALLOW_ANY)

    def _start_authenticator(self) -> ThreadAuthenticator:
        """Start to answer, when libzmq has cleared away who did so before."""
        for _ in self._attempts(5.0, "the last ZAP handler is still there"):
            try:
                authenticator = ThreadAuthenticator(self.context)
                authenticator.start()
                self.authenticator = authenticator
                break
            except zmq.ZMQError as error:
                if error.errno != zmq.EADDRINUSE:
                    raise
        return authenticator

    def _await_no_handler(self) -> None:
        """Wait until libzmq has cleared away a closed ZAP handler, which would still get requests."""
        with self.context.socket(zmq.REP) as successor:
            for _ in self._attempts(5.0, "the last ZAP handler is still there"):
                try:
                    successor.bind(ZAP)
                    break
                except zmq.ZMQError as error:
                    if error.errno != zmq.EADDRINUSE:
                        raise
            successor.unbind(ZAP)  # at once, which a close is not

    def do_watch(self, socket: str) -> None:
        """Have libzmq tell when the socket loses a connection."""
        self.sockets[socket].get_monitor_socket(zmq.EVENT_DISCONNECTED)

    def do_wait_lost(self, socket: str, timeout: float) -> None:
        """Wait until the socket has lost a connection since `watch`, one for each call."""
        monitor = self.sockets[socket].get_monitor_socket(zmq.EVENT_DISCONNECTED)
        if not monitor.poll(milliseconds(timeout)):
            raise CommandFailed(f"no connection was lost in {timeout:g} s")
        monitor.recv_multipart()

    def do_monitor(self, socket: str) -> None:
        """Have libzmq tell all that happens to the socket."""
        self.sockets[socket].get_monitor_socket(EVENTS)

    def do_events(self, socket: str, last: int, timeout: float) -> list[list[int]]:
        """Give the number and value of each event since `monitor`, up to the first that is `last`."""
        monitor = self.sockets[socket].get_monitor_socket(EVENTS)
        deadline = time.monotonic() + timeout
        seen: list[list[int]] = []
        while True:
            if not monitor.poll(milliseconds(deadline - time.monotonic())):
                raise CommandFailed(f"no event {last:#x} in {timeout:g} s, but {seen}")
            event, _ = monitor.recv_multipart()
            number, value = struct.unpack("=HI", event)
            seen.append([number, value])
            if number == last:
                return seen

    # -- messages ---------------------------------------------------------------------------

    def do_send(self, socket: str, messages: Recipes, timeout: float) -> int:
        """Send all `messages`, waiting for room and for routes."""
        deadline = time.monotonic() + timeout
        for done, message in enumerate(from_json(messages)):
            self._send(socket, message_bytes(message), deadline, f"sent {done} of {len(messages)}")
        return len(messages)

    def do_flood(self, socket: str, message: Recipes, limit: int, settle: float) -> int:
        """Send a message, numbered, until there has been no room for `settle` seconds."""
        frames = message_bytes(from_json(message)[0])
        for sent in range(limit):
            if not self.sockets[socket].poll(milliseconds(settle), zmq.POLLOUT):
                return sent
            self.sockets[socket].send_multipart([number_frame(sent), *frames], zmq.DONTWAIT)
        return limit

    def do_receive(self, socket: str, count: int, timeout: float) -> list[list[str]]:
        """Receive `count` messages and describe them."""
        deadline = time.monotonic() + timeout
        return [
            describe(self._receive(socket, deadline, f"received {done} of {count}"))
            for done in range(count)
        ]

    def do_receive_properties(self, socket: str, names: list[str], timeout: float) -> list[str]:
        """Receive a message, and give these properties of its first frame, "" for those it has not."""
        if not self.sockets[socket].poll(milliseconds(timeout)):
            raise CommandFailed("no message came")
        frame, *_ = self.sockets[socket].recv_multipart(zmq.DONTWAIT, copy=False)
        known: list[str] = []
        for name in names:
            try:
                known.append(str(frame.get(name)))
            except zmq.ZMQError:
                known.append("")
        return known

    def do_receive_until(self, socket: str, last: str, timeout: float) -> list[list[str]]:
        """Receive up to a message whose first frame is `last` (in hexadecimal), and describe."""
        deadline = time.monotonic() + timeout
        seen: list[list[str]] = []
        while True:
            frames = self._receive(socket, deadline, f"received {len(seen)}, none of them the last")
            seen.append(describe(frames))
            if frames[0] == bytes.fromhex(last):
                return seen

    def do_receive_some(self, socket: str, timeout: float) -> list[list[str]]:
        """Wait for a message, `timeout` seconds at most, and receive all that are there."""
        self.sockets[socket].poll(milliseconds(timeout))
        seen: list[list[str]] = []
        while self.sockets[socket].poll(0):
            seen.append(describe(self.sockets[socket].recv_multipart(zmq.DONTWAIT)))
        return seen

    def do_receive_bytes(self, socket: str, size: int, timeout: float) -> list[str]:
        """Receive `size` bytes through a STREAM; describe who sent them, and all in one."""
        deadline = time.monotonic() + timeout
        seen = b""
        routing_id = b""
        while len(seen) < size:
            progress = f"received {len(seen)} of {size} bytes"
            routing_id, chunk = self._receive(socket, deadline, progress)
            seen += chunk
        return describe([routing_id, seen])

    def do_echo(self, socket: str, count: int, timeout: float) -> int:
        """Send back `count` messages as they come, each before the next is read."""
        deadline = time.monotonic() + timeout
        for done in range(count):
            frames = self._receive(socket, deadline, f"echoed {done} of {count}")
            self._send(socket, frames, deadline, f"echoed {done} of {count}")
        return count

    def do_echo_until(self, socket: str, last: str, timeout: float) -> None:
        """Send back what comes, up to the message that ends with the frame `last`."""
        deadline = time.monotonic() + timeout
        frames = [b""]
        while frames[-1] != bytes.fromhex(last):
            frames = self._receive(socket, deadline, "echoed")
            self._send(socket, frames, deadline, "echoed")

    def do_request(self, socket: str, messages: Recipes, timeout: float) -> list[list[str]]:
        """Send each message and receive one reply before the next; describe the replies."""
        deadline = time.monotonic() + timeout
        replies = []
        for done, message in enumerate(from_json(messages)):
            progress = f"had {done} of {len(messages)} replies"
            self._send(socket, message_bytes(message), deadline, progress)
            replies.append(describe(self._receive(socket, deadline, progress)))
        return replies

    # -- without libzmq ---------------------------------------------------------------------

    def do_ping(self, address: str, seconds: float, reads: bool, context: str) -> list[int]:
        """Flood whoever is at `address` with PINGs; give how many left, and the PONGs that came."""
        flooder = Flooder(address)
        return list(flooder.flood(seconds, reads, bytes.fromhex(context)))

    # -- waiting ----------------------------------------------------------------------------

    def _attempts(self, timeout: float, progress: str) -> Iterator[None]:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            yield
            time.sleep(STEP)
        raise CommandFailed(f"{progress} after {timeout:g} s")

    def _send(self, socket: str, frames: list[bytes], deadline: float, progress: str) -> None:
        """Send one message. A route that is not there yet may appear: wait for it as for room."""
        while time.monotonic() < deadline:
            try:
                self.sockets[socket].send_multipart(frames, zmq.DONTWAIT)
                return
            except zmq.Again:
                self.sockets[socket].poll(milliseconds(STEP), zmq.POLLOUT)
            except zmq.ZMQError as error:
                if error.errno != zmq.EHOSTUNREACH:
                    raise
                time.sleep(STEP)
        raise CommandFailed(f"{progress}, then there was no room or no route")

    def _receive(self, socket: str, deadline: float, progress: str) -> list[bytes]:
        if not self.sockets[socket].poll(milliseconds(deadline - time.monotonic())):
            raise CommandFailed(f"{progress}, then nothing came")
        return self.sockets[socket].recv_multipart(zmq.DONTWAIT)

    # -- commands ---------------------------------------------------------------------------

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do the command on `line` and give the answer to it."""
        command = json.loads(line)
        number, name = command.pop("id"), command.pop("do")
        try:
            return {"id": number, "result": getattr(self, f"do_{name}")(**command)}
        except (CommandFailed, zmq.ZMQError) as error:
            return {"id": number, "error": f"libzmq side, {name}: {error}"}

    def run(self) -> None:
        """Do commands until standard input ends."""
        pending = b""
        while chunk := self._wait_for_input():
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                print(json.dumps(self.answer(line)), flush=True)

    def _wait_for_input(self) -> bytes:
        """Read from standard input, and keep the sockets at work until there is something."""
        poll = select.poll()
        poll.register(STDIN, select.POLLIN)
        for socket in self.sockets.values():
            poll.register(socket.fileno(), select.POLLIN)
        while True:
            for socket in self.sockets.values():
                # The descriptor is edge-triggered: asking for the events both does what is
                # pending and arms it again.
                socket.getsockopt(zmq.EVENTS)
            if any(descriptor == STDIN for descriptor, _ in poll.poll()):
                return os.read(STDIN, 65536)


def main() -> None:
    """Run until told to stop, and then leave without waiting for unsent messages."""
    peer = Peer()
    try:
        peer.run()
    finally:
        peer.do_close_all()
        peer.context.term()


if __name__ == "__main__":
    main()
