"""The preview of an agent with a model: sentence by sentence, masked, and with what it cost (ANS-4, ANS-7)."""

from __future__ import annotations

import json
from pathlib import Path

from custagent.testing import sentences_json
from tests.acceptance.bad_model import BadModel, says

CARD = "4111 1111 1111 1111"
GOOD = sentences_json(("We ship to Norway.", [1]), ("A parcel to Norway costs 249 kr.", [1]))


def test_a_model_writes_and_the_preview_shows_it(run, workspace: Path, monkeypatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-for-tests-only")
    (workspace / "content").mkdir(exist_ok=True)
    page = "# Delivery to Norway\n\nWe ship to Norway. A parcel to Norway costs 249 kr.\n"
    (workspace / "content" / "norway.md").write_text(page, encoding="utf-8")
    assert run("sources", "add", "support", "content/norway.md").code == 0
    with BadModel() as service:
        service.ways = [says(GOOD)]
        file = workspace / "agents" / "support.yaml"
        options = f"model: openai/gpt-4o-mini\nmodel_options:\n  api_base: {service.base}\n  timeout: 60s\n  api_key: ${{TEST_KEY}}\n"
        lines = [
            line
            for line in file.read_text(encoding="utf-8").split("\n")
            if not line.startswith(("model:", "confidence:"))
        ]
        file.write_text(
            "\n".join(lines) + "\n" + options + "confidence: {answer: 0.0, clarify: 0.0}\n", encoding="utf-8"
        )
        asked = f"Do you ship to Norway? My card is {CARD}"
        shown = run("preview", "support", "--ask", asked, "--explain")
        assert shown.code == 0, shown.err
        assert shown.out.count("A parcel to Norway costs 249 kr.") >= 1
        assert (
            shown.out.index("We ship to Norway.") < shown.out.index("A parcel to Norway") < shown.out.index("norway.md")
        )
        answer = run("preview", "support", "--ask", asked, "--json").json
        assert answer["text"] == "We ship to Norway. A parcel to Norway costs 249 kr."
        assert answer["usage"] == {
            "model": "openai/gpt-4o-mini", "input_tokens": 1000, "output_tokens": 100, "calls": 1, "cost": answer["usage"]["cost"],
        }  # fmt: skip
        assert 0 < answer["usage"]["cost"] < 0.01
        sent = json.dumps(service.asked)
    assert "[card number]" in sent
    assert "1111" not in sent
    assert [asked.get("stream", False) for asked in service.asked] == [True, False], (
        "only people are shown it as it comes"
    )
