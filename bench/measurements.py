"""The list of measurements; a new file is added here and nowhere else."""

from __future__ import annotations

from bench import curve, fan_out, in_flight, multipart, round_trip, throughput
from bench.model import Case

MEASUREMENTS = (
    throughput.MEASUREMENT,
    multipart.MEASUREMENT,
    round_trip.MEASUREMENT,
    in_flight.MEASUREMENT,
    fan_out.MEASUREMENT,
    curve.MEASUREMENT,
)


def all_cases() -> list[Case]:
    """Return every case of every measurement, in the order of the report."""
    return [case for measurement in MEASUREMENTS for case in measurement.cases()]
