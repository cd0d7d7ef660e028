"""LogEntry: to a message and back, and what other senders' messages are."""

from __future__ import annotations

import pytest

from pyzmtp import LogEntry


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (LogEntry("", "INFO", "", "text"), [b"INFO", b"text\n"]),
        (LogEntry("app", "ERROR", "", "a\nb"), [b"app.ERROR", b"a\nb\n"]),
        (LogEntry("my.app", "DEBUG", "x.y", ""), [b"my.app.DEBUG.x.y", b"\n"]),
        (LogEntry("", "WARNING", "x", "é€"), [b"WARNING.x", "é€\n".encode()]),
    ],
)
def test_there_and_back(entry: LogEntry, message: list[bytes]) -> None:
    assert entry.to_message() == message
    assert LogEntry.from_message(message) == entry


def test_a_level_that_is_not_known() -> None:
    message = LogEntry("app", "Level 25", "x", "text").to_message()
    assert message[0] == b"app.Level 25.x"
    assert LogEntry.from_message(message) == LogEntry("app.Level 25.x", "", "", "text")


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        ([b"text\r\n"], LogEntry("", "", "", "text")),
        ([b"INFO", b"one", b"two\n\n"], LogEntry("", "INFO", "", "one two")),
        ([b"INFO.\xff", b"\xfe"], LogEntry("", "INFO", "\ufffd", "\ufffd")),
        ([b"", b""], LogEntry("", "", "", "")),
        ([b"a.INFO.ERROR", b"x"], LogEntry("a", "INFO", "ERROR", "x")),
    ],
)
def test_what_others_may_send(message: list[bytes], entry: LogEntry) -> None:
    assert LogEntry.from_message(message) == entry


def test_what_utf_8_has_no_bytes_for() -> None:
    assert LogEntry("", "INFO", "\udc80", "\udc80").to_message() == [b"INFO.?", b"?\n"]
