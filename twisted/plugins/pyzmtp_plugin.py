"""Tells ``twist`` and ``twistd`` of ``zmtp-proxy``; pyzmtp is imported when that is asked for."""

from __future__ import annotations

from typing import Any

from twisted.application.service import IServiceMaker
from twisted.plugin import IPlugin
from zope.interface import implementer

__all__ = ["proxy"]


@implementer(IPlugin, IServiceMaker)
class ProxyServiceMaker:
    """Makes the service of :mod:`pyzmtp.tap`, on the process's reactor."""

    tapname = "zmtp-proxy"
    description = "Forward messages between ZeroMQ sockets."

    @property
    def options(self) -> Any:
        """The class of its options."""
        from pyzmtp.tap import ProxyOptions

        return ProxyOptions

    def makeService(self, options: Any) -> Any:
        """The service."""
        from twisted.internet import reactor

        from pyzmtp.tap import make_service

        process_reactor: Any = reactor
        return make_service(process_reactor, options)


proxy = ProxyServiceMaker()
