"""Values are counted by bounds, as Prometheus reads them."""

from __future__ import annotations

from math import inf

from custagent.runtime.runner.histogram import Histogram


def test_each_bucket_holds_those_below_as_well() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(value)
    buckets, total = histogram.counted()
    assert buckets == [(0.1, 2), (1.0, 3), (inf, 4)]
    assert abs(total - 7.65) < 1e-9


def test_a_clock_that_was_set_back_counts_as_no_time() -> None:
    histogram = Histogram((0.1,))
    histogram.observe(-3600.0)
    assert histogram.counted() == ([(0.1, 1), (inf, 1)], 0.0)
