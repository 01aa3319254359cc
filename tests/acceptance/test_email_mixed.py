"""Two hundred mails of all kinds; the stress form has ten thousand."""

from __future__ import annotations

import pytest

from tests.acceptance.letters import channel, new_mail_house  # noqa: F401 - a fixture
from tests.acceptance.mail_servers import servers  # noqa: F401 - a fixture
from tests.acceptance.mixed_mail import Aftermath, AfterMixedMail, read_all


@pytest.fixture(scope="module")
def aftermath(new_mail_house, servers, start, record) -> Aftermath:  # noqa: F811 - the fixtures
    house = new_mail_house(channel(*servers))
    found = read_all(house, start, servers, count=200, seed=8, patience=300)
    record(f"mail: {len(found.mails)} mixed mails were read and answered in {found.seconds:.1f} s")
    return found


class TestMixedMail(AfterMixedMail):
    """See the class."""
