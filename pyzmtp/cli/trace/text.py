"""Records as lines for people: :class:`TextPrinter`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from pyzmtp.cli.trace.preview import Preview
from pyzmtp.cli.trace.records import (
    Closed,
    Command,
    Content,
    Ended,
    Greeting,
    Hello,
    Identity,
    Listening,
    Membership,
    Message,
    Metadata,
    Opened,
    Ping,
    Pong,
    Record,
    Refusal,
    Said,
    Sealed,
    Side,
    Subscription,
    Undecoded,
    Unreachable,
)

__all__ = ["TextPrinter", "describe_content", "frame_lines", "hex_of_wire", "name_of_content"]

_ARROWS: Final = {Side.CLIENT: "->", Side.TARGET: "<-", None: "  "}
_STYLES: Final = {Side.CLIENT: "cyan", Side.TARGET: "green", None: "dim"}
#: What servers give as their reason (RFC 27, "Message Format").
_STATUSES: Final = {
    "300": "a temporary error (RFC 27)",
    "400": "an authentication failure (RFC 27)",
    "500": "an internal error (RFC 27)",
}


class TextPrinter:
    """Makes lines of records: the first of each says when, how long after the one before, and who."""

    def __init__(self, with_wire: bool = False) -> None:
        """:param with_wire: whether the first bytes of everything are shown."""
        self._with_wire = with_wire
        self._before: float | None = None

    def lines(self, record: Record) -> Iterator[Text]:
        """The lines of a record."""
        content, style = record.content, _STYLES[record.side]
        if isinstance(content, Listening):
            yield Text(f"listening at {content.address}, target {content.target}", "bold")
            return
        margin = self._margin(record)
        name = name_of_content(content)
        first = Text.assemble((margin, "dim"), (f"{name:<10} ", f"bold {style}"))
        first.append(describe_content(content))
        first.rstrip()
        yield first
        indent = " " * (len(margin) + 11)
        for line in frame_lines(content):
            yield Text(indent + line)
        if self._with_wire and isinstance(content, Said):
            yield Text(indent + hex_of_wire(content), "dim")
        for fault in content.faults:
            yield Text(f"{indent}!! {fault}", "bold red")

    def _margin(self, record: Record) -> str:
        before, self._before = self._before, record.at
        since = "" if before is None else f"+{record.at - before:.6f}"
        kind = "" if record.socket_type is None else record.socket_type.value
        arrow = _ARROWS[record.side]
        return f"{record.at:10.6f} {since:>10} {record.connection:>3} {arrow} {kind:<7} "


def name_of_content(content: Content) -> str:
    """What happened, in a word."""
    if isinstance(content, Command):
        return content.name or "command"
    return content.kind


def describe_content(content: Content) -> str:
    """What happened, on one line; not what is wrong with it, and not the frames of a message."""
    match content:
        case Opened(address=address):
            return f"by {address}" if address else ""
        case Unreachable(problem=problem):
            return f"target: {problem}"
        case Ended(problem=problem, undecoded=undecoded):
            passed = f"{undecoded} bytes passed undecoded" if undecoded else ""
            return ", ".join(filter(None, (problem, passed)))
        case Closed(seconds=seconds):
            sides = "; ".join(f"{_ARROWS[side]} {_passed(content, side)}" for side in Side)
            return f"after {seconds:.6f} s; {sides}"
        case Greeting():
            return _describe_greeting(content)
        case Identity(version=(major, minor), identity=identity):
            return f"{identity}, ZMTP {major}.{minor}"
        case Message():
            return _describe_message(content)
        case Undecoded():
            return "all that this side says from here on"
        case _:
            assert isinstance(content, Command)  # of a place to listen at there is another line
            return _describe_command(content)


def _passed(closed: Closed, side: Side) -> str:
    messages, sealed = closed.messages[side], closed.sealed[side]
    what = _count(sealed, "sealed frame") if sealed else _count(messages, "message")
    return f"{what}, {closed.bytes[side]} bytes"


def _describe_greeting(greeting: Greeting) -> str:
    parts = ["ZMTP {}.{}".format(*greeting.version)]
    if greeting.mechanism is not None:
        parts.append(greeting.mechanism)
    if greeting.as_server:
        parts.append("as server")
    if greeting.socket_type is not None:
        parts.append(f"socket type {greeting.socket_type}")
    return ", ".join(parts)


def _describe_message(message: Message) -> str:
    topic = [] if message.topic is None else [f"topic {message.topic}"]
    if message.count > 1:
        return ", ".join([*topic, f"{message.count} frames", f"{message.size} bytes"])
    [frame] = message.frames
    shown = topic or [f"{frame.body}"]
    return ", ".join([f"{message.size} bytes", *frame.flags, *shown])


def frame_lines(content: Content) -> Iterator[str]:
    """The frames of a message of several, a line each, and nothing of what else there is."""
    if not isinstance(content, Message) or content.count == 1:
        return
    for frame in content.frames:
        yield f"{' '.join(frame.flags):<9} {frame.body.size:>7}  {frame.body}"
    if content.count > len(content.frames):
        yield f"and {_count(content.count - len(content.frames), 'frame')} more"


def hex_of_wire(said: Said) -> str:
    """The first bytes on the wire, and their number if that is not all."""
    more = f" .. ({said.wire.size} bytes)" if said.wire.is_cut else ""
    return said.wire.head.hex(" ") + more


def _describe_command(command: Command) -> str:
    match command:
        case Hello(user=user):
            return f"user {user}, password hidden"
        case Metadata(properties=properties):
            return ", ".join(f"{name} {_bare(value)}" for name, value in properties.items())
        case Refusal(reason=reason):
            shown = str(Preview(len(reason.encode()), reason.encode()))
            return f"{shown}, {_STATUSES[reason]}" if reason in _STATUSES else shown
        case Subscription(topic=topic, as_message=as_message):
            return f"{topic}{', as a message' if as_message else ''}"
        case Membership(group=group):
            return f"{group}"
        case Ping(ttl=ttl, context=context):
            return f"time to live {ttl:g} s{_with_context(context)}"
        case Pong(round_trip=round_trip, context=context):
            answer = "" if round_trip is None else f"round trip {round_trip * 1000:.3f} ms"
            return f"{answer}{_with_context(context)}"
        case Sealed(size=size, payload=payload, nonce=nonce):
            held = f"{size} bytes" if payload is None else f"{payload} bytes sealed"
            return held if nonce is None else f"{held}, nonce {nonce}"
        case Command(data=Preview() as data):
            return f"{data}"
        case Command(size=size):
            return f"{size} bytes" if size else ""


def _bare(value: Preview) -> str:
    """A property's value; a name needs no quotes."""
    text = value.text
    return text if text and text.isidentifier() and not value.is_cut else str(value)


def _with_context(context: Preview) -> str:
    return f", context {context}" if context.size else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
