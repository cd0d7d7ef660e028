"""The command of a socket type: :func:`socket_command`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from pyzmtp.cli.addresses import Endpoint, leading_endpoints
from pyzmtp.cli.expression import Expression, ExpressionError
from pyzmtp.cli.formats import FORMATS, Format, FormatError
from pyzmtp.cli.formats.quoted import unquote
from pyzmtp.cli.options import parse_options
from pyzmtp.cli.policies import read_security
from pyzmtp.cli.program import run, say
from pyzmtp.cli.sections import EXIT_STATUSES, SectionedCommand
from pyzmtp.cli.sockets.kinds import KINDS, Exchange, Kind
from pyzmtp.cli.sockets.parameters import parameters_of
from pyzmtp.cli.sockets.session import run_task
from pyzmtp.cli.sockets.task import Task
from pyzmtp.cli.streams import standard_streams
from pyzmtp.constants import SocketType
from pyzmtp.errors import UsageError
from pyzmtp.wire.message import Message

__all__ = ["socket_command", "task_of"]

_HOW_TO_ADDRESS = "Say where to --bind or to --connect, or write @ADDRESS or >ADDRESS."


def socket_command(name: str) -> click.Command:
    """The command of that name."""
    kind = KINDS[name]

    def callback(**parameters: Any) -> None:
        task = task_of(kind, parameters)
        run(lambda reactor: run_task(reactor, task, standard_streams(reactor, say)))

    return SectionedCommand(
        name,
        callback=callback,
        params=parameters_of(kind),
        help=f"{kind.summary}\n\n{_details(kind)}",
        epilog=EXIT_STATUSES,
        no_args_is_help=True,
    )


def _details(kind: Kind) -> str:
    texts = [kind.details]
    if kind.sends and kind.exchange is not Exchange.REPLY:
        texts.append("Messages are the MESSAGEs, else lines of standard input.")
    if kind.exchange is Exchange.BOTH:
        texts.append("The end of the input is not the end: see --count, --timeout and --transient.")
    return " ".join(text for text in texts if text)


def task_of(kind: Kind, parameters: dict[str, Any]) -> Task:
    """What the parameters of a command mean. Raises :exc:`click.UsageError`."""
    try:
        return _task(kind, **parameters)
    except (UsageError, ValueError, ExpressionError) as error:  # a FormatError is a ValueError
        raise click.UsageError(str(error)) from None


def _task(
    kind: Kind,
    *,
    texts: Sequence[str],
    bind: Sequence[str],
    connect: Sequence[str],
    form: str,
    separator: str,
    null: bool,
    options: Sequence[str],
    count: int | None,
    timeout: float | None,
    transient: bool,
    verbose: bool,
    filters: Sequence[str] = (),
    prefix: str | None = None,
    files: Sequence[str] = (),
    repeat: bool = False,
    receive_only: bool = False,
    send_only: bool = False,
    echo: bool = False,
    execute: str | None = None,
    on_receive: str | None = None,
    on_send: str | None = None,
    interval: float = 0.0,
    delay: float = 0.0,
    audience: int = 0,
    quiet: bool = False,
    **security: Any,
) -> Task:
    endpoints, messages = leading_endpoints(texts)
    endpoints += [Endpoint(address, True) for address in bind]
    endpoints += [Endpoint(address, False) for address in connect]
    if messages and not kind.sends:
        raise UsageError(f"what to do with {messages[0]!r}? {_HOW_TO_ADDRESS}")
    if not endpoints:
        raise UsageError(f"there is no address. {_HOW_TO_ADDRESS}")
    _exclude(echo=echo, exec=execute, receive_only=receive_only, send_only=send_only)
    written = FORMATS[form](unquote(os.fsencode(separator)), b"\0" if null else b"\n")
    given = [*_read_arguments(messages, written), *_read_files(files)]
    if given and (echo or execute is not None or receive_only):
        raise UsageError("there are messages to send, and an option to send others or none")
    if repeat and not given:
        raise UsageError("--repeat is for MESSAGEs, and there are none")
    wanted = [unquote(os.fsencode(text)) for text in filters]
    kind_of_socket = kind.socket.socket_type
    if kind_of_socket is SocketType.SUB:
        wanted = wanted or [b""]
    elif kind_of_socket is SocketType.DISH and not wanted:
        raise UsageError("say which --group to join")
    return Task(
        kind=kind,
        endpoints=endpoints,
        form=written,
        options=_options(kind_of_socket, options, timeout),
        policy=read_security(security),
        given=given,
        repeat=repeat or kind.exchange is Exchange.REPLY,
        prefix=[] if prefix is None else [unquote(os.fsencode(prefix))],
        filters=wanted,
        sends=kind.sends and not receive_only,
        receives=kind.receives and not send_only,
        count=count,
        interval=interval,
        delay=delay,
        timeout=timeout,
        audience=audience,
        transient=transient,
        echo=echo,
        execute=execute,
        on_receive=None if on_receive is None else Expression(on_receive, "--eval"),
        on_send=None if on_send is None else Expression(on_send, "--send-eval"),
        verbose=verbose,
        quiet=quiet,
    )


def _exclude(**options: object) -> None:
    """Raise :exc:`UsageError` if more than one of these was given."""
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other")


def _options(
    socket_type: SocketType, texts: Sequence[str], timeout: float | None
) -> dict[str, Any]:
    """The options of the socket."""
    defaults: dict[str, Any] = {"send_timeout": timeout, "receive_timeout": timeout}
    if socket_type is SocketType.ROUTER:
        defaults["router_mandatory"] = True  # so that it is told if nobody has an id
    return {**defaults, **parse_options(texts)}


def _read_arguments(texts: Sequence[str], form: Format) -> list[Message]:
    messages = []
    for text in texts:
        try:
            messages.append(form.decode(os.fsencode(text)))
        except FormatError as error:
            raise UsageError(f"{text!r}: {error}") from None
    return messages


def _read_files(paths: Sequence[str]) -> list[Message]:
    try:
        return [[Path(path).read_bytes()] for path in paths]
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None
