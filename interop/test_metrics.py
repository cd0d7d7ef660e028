"""SocketCollector as ``prometheus_client`` itself asks it: in threads of its own."""

from __future__ import annotations

from typing import Any
from urllib.request import urlopen

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.threads import deferToThread

from interop.peer import LibzmqPeer
from interop.reactor import reactor, until, within
from pyzmtp import PullSocket
from pyzmtp.metrics import SocketCollector


async def test_a_scrape(libzmq: LibzmqPeer) -> None:
    registry = CollectorRegistry()
    collector = SocketCollector(reactor)
    registry.register(collector)
    started: Any = start_http_server(0, addr="127.0.0.1", registry=registry)
    server, thread = started
    try:
        async with PullSocket(reactor) as pull:
            collector.add("jobs", pull)
            theirs = await libzmq.open("PUSH")
            await theirs.connect(await pull.bind("tcp://127.0.0.1:*"))
            await theirs.send([[b"x"], [b"y"]])
            await until(lambda: pull.stats.receive_queue == 2, "two messages")

            def scrape() -> str:
                with urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as page:
                    text: bytes = page.read()
                    return text.decode()

            text = await within(deferToThread(scrape), "a scrape")
        families = {family.name: family for family in text_string_to_metric_families(text)}
        [sample] = families["pyzmtp_messages_received"].samples
        assert sample.labels == {"socket": "jobs", "socket_type": "PULL"}
        assert sample.value == 2
        assert families["pyzmtp_peers"].samples[0].value == 1
    finally:
        await deferToThread(server.shutdown)
        server.server_close()
        thread.join()
