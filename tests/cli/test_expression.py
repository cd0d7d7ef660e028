"""``--eval``: what an expression makes of a message."""

from __future__ import annotations

import pytest

from pyzmtp.cli.expression import Expression, ExpressionError


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("message", [b"Hello", b"x"]),
        ("message[0].upper()", [b"HELLO"]),
        ("'ä'", ["ä".encode()]),
        ("(message[1], 'y', bytearray(b'z'))", [b"x", b"y", b"z"]),
        ("None", None),
        ("message if b'H' in message[0] else None", [b"Hello", b"x"]),
        ("json.dumps([math.floor(1.5), re.sub('a', 'b', 'a')])", [b'[1, "b"]']),
        ("  str(time.time() > 0)", [b"True"]),
        ("[part for part in message if message]", [b"Hello", b"x"]),
        ("'\\udcff'", [b"\xff"]),
        ("bytearray(b'whole')", [b"whole"]),
        ("memoryview(message[0])", [b"Hello"]),
        ("(part.lower() for part in message)", [b"hello", b"x"]),
    ],
)
def test_a_value_is_a_message(text: str, result: list[bytes] | None) -> None:
    assert Expression(text, "--eval")([b"Hello", b"x"]) == result


def test_the_message_itself_is_not_changed() -> None:
    message = [b"a"]
    assert Expression("message.append(b'b')", "--eval")(message) is None
    assert message == [b"a"]


@pytest.mark.parametrize("text", ["", "a b", "x = 1", "import os", "\0"])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"^--eval: "):
        Expression(text, "--eval")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1/0", "--eval: ZeroDivisionError: division by zero"),
        ("nonsense", "NameError: name 'nonsense' is not defined"),
        ("5", "a frame is bytes or text, not int"),
        ("[None]", "not NoneType"),
        ("[]", "at least one frame"),
        ("{}", "at least one frame"),
        ("(1 // 0 for part in message)", "--eval: ZeroDivisionError: "),
        ("exit('enough')", "--eval: SystemExit: enough"),
        (r"json.loads('\"\\ud800\"')", "--eval: 'utf-8' codec can't encode"),
    ],
)
def test_what_makes_no_message(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        Expression(text, "--eval")([b"a"])
