"""A million bodies for WhatsApp's parser; CUSTAGENT_FUZZ says how many, CUSTAGENT_SEED which."""

from __future__ import annotations

import os
import random

from tests.channels.whatsapp.fuzz import bodies, survives

BODIES = int(os.environ.get("CUSTAGENT_FUZZ") or 1_000_000)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


def test_nothing_is_raised(record):
    read = sum(survives(sent) for sent in bodies(random.Random(SEED), BODIES))
    record(f"{BODIES:,} bodies for WhatsApp's parser, {read:,} of them batches: 0 exceptions")
    assert read > BODIES / 2
