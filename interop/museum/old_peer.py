"""The old libzmq's side: a process that owns its sockets and does as it is told.

The protocol is that of `interop.libzmq_peer`, as far as the museum needs it. Started as a file, by
Python 2.7 or any later one, with any pyzmq from 2.1.11 on: this file keeps to what all of them have.
"""

import binascii
import hashlib
import json
import os
import random
import select
import sys
import time

import zmq

TYPE_CHECKING = False  # Python 2.7 has no typing, and not every pyzmq has zmq.auth
if TYPE_CHECKING:
    from zmq.auth.thread import ThreadAuthenticator  # noqa: F401

STDIN, STDOUT, STDERR = range(3)

#: Longest wait for room before looking again whether the time is up, milliseconds.
STEP = 5


class CommandFailed(Exception):
    """The command could not be done; the text is for the person who reads it in the report."""


def frame_bytes(recipe):
    # type: (object) -> bytes
    """Give the bytes which `interop.payloads` means by a recipe."""
    if not isinstance(recipe, list):
        return binascii.unhexlify(str(recipe))
    size, seed = recipe
    if size == 0:
        return b""
    first = seed if seed < 2 else 2 + seed % 254
    number = random.Random(seed).getrandbits(8 * size)
    rest = binascii.unhexlify("%0*x" % (2 * size, number))[::-1]
    return (bytes(bytearray([first])) + rest)[:size]


def message_bytes(recipes):
    # type: (list[object]) -> list[bytes]
    """Give the bytes of each frame."""
    return [frame_bytes(recipe) for recipe in recipes]


def describe(frames):
    # type: (list[bytes]) -> list[str]
    """Put each frame in the words of `interop.payloads`."""
    words = []
    for body in frames:
        if len(body) <= 32:
            text = "%d bytes %s" % (len(body), binascii.hexlify(body).decode("ascii"))
            words.append(text.rstrip())
        else:
            words.append("%d bytes #%s" % (len(body), hashlib.sha256(body).hexdigest()[:16]))
    return words


