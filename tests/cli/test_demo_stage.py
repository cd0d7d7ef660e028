"""Meetings of the demo: with sides that fail, and for real on a network in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred, succeed

from pyzmtp.cli.demo import stage
from pyzmtp.cli.demo.conversations import CONVERSATIONS, EXCERPTS, Conversation, Role, Send
from pyzmtp.cli.demo.plan import LIBZMQ
from pyzmtp.cli.demo.sides import Mismatch, PyzmtpSide, Side
from pyzmtp.cli.demo.stage import Outcome, Stage, hold
from pyzmtp.cli.trace.records import Metadata
from pyzmtp.cli.trace.records import Side as TraceSide
from pyzmtp.testing import MemoryNetwork
from tests.cli.helpers import PUSH_PULL, REQ_REP, FakeProcess, meeting_of


class FakeSide:
    """A side that does as it is told."""

    def __init__(self, log: list[str], name: str, **faults: Exception) -> None:
        self.log, self.name, self.faults = log, name, faults
        self.playing: Deferred[None] | None = None

    def _do(self, what: str) -> None:
        self.log.append(f"{self.name} {what}")
        if what in self.faults:
            raise self.faults[what]

    async def bind(self, address: str) -> str:
        self._do("bind")
        return address.replace("*", "1234")

    async def connect(self, address: str) -> None:
        self._do(f"connect {address}")

    async def play(self, heard_sync: Callable[[], None]) -> None:
        self._do("play")
        if self.playing is not None:
            await self.playing

    def other_heard_sync(self) -> None:
        self._do("go")

    async def close(self) -> None:
        self._do("close")


class TestHold:
    """:func:`hold` with sides that fail at every point."""

    @pytest.fixture
    def log(self) -> list[str]:
        return []

    def hold(
        self, log: list[str], network: MemoryNetwork, *sides: FakeSide, **kwargs: Any
    ) -> Outcome:
        waiting = list(sides)

        def new_side(implementation: str, role: Role) -> Side:
            return waiting.pop(0)

        return network.run(
            hold(
                network.reactor(),
                meeting_of(REQ_REP),
                new_side,
                "tcp://127.0.0.1:*",
                5.0,
                failed=lambda: log.append("failed"),
                **kwargs,
            ),
            within=20.0,
        )

    def test_all_is_well(self, log: list[str]) -> None:
        outcome = self.hold(log, MemoryNetwork(), FakeSide(log, "rep"), FakeSide(log, "req"))
        assert (outcome.error, outcome.address) == ("", "tcp://127.0.0.1:1234")
        assert log == [
            "rep bind",
            "req connect tcp://127.0.0.1:1234",
            "rep play",
            "req play",
            "rep close",
            "req close",
        ]

    def test_through_a_detour(self, log: list[str]) -> None:
        self.hold(
            log,
            MemoryNetwork(),
            FakeSide(log, "rep"),
            FakeSide(log, "req"),
            detour=lambda address: succeed(address + "5"),
        )
        assert "req connect tcp://127.0.0.1:12345" in log

    def test_a_socket_that_cannot_be_bound(self, log: list[str]) -> None:
        outcome = self.hold(log, MemoryNetwork(), FakeSide(log, "rep", bind=OSError("in use")))
        assert (outcome.error, outcome.address) == ("OSError: in use", "")
        assert log == ["rep bind", "failed", "rep close"]

    def test_a_mismatch_is_reported_before_what_follows_from_it(self, log: list[str]) -> None:
        problem = Mismatch("REP", (b"a",), (b"b",))
        outcome = self.hold(
            log,
            MemoryNetwork(),
            FakeSide(log, "rep", play=problem, close=ValueError("cannot close either")),
            FakeSide(log, "req"),
        )
        assert outcome.error == "Mismatch: REP expected [b'a'] and received [b'b']"
        assert log[-3:] == ["failed", "rep close", "req close"]

    def test_a_side_that_hangs(self, log: list[str]) -> None:
        hanging = FakeSide(log, "req")
        hanging.playing = Deferred()
        outcome = self.hold(log, MemoryNetwork(), FakeSide(log, "rep"), hanging)
        assert outcome.error == "not done within 5 s"
        assert outcome.seconds == pytest.approx(5.0)
        assert log[-3:] == ["failed", "rep close", "req close"]

    def test_a_socket_that_cannot_be_closed(self, log: list[str]) -> None:
        outcome = self.hold(
            log,
            MemoryNetwork(),
            FakeSide(log, "rep", close=ValueError("stuck")),
            FakeSide(log, "req"),
        )
        assert outcome.error == "ValueError: stuck"
        assert "failed" not in log


class TestPyzmtpOnMemory:
    """The conversations themselves, between pyzmtp sockets on a network in memory."""

    @pytest.mark.parametrize("conversation", EXCERPTS, ids=lambda each: str(each.name))
    @pytest.mark.parametrize("backwards", [False, True])
    def test_the_short_ones(self, conversation: Conversation, backwards: bool) -> None:
        network = MemoryNetwork()
        reactor = network.reactor()
        meeting = meeting_of(conversation)
        if backwards:
            meeting = attrs.evolve(meeting, binds=meeting.connects, connects=meeting.binds)
        outcome = network.run(
            hold(
                reactor,
                meeting,
                lambda implementation, role: PyzmtpSide(reactor, role),
                "tcp://127.0.0.1:*",
                5.0,
            ),
            within=20.0,
        )
        network.assert_clean()
        assert outcome.error == ""

    def test_a_long_one(self) -> None:
        network = MemoryNetwork()
        reactor = network.reactor()
        outcome = network.run(
            hold(
                reactor,
                meeting_of(CONVERSATIONS[2]),
                lambda implementation, role: PyzmtpSide(reactor, role),
                "tcp://127.0.0.1:*",
                5.0,
            ),
            within=20.0,
        )
        assert outcome.error == ""
        network.assert_clean()

    def test_a_lie_is_found(self) -> None:
        network = MemoryNetwork()
        reactor = network.reactor()
        pull, _ = PUSH_PULL.roles
        lying = Conversation("PUSH/PULL", (pull, Role("PUSH", [Send((b"something else",))])))
        outcome = network.run(
            hold(
                reactor,
                meeting_of(lying),
                lambda implementation, role: PyzmtpSide(reactor, role),
                "tcp://127.0.0.1:*",
                5.0,
            ),
            within=20.0,
        )
        assert outcome.error.startswith("Mismatch: PULL expected [b'head', b'', b'tail']")
        network.assert_clean()


class TestStage:
    @pytest.fixture
    def network(self) -> MemoryNetwork:
        return MemoryNetwork()

    @pytest.fixture(autouse=True)
    def _own_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def stage_of(
        self,
        network: MemoryNetwork,
        monkeypatch: pytest.MonkeyPatch,
        process: FakeProcess,
        tcp_only: bool = False,
    ) -> Stage:
        monkeypatch.setattr(stage, "LibzmqProcess", lambda reactor: process)
        made = Stage(network.reactor(tcp_only=tcp_only), timeout=5.0)
        network.run(made.__aenter__())
        return made

    def test_it_tells_what_libzmq_is_there(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        process = FakeProcess()
        made = self.stage_of(network, monkeypatch, process)
        assert made.libzmq == {"pyzmq": "27", "libzmq": "4.3.5", "ipc": False}
        network.run(made.__aexit__(None, None, None))
        assert process.stopped == [False]

    def test_or_that_there_is_none(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess("No module named 'zmq'"))
        assert (made.libzmq, made.libzmq_missing) == (None, "No module named 'zmq'")

    def test_no_unix_sockets(self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess(), tcp_only=True)
        outcome = network.run(made.run(meeting_of(PUSH_PULL, "ipc")))
        assert outcome.unavailable == "this reactor has no UNIX sockets"

    def test_a_libzmq_without_ipc(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        outcome = network.run(made.run(meeting_of(PUSH_PULL, "ipc", bound_by=LIBZMQ)))
        assert outcome.unavailable == "this libzmq has no ipc"

    def test_a_meeting_over_tcp(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        outcome = network.run(made.run(meeting_of(PUSH_PULL)), within=20.0)
        assert outcome.error == ""
        assert outcome.address.startswith("tcp://127.0.0.1:")
        network.assert_clean()

    @pytest.mark.parametrize("conversation", EXCERPTS, ids=lambda each: str(each.name))
    def test_a_recorded_meeting(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch, conversation: Conversation
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        outcome, records = network.run(made.record(meeting_of(conversation)), within=20.0)
        assert outcome.error == ""
        said = [(record.content.kind, record.side) for record in records]
        for side in TraceSide:
            assert said.count(("greeting", side)) == 1
        names = [record.content.name for record in records if isinstance(record.content, Metadata)]
        assert names == ["READY", "READY"]
        assert sum(kind == "message" for kind, _ in said) == conversation.messages
        assert not [fault for record in records for fault in record.content.faults]
        network.settle()
        network.assert_clean()

    def test_after_a_failure_libzmq_is_started_anew(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        process = FakeProcess()
        made = self.stage_of(network, monkeypatch, process)
        meeting = meeting_of(PUSH_PULL, connected_by=LIBZMQ)  # which does nothing: it is a fake
        outcome = network.run(made.run(meeting), within=20.0)
        assert outcome.error == "not done within 5 s"
        assert process.stopped == [True]
        network.run(made.run(meeting), within=20.0)
        assert [line["do"] for line in process.asked].count("open") == 2
        assert process.stopped == [True, True]

    def test_ipc_paths_are_all_different(
        self, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.stage_of(network, monkeypatch, FakeProcess())
        addresses = {made._address("ipc") for _ in range(3)}
        assert len(addresses) == 3
        assert all(each.startswith(f"ipc://{made.directory}") for each in addresses)
        network.run(made.__aexit__(None, None, None))
