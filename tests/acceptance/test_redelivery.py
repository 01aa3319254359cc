"""R2, the short form; ten thousand are in `tests/stress/test_redelivery.py`."""

from __future__ import annotations

from tests.acceptance.redelivery import run_redelivery


def test_what_is_delivered_again_is_not_there_again(new_phone_house, new_meta, start, record):
    record(run_redelivery(new_phone_house, new_meta, start, deliveries=300).told())