class Peer(object):
    """The sockets of this process, by name, and one method for each command."""

    def __init__(self):
        # type: () -> None
        self.context = zmq.Context()
        self.sockets = {}  # type: dict[str, zmq.Socket[bytes]]
        self.authenticator = None  # type: ThreadAuthenticator | None

    # -- sockets ----------------------------------------------------------------------------

    def do_version(self):
        # type: () -> str
        """Give the version of the libzmq in use."""
        return str(zmq.zmq_version())

    def do_mechanisms(self):
        # type: () -> list[str]
        """Give the security mechanisms, beside NULL, which this build has."""
        return [name for name in ("PLAIN", "CURVE") if self._takes(name + "_SERVER")]

    def _takes(self, option):
        # type: (str) -> bool
        """Tell whether a socket can be set to be the server of a mechanism: only then it is there."""
        probe = self.context.socket(zmq.PAIR)
        try:
            probe.setsockopt(getattr(zmq, option), 1)
            return True
        except (AttributeError, zmq.ZMQError):
            return False
        finally:
            probe.close()

    def do_open(self, socket, kind, options):
        # type: (str, str, dict[str, int | str]) -> None
        """Make a socket. Text options are given in hexadecimal."""
        made = self.context.socket(getattr(zmq, kind))
        made.setsockopt(zmq.LINGER, 0)
        for name, value in options.items():
            if not isinstance(value, int):
                made.setsockopt(getattr(zmq, name), binascii.unhexlify(str(value)))
            else:
                made.setsockopt(getattr(zmq, name), value)
        self.sockets[socket] = made

    def do_bind(self, socket, address, timeout):
        # type: (str, str, float) -> str
        """Bind, trying again while another process still holds the address."""
        deadline = time.time() + timeout
        while True:
            try:
                self.sockets[socket].bind(address)
                return address
            except zmq.ZMQError as error:
                if error.errno != zmq.EADDRINUSE or time.time() > deadline:
                    raise
            time.sleep(0.001 * STEP)

    def do_connect(self, socket, address):
        # type: (str, str) -> None
        """Connect; libzmq does so in the background."""
        self.sockets[socket].connect(address)

    def do_subscribe(self, socket, topic):
        # type: (str, str) -> None
        """Subscribe a SUB socket to a topic given in hexadecimal."""
        self.sockets[socket].setsockopt(zmq.SUBSCRIBE, binascii.unhexlify(str(topic)))

    def do_close_all(self):
        # type: () -> None
        """Close every socket, dropping what is unsent; the ZAP handler stays."""
        while self.sockets:
            self.sockets.popitem()[1].close()

    def do_authenticate(self, passwords, keys, allow, deny):
        # type: (dict[str, str], str | None, list[str], list[str]) -> None
        """Answer ZAP requests, as this pyzmq does it; addresses, `allow` and `deny`, do not matter.

        Without `keys`, a directory of certificates, any client that knows the server's key may come in.
        """
        from zmq.auth.thread import ThreadAuthenticator

        if self.authenticator is None:
            self.authenticator = ThreadAuthenticator(self.context)
            self.authenticator.start()
        self.authenticator.configure_plain(domain="*", passwords=passwords)
        self.authenticator.configure_curve(domain="*", location=keys or "*")

    # -- messages ---------------------------------------------------------------------------

    def do_send(self, socket, messages, timeout):
        # type: (str, list[list[object]], float) -> int
        """Send all `messages`, waiting for room."""
        deadline = time.time() + timeout
        for done, message in enumerate(messages):
            progress = "sent %d of %d" % (done, len(messages))
            self._send(socket, message_bytes(message), deadline, progress)
        return len(messages)

    def do_receive(self, socket, count, timeout):
        # type: (str, int, float) -> list[list[str]]
        """Receive `count` messages and describe them."""
        deadline = time.time() + timeout
        return [
            describe(self._receive(socket, deadline, "received %d of %d" % (done, count)))
            for done in range(count)
        ]

    def do_receive_some(self, socket, timeout):
        # type: (str, float) -> list[list[str]]
        """Wait for a message, `timeout` seconds at most, and receive all that are there."""
        self.sockets[socket].poll(int(1000 * timeout))
        seen = []
        while self.sockets[socket].poll(0):
            seen.append(describe(self.sockets[socket].recv_multipart()))
        return seen

    def do_echo(self, socket, count, timeout):
        # type: (str, int, float) -> int
        """Send back `count` messages as they come, each before the next is read."""
        deadline = time.time() + timeout
        for done in range(count):
            progress = "echoed %d of %d" % (done, count)
            self._send(socket, self._receive(socket, deadline, progress), deadline, progress)
        return count

    def do_request(self, socket, messages, timeout):
        # type: (str, list[list[object]], float) -> list[list[str]]
        """Send each message and receive one reply before the next; describe the replies."""
        deadline = time.time() + timeout
        replies = []
        for done, message in enumerate(messages):
            progress = "had %d of %d replies" % (done, len(messages))
            self._send(socket, message_bytes(message), deadline, progress)
            replies.append(describe(self._receive(socket, deadline, progress)))
        return replies

    # -- waiting ----------------------------------------------------------------------------

    def _send(self, socket, frames, deadline, progress):
        # type: (str, list[bytes], float, str) -> None
        while time.time() < deadline:
            try:
                self.sockets[socket].send_multipart(frames, zmq.NOBLOCK)
                return
            except zmq.ZMQError as error:
                if error.errno != zmq.EAGAIN:
                    raise
            self.sockets[socket].poll(STEP, zmq.POLLOUT)
        raise CommandFailed(progress + ", then there was no room")

    def _receive(self, socket, deadline, progress):
        # type: (str, float, str) -> list[bytes]
        if not self.sockets[socket].poll(max(0, int(1000 * (deadline - time.time())))):
            raise CommandFailed(progress + ", then nothing came")
        return self.sockets[socket].recv_multipart(zmq.NOBLOCK)

    # -- commands ---------------------------------------------------------------------------

    def answer(self, line):
        # type: (bytes) -> dict[str, object]
        """Do the command on `line` and give the answer to it."""
        command = json.loads(line.decode("ascii"))
        number, name = command.pop("id"), command.pop("do")
        try:
            return {"id": number, "result": getattr(self, "do_" + name)(**command)}
        except (CommandFailed, zmq.ZMQError) as error:
            return {"id": number, "error": "libzmq side, %s: %s" % (name, error)}

    def run(self):
        # type: () -> None
        """Do commands until standard input ends."""
        pending = b""
        while True:
            chunk = self._wait_for_input()
            if not chunk:
                return
            lines = (pending + chunk).split(b"\n")
            pending = lines.pop()
            for line in lines:
                sys.stdout.write(json.dumps(self.answer(line)) + "\n")
                sys.stdout.flush()

    def _wait_for_input(self):
        # type: () -> bytes
        """Read from standard input, and keep the sockets at work until there is something."""
        poll = select.poll()
        poll.register(STDIN, select.POLLIN)
        for socket in self.sockets.values():
            poll.register(int(socket.getsockopt(zmq.FD)), select.POLLIN)
        while True:
            for socket in self.sockets.values():
                # The descriptor is edge-triggered: asking for the events both does what is
                # pending and arms it again.
                socket.getsockopt(zmq.EVENTS)
            if any(descriptor == STDIN for descriptor, _ in poll.poll()):
                return os.read(STDIN, 65536)


def answer_alone():
    # type: () -> None
    """Have libzmq print to standard error what it would print among the answers: 4.1 does."""
    sys.stdout = os.fdopen(os.dup(STDOUT), "w")
    os.dup2(STDERR, STDOUT)


if __name__ == "__main__":
    # The end of the process closes what is open; a 2.x library that has lost its peer may take
    # long to do so itself.
    answer_alone()
    Peer().run()
    os._exit(0)
