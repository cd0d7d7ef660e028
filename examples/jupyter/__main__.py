"""The program: see the package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.internet.threads import deferToThread

from examples.jupyter import Kernel
from pyzmtp import decode_json


async def run(kernel: Kernel, code: str) -> bool:
    """Run code, and show what comes of it. Returns whether it went well."""
    went_well = False
    async for message in kernel.execute(code):
        content = message.content
        if message.kind == "stream":
            print(content["text"], end="", flush=True)
        elif message.kind in ("execute_result", "display_data"):
            print(content["data"]["text/plain"], flush=True)
        elif message.kind == "error":
            print(*content["traceback"], sep="\n", file=sys.stderr)
        elif message.kind == "input_request":
            read: Callable[[str], str] = getpass if content["password"] else input
            await kernel.answer(message, await deferToThread(read, content["prompt"]))
        elif message.kind == "execute_reply":
            went_well = content["status"] == "ok"
    return went_well


async def main(reactor: Any, connection_file: str, *codes: str) -> None:
    connection = decode_json(Path(connection_file).read_bytes())
    ended: Deferred[None] = Deferred()
    try:
        async with Kernel(reactor, connection) as kernel:

            def interrupt() -> Deferred[None] | None:
                if not kernel.busy:
                    return None
                Deferred.fromCoroutine(kernel.interrupt())
                return ended

            # Ctrl-C stops the reactor, which does this first, and waits for what comes of it.
            reactor.addSystemEventTrigger("before", "shutdown", interrupt)
            for code in codes:
                if not await run(kernel, code):
                    raise SystemExit(1)
    finally:
        ended.callback(None)


if __name__ == "__main__":
    react(main, sys.argv[1:])
