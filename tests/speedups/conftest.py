"""Where nothing was compiled there is nothing to compare: the parity tests are not there either."""

from __future__ import annotations

from ..implementations import COMPILED

collect_ignore = ["test_parity.py", "test_queue_parity.py"] if COMPILED is None else []
