"""A web page that shows what is published, as it is published.

    python examples/clock.py publish tcp://127.0.0.1:5556
    python examples/web_page.py 8080 tcp://127.0.0.1:5556

Then look at http://127.0.0.1:8080/, or http://127.0.0.1:8080/?topic=minute. The page takes server-sent
events (``curl http://127.0.0.1:8080/events`` does as well). Each browser has a SUB socket of its own, which
subscribes to its topic and is read as fast as the browser reads. One that is slow makes the publisher drop
messages for it, as for any slow subscriber, and holds up nobody else.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import react
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from zope.interface import implementer

from pyzmtp import SubSocket
from pyzmtp.net.reactor import Reactor

PAGE = b"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Live messages</title>
<h1>Live messages</h1>
<ol id="messages"></ol>
<script>
  const list = document.getElementById("messages");
  new EventSource("events" + location.search).onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = JSON.parse(event.data).join(" | ");
    list.prepend(item);
    if (list.children.length > 100) list.lastChild.remove();
  };
</script>
"""


class Page(Resource):
    """What a browser opens, and below it the events."""

    def __init__(self, events: Events) -> None:
        Resource.__init__(self)
        self.putChild(b"", self)
        self.putChild(b"events", events)

    def render_GET(self, request: Request) -> bytes:
        return PAGE


class Events(Resource):
    """The messages of a topic, without an end."""

    isLeaf = True

    def __init__(self, reactor: Reactor, publisher: str) -> None:
        Resource.__init__(self)
        self._reactor = reactor
        self._publisher = publisher

    def render_GET(self, request: Request) -> int:
        request.setHeader(b"content-type", b"text/event-stream; charset=utf-8")
        request.setHeader(b"cache-control", b"no-store")
        request.write(b": welcome\n\n")
        sub = SubSocket(self._reactor)
        sub.subscribe(request.args.get(b"topic", [b""])[0])
        sub.connect(self._publisher)
        sub.consume(Stream(request).write)
        request.notifyFinish().addErrback(lambda _: sub.close())  # the browser has gone
        return NOT_DONE_YET


@implementer(IPushProducer)
class Stream:
    """Writes messages to a browser, and waits for it when it is slow."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._room: Deferred[None] | None = None  # fires when there is some again
        request.registerProducer(self, True)

    def write(self, messages: list[list[bytes]]) -> Deferred[None] | None:
        for frames in messages:
            texts = [frame.decode(errors="replace") for frame in frames]
            self._request.write(f"data: {json.dumps(texts)}\n\n".encode())
        return self._room  # there are no more messages before it has fired

    def pauseProducing(self) -> None:
        self._room = Deferred()

    def resumeProducing(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.callback(None)

    def stopProducing(self) -> None:
        """The socket is closed by who made it."""


async def main(reactor: Any, port: str, publisher: str) -> None:
    page = Page(Events(reactor, publisher))
    endpoint = TCP4ServerEndpoint(reactor, int(port), interface="127.0.0.1")
    listening = await endpoint.listen(Site(page, reactor=reactor))
    print(f"the page is at http://127.0.0.1:{listening.getHost().port}/", flush=True)
    await Deferred()  # for ever


if __name__ == "__main__":
    react(main, sys.argv[1:])
