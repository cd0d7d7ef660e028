"""The counters of sockets for Prometheus: :class:`SocketCollector`. It needs ``pyzmtp[metrics]``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from typing import Any, Final

from attrs import Factory, define
from twisted.internet.interfaces import IReactorFromThreads

from pyzmtp.engine import events
from pyzmtp.engine.events import Event, HandshakeFailed, MonitorStopped
from pyzmtp.errors import LibraryMissing, SocketClosed, UsageError
from pyzmtp.net.threads import ReactorThread
from pyzmtp.sockets.base import Socket

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise LibraryMissing("pyzmtp.metrics", "prometheus_client", "metrics") from error

__all__ = ["SocketCollector"]

_LABELS: Final = ["socket", "socket_type"]

#: Seconds that another thread waits for the reactor, which may have stopped.
_PATIENCE: Final = 5.0

#: All kinds of events, so that one that has not happened yet is 0 and not unknown.
_KINDS: Final = sorted(set(events.__all__) - {"Event", "MonitorStopped"})


@define(eq=False)
class _Watched:
    """A socket, and what has happened to it since it was added."""

    socket: Socket
    events: Counter[str] = Factory(Counter)
    failures: Counter[str] = Factory(Counter)

    def heard(self, event: Event) -> None:
        """Count an event."""
        self.events[type(event).__name__] += 1
        if isinstance(event, HandshakeFailed):
            self.failures[type(event.error).__name__] += 1


class SocketCollector(Collector):
    """Collects the counters, queues, peers and events of sockets, each under a name of yours.

    ``registry.register(collector)`` is all that ``prometheus_client`` needs; the registry may be asked in
    any thread, and then ``reactor``'s is waited for.

    =========================================  =======  ================  ============================
    metric                                     kind     more labels       what it is
    =========================================  =======  ================  ============================
    ``pyzmtp_messages_sent_total``             counter                    see :class:`Stats`
    ``pyzmtp_messages_received_total``         counter                    the same
    ``pyzmtp_messages_dropped_total``          counter  ``direction``     ``send`` or ``receive``
    ``pyzmtp_send_queue_messages``             gauge                      in all send queues
    ``pyzmtp_receive_queue_messages``          gauge                      in all receive queues
    ``pyzmtp_longest_send_queue_messages``     gauge                      in that of one peer
    ``pyzmtp_longest_receive_queue_messages``  gauge                      the same
    ``pyzmtp_peers``                           gauge                      peers that are ready
    ``pyzmtp_events_total``                    counter  ``event``         since the socket was added
    ``pyzmtp_handshake_failures_total``        counter  ``reason``        the same, by kind of error
    ``pyzmtp_events_dropped_total``            counter                    missed by slow readers
    =========================================  =======  ================  ============================

    Every metric has the labels ``socket``, the name, and ``socket_type``. No label holds an address, a key
    or anything else that a peer or a configuration says. A socket that is closed is forgotten.
    """

    def __init__(self, reactor: IReactorFromThreads) -> None:
        self._reactor = reactor
        self._thread = ReactorThread()
        self._watched: dict[str, _Watched] = {}

    def add(self, name: str, socket: Socket) -> None:
        """Collect from ``socket`` until it is closed.

        Raises :exc:`UsageError` if another socket has that name, :exc:`SocketClosed`, :exc:`TypeError`.
        """
        if not isinstance(name, str):  # it would break the whole registry later
            raise TypeError(f"a name is str, not {type(name).__name__}")
        if socket.closed:
            raise SocketClosed
        if name in self._watched:
            raise UsageError(f"there is a socket {name} already")
        watched = self._watched[name] = _Watched(socket)

        def heard(event: Event) -> None:
            watched.heard(event)
            if isinstance(event, MonitorStopped):
                del self._watched[name]

        socket.on_event(heard)

    def describe(self) -> Iterable[Metric]:
        """The metrics without values; for the registry."""
        return _families().values()

    def collect(self) -> Iterable[Metric]:
        """The metrics; for the registry.

        Raises :exc:`TimeoutError` in another thread than the reactor's, if that does not answer.
        """
        if self._thread.is_present:
            return self._read()
        answer: SimpleQueue[Iterable[Metric]] = SimpleQueue()
        self._reactor.callFromThread(lambda: answer.put(self._read()))
        try:
            return answer.get(timeout=_PATIENCE)
        except Empty:
            raise TimeoutError(f"the reactor did not answer within {_PATIENCE} s") from None

    def _read(self) -> Iterable[Metric]:
        families = _families()
        for name, watched in self._watched.items():
            _add_samples(families, [name, watched.socket.socket_type.value], watched)
        return families.values()


def _families() -> dict[str, Any]:
    """All metrics by name, without values."""

    def counter(name: str, meaning: str, *labels: str) -> CounterMetricFamily:
        return CounterMetricFamily(f"pyzmtp_{name}", meaning, labels=[*_LABELS, *labels])

    def gauge(name: str, meaning: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"pyzmtp_{name}", meaning, labels=_LABELS)

    families: list[Metric] = [
        counter("messages_sent", "Messages that were handed to a transport."),
        counter("messages_received", "Messages that came from a transport."),
        counter("messages_dropped", "Messages that were lost here.", "direction"),
        gauge("send_queue_messages", "Messages that wait for a transport."),
        gauge("receive_queue_messages", "Messages that wait for the application."),
        gauge("longest_send_queue_messages", "Messages in the longest send queue of a peer."),
        gauge("longest_receive_queue_messages", "Messages in the longest receive queue of a peer."),
        gauge("peers", "Peers that are ready."),
        counter("events", "What has happened to binds and connections.", "event"),
        counter("handshake_failures", "Connections that ended before they were ready.", "reason"),
        counter("events_dropped", "Events that readers were too slow for."),
    ]
    return {family.name.removeprefix("pyzmtp_"): family for family in families}


def _add_samples(families: dict[str, Any], labels: list[str], watched: _Watched) -> None:
    stats, queues = watched.socket.stats, watched.socket.queues
    values = {
        "messages_sent": stats.messages_sent,
        "messages_received": stats.messages_received,
        "send_queue_messages": stats.send_queue,
        "receive_queue_messages": stats.receive_queue,
        "longest_send_queue_messages": max((peer.send_queue for peer in queues), default=0),
        "longest_receive_queue_messages": max((peer.receive_queue for peer in queues), default=0),
        "peers": stats.peers,
        "events_dropped": stats.events_dropped,
    }
    for name, value in values.items():
        families[name].add_metric(labels, value)
    dropped = {"send": stats.dropped_sent, "receive": stats.dropped_received}
    for direction, count in dropped.items():
        families["messages_dropped"].add_metric([*labels, direction], count)
    for kind in _KINDS:
        families["events"].add_metric([*labels, kind], watched.events[kind])
    for reason, count in sorted(watched.failures.items()):
        families["handshake_failures"].add_metric([*labels, reason], count)
