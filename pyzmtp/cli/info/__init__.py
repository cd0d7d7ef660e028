"""``pyzmtp info``: what is at an address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from twisted.internet.error import ConnectError as TransportError
from twisted.internet.error import DNSLookupError

from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.info.investigation import Question, investigate
from pyzmtp.cli.info.report import advice, as_text, facts
from pyzmtp.cli.options import parse_options
from pyzmtp.cli.policies import MakePolicy, read_security, security_options
from pyzmtp.cli.program import run, say
from pyzmtp.cli.seconds import Seconds
from pyzmtp.cli.sections import EXIT_STATUSES, SectionedCommand, SectionedOption
from pyzmtp.cli.streams import Streams, standard_streams
from pyzmtp.errors import OperationTimeout, UsageError, ZMTPError
from pyzmtp.options import SocketOptions

__all__ = ["command", "tell"]


async def tell(
    reactor: Any,
    address: str,
    options: SocketOptions,
    make_policy: MakePolicy,
    joins: bool,
    timeout: float,
    as_json: bool,
    streams: Streams,
) -> ExitStatus:
    """Find out what is at ``address``, and write it down."""
    question = Question(address, options, make_policy(reactor), joins, timeout)
    try:
        probed = await investigate(reactor, question)
    except UsageError as error:
        streams.say(str(error))
        return ExitStatus.USAGE
    except OperationTimeout as error:
        streams.say(f"{address}: {error}")
        return ExitStatus.TIMEOUT
    except (ZMTPError, TransportError, DNSLookupError, OSError) as error:
        streams.say(f"{address}: {error}")
        return ExitStatus.FAILED
    problem = advice(probed)
    known = facts(address, probed, problem)
    text = json.dumps(known) if as_json else as_text(known)
    await streams.stdout.write(f"{text}\n".encode())
    if problem:
        streams.say(f"{address}: {problem}")
    if isinstance(probed.error, OperationTimeout):
        return ExitStatus.TIMEOUT
    return ExitStatus.FAILED if problem else ExitStatus.DONE


def _callback(
    address: str,
    timeout: float,
    join: bool,
    as_json: bool,
    options: Sequence[str],
    **security: Any,
) -> None:
    try:
        settings = SocketOptions(**parse_options(options))
        policy = read_security(security)
    except (UsageError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    run(
        lambda reactor: tell(
            reactor,
            address,
            settings,
            policy,
            join,
            timeout,
            as_json,
            standard_streams(reactor, say),
        )
    )


command = SectionedCommand(
    "info",
    callback=_callback,
    help="Tell what is at an ADDRESS: the version of ZMTP, mechanism, socket type, metadata, and the time "
    "that a PING takes.\n\nIt asks for nothing else, and joins no peer that would send it then what is "
    "meant for others (a PUSH, DEALER, REQ, PAIR, SCATTER, CLIENT or CHANNEL), unless told to.",
    epilog=EXIT_STATUSES,
    no_args_is_help=True,
    params=[
        click.Argument(["address"]),
        SectionedOption(
            "Questions",
            "-t",
            "--timeout",
            type=Seconds(min=0, min_open=True),
            default=5.0,
            show_default=True,
            metavar="SECONDS",
            help="For each connection that it takes.",
        ),
        SectionedOption(
            "Questions",
            "--join",
            is_flag=True,
            help="Join the peer whatever it is: a message that it sends us is lost.",
        ),
        SectionedOption(
            "Questions", "--json", "as_json", is_flag=True, help="Write a JSON object."
        ),
        SectionedOption(
            "Questions",
            "-o",
            "--option",
            "options",
            multiple=True,
            metavar="NAME=VALUE",
            help="Set an option of the connection, such as socks_proxy.",
        ),
        *security_options(client=True),
    ],
)
