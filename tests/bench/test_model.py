"""The bench: what is passed around, and how time is kept."""

from __future__ import annotations

import pytest

from bench.model import Job, format_size
from bench.peers.timing import (
    InFlight,
    check_message,
    check_payload,
    round_trip_sample,
    total_requests,
)
from tests.bench.results import (
    GROUP,
    times,
)


class TestModel:
    def test_payload_has_the_size_and_is_not_one_repeated_byte(self) -> None:
        for size in (1, 16, 256, 1000):
            assert len(Job(size=size, count=1, timeout=1.0).payload()) == size
        assert Job(size=3, count=1, timeout=1.0).payload() == b"\0\1\2"

    def test_a_message_is_a_frame_or_a_list_of_them(self) -> None:
        assert Job(size=3, count=1, timeout=1.0).message() == b"\0\1\2"
        assert Job(size=1, count=1, timeout=1.0, parts=4).message() == [b"\0"] * 4

    @pytest.mark.parametrize(
        ("size", "text"),
        [(16, "16 B"), (1000, "1000 B"), (1024, "1 KiB"), (65536, "64 KiB"), (2**20, "1 MiB")],
    )
    def test_format_size(self, size: int, text: str) -> None:
        assert format_size(size) == text

    def test_median_of_the_rounds(self) -> None:
        assert GROUP[0].median == pytest.approx(2_500_000)
        assert GROUP[2].median is None

    def test_more_messages_a_second_are_faster(self) -> None:
        assert GROUP[0].speed_against(GROUP[1]) == pytest.approx(2.5)

    def test_a_shorter_round_trip_is_faster(self) -> None:
        assert times("pyzmtp-batch", 100).speed_against(times("txzmq", 250)) == pytest.approx(2.5)

    def test_no_ratio_without_both_figures(self) -> None:
        assert GROUP[0].speed_against(None) is None
        assert GROUP[0].speed_against(GROUP[3]) is None
        assert GROUP[3].speed_against(GROUP[0]) is None


class TestTiming:
    def test_round_trip_sample(self) -> None:
        marks = [0.0]
        for span in [0.001] * 98 + [0.003, 0.002]:
            marks.append(marks[-1] + span)
        sample = round_trip_sample(marks)
        assert sample.operations == 100
        assert sample.seconds == pytest.approx(0.103)
        assert sample.details["p50_us"] == pytest.approx(1000)
        assert sample.details["p99_us"] == pytest.approx(3000)

    def test_check_payload(self) -> None:
        check_payload(b"same", b"same")
        with pytest.raises(AssertionError, match="received b'other'"):
            check_payload(b"other", b"same")

    def test_check_message(self) -> None:
        job = Job(size=1, count=1, timeout=1.0, parts=2)
        check_message([b"\0", b"\0"], job)
        for wrong in ([b"\0"], [b"\0", b"\1"]):
            with pytest.raises(AssertionError, match="received"):
                check_message(wrong, job)

    @pytest.mark.parametrize("in_flight", [1, 10, 300])
    @pytest.mark.parametrize("at_once", [1, 7])
    def test_requests_in_flight(self, in_flight: int, at_once: int) -> None:
        job = Job(size=1, count=500, timeout=1.0, in_flight=in_flight)
        requests = InFlight(job)
        under_way = most = total = requests.sent(in_flight)
        while requests.sample is None:
            number = min(at_once, under_way)
            sent = requests.replied(number)
            total += sent
            under_way += sent - number
            most = max(most, under_way)
        assert (under_way, most, total) == (0, in_flight, total_requests(job))
        assert 500 - at_once < requests.sample.operations <= 500
        assert requests.sample.seconds >= 0
