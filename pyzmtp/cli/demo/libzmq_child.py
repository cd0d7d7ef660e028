"""The libzmq process of the demo: plays programs on libzmq's sockets, told so line by line.

It is started as a file, not as a module of the package: then it imports pyzmq and the standard
library and nothing of pyzmtp, so what it says about the wire is libzmq's own opinion. Each line on
standard input is a JSON object with ``do``; each is answered by ``{"value": ...}`` or
``{"error": ...}``, but for ``go``, which ends the beats of a publisher.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from typing import Any

if __name__ == "__main__":
    # Python puts this file's directory first, where a module of the demo could hide another one.
    sys.path.pop(0)

#: Seconds between two beats of a publisher that waits to be heard.
_BEAT = 0.02


class Player:
    """Holds one libzmq socket at a time and does to it what the lines say."""

    def __init__(self, zmq: Any) -> None:
        self.zmq = zmq
        self.context = zmq.Context()
        self.socket: Any = None
        self.timeout = 0.0
        self.lines: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def run(self) -> None:
        """Answer line after line, until standard input ends."""
        threading.Thread(target=self._read, daemon=True).start()
        self._say(
            value={
                "pyzmq": self.zmq.__version__,
                "libzmq": self.zmq.zmq_version(),
                "ipc": bool(self.zmq.has("ipc")),
            }
        )
        while (line := self.lines.get()) is not None:
            do = line.pop("do")
            if do == "go":
                continue  # a beat that was heard twice
            try:
                self._say(value=getattr(self, f"do_{do}")(**line))
            except Exception as error:
                self._say(error=f"libzmq {self._type()}: {error or type(error).__name__}")
        self.do_close()
        self.context.term()

    def do_open(self, type: str, routing_id: str, timeout: float) -> None:
        """Make a socket, none of whose calls takes longer than ``timeout`` seconds."""
        self.socket = self.context.socket(getattr(self.zmq, type))
        self.timeout = timeout
        for option in ("RCVTIMEO", "SNDTIMEO"):
            self.socket.set(getattr(self.zmq, option), int(timeout * 1000))
        if routing_id:
            self.socket.set(self.zmq.ROUTING_ID, routing_id.encode("latin-1"))

    def do_bind(self, address: str) -> str:
        """Bind the socket; return the real address."""
        self.socket.bind(address)
        bound: bytes = self.socket.get(self.zmq.LAST_ENDPOINT)
        return bound.rstrip(b"\0").decode()

    def do_connect(self, address: str) -> None:
        """Connect the socket."""
        self.socket.connect(address)

    def do_close(self) -> None:
        """Close the socket, and forget what it has still to send.

        The other side has had all that it expected, or will never have it. With a linger period the
        end of this process would wait for peers that have gone.
        """
        if self.socket is not None:
            self.socket.close(linger=0)
            self.socket = None

    def do_play(self, program: list[list[Any]]) -> None:
        """Run a program."""
        for word, argument in program:
            if word == "send":
                self.socket.send_multipart(_frames(argument))
            elif word == "expect":
                self._expect(_frames(argument))
            elif word == "subscribe":
                self.socket.set(self.zmq.SUBSCRIBE, argument.encode("latin-1"))
            elif word == "beat":
                self._beat(_frames(argument))
            else:
                raise ValueError(f"no such word: {word}")

    def _expect(self, expected: list[bytes]) -> None:
        received = self.socket.recv_multipart()
        if received != expected:
            raise ValueError(f"expected {expected!r:.80} and received {received!r:.80}")

    def _beat(self, message: list[bytes]) -> None:
        """Publish ``message`` again and again until the other side has said that it heard it."""
        for _ in range(int(self.timeout / _BEAT)):
            self.socket.send_multipart(message)
            try:
                line = self.lines.get(timeout=_BEAT)
            except queue.Empty:
                continue
            if line is None or line["do"] != "go":
                raise ValueError(f"got {line} while waiting for a subscriber")
            return
        raise ValueError("nobody heard the publisher")

    def _read(self) -> None:
        for line in sys.stdin:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def _type(self) -> str:
        return "" if self.socket is None else self.socket.socket_type.name

    def _say(self, **line: Any) -> None:
        print(json.dumps(line), flush=True)


def _frames(plain: list[str]) -> list[bytes]:
    return [frame.encode("latin-1") for frame in plain]


def main() -> None:
    """Run the process; without pyzmq, say so and end."""
    try:
        import zmq
    except ImportError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    Player(zmq).run()


if __name__ == "__main__":
    main()
