"""Help whose options stand in sections: :class:`SectionedCommand`."""

from __future__ import annotations

from typing import Any, Final

import click

__all__ = ["EXIT_STATUSES", "SectionedCommand", "SectionedOption"]

#: For the end of each help.
EXIT_STATUSES: Final = (
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 --timeout ran out, 4 messages could not be sent, "
    "130 after Ctrl-C."
)


class SectionedOption(click.Option):
    """An option that stands under ``section`` in the help."""

    def __init__(self, section: str, *declarations: str, **settings: Any) -> None:
        super().__init__(declarations, **settings)
        self.section = section


class SectionedCommand(click.Command):
    """A command with so many options that they are shown by section, in the order of their coming."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options into the formatter; see click."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                section = getattr(parameter, "section", "Other")
                sections.setdefault(section, []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)
