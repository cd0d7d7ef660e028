"""``python -m pyzmtp keygen``: new keys of CURVE, printed or in certificate files."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence

import click

from pyzmtp.certificates import create_certificates, load_certificate
from pyzmtp.errors import LibraryMissing, OptionError
from pyzmtp.security.keys import curve_keypair, curve_public

__all__ = ["FORMATS", "command", "formatted", "read_secret"]

FORMATS = ("text", "env", "json")


def formatted(values: Mapping[str, str], form: str) -> str:
    """``values`` as one of :data:`FORMATS`; env is for a shell's ``eval`` and for ``.env`` files."""
    if form == "json":
        return json.dumps(values)
    if form == "env":
        return "\n".join(f"CURVE_{key.upper()}={shlex.quote(text)}" for key, text in values.items())
    return "\n".join(f"{key}: {text}" for key, text in values.items())


@click.command()
@click.argument("name", required=False)
@click.option(
    "-d",
    "--directory",
    type=click.Path(file_okay=False, writable=True),
    help="Where the files go; it is made if need be.  [default: the current directory]",
)
@click.option(
    "-m",
    "--metadata",
    "described",
    multiple=True,
    metavar="KEY=VALUE",
    help="Say this of the owner in the secret file; may be given more than once.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option(
    "--public",
    "from_secret",
    is_flag=True,
    help="Make no pair: read a secret key from standard input, and print its public key.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="How to print: lines, assignments for a shell, or a JSON object.",
)
def command(
    name: str | None,
    directory: str | None,
    described: Sequence[str],
    force: bool,
    from_secret: bool,
    form: str,
) -> None:
    """Make a new pair of keys for CURVE.

    Without NAME both keys are printed, as 40 characters of Z85 each. With NAME they are written to
    the certificate files NAME.key, for peers, and NAME.key_secret, which only its owner can read;
    their paths and the public key are printed then. libzmq's bindings use the same files.
    """
    if from_secret and name is not None:
        raise click.UsageError("--public writes no files: give no NAME.")
    if name is None and (directory is not None or described or force):
        raise click.UsageError("--directory, --metadata and --force are for files: give a NAME.")
    try:
        if from_secret:
            values = {"public": _public(read_secret())}
        elif name is None:
            values = curve_keypair()._asdict()
        else:
            values = _files(directory or ".", name, _metadata(described), force)
    except LibraryMissing as error:
        raise click.ClickException(str(error)) from None
    click.echo(formatted(values, form))  # not by rich, which breaks lines and knows [brackets]


def read_secret() -> str:
    """A line of standard input, or what is typed unseen at a terminal."""
    if sys.stdin is None:
        raise click.ClickException("Standard input is closed: there is no secret key to read.")
    if sys.stdin.isatty():
        return click.prompt("Secret key", hide_input=True, err=True).strip()
    return sys.stdin.buffer.readline(1000).decode("latin-1").strip()


def _public(secret: str) -> str:
    try:
        return curve_public(secret)
    except OptionError as error:
        raise click.ClickException(f"No secret key: {error.problem}.") from None


def _metadata(described: Sequence[str]) -> dict[str, str]:
    metadata = {}
    for text in described:
        key, assigned, value = text.partition("=")
        if not assigned:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint="--metadata")
        metadata[key.strip()] = value.strip()
    return metadata


def _files(directory: str, name: str, metadata: Mapping[str, str], force: bool) -> dict[str, str]:
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        public, secret = create_certificates(directory, name, metadata, overwrite=force)
        key = load_certificate(public).public_key
    except OptionError as error:
        hint = "NAME" if error.option == "name" else "--metadata"
        raise click.BadParameter(f"{error.value!r}: {error.problem}.", param_hint=hint) from None
    except FileExistsError as error:
        problem = f"{error.filename} exists. --force overwrites it, and its key is lost then."
        raise click.ClickException(problem) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    return {"public": key, "public_file": str(public), "secret_file": str(secret)}
