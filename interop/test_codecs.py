"""Text and JSON as pyzmq's ``send_json`` and ``recv_json`` have them."""

from __future__ import annotations

from typing import Any

import pytest
from zmq.utils import jsonapi

from pyzmtp import decode_json, encode_json


@pytest.mark.parametrize("value", [None, 1, -2.5, "é\n", [[], {}], {"key": [True, "ü"]}])
def test_either_reads_what_the_other_writes(value: Any) -> None:
    assert jsonapi.loads(encode_json(value)) == value
    assert decode_json(jsonapi.dumps(value)) == value
