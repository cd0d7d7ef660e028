"""What the command line tells the shell at its end: :class:`ExitStatus`."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitStatus"]


class ExitStatus(IntEnum):
    """The exit statuses. A signal that ended the program is 128 and its number: 130 after Ctrl-C."""

    DONE = 0
    #: An address that cannot be bound, a peer that refused us, input that is no message.
    FAILED = 1
    #: A command line that means nothing. (click's own number)
    USAGE = 2
    #: ``--timeout`` ran out.
    TIMEOUT = 3
    #: Messages that were taken could not be sent: nobody took them within ``linger``.
    UNSENT = 4
