"""A conversation is handed over at once, and summed up by the agent's model a moment later (HND-4)."""

from __future__ import annotations

import json

from custagent.config.agents import agent_path
from tests.acceptance.bad_model import BadModel, says

ASKED = "My lamp Aurora arrived broken. I want to speak to a person."


def _recap(text: str) -> str:
    return json.dumps({"request": [{"text": text, "messages": [1]}], "tried": [], "open": []})


def _tried(house, client) -> str:
    """The contact's conversation, once its model was asked; "" before."""
    with house.rows() as connection:
        row = connection.execute(
            "SELECT conversations.id FROM conversations JOIN contacts ON contacts.id = contact"
            " JOIN recaps ON recaps.conversation = conversations.id WHERE contacts.key = ?",
            (client.key,),
        ).fetchone()
    return row[0] if row else ""


def _prepare(house, service) -> None:
    """The agent has a model, and somebody to hand over to."""
    house.environment = {"TEST_KEY": "sk-for-tests-only"}
    path = agent_path(house.home, "support")
    text = path.read_text(encoding="utf-8").rstrip() + "\n    handoff: {mode: transfer, to: [user:anna]}\n"
    model = f"model: openai/gpt-4o-mini\nmodel_options: {{api_base: '{service.base}', api_key: '${{TEST_KEY}}',"
    # Summed up once, also where the machine is so busy that a summary would come too late for the usual patience.
    model += " timeout: 120s}\n"
    path.write_text(text + model, encoding="utf-8")
    with house.home.workspace_file.open("a", encoding="utf-8") as file:
        file.write("users:\n  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service,\n")
        file.write("     permissions: [answer, edit-agents, admin]}\n")
    house.environment["CUSTAGENT_USER"] = "anna"
    applied = house.custagent("apply")
    assert applied.returncode == 0, applied.stderr


def test_people_get_the_models_summary_where_it_is_borne_out(new_house, start, contact, wait_until):
    house = new_house()
    with BadModel() as service:
        service.ways = [says(_recap("The lamp Aurora arrived broken.")), says(_recap("Mia wants 900 kr back."))]
        _prepare(house, service)
        runner = start(house).ready()
        good = contact(runner.port)
        good.wait_for_reply(good.send(ASKED))
        wait_until(lambda: _tried(house, good))
        number = _tried(house, good)
        handoff = house.json("inbox", "show", number)["handoffs"][-1]
        assert handoff["recap"]["request"] == ["The lamp Aurora arrived broken."]
        assert handoff["recap"]["model"] == "openai/gpt-4o-mini"
        assert (handoff["recap_usage"]["calls"], handoff["recap_usage"]["input_tokens"]) == (1, 1000)
        told = house.custagent("inbox", "show", number).stdout
        assert "written by openai/gpt-4o-mini, checked against the conversation" in " ".join(told.split())
        lied_to = contact(runner.port)
        lied_to.wait_for_reply(lied_to.send(ASKED))
        wait_until(lambda: _tried(house, lied_to))
        number = _tried(house, lied_to)
        handoff = house.json("inbox", "show", number)["handoffs"][-1]
        assert (handoff["recap"], handoff["recap_usage"]["calls"]) == (None, 2)
        assert "900" not in house.custagent("inbox", "show", number).stdout
        runner.stop()
