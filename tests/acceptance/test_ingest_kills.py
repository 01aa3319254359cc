"""kill -9 in the middle of an ingestion: the agent answers throughout, and hardly anything is done twice (SRC-5).

The long form is `tests/stress/test_ingest_kills.py`.
"""

from __future__ import annotations

import pytest

from tests.acceptance.ingest_kills import Aftermath, kill_often


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    return kill_often(tmp_path_factory.mktemp("house"), kills=5)


class AfterIngestKills:
    """What must be true however often it was killed."""

    def test_the_agent_answered_throughout_and_rightly(self, aftermath: Aftermath) -> None:
        assert aftermath.answered > aftermath.kills
        assert aftermath.wrong == []

    def test_the_next_sync_finishes_the_work(self, aftermath: Aftermath) -> None:
        assert aftermath.code == 0
        assert aftermath.whole

    def test_at_most_one_batch_is_embedded_again_for_each_kill(self, aftermath: Aftermath) -> None:
        assert aftermath.again <= aftermath.batch * aftermath.kills

    def test_it_was_killed_at_work(self, aftermath: Aftermath) -> None:
        assert aftermath.moments["reading"] + aftermath.moments["embedding"] > aftermath.kills / 2


class TestAfterIngestKills(AfterIngestKills):
    """A handful."""
