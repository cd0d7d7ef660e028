"""The pictures of the book: ``python -m tools.book.pictures`` draws them into docs/pictures/."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.book.drawing import Arrow, Box, Frame, Picture, draw
from tools.book.states import STATES

__all__ = ["FOLDER", "PICTURES", "draw_all"]

FOLDER: Final = Path(__file__).parent.parent.parent / "docs" / "pictures"

PICTURES: Final = {
    "request-reply": Picture(
        "Two REQ sockets ask one REP socket, which answers them one after the other.",
        {
            "anne": Box(0, 0, "REQ", "client"),
            "bob": Box(0, 1.5, "REQ", "client"),
            "rep": Box(1.4, 0.75, "REP", "service"),
        },
        [
            Arrow("anne", "rep", "request"),
            Arrow("rep", "anne", "reply"),
            Arrow("bob", "rep", "request"),
            Arrow("rep", "bob", "reply"),
        ],
    ),
    "requester": Picture(
        "A Requester has several requests under way, to two REP sockets in turn; each reply bears the "
        "number of its request.",
        {
            "client": Box(0, 0.75, "Requester", "many at a time"),
            "one": Box(1.5, 0, "REP", "service"),
            "two": Box(1.5, 1.5, "REP", "service"),
        },
        [
            Arrow("client", "one", "requests 1, 3"),
            Arrow("one", "client", "reply 1"),
            Arrow("client", "two", "requests 2, 4"),
            Arrow("two", "client", "reply 2"),
        ],
    ),
    "publish-subscribe": Picture(
        "SUB sockets tell a PUB socket their topics; it sends each message to those whose topic the "
        "message begins with.",
        {
            "pub": Box(0, 1.2, "PUB", "station"),
            "oslo": Box(1.7, 0, "SUB", "wants weather.oslo"),
            "all": Box(1.7, 1.2, "SUB", "wants weather."),
            "news": Box(1.7, 2.4, "SUB", "wants news."),
        },
        [
            Arrow("pub", "oslo", "weather.oslo, -3", at=0.6),
            Arrow("oslo", "pub", "topic", "told", at=0.3),
            Arrow("pub", "all", "weather.oslo, -3", at=0.6),
            Arrow("all", "pub", "topic", "told"),
            Arrow("news", "pub", "topic", "told"),
        ],
    ),
    "xpub-xsub": Picture(
        "A proxy stands between publishers and subscribers: an XSUB socket faces the former, an XPUB "
        "socket the latter. Messages go one way, subscriptions the other.",
        {
            "one": Box(0, 0, "PUB"),
            "two": Box(0, 1, "PUB"),
            "xsub": Box(0.95, 0.5, "XSUB", "frontend"),
            "xpub": Box(1.78, 0.5, "XPUB", "backend"),
            "three": Box(2.73, 0, "SUB"),
            "four": Box(2.73, 1, "SUB"),
        },
        [
            Arrow("one", "xsub"),
            Arrow("xsub", "one", "", "told"),
            Arrow("two", "xsub"),
            Arrow("xsub", "two", "", "told"),
            Arrow("xsub", "xpub"),
            Arrow("xpub", "xsub", "", "told"),
            Arrow("xpub", "three", "messages"),
            Arrow("three", "xpub", "topics", "told"),
            Arrow("xpub", "four"),
            Arrow("four", "xpub", "", "told"),
        ],
        [Frame(("xsub", "xpub"), "Proxy")],
    ),
    "pipeline": Picture(
        "A PUSH socket gives its tasks to three PULL sockets in turn; their results come together at "
        "another PULL socket.",
        {
            "source": Box(0, 1, "PUSH", "source"),
            "one": Box(1, 0, "PULL PUSH", "worker"),
            "two": Box(1, 1, "PULL PUSH", "worker"),
            "three": Box(1, 2, "PULL PUSH", "worker"),
            "sink": Box(2, 1, "PULL", "sink"),
        },
        [
            Arrow("source", "one", "1, 4"),
            Arrow("source", "two", "2, 5"),
            Arrow("source", "three", "3, 6"),
            Arrow("one", "sink"),
            Arrow("two", "sink", "results"),
            Arrow("three", "sink"),
        ],
    ),
    "exclusive-pair": Picture(
        "Two PAIR sockets talk to each other; a third is turned away.",
        {
            "one": Box(0, 0, "PAIR"),
            "two": Box(1.2, 0, "PAIR"),
            "three": Box(2.4, 0, "PAIR", "too late"),
        },
        [
            Arrow("one", "two", "messages", both=True),
            Arrow("three", "two", "turned away", "refused"),
        ],
    ),
    "dealer-router": Picture(
        "A ROUTER socket knows each of its peers by a routing id, which is the first frame of what it "
        "receives, and of what it sends to that peer.",
        {
            "anne": Box(0, 0, "DEALER", "id “anne”"),
            "bob": Box(0, 1, "DEALER", "id “bob”"),
            "router": Box(1.5, 0.5, "ROUTER"),
            "program": Box(2.7, 0.5, "the program", look="other"),
        },
        [
            Arrow("anne", "router", "[“job”]", both=True),
            Arrow("bob", "router", "[“job”]", both=True),
            Arrow("router", "program", "[“anne”, “job”]", both=True),
        ],
    ),
    "broker": Picture(
        "A broker stands between clients and services: a ROUTER socket faces the REQ sockets, a DEALER "
        "socket the REP sockets.",
        {
            "one": Box(0, 0, "REQ", "client"),
            "two": Box(0, 1, "REQ", "client"),
            "router": Box(0.95, 0.5, "ROUTER", "frontend"),
            "dealer": Box(1.78, 0.5, "DEALER", "backend"),
            "three": Box(2.73, 0, "REP", "service"),
            "four": Box(2.73, 1, "REP", "service"),
        },
        [
            Arrow("one", "router", both=True),
            Arrow("two", "router", both=True),
            Arrow("router", "dealer", both=True),
            Arrow("dealer", "three", both=True),
            Arrow("dealer", "four", both=True),
        ],
        [Frame(("router", "dealer"), "Proxy")],
    ),
    "radio-dish": Picture(
        "DISH sockets join groups at a RADIO socket, which sends each message to those in its group.",
        {
            "radio": Box(0, 0.7, "RADIO"),
            "one": Box(1.6, 0, "DISH", "in “news”"),
            "two": Box(1.6, 1.4, "DISH", "in “sport”"),
        },
        [
            Arrow("radio", "one", "[“news”, body]", at=0.6),
            Arrow("one", "radio", "join", "told"),
            Arrow("two", "radio", "join", "told"),
        ],
    ),
    "radio-dish-udp": Picture(
        "Over udp a RADIO socket sends every message to a multicast group; each DISH socket that listens "
        "there drops what is not for a group of its own.",
        {
            "radio": Box(0, 0.5, "RADIO"),
            "group": Box(1.1, 0.5, "239.0.0.1:5555", "multicast", look="other"),
            "one": Box(2.2, 0, "DISH", "in “news”"),
            "two": Box(2.2, 1, "DISH", "in “sport”"),
        },
        [
            Arrow("radio", "group", "datagrams"),
            Arrow("group", "one"),
            Arrow("group", "two"),
        ],
    ),
    "client-server": Picture(
        "CLIENT sockets talk to a SERVER socket, which names the one that it answers.",
        {
            "one": Box(0, 0, "CLIENT"),
            "two": Box(0, 1, "CLIENT"),
            "server": Box(1.2, 0.5, "SERVER"),
            "program": Box(2.4, 0.5, "the program", look="other"),
        },
        [
            Arrow("one", "server", "body", both=True),
            Arrow("two", "server", "body", both=True),
            Arrow("server", "program", "[id, body]", both=True),
        ],
    ),
    "scatter-gather": Picture(
        "SCATTER sockets share their messages out among GATHER sockets.",
        {
            "one": Box(0, 0, "SCATTER"),
            "two": Box(0, 1, "SCATTER"),
            "three": Box(1.2, 0, "GATHER"),
            "four": Box(1.2, 1, "GATHER"),
        },
        [
            Arrow("one", "three"),
            Arrow("one", "four"),
            Arrow("two", "three"),
            Arrow("two", "four"),
        ],
    ),
    "stream": Picture(
        "A STREAM socket talks to any program over TCP; each of its connections has an id.",
        {
            "one": Box(0, 0, "nc", "any program", look="other"),
            "two": Box(0, 1, "a browser", "any program", look="other"),
            "stream": Box(1.2, 0.5, "STREAM"),
            "program": Box(2.4, 0.5, "the program", look="other"),
        },
        [
            Arrow("one", "stream", "bytes", both=True),
            Arrow("two", "stream", "bytes", both=True),
            Arrow("stream", "program", "[id, bytes]", both=True),
        ],
    ),
    "queues": Picture(
        "A message goes through two queues, one at each end: the sender's, with the mark send_hwm, and the "
        "receiver's, with the mark receive_hwm; between them are TCP's own buffers.",
        {
            "send": Box(0, 0, "send()", look="other"),
            "outbox": Box(0.8, 0, "queue to the peer", "send_hwm"),
            "tcp": Box(1.6, 0, "TCP", "its buffers", look="other"),
            "inbox": Box(2.4, 0, "queue from it", "receive_hwm"),
            "receive": Box(3.2, 0, "receive()", look="other"),
        },
        [
            Arrow("send", "outbox"),
            Arrow("outbox", "tcp"),
            Arrow("tcp", "inbox"),
            Arrow("inbox", "receive"),
        ],
    ),
    "one-process-a-core": Picture(
        "Four processes accept connections at the same port; the kernel gives each new connection to one "
        "of them.",
        {
            "clients": Box(0, 1.5, "clients", look="other"),
            "port": Box(1, 1.5, "port 5555", "SO_REUSEPORT", look="other"),
            "one": Box(2, 0, "REP", "process 1"),
            "two": Box(2, 1, "REP", "process 2"),
            "three": Box(2, 2, "REP", "process 3"),
            "four": Box(2, 3, "REP", "process 4"),
        },
        [
            Arrow("clients", "port"),
            Arrow("port", "one"),
            Arrow("port", "two"),
            Arrow("port", "three"),
            Arrow("port", "four"),
        ],
    ),
    "proxy-in-front": Picture(
        "Clients connect to a proxy, and so do the processes that do the work: they may be on other "
        "machines, and come and go.",
        {
            "clients": Box(0, 1, "clients", look="other"),
            "router": Box(0.95, 1, "ROUTER", "port 5559"),
            "dealer": Box(1.78, 1, "DEALER", "port 5560"),
            "one": Box(2.73, 0, "REP", "this machine"),
            "two": Box(2.73, 1, "REP", "this machine"),
            "three": Box(2.73, 2, "REP", "another machine"),
        },
        [
            Arrow("clients", "router", both=True),
            Arrow("router", "dealer", both=True),
            Arrow("one", "dealer", both=True),
            Arrow("two", "dealer", both=True),
            Arrow("three", "dealer", both=True),
        ],
        [Frame(("router", "dealer"), "zmtp-proxy")],
    ),
    "states": STATES,
}


def draw_all() -> None:
    """Draw all pictures anew."""
    for name, picture in PICTURES.items():
        path = FOLDER / f"{name}.svg"
        drawn = draw(picture)
        if not path.exists() or path.read_text() != drawn:
            path.write_text(drawn)


if __name__ == "__main__":
    draw_all()
