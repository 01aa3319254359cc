"""The long tests: `nox -s stress`, or CUSTAGENT_STRESS=1 and pytest. Without it nothing here is collected.

Each has a short form among the ordinary tests; the code is theirs, only sizes differ. Figures are told with `record`.
"""

from __future__ import annotations

import os

import pytest

from tests.acceptance.conftest import (  # noqa: F401 - fixtures
    _free_port,
    contact,
    empty_house,
    house_at,
    new_house,
    new_meta,
    new_phone_house,
    phone_template,
    record,
    start,
    template,
)

if not os.environ.get("CUSTAGENT_STRESS"):
    collect_ignore_glob = ["test_*.py"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They take as long as they take."""
    for item in items:
        if "stress" in item.path.parts:
            item.add_marker(pytest.mark.timeout(0))
