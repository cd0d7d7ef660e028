"""A libzmq process that may be stopped and killed at any moment.

Run as ``python -m bench.soak.mortal``. The one line on standard input is a JSON object with an ``id`` and
the addresses to connect to, by the type of the socket that does: a SUB and a PULL take what comes, a REP
sends it back. It answers when all are there, and ends with its standard input.
"""

from __future__ import annotations

import json
import sys

import zmq


def main() -> None:
    """Do as the module says."""
    command = json.loads(sys.stdin.readline())
    context = zmq.Context()
    poller = zmq.Poller()
    poller.register(sys.stdin, zmq.POLLIN)
    for kind, address in command["addresses"].items():
        made: zmq.Socket[bytes] = context.socket(getattr(zmq, kind))
        made.linger = 0
        if kind == "SUB":
            made.subscribe(b"")
        made.connect(address)
        poller.register(made, zmq.POLLIN)
    print(json.dumps({"id": command["id"], "result": None}), flush=True)
    while True:
        for ready, _ in poller.poll():
            if not isinstance(ready, zmq.Socket):
                context.destroy()
                return
            message = ready.recv_multipart()
            if ready.type == zmq.REP:
                ready.send_multipart(message)


if __name__ == "__main__":
    main()
