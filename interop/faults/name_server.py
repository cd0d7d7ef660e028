"""A DNS server on the loopback that answers as it is told: :class:`NameServer`."""

from __future__ import annotations

from typing import Any

from twisted.names import client, dns

from interop.reactor import reactor


class NameServer:
    """Knows one address for every name, or none; use as `async with NameServer() as server`.

    :ivar mood: what it does: `answer`, or be `silent`, or an error of DNS's by its number (`dns.ENAME`:
        there is no such name; `dns.ESERVER`: ask another time).
    :ivar address: where every name leads to.
    :ivar asked: how often it was asked.
    """

    def __init__(self) -> None:
        self.mood: str | int = "silent"
        self.address = "127.0.0.1"
        self.asked = 0

    async def __aenter__(self) -> NameServer:
        self._port: Any = reactor.listenUDP(  # type: ignore[attr-defined]
            0, dns.DNSDatagramProtocol(self, reactor=reactor), interface="127.0.0.1"
        )
        servers = [("127.0.0.1", self._port.getHost().port)]
        resolver = client.Resolver(servers=servers, timeout=(0.2,), reactor=reactor)
        self._before = reactor.installResolver(resolver)  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._port.stopListening()

    def messageReceived(self, message: Any, protocol: Any, address: object) -> None:
        """Answer a question, or do not. (Twisted calls this.)"""
        self.asked += 1
        if self.mood == "silent":
            return
        message.answer = True
        if self.mood == "answer":
            name = message.queries[0].name.name
            record = dns.Record_A(self.address)
            message.answers = [dns.RRHeader(name, dns.A, dns.IN, 0, record)]
        else:
            message.rCode = self.mood
        protocol.writeMessage(message, address)
