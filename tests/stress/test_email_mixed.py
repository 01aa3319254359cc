"""Ten thousand mixed mails through a real mailbox; CUSTAGENT_MAILS says how many, CUSTAGENT_SEED deals other dice."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.letters import channel, new_mail_house  # noqa: F401 - a fixture
from tests.acceptance.mail_servers import servers  # noqa: F401 - a fixture
from tests.acceptance.mixed_mail import Aftermath, AfterMixedMail, read_all

MAILS = int(os.environ.get("CUSTAGENT_MAILS") or 10_000)
SEED = int(os.environ.get("CUSTAGENT_SEED") or 0)


@pytest.fixture(scope="module")
def aftermath(new_mail_house, servers, start, record) -> Aftermath:  # noqa: F811 - the fixtures
    found = read_all(new_mail_house(channel(*servers)), start, servers, count=MAILS, seed=SEED, patience=3600)
    record(f"mail: {len(found.mails)} mixed mails were read and answered in {found.seconds:.0f} s")
    return found


class TestMixedMail(AfterMixedMail):
    """All of them."""
