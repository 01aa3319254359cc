"""What custagent.yaml may say of a live chat, told where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.report import Report
from tests.pictures import png

Write = Callable[[str, str], Path]
Check = Callable[..., Report]


@pytest.mark.parametrize(
    ("setting", "rule", "said"),
    [
        ("look: {avatar: content/agent.png}", "wrong-avatar", "there is no file 'content/agent.png'"),
        ("look: {avatar: ../agent.png}", "wrong-avatar", "leads out of the workspace"),
        ("look: {colour: '#ffcc00'}", "contradiction", "cannot be read well: their contrast is 1.5"),
        ("look: {colour: red}", "wrong-value", "a colour as # and six digits"),
        ("identity: required", "contradiction", "needs `identity_secret:`"),
        ("identity_secret: hunter2hunter2", "wrong-value", "the name of an environment variable"),
        ("ask: [{name: order-number}]", "contradiction", "Write its `label:`"),
    ],
)
def test_what_a_chat_may_not_say(*, write: Write, check: Check, setting: str, rule: str, said: str) -> None:
    write("custagent.yaml", f"name: N\nchannels:\n  - name: web\n    kind: live-chat\n    {setting}\n")
    (finding,) = check().findings
    assert finding.rule == rule
    assert finding.line == 5
    assert said in finding.message


def test_a_picture_that_is_there_is_fine(write: Write, check: Check) -> None:
    file = write("custagent.yaml", "name: N\nchannels:\n  - {name: web, kind: live-chat, look: {avatar: agent.png}}\n")
    (file.parent / "agent.png").write_bytes(png(8, 8))
    assert check().findings == ()
