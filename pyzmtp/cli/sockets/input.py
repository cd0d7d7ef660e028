"""The messages that a command sends: :class:`Input`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from pyzmtp.cli.formats import FormatError, Found, Reader
from pyzmtp.cli.streams import Source, StreamError
from pyzmtp.wire.message import Message

__all__ = ["Input"]


class Input:
    """The messages that were ``given``, once or again and again; if there are none, those of a stream.

    Of the stream nothing is read while a message of what was read before has not been asked for.

    :ivar interactive: whether somebody types the messages, and can correct himself.
    """

    def __init__(
        self, given: Sequence[Message], repeat: bool, source: Source, reader: Reader
    ) -> None:
        self.interactive = not given and source.interactive
        self._found: Iterator[Found] = iter(cycle(given) if repeat else given)
        self._source = None if given else source
        self._reader = reader
        self._error: FormatError | None = None

    async def next(self, limit: int) -> list[Message]:
        """The next messages, one at least and ``limit`` at the most; none at the end.

        Raises :exc:`FormatError` in the place of what is no message, and can be asked again after that;
        :exc:`StreamError`.
        """
        messages: list[Message] = []
        while not messages:
            self._take(messages, limit)
            if self._error is not None and not messages:
                error, self._error = self._error, None
                raise error
            if not messages and not await self._read():
                break
        return messages

    def _take(self, messages: list[Message], limit: int) -> None:
        """Take what was found, up to an error."""
        while self._error is None and len(messages) < limit:
            found = next(self._found, None)
            if found is None:
                return
            if isinstance(found, FormatError):
                self._error = found
            else:
                messages.append(found)

    async def _read(self) -> bool:
        """Read more of the stream, if there is more."""
        if self._source is None:
            return False
        try:
            data = await self._source.read()
        except OSError as error:
            raise StreamError("input", error) from error
        if data:
            self._found = self._reader.feed(data)
        else:
            self._source = None
            self._found = self._reader.finish()
        return True
