"""Figures as people read them."""

import pytest

from custagent.evaluate.figures import TIME_BOUNDS, Rate
from custagent.evaluate.wording import length, number, of_base, range_of, share_of, spans


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "none yet"), (0, "0.0 s"), (2.84, "2.8 s"), (10, "10 s"), (89, "89 s"), (90, "2 min"), (300, "5 min"),
        (5_399, "90 min"), (5_400, "1.5 h"), (86_400, "24.0 h"), (129_599, "36.0 h"), (129_600, "1.5 days"),
    ],
)  # fmt: skip
def test_lengths_of_time(seconds, told):
    assert length(seconds) == told


@pytest.mark.parametrize(
    ("rate", "share", "range_"),
    [
        (Rate(count=0, base=0), "none yet", ""),
        (Rate(count=3, base=19), "too few to tell", ""),
        (Rate(count=10, base=20), "50 %", "30 to 70 %"),
        (Rate(count=24_310, base=39_911), "60.9 %", "60.4 to 61.4 %"),
    ],
)
def test_rates(rate, share, range_):
    assert (share_of(rate), range_of(rate)) == (share, range_)


def test_numbers():
    assert (number(49_272), number(-100), number(147.51), of_base(Rate(count=1_000, base=2_000))) == (
        "49,272", "-100", "147.5", "1,000 of 2,000",
    )  # fmt: skip


def test_every_bar_of_the_times_has_a_name():
    assert len(spans()) == len(TIME_BOUNDS) + 1
    assert spans() == (
        "up to 5 s", "up to 30 s", "up to 1 min", "up to 5 min", "up to 1 h", "up to 8 h", "up to 24 h", "longer",
    )  # fmt: skip
