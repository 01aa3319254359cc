"""How long things took: values counted by bounds, as Prometheus reads them."""

from __future__ import annotations

import threading
from bisect import bisect_left
from itertools import accumulate
from math import inf

#: Upper bounds in seconds: an extract takes tenths, a model seconds, a queue minutes.
ANSWER_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Histogram:
    """How often values fell below each bound. Threads may share it."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float) -> None:
        """Count one value; below zero, as after a clock was set back, it is zero."""
        with self._lock:
            self._counts[bisect_left(self._bounds, max(value, 0.0))] += 1
            self._sum += max(value, 0.0)

    def counted(self) -> tuple[list[tuple[float, int]], float]:
        """(bound, how many values are at most that) with infinity last, and the sum of all values."""
        with self._lock:
            return list(zip((*self._bounds, inf), accumulate(self._counts), strict=True)), self._sum
