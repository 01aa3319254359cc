"""One more test case at the end of agents/<name>.test.yaml; what stands there stays as people wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from custagent.config import splice
from custagent.config.cases import case_path, load_cases
from custagent.config.editor import edit, write_new
from custagent.config.home import Home

_HEADER: Final = """\
# Test cases of {agent}. Run them with: custagent test {agent}
# Beside `expect` and `reason` there are `cites`, `says`, `says_not`, `language`, `credits`, and `dialogue` for several
# messages.
cases:
"""


def add_case(home: Home, agent: str, case: Mapping[str, Any]) -> bool:
    """Add a case, as it stands in YAML; False where one of that name is there already, which stays as it is.

    Raises ConfigError where the file breaks rules, WorkspaceError when it cannot be written.
    """
    path = case_path(home, agent)
    if not path.is_file():
        head, *rest = (f"{key}: {splice.written(value)}" for key, value in case.items())
        lines = [f"  - {head}", *(f"    {line}" for line in rest)]
        write_new(path, _HEADER.format(agent=agent) + "\n".join(lines) + "\n")
        return True
    title = case.get("name") or case["ask"]
    if any(one.case.title == title for one in load_cases(home, agent)):
        return False
    edit(path, lambda reading: splice.append_item(reading, ("cases",), dict(case)))
    return True
