"""The click group. A command costs nothing until it is called or its help is asked for."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["COMMANDS", "group"]

#: Command name -> module in this package that has it as ``command``.
COMMANDS = {
    "demo": "pyzmtp.cli.demo",
    "keygen": "pyzmtp.cli.keygen",
    "log": "pyzmtp.cli.log",
    "trace": "pyzmtp.cli.trace",
}


class _LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command


def _show_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from pyzmtp.cli.about import about

    click.echo(about())
    ctx.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show what is installed and exit.",
)
def group() -> None:
    """ZeroMQ sockets for Twisted, in pure Python."""
