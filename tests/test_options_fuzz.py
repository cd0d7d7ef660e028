"""Any value for any option is taken as it is, or refused as an OptionError."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp import OptionError, SocketOptions

NAMES = [field.name for field in attrs.fields(SocketOptions)]

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 300),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=300),
    st.binary(max_size=300),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.dictionaries(st.text(max_size=5), st.binary(max_size=5), max_size=2),
    st.lists(st.integers(), max_size=2),
)


@given(name=st.sampled_from(NAMES), value=values)
def test_any_value_is_taken_or_refused(name: str, value: Any) -> None:
    try:
        options = SocketOptions(**{name: value})
    except OptionError:
        return
    kept = getattr(options, name)
    if isinstance(kept, tuple):  # several values are kept so, whatever they came in
        value = tuple(value)
    assert kept == value
    assert SocketOptions(**{name: getattr(options, name)}) == options
