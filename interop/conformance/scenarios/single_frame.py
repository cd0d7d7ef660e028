"""The types whose messages have one frame: SCATTER and GATHER."""

from __future__ import annotations

from interop.conformance.scenario import EVERYWHERE, OURS, scenario
from interop.conformance.stage import Stage

_DRAFT = "the wheel has no draft types"


@scenario(
    "scatter_gather",
    expected=[[[b"1"]], [[b"2"]]],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def scatter_gives_to_each_in_turn(stage: Stage) -> object:
    """SCATTER gives its messages to its peers in turn."""
    scatter = stage.first("SCATTER")
    gathers = [stage.second("GATHER") for _ in range(2)]
    await stage.link(scatter, *gathers)
    await scatter.send(b"1")
    await scatter.send(b"2")
    await stage.settle()
    return [gather.drain() for gather in gathers]


@scenario(
    "scatter_gather",
    expected=["invalid", []],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def scatter_sends_no_multipart(stage: Stage) -> object:
    """SCATTER refuses a message of two frames."""
    scatter, gather = stage.first("SCATTER"), stage.second("GATHER")
    await stage.link(scatter, gather)
    refused = scatter.try_send(b"1", b"2")
    await stage.settle()
    return [refused, gather.drain()]
