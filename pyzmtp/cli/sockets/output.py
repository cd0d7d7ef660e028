"""The messages that a command shows: :class:`Output`."""

from __future__ import annotations

from collections.abc import Iterable

from pyzmtp.cli.formats import Format
from pyzmtp.cli.formats.quoted import visible
from pyzmtp.cli.formats.text import TextFormat
from pyzmtp.cli.streams import Sink, StreamError
from pyzmtp.wire.message import Message

__all__ = ["Output"]


class Output:
    """Writes messages to a sink, and waits until they are written.

    Text that comes to a terminal is made harmless: whoever sent it may not move its cursor.
    """

    def __init__(self, sink: Sink, form: Format, silent: bool) -> None:
        self._sink = sink
        self._form = form
        self._silent = silent
        self._harmless = sink.interactive and isinstance(form, TextFormat)

    @property
    def gone(self) -> bool:
        """Whether nobody will read any more, as far as that can be seen."""
        return not self._silent and self._sink.gone

    async def show(self, messages: Iterable[Message]) -> None:
        """Write messages. Raises :exc:`BrokenPipeError` if nobody reads them, or :exc:`StreamError`."""
        if self._silent:
            return
        try:
            await self._sink.write(b"".join(map(self._written, messages)))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StreamError("output", error) from error

    def _written(self, message: Message) -> bytes:
        frames = [visible(frame) for frame in message] if self._harmless else message
        return self._form.encode(frames) + self._form.end
