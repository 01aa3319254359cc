"""The short form of tests/stress/test_upgrades.py."""

from tests.acceptance.upgrade_kills import kill_upgrades


def test_killed_upgrades_leave_the_old_tables_or_the_new(tmp_path):
    figures = kill_upgrades(tmp_path, 5)
    assert figures.faults == []
    assert figures.before_the_end
