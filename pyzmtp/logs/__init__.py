"""Log entries over PUB and SUB, with the topics and frames of pyzmq's ``zmq.log``.

:class:`PublishingHandler` is for the standard library's ``logging``, :class:`PublishingObserver` for
``twisted.logger``; :class:`LogEntry` is what a reader makes of a message, as ``pyzmtp log`` does.
"""

from __future__ import annotations

from pyzmtp.logs.entry import LogEntry
from pyzmtp.logs.handler import PublishingHandler
from pyzmtp.logs.observer import PublishingObserver

__all__ = ["LogEntry", "PublishingHandler", "PublishingObserver"]
