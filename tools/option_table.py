"""Write docs/options.md from SocketOptions itself: ``python -m tools.option_table``."""

from __future__ import annotations

from enum import Flag
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import attrs

from pyzmtp import SocketOptions, SocketType

PAGE = Path(__file__).parent.parent / "docs" / "options.md"

_HEAD = """\
# Options

Made by `python -m tools.option_table` from `pyzmtp.SocketOptions`; a test keeps it up to date.

Options are given when a socket is made, by keyword or in a `SocketOptions`, and changed later with
`socket.configure(linger=0, send_hwm=10)`. A wrong value raises `OptionError`, an option that does
nothing on a socket type raises `UsageError`, an unknown name `TypeError`; then nothing is changed.
`socket.options` tells the present ones.

A change takes effect

- *at once*: for the peers that are there and for those to come. A smaller high-water mark throws
  nothing away: a queue that holds more takes nothing until it has drained; a larger one lets those
  who wait go on. A send or receive that waits already keeps its time limit.
- *at the next `bind()` or `connect()`*: each keeps the options that held when it was made, for its
  connections to come and for its reconnections.

There is no option that can only be given when the socket is made.

```python
from twisted.internet.task import react
from pyzmtp import PushSocket


async def main(reactor):
    async with PushSocket(reactor, send_hwm=1) as push:
        push.connect("inproc://later")  # nobody is there yet: messages are queued
        print(push.try_send(b"1"), push.try_send(b"2"))  # True False
        push.configure(send_hwm=2, linger=0)  # room for one more, and no wait at the end
        print(push.try_send(b"2"))  # True


react(main)
```

| option | unit | default | for | takes effect | what it means | libzmq's name | its unit | its default |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

#: What is no whole number.
_KINDS: Final = {
    "float": "seconds",
    "bool": "True, False",
    "bytes": "bytes",
    "str": "text",
    "Any": "policy",
    "tuple[str, ...]": "networks",
    "tuple[int, ...]": "numbers",
    "tuple[int, int]": "major, minor",
    "Mapping[str, bytes]": "name: value",
    "ReconnectStop": "flags",
    "RouterNotify": "flags",
}
#: What libzmq has instead.
_ITS_UNITS: Final = {"True, False": "0, 1", "flags": "bits"}
#: What numbers that are no times count.
_UNITS: Final = {
    "send_hwm": "messages",
    "receive_hwm": "messages",
    "send_hwm_bytes": "bytes",
    "receive_hwm_bytes": "bytes",
    "max_message_size": "bytes",
    "max_message_parts": "frames",
    "tcp_keepalive_count": "probes",
    "tcp_keepalive_idle": "seconds",
    "tcp_keepalive_interval": "seconds",
    "tos": "0 to 255",
    "backlog": "connections",
    "max_authentications": "peers",
    "max_handshake_size": "bytes",
    "max_handshake_commands": "commands",
    "max_properties": "properties",
    "max_property_size": "bytes",
    "max_half_open": "connections",
    "max_half_open_per_address": "connections",
    "send_buffer": "bytes",
    "receive_buffer": "bytes",
    "use_fd": "descriptor",
    "multicast_hops": "hops",
    "max_subscriptions": "topics",
}


def option_table() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(field) for field in attrs.fields(SocketOptions))


def _row(field: attrs.Attribute[Any]) -> str:
    types = field.metadata["types"]
    zmq = field.metadata["zmq"]
    unit = _unit(field)
    cells = [
        f"`{field.name}`",
        unit,
        f"`{_default(field.default)}`",
        _those(types),
        field.metadata["effect"].value,
        field.metadata["meaning"],
        *(_libzmq_side(field, unit) if zmq else ("none", "", "")),
    ]
    return f"| {' | '.join(cells)} |\n"


def _those(types: frozenset[SocketType]) -> str:
    others = [kind.value for kind in SocketType if kind not in types]
    if len(others) <= 1:
        return " but ".join(["all", *others])
    return " ".join(kind.value for kind in SocketType if kind in types)


def _libzmq_side(field: attrs.Attribute[Any], unit: str) -> tuple[str, str, str]:
    """Name, unit and default there. Its times are whole milliseconds, but for two of TCP's."""
    default = field.metadata["zmq_default"]
    if default is None:  # the same as ours
        default = str(int(field.default)) if isinstance(field.default, int) else "none"
    its_unit = "milliseconds" if "float" in str(field.type) else _ITS_UNITS.get(unit, unit)
    return f"`{field.metadata['zmq']}`", its_unit, default


def _unit(field: attrs.Attribute[Any]) -> str:
    """What a value counts, or what it is. All times are floats, and all floats are times."""
    kind = str(field.type).removesuffix(" | None")
    return _UNITS[field.name] if kind == "int" else _KINDS[kind]


def _default(value: object) -> str:
    if isinstance(value, Flag):
        return f"{type(value).__name__}.{value.name}"
    return repr(dict(value)) if isinstance(value, MappingProxyType) else repr(value)


if __name__ == "__main__":
    PAGE.write_text(option_table())
