"""Credits through the real program: the last one is used, the next contact is told, and all of it is accounted for."""

from __future__ import annotations


def test_the_last_credit_and_what_is_told_of_it(new_house, start, contact):
    house = new_house()
    with house.home.workspace_file.open("a", encoding="utf-8") as file:
        file.write("credits: {allowance: 150}\n")
    assert house.custagent("apply").returncode == 0
    runner = start(house).ready()
    replies = []
    for _ in range(2):
        visitor = contact(runner.port)
        replies.append(visitor.wait_for_reply(visitor.send())["kind"])
    assert runner.stop()[0] == 0
    assert replies == ["answer", "out-of-credits"]
    ((charged, _),) = [entry for entry in house.charges() if entry[0]]
    state = house.json("credits", "balance")
    assert (state["balance"], state["is_out"], len(state["notices"])) == (50, True, 1)
    replayed = house.json("credits", "replay", "--policy", "conversation")
    assert (replayed["differences"], replayed["entries"]) == ([], 1)
    assert house.json("credits", "explain", charged)["cost"] == 100
    head = house.json("credits", "verify")["head"]
    granted = house.custagent("credits", "grant", "100", "--reason", "pack")
    assert (granted.returncode, "The balance is 150" in granted.stdout) == (0, True)
    assert house.json("credits", "verify", "--head", head)["since_head"] == 1
