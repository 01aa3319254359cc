"""Ten thousand shuffled, concurrent deliveries (R2): 0 double. CUSTAGENT_REDELIVERIES says how many, CUSTAGENT_SEED which."""

from __future__ import annotations

import os

from tests.acceptance.redelivery import run_redelivery

DELIVERIES = int(os.environ.get("CUSTAGENT_REDELIVERIES") or 10_000)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


def test_what_is_delivered_again_is_not_there_again(new_phone_house, new_meta, start, record):
    record(run_redelivery(new_phone_house, new_meta, start, deliveries=DELIVERIES, seed=SEED).told())
