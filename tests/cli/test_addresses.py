"""Addresses with prefixes on the command line."""

from __future__ import annotations

import pytest

from pyzmtp.cli.addresses import Endpoint, leading_endpoints, read_endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("@tcp://*:5555", Endpoint("tcp://*:5555", True)),
        (">tcp://host:5555", Endpoint("tcp://host:5555", False)),
        ("@ipc://@abstract", Endpoint("ipc://@abstract", True)),
        (">tls:host=a:port=1", Endpoint("tls:host=a:port=1", False)),
        ("@unix:/run/x", Endpoint("unix:/run/x", True)),
    ],
)
def test_a_prefix_says_what_to_do(text: str, endpoint: Endpoint) -> None:
    assert read_endpoint(text) == endpoint
    assert str(endpoint) == text


@pytest.mark.parametrize(
    "text", ["tcp://*:5555", "@", "@bob", "@bob: hello", "> quoted: text", ">", "@:x", "@tcp:", ""]
)
def test_other_texts_are_no_endpoints(text: str) -> None:
    assert read_endpoint(text) is None


def test_endpoints_stand_before_messages() -> None:
    texts = ["@tcp://*:1", ">tcp://a:2", "message", "@tcp://*:3"]
    endpoints, messages = leading_endpoints(texts)
    assert endpoints == [Endpoint("tcp://*:1", True), Endpoint("tcp://a:2", False)]
    assert messages == ["message", "@tcp://*:3"]
