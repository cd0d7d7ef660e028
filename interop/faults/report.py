"""The table: :class:`Report`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interop.faults.row import Row


class Report:
    """Collects what rows came to."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.figures: dict[Row, str] = {}
        self.failures: dict[Row, Exception] = {}

    def passed(self, row: Row, figure: str) -> None:
        """Note that a row is as it must be, and the figure that it gave."""
        self.figures[row] = figure

    def failed(self, row: Row, error: Exception) -> None:
        """Note that a row is not as it must be."""
        self.failures[row] = error

    @property
    def empty(self) -> bool:
        """Whether nothing was run."""
        return not self.figures and not self.failures

    def lines(self) -> Iterator[str]:
        """Give the table, line by line."""
        rows = [row for row in self.rows if self._state(row)]
        for group in dict.fromkeys(row.group for row in rows):
            members = [row for row in rows if row.group == group]
            yield group
            yield from self._group(members)
            yield ""
        absent = [row for row in rows if self._state(row) == "not here"]
        yield (
            f"{len(self.figures)} passed, {len(self.failures)} failed, {len(absent)} not possible here"
        )
        for row, error in self.failures.items():
            yield f"FAILED {row}: {type(error).__name__}: {error}"

    def _state(self, row: Row) -> str:
        if row in self.failures:
            return "FAILED"
        if row in self.figures:
            return "ok"
        return "not here" if row.obstacle() else ""

    def _group(self, rows: list[Row]) -> Iterator[str]:
        columns = list(dict.fromkeys(row.column for row in rows))
        titles = list(dict.fromkeys(row.title for row in rows))
        cells = {(row.title, row.column): row for row in rows}
        width = max(map(len, titles))
        widths = [max(len(column), len("not here")) for column in columns]
        if len(columns) > 1:
            yield self._line("", width, columns, widths, "")
        for title in titles:
            found = [cells.get((title, column)) for column in columns]
            states = ["-" if row is None else self._state(row) for row in found]
            remarks = [self.figures.get(row) or self._why_not(row) for row in found if row]
            remark = "; ".join(filter(None, dict.fromkeys(remarks)))
            yield self._line(title, width, states, widths, remark)

    def _why_not(self, row: Row) -> str:
        return row.obstacle() if self._state(row) == "not here" else ""

    def _line(
        self, title: str, width: int, cells: list[str], widths: list[int], remark: str
    ) -> str:
        padded = [cell.ljust(size) for cell, size in zip(cells, widths, strict=True)]
        return f"  {title:<{width}}  {'  '.join(padded)}  {remark}".rstrip()
