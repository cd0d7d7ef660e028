"""The click group. A command costs nothing until it is called or its help is asked for."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["COMMANDS", "SOCKETS", "group"]

#: Command name -> module in this package that has it as ``command``.
COMMANDS = {
    "bench": "pyzmtp.cli.bench",
    "demo": "pyzmtp.cli.demo",
    "info": "pyzmtp.cli.info",
    "keygen": "pyzmtp.cli.keygen",
    "log": "pyzmtp.cli.log",
    "proxy": "pyzmtp.cli.proxy",
    "trace": "pyzmtp.cli.trace",
}

#: The commands that are a socket type each, in the order of the help.
SOCKETS = (
    "push",
    "pull",
    "pub",
    "sub",
    "req",
    "rep",
    "dealer",
    "router",
    "pair",
    "xpub",
    "xsub",
    "stream",
    "client",
    "server",
    "radio",
    "dish",
    "scatter",
    "gather",
    "peer",
    "channel",
    "dgram",
)


class _LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*SOCKETS, *sorted(COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in SOCKETS:
            from pyzmtp.cli.sockets.command import socket_command

            return socket_command(cmd_name)
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands into the formatter, sockets and tools apart; see click."""
        for title, names in (("Sockets", SOCKETS), ("Tools", sorted(COMMANDS))):
            rows = []
            for name in names:
                command = self.get_command(ctx, name)
                assert command is not None
                rows.append((name, command.get_short_help_str(formatter.width)))
            with formatter.section(title):
                formatter.write_dl(rows)


def _show_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from pyzmtp.cli.about import about

    click.echo(about())
    ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    epilog="pyzmtp COMMAND --help says more, and so does docs/command-line.md.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show what is installed and exit.",
)
@click.pass_context
def group(ctx: click.Context) -> None:
    """ZeroMQ on the command line: sockets as programs, and tools to look at others'.

    \b
        pyzmtp pull --bind 'tcp://*:5555'
        pyzmtp push --connect tcp://localhost:5555 hello world
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
