"""``--plain-...`` and ``--curve-...``: who we are, and who may come in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from pyzmtp.cli.sections import SectionedOption
from pyzmtp.errors import CertificateError, UsageError
from pyzmtp.policy_files import POLICY_FILES, policy_from_files
from pyzmtp.security.plain import PlainClient
from pyzmtp.security.policy import Policy

__all__ = ["SECURITY_OPTIONS", "MakePolicy", "no_policy", "read_security", "security_options"]

#: Makes a policy on the reactor that it will run on; ``None``: there is no security.
MakePolicy = Callable[[Any], Policy | None]

#: Where a password may be that is on no command line.
_PASSWORD: Final = "PYZMTP_PLAIN_PASSWORD"

#: The options by name, and what each means.
SECURITY_OPTIONS: Final = {
    **POLICY_FILES,
    "plain_username": (
        f"PLAIN: connect by this name, and the password that is in the environment as {_PASSWORD} or "
        "else is typed at the terminal."
    ),
}

_METAVARS: Final = {
    "curve_clients": "KEY|FILE|DIRECTORY|any",
    "curve_server": "KEY|FILE",
    "plain_username": "NAME",
}

#: What may be given more than once.
_MULTIPLE: Final = {"curve_clients"}

_OF_CLIENTS: Final = {"curve_key", "curve_server", "plain_login", "plain_username"}


def no_policy(reactor: Any) -> None:
    """Make none: the :data:`MakePolicy` of who gave no such option."""


def security_options(client: bool = False) -> list[click.Option]:
    """All options of security, or those of a ``client``."""
    return [
        SectionedOption(
            "Security",
            f"--{name.replace('_', '-')}",
            metavar=_METAVARS.get(name, "FILE"),
            multiple=name in _MULTIPLE,
            help=f"{text} May be given more than once." if name in _MULTIPLE else text,
        )
        for name, text in SECURITY_OPTIONS.items()
        if not client or name in _OF_CLIENTS
    ]


def read_security(given: Mapping[str, Any]) -> MakePolicy:
    """Read the files that were named, and return what makes the policy.

    ``given`` has :data:`SECURITY_OPTIONS` by name. Raises :exc:`UsageError` for what cannot be used or
    meant, and :exc:`LibraryMissing`.
    """
    files = {name: given.get(name) for name in POLICY_FILES}
    username = given.get("plain_username")
    try:
        if username is None:
            return policy_from_files(**files) or no_policy
    except CertificateError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None
    others = [name.replace("_", "-") for name, value in files.items() if value]
    if others:
        raise UsageError(f"plain-username and {others[0]} exclude each other")
    login = PlainClient(username, _password(username))
    return lambda _: login


def _password(username: str) -> str:
    password = os.environ.get(_PASSWORD)
    if password is not None:
        return password
    if sys.stderr is None or not sys.stderr.isatty():
        raise UsageError(f"there is no password for {username}: it is to be in {_PASSWORD}")
    typed: str = click.prompt(f"Password of {username}", hide_input=True, err=True)
    return typed
