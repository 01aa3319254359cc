"""A few kill -9 while mail comes in and goes out; the stress form has a thousand."""

from __future__ import annotations

import pytest

from tests.acceptance.kills import Aftermath
from tests.acceptance.letters import new_mail_house  # noqa: F401 - a fixture
from tests.acceptance.mail_kills import AfterMailKills, kill_under_mail
from tests.acceptance.mail_servers import servers  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def aftermath(new_mail_house, servers, free_port, record) -> Aftermath:  # noqa: F811 - the fixtures
    left = kill_under_mail(new_mail_house, servers, free_port, kills=10, seed=8)
    asked = sum(len(one.asked) for one in left.load.callers)
    record(f"mail: {left.kills} kill -9 in {left.seconds:.0f} s, {left.busy} with work open; {asked} mails")
    return left


class TestAfterMailKills(AfterMailKills):
    """See the class."""
