"""Everything that can be set on a socket: :class:`SocketOptions`.

Times are seconds, sizes are bytes, queues are messages. Each field's metadata names the ``ZMQ_``
constant that it stands for, with libzmq's unit and default where they differ from ours; the option
table of the documentation is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import frozen

from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.options.connections import ConnectionOptions
from pyzmtp.options.limits import LimitOptions
from pyzmtp.options.patterns import PatternOptions
from pyzmtp.options.queues import QueueOptions
from pyzmtp.options.security import SecurityOptions
from pyzmtp.options.transports import TransportOptions
from pyzmtp.options.websockets import WebsocketOptions

__all__ = ["SocketOptions", "options_for"]


@frozen(slots=False)
class SocketOptions(
    PatternOptions,
    TransportOptions,
    LimitOptions,
    WebsocketOptions,
    SecurityOptions,
    ConnectionOptions,
    QueueOptions,
):
    """The settings of a socket: a value, checked when it is made.

    Give it to any number of sockets, or set single options by keyword:
    ``PushSocket(reactor, options, send_hwm=10)``. A wrong value raises :exc:`OptionError` (a
    ``ValueError``), an option that a socket type has no use for raises :exc:`UsageError`.
    """

    def __copy__(self) -> SocketOptions:
        return self

    def __deepcopy__(self, memo: object) -> SocketOptions:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        for field in attrs.fields(type(self)):
            if not field.repr and getattr(self, field.name) is not None:
                raise TypeError(f"the option {field.name} is a secret, and is not pickled")
        # A mapping that nobody can change can be neither pickled nor copied deeply.
        return _make, ({**vars(self), "metadata": dict(self.metadata)},)


def _make(values: Mapping[str, Any]) -> SocketOptions:
    return SocketOptions(**values)


def options_for(
    socket_type: SocketType, options: SocketOptions | None, overrides: Mapping[str, Any]
) -> SocketOptions:
    """``options`` with ``overrides``, once it is sure that all of them mean something here.

    Raises :exc:`UsageError` for an option that does nothing on a ``socket_type`` and is not at its
    default, :exc:`TypeError` for an unknown name, :exc:`OptionError` for a wrong value.
    """
    if options is not None and not isinstance(options, SocketOptions):
        raise TypeError(f"options must be SocketOptions, not {type(options).__name__}")
    fields = attrs.fields_dict(SocketOptions)
    unknown = sorted(overrides.keys() - fields.keys())
    if unknown:
        raise TypeError(f"there is no option {', '.join(unknown)}")
    chosen = attrs.evolve(options if options is not None else SocketOptions(), **overrides)
    for name, attribute in fields.items():
        if (
            socket_type not in attribute.metadata["types"]
            and getattr(chosen, name) != attribute.default
        ):
            raise UsageError(f"the option {name} does nothing on a {socket_type.value} socket")
    return chosen
