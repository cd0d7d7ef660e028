"""Tells on the terminal what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pyzmtp.cli.demo.plan import Meeting
from pyzmtp.cli.demo.stage import Outcome
from pyzmtp.cli.trace.records import Record, Said, Side
from pyzmtp.cli.trace.text import describe_content, frame_lines, hex_of_wire, name_of_content

__all__ = ["has_failed", "print_excerpt", "print_outcomes", "print_summary"]


def has_failed(outcomes: Sequence[Outcome]) -> bool:
    """Return whether anything went wrong, or nothing was done at all."""
    held = [each for each in outcomes if not each.unavailable]
    return not held or any(each.error for each in held)


def print_outcomes(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print one row a meeting, with space between the conversations. It fits into 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for head in ("binds", "connects", "address"):
        table.add_column(head, no_wrap=True)
    for head in ("messages", "ms"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("")
    previous = None
    for outcome in outcomes:
        meeting = outcome.meeting
        if previous not in (None, meeting.conversation):
            table.add_section()
        previous = meeting.conversation
        table.add_row(
            f"{meeting.binds.socket_type} {meeting.bound_by}",
            f"{meeting.connects.socket_type} {meeting.connected_by}",
            _short_address(outcome),
            str(meeting.conversation.messages) if _went_well(outcome) else "-",
            f"{outcome.seconds * 1000:.0f}" if not outcome.unavailable else "-",
            _verdict(outcome),
        )
    console.print(table)
    for outcome in outcomes:
        if outcome.error:
            _say(console, f"FAILED: {_describe(outcome.meeting)}: {outcome.error}", "bold red")
    reasons = {each.unavailable for each in outcomes if each.unavailable}
    for reason in sorted(reasons):
        _say(console, f"not held here: {reason}", "yellow")


def print_excerpt(console: Console, outcome: Outcome, records: Sequence[Record]) -> None:
    """Print what crossed the wire in one short meeting, from its first byte on."""
    meeting = outcome.meeting
    _say(console, f"What crosses the wire: {_describe(meeting)}", "bold")
    began = None
    for record in records:
        content = record.content
        if not isinstance(content, Said):
            continue
        began = record.at if began is None else began
        role = meeting.connects if record.side is Side.CLIENT else meeting.binds
        start = f"{(record.at - began) * 1000:7.1f} ms  {role.socket_type:<7}"
        _say(console, f"{start}{name_of_content(content):<10}{describe_content(content)}", "")
        for line in frame_lines(content):
            _say(console, f"{'':{len(start)}}{line}", "")
        _say(console, f"{'':{len(start)}}{hex_of_wire(content)}", "dim")
    console.print()
    if outcome.error:
        _say(console, f"FAILED: {outcome.error}", "bold red")


def print_summary(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the last line: what it comes to."""
    held = [each for each in outcomes if not each.unavailable]
    failures = sum(bool(each.error) for each in held)
    messages = sum(each.meeting.conversation.messages for each in held if not each.error)
    seconds = sum(each.seconds for each in held)
    text = f"{len(held)} conversations, {messages} messages, every byte compared, {seconds:.1f} s: "
    if has_failed(outcomes):
        _say(console, text + f"{failures} FAILED", "bold red")
    else:
        _say(console, text + "all went well", "bold green")


def _describe(meeting: Meeting) -> str:
    """Return who met whom, in words."""
    binds, connects = meeting.binds.socket_type, meeting.connects.socket_type
    return (
        f"{binds} ({meeting.bound_by}, binds) and {connects} ({meeting.connected_by}, connects) "
        f"over {meeting.transport}"
    )


def _went_well(outcome: Outcome) -> bool:
    return not outcome.error and not outcome.unavailable


def _verdict(outcome: Outcome) -> Text:
    if outcome.unavailable:
        return Text("not held", "yellow")
    return Text("FAILED", "bold red") if outcome.error else Text("ok", "green")


def _short_address(outcome: Outcome) -> str:
    """Return the address; of an ipc path only its name, as they are all in one directory."""
    scheme, _, where = outcome.address.partition("://")
    if scheme == "ipc":
        return f"ipc://.../{PurePath(where).name}"
    return outcome.address or outcome.meeting.transport


def _say(console: Console, text: str, style: str) -> None:
    """Print text that is not markup: an error may quote anything."""
    console.print(Text(text, style), soft_wrap=True)
