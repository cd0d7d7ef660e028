"""The conversation that docs/trace.md shows is the one that `pyzmtp trace` prints."""

from __future__ import annotations

import re
import signal

from interop.pages import ROOT
from interop.programs import Program, bound, libzmq

_SCREEN = re.compile(r"```text\n(listening at .*? REQ .*?)```", re.DOTALL)


def without_chance(screen: str) -> list[str]:
    """The lines of a screen without times and ports; which greeting comes first is chance, too."""
    lines = [
        re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", re.sub(r"\+?\d+\.\d{6}", "TIME", line))
        for line in screen.splitlines()
    ]
    return sorted(re.sub(r"^ +TIME( +TIME)?", "", line).strip() for line in lines)


def test_a_request_and_its_reply() -> None:
    shown = _SCREEN.search((ROOT / "docs" / "trace.md").read_text())
    assert shown is not None
    with libzmq() as open_socket:
        rep, req = open_socket("REP"), open_socket("REQ")
        with Program("trace", "tcp://127.0.0.1:*", bound(rep)) as trace:
            printed = [trace.line()]
            req.connect(printed[0].split()[2].rstrip(","))
            req.send(b"hello")
            assert rep.recv() == b"hello"
            rep.send(b"world")
            assert req.recv() == b"world"
            req.close()
            while printed[-1] and " closed " not in printed[-1]:
                printed.append(trace.line())
            trace.signal(signal.SIGTERM)
            assert trace.end()[0] == 0
    assert without_chance("".join(printed)) == without_chance(shown[1])
