"""The options and arguments of a socket's command: :func:`parameters_of`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from click.shell_completion import CompletionItem

from pyzmtp.cli.formats import FORMATS
from pyzmtp.cli.options import describe_options
from pyzmtp.cli.policies import security_options
from pyzmtp.cli.seconds import Seconds
from pyzmtp.cli.sections import SectionedOption
from pyzmtp.cli.sockets.kinds import Exchange, Kind

__all__ = ["parameters_of"]

_ADDRESSES = "Addresses"
_MESSAGES = "Messages"
_TIME = "Beginning, pace and end"
_OTHER = "Other"


def parameters_of(kind: Kind) -> list[click.Parameter]:
    """All that the command of a type takes."""
    name = "[@|>ADDRESS]..." + (" [MESSAGE]..." if kind.sends else "")
    return [
        click.Argument(["texts"], nargs=-1, metavar=name),
        *_addresses(),
        *_messages(kind),
        *_time(kind),
        *security_options(),
        *_others(kind),
    ]


def _addresses() -> Iterator[click.Option]:
    yield SectionedOption(
        _ADDRESSES,
        "-b",
        "--bind",
        multiple=True,
        metavar="ADDRESS",
        help="Listen there: at tcp://*:5555, at a free port of tcp://*:5000-5100 or tcp://*:*, at "
        "ipc://PATH, or at any endpoint string of Twisted's. The same as @ADDRESS.",
    )
    yield SectionedOption(
        _ADDRESSES,
        "-c",
        "--connect",
        multiple=True,
        metavar="ADDRESS",
        help="Connect to it, and go on trying. The same as >ADDRESS. Both may be given more than once.",
    )


def _messages(kind: Kind) -> Iterator[click.Option]:
    if kind.filters == "topic":
        yield SectionedOption(
            _MESSAGES,
            "-T",
            "--topic",
            "filters",
            multiple=True,
            help="Subscribe to what begins with it; may be given more than once.",
        )
    elif kind.filters:
        yield SectionedOption(
            _MESSAGES,
            "-g",
            "--group",
            "filters",
            multiple=True,
            help="Join this group; may be given more than once.",
        )
    if kind.prefix:
        letter = {"topic": "-T", "group": "-g", "to": "-T"}[kind.prefix]
        what = {"topic": "topic", "group": "group", "to": "peer's id"}[kind.prefix]
        yield SectionedOption(
            _MESSAGES,
            letter,
            f"--{kind.prefix}",
            "prefix",
            metavar="TEXT",
            help=f"Put this {what} in front of each message that is sent, as a frame of its own.",
        )
    yield SectionedOption(
        _MESSAGES,
        "-f",
        "--format",
        "form",
        type=click.Choice(list(FORMATS)),
        default="text",
        show_default=True,
        help="How messages are written: text as it is; quoted with \\xNN for what cannot be seen; "
        "hex; json, an array of strings a line; msgpack; raw, a single message without marks.",
    )
    yield SectionedOption(
        _MESSAGES,
        "-s",
        "--separator",
        default="\\t",
        show_default=True,
        help="What stands between the frames of a message, '' for nothing. \\xNN is understood.",
    )
    yield SectionedOption(
        _MESSAGES, "-0", "--null", is_flag=True, help="End messages with a NUL, not with a newline."
    )
    if kind.sends:
        yield SectionedOption(
            _MESSAGES,
            "-F",
            "--file",
            "files",
            multiple=True,
            type=click.Path(exists=True, dir_okay=False),
            help="Send what is in this file as one message; may be given more than once.",
        )
    if kind.sends and kind.exchange is not Exchange.REPLY:
        yield SectionedOption(
            _MESSAGES, "--repeat", is_flag=True, help="Send the MESSAGEs again and again."
        )
    if kind.exchange is Exchange.BOTH:
        yield SectionedOption(
            _MESSAGES, "-r", "--receive-only", is_flag=True, help="Send nothing, and read no input."
        )
        yield SectionedOption(
            _MESSAGES,
            "-w",
            "--send-only",
            is_flag=True,
            help="Receive nothing, and end when all is sent.",
        )
    if kind.answers:
        yield SectionedOption(
            _MESSAGES, "--echo", is_flag=True, help="Answer each message with itself."
        )
        yield SectionedOption(
            _MESSAGES,
            "-x",
            "--exec",
            "execute",
            metavar="COMMAND",
            help="Answer each message with what a command of the shell makes of it: the message is its "
            "standard input, its standard output is the answer.",
        )
    if kind.receives:
        yield SectionedOption(
            _MESSAGES,
            "-e",
            "--eval",
            "on_receive",
            metavar="EXPRESSION",
            help="Turn what is received into the value of a Python expression over message, a list of "
            "bytes: into bytes, text or a list of these. None drops it.",
        )
    if kind.sends:
        yield SectionedOption(
            _MESSAGES,
            "-E",
            "--send-eval",
            "on_send",
            metavar="EXPRESSION",
            help="The same with what is sent.",
        )


def _time(kind: Kind) -> Iterator[click.Option]:
    what = {
        Exchange.SEND: "are sent",
        Exchange.RECEIVE: "were received",
        Exchange.BOTH: "were received",
        Exchange.REQUEST: "were asked and answered",
        Exchange.REPLY: "were answered",
    }[kind.exchange]
    yield SectionedOption(
        _TIME,
        "-n",
        "--count",
        type=click.IntRange(min=1),
        help=f"End when so many messages {what}.",
    )
    yield SectionedOption(
        _TIME,
        "-t",
        "--timeout",
        type=Seconds(min=0, min_open=True),
        metavar="SECONDS",
        help="End with status 3 if a message takes longer to come, or to be taken.",
    )
    if kind.sends and kind.exchange is not Exchange.REPLY:
        yield SectionedOption(
            _TIME,
            "-i",
            "--interval",
            type=Seconds(min=0),
            default=0.0,
            metavar="SECONDS",
            help="From the sending of one message to that of the next.",
        )
        yield SectionedOption(
            _TIME,
            "-d",
            "--delay",
            type=Seconds(min=0),
            default=0.0,
            metavar="SECONDS",
            help="Before the first message is sent.",
        )
        if not kind.socket.socket_type.is_raw:
            yield SectionedOption(
                _TIME,
                "--wait",
                "audience",
                type=click.IntRange(min=0),
                default=kind.audience,
                show_default=True,
                metavar="PEERS",
                help="Send nothing before so many peers are there"
                + (", and want anything." if kind.audience else "."),
            )
    yield SectionedOption(
        _TIME, "--transient", is_flag=True, help="End when the last peer has left."
    )


def _others(kind: Kind) -> Iterator[click.Option]:
    socket_type = kind.socket.socket_type

    def list_options(
        ctx: click.Context, option: click.Parameter, texts: Sequence[str]
    ) -> Sequence[str]:
        if "help" in texts:
            formatter = ctx.make_formatter()
            formatter.write_dl(describe_options(socket_type))
            click.echo(formatter.getvalue(), nl=False)
            ctx.exit()
        return texts

    def complete(
        ctx: click.Context, option: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        names = [text.partition("=")[0] for text, _ in describe_options(socket_type)]
        return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]

    yield SectionedOption(
        _OTHER,
        "-o",
        "--option",
        "options",
        multiple=True,
        is_eager=True,
        callback=list_options,
        shell_complete=complete,
        metavar="NAME=VALUE",
        help="Set an option of the socket; 'help' lists them. For text, @FILE stands for what is in a "
        "file.",
    )
    yield SectionedOption(_OTHER, "-v", "--verbose", is_flag=True, help="Tell of each connection.")
    if kind.receives:
        yield SectionedOption(
            _OTHER, "-q", "--quiet", is_flag=True, help="Do not show what is received."
        )
