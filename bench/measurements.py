"""The list of measurements; a new file is added here and nowhere else."""

from __future__ import annotations

from bench import (
    connection_memory,
    connections,
    curve,
    curve_connections,
    dealer_in_turn,
    fan_in,
    fan_out,
    import_time,
    in_flight,
    inproc,
    inproc_round_trip,
    ipc,
    ipc_round_trip,
    matching,
    multipart,
    publisher_to_one,
    queue_memory,
    round_trip,
    router_to_one,
    throughput,
    topics,
)
from bench.model import Case

MEASUREMENTS = (
    throughput.MEASUREMENT,
    multipart.MEASUREMENT,
    fan_in.MEASUREMENT,
    round_trip.MEASUREMENT,
    in_flight.MEASUREMENT,
    fan_out.MEASUREMENT,
    topics.MEASUREMENT,
    matching.MEASUREMENT,
    ipc.MEASUREMENT,
    ipc_round_trip.MEASUREMENT,
    inproc.MEASUREMENT,
    inproc_round_trip.MEASUREMENT,
    curve.MEASUREMENT,
    connections.MEASUREMENT,
    curve_connections.MEASUREMENT,
    router_to_one.MEASUREMENT,
    publisher_to_one.MEASUREMENT,
    dealer_in_turn.MEASUREMENT,
    connection_memory.MEASUREMENT,
    queue_memory.MEASUREMENT,
    import_time.MEASUREMENT,
)


def all_cases() -> list[Case]:
    """Return every case of every measurement, in the order of the report."""
    return [case for measurement in MEASUREMENTS for case in measurement.cases()]
