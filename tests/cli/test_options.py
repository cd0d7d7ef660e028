"""``-o NAME=VALUE``: every option can be written, and what is wrong with one is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from pyzmtp import ReconnectStop, RouterNotify, SocketOptions, SocketType
from pyzmtp.cli.options import describe_options, parse_options

FIELDS = {field.name: field for field in attrs.fields(SocketOptions) if field.name != "security"}

#: A value that is not the default, as text and as it is, for each kind of option.
VALUES: dict[str, tuple[str, Any]] = {
    "int": ("0x7", 7),
    "float": ("1.5", 1.5),
    "bool": ("yes", True),
    "bytes": ("a\\x00\\\\\udcff", b"a\0\\\xff"),
    "str": ("text", "text"),
    "tuple[int, int]": ("3.1", (3, 1)),
    "tuple[str, ...]": ("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
    "tuple[int, ...]": ("0,1000", (0, 1000)),
    "Mapping[str, bytes]": ("X-Team=\\xff", {"X-Team": b"\xff"}),
    "ReconnectStop": ("refused", ReconnectStop.REFUSED),
    "RouterNotify": ("connect,disconnect", RouterNotify.CONNECT | RouterNotify.DISCONNECT),
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_option_can_be_set(name: str) -> None:
    kind = str(FIELDS[name].type)
    text, value = VALUES[kind.removesuffix(" | None")]
    if name == "socks_proxy":
        text = value = "localhost:1080"
    assert parse_options([f"{name}={text}"]) == {name: value}
    assert parse_options([f"{name.replace('_', '-')}={text}"]) == {name: value}
    if kind.endswith(" | None"):
        assert parse_options([f"{name}=None"]) == {name: None}
    elif kind != "str":
        with pytest.raises(ValueError, match=name):
            parse_options([f"{name}=\\q none of these"])


def test_the_list_shows_each_option_of_a_type_with_its_default() -> None:
    for kind in SocketType:
        listed = describe_options(kind)
        names = [text.partition("=")[0] for text, _ in listed]
        assert names == [name for name in FIELDS if kind in FIELDS[name].metadata["types"]]
        for text, meaning in listed:
            name, _, value = text.partition("=")
            assert meaning == FIELDS[name].metadata["meaning"]
            if value:  # an empty list, or no properties, cannot be written
                assert parse_options([text]) == {name: FIELDS[name].default}


def test_the_last_one_counts_but_properties_are_gathered() -> None:
    texts = ["linger=1", "linger=2", "metadata=X-a=1", "metadata=X-b=x=y"]
    assert parse_options(texts) == {"linger": 2.0, "metadata": {"X-a": b"1", "X-b": b"x=y"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [("yes", True), ("On", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)],
)
def test_a_flag(text: str, value: bool) -> None:
    assert parse_options([f"immediate={text}"]) == {"immediate": value}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("linger", "'linger' is not NAME=VALUE"),
        ("linger=soon", "linger=soon: it takes seconds as a number, or none"),
        ("linger=-1", "linger=-1: it takes seconds as a number from 0 up"),
        ("linger=nan", "linger=nan: it takes seconds"),
        ("tos=256", "tos=256: it takes a whole number from 0 to 255"),
        ("tos=none", "tos=none: it takes a whole number"),
        ("immediate=2", "immediate=2: it takes yes or no"),
        ("min_version=3", "it takes a version such as 3.1"),
        ("min_version=4.0", r"it takes \(1, 0\)"),
        ("metadata=X-a", "NAME=VALUE, once for each property"),
        ("metadata=a=b", "a property's name is X-"),
        ("router_notify=all", "one or more of nothing, connect, disconnect"),
        ("ipc_filter_uid=me", "whole numbers with commas"),
        ("send_hmw=1", "there is no option send_hmw; do you mean send_hwm?"),
        ("xyz=1", r"there is no option xyz \(-o help lists them\)"),
        ("security=x", "it is set by --plain-... and --curve-..."),
        ("CURVE_SERVER=1", "it is set by --plain-... and --curve-..."),
        ("SNDHWM=1", "SNDHWM is called send_hwm here$"),
        ("ZMQ_LINGER=0", "ZMQ_LINGER is called linger here, in seconds"),
        ("wss_cert_pem=@/no/such/file", "No such file or directory"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_options([text])


def test_a_value_can_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_bytes(b"secret\n")
    assert parse_options([f"socks_password=@{path}"]) == {"socks_password": "secret"}
    assert parse_options([f"hello_message=@{path}"]) == {"hello_message": b"secret\n"}
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="it takes text"):
        parse_options([f"socks_username=@{path}"])


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(ValueError, match="socks_password=") as raised:
        parse_options([f"socks_password={'secret' * 100}"])
    assert "secret" not in str(raised.value)
