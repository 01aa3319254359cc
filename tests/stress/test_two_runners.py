"""Fifty runners, each stopped beyond its lease, followed by the next and woken (R4): 0 double replies.

CUSTAGENT_DUELS says how many, CUSTAGENT_SEED deals other dice.
"""

from __future__ import annotations

import os

from tests.acceptance.two_runners import duel, nobody_was_answered_twice

ROUNDS = int(os.environ.get("CUSTAGENT_DUELS") or 50)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


def test_those_that_slept_while_they_had_work_answer_nobody_twice(new_phone_house, new_meta, start, record):
    left = duel(new_phone_house, new_meta(seed=SEED, again=0.2), start, rounds=ROUNDS, seed=SEED)
    record(left.told())
    nobody_was_answered_twice(left)
