"""What pyzmtp asks of a reactor and of a transport, named in one place.

``IReactorTCP`` and ``IReactorTime`` are needed always; ``IReactorUNIX`` for ``ipc://``, and
``IReactorPluggableNameResolver`` for host names, ``IReactorUDP`` for ``udp://`` and
``IReactorMulticast`` for its multicast groups. File descriptors are asked for nowhere, so that
reactors that have none to offer (IOCP, GUI loops, memory) work alike.
"""

from __future__ import annotations

from twisted.internet.interfaces import (
    IConsumer,
    IPushProducer,
    IReactorTCP,
    IReactorTime,
    ITransport,
)
from zope.interface import Attribute, Interface

__all__ = ["IRandomSource", "Reactor", "Transport"]


class Reactor(IReactorTCP, IReactorTime):
    """A reactor that pyzmtp can run on."""


class Transport(ITransport, IConsumer, IPushProducer):
    """A stream transport: it can be written to, pushes back when it is full, and can be paused."""


class IRandomSource(Interface):
    """A reactor whose chance is its own, so that what happens on it can be repeated."""

    random = Attribute("What is drawn from: a ``random.Random``.")
