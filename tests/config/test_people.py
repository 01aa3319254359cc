"""Users and teams in custagent.yaml: what they may say, what must fit together, and changes that keep comments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from custagent.config.home import Home
from custagent.config.people import add_item, change_item, drop_team, drop_user
from custagent.config.photos import photo_fault
from custagent.config.report import Report
from custagent.config.schema import workspace_schema
from custagent.core.people import User

Write = Callable[[str, str], Path]
Check = Callable[..., Report]

PEOPLE = """\
name: Northwind
users:
  # The lead.
  - {name: anna, full_name: Anna, email: anna@example.com, seat: service}
  - name: bo  # since May
    full_name: Bo
    email: bo@example.com
desks:
  - name: inbox
    teams: [support, night]
teams:
  - name: support
    members: [bo, anna, bo]
  - name: night
    members:
      - bo
channels:
  - {name: web, kind: live-chat}
"""


@pytest.fixture
def path(write: Write) -> Path:
    return write("custagent.yaml", PEOPLE)


def test_a_user_with_everything_is_valid(write: Write, check: Check, home: Home):
    (home.root / "photos").mkdir()
    (home.root / "photos/dan.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"0" * 20)
    write(
        "custagent.yaml",
        "name: N\nusers:\n  - name: dan\n    full_name: Dan\n    email: d@e.example\n    photo: photos/dan.jpg\n"
        "    timezone: Europe/Stockholm\n    capacity: 4\n    languages: [sv]\n    hours:\n      mon-thu: 09:00-12:00, 13:00-17:00\n"
        "      fri: 09:00-24:00\n      sat-sun: 22:00-06:00\n",
    )
    assert check().findings == ()


@pytest.mark.parametrize(
    ("setting", "rule", "said"),
    [
        ("hours: {mon: '9-17'}", "wrong-value", "`mon` must be times of the day, such as 09:00-17:00"),
        ("hours: {monday: '09:00-17:00'}", "wrong-value", "the key 'monday' must be a weekday"),
        ("hours: {mon: '09:00-09:00'}", "contradiction", "09:00-09:00 is no time at all"),
        ("timezone: Europe", "contradiction", "no time zone is called 'Europe'"),
        ("capacity: 0", "wrong-value", "`capacity` must be at least 1"),
        ("photo: ../anna.png", "wrong-photo", "leads out of the workspace"),
        ("photo: .custagent/anna.png", "wrong-photo", "run-time state"),
        ("photo: anna.png", "wrong-photo", "there is no file 'anna.png'"),
    ],
)
def test_what_a_user_may_not_say(write: Write, check: Check, setting: str, rule: str, said: str):
    write(
        "custagent.yaml", f"name: N\nusers:\n  - name: dan\n    full_name: D\n    email: d@e.example\n    {setting}\n"
    )
    (finding,) = check().findings
    assert (finding.rule, finding.line) == (rule, 6)
    assert said in finding.message


def test_editors_are_told_the_same_of_hours():
    schema = workspace_schema()
    user = {**schema["$defs"]["User"], "$defs": schema["$defs"]}
    person = {"name": "dan", "full_name": "D", "email": "d@e.example"}
    for hours, valid in {
        "09:00-17:00": True,
        "22:00-06:00": True,
        "09:00-12:00, 13:00-24:00": True,
        "9-17": False,
    }.items():
        assert Draft202012Validator(user).is_valid({**person, "hours": {"mon-fri": hours}}) is valid
        assert not Draft202012Validator(user).is_valid({**person, "hours": {"mond": hours}})
    assert User.model_validate({**person, "hours": {"mon-fri": "09:00-17:00"}}).hours


@pytest.mark.parametrize("hours", ["team-hours", "outside-team-hours"])
def test_an_assignment_by_hours_needs_hours(write: Write, check: Check, hours: str):
    """ASG-5: of the people it hands over to, else of the teams at the channel's desk."""
    terms = f"name: support\nassignments:\n  - channel: web\n    hours: {hours}\n"
    write("agents/support.yaml", terms)
    write("custagent.yaml", PEOPLE)
    (finding,) = check().findings
    assert (finding.rule, finding.line) == ("no-hours", 4)
    write("custagent.yaml", PEOPLE.replace("    members:\n      - bo", "    hours: {sat: '09:00-17:00'}"))
    assert check().findings == ()
    write("agents/support.yaml", f"{terms}    handoff: {{to: [user:anna]}}\n")
    assert [one.rule for one in check().findings] == ["no-hours"]
    write("custagent.yaml", PEOPLE.replace("seat: service", "seat: service, hours: {mon: '09:00-17:00'}"))
    assert check().findings == ()


def test_added_at_the_end_or_in_a_list_of_its_own(path: Path, write: Write):
    add_item(path, "teams", {"name": "day", "members": ["anna"]})
    assert path.read_text().replace("  - name: day\n    members:\n      - anna\n", "") == PEOPLE
    write("custagent.yaml", "name: N\n# the end\n")
    add_item(path, "users", {"name": "dan", "full_name": "D", "email": "d@e.example"})
    assert path.read_text().startswith("name: N\n# the end\n\nusers:\n  - name: dan\n")


def test_changed_in_place(path: Path):
    change_item(path, "users", "bo", {"seat": "sales", "hours": {"mon-fri": "09:00-17:00"}})
    added = "    seat: sales\n    hours:\n      mon-fri: 09:00-17:00\n"
    assert path.read_text().replace(added, "") == PEOPLE
    with pytest.raises(LookupError):
        change_item(path, "users", "dan", {"seat": "sales"})


def test_dropped_with_every_mention(path: Path):
    drop_user(path, "bo")
    left = path.read_text()
    assert "  # The lead.\n" in left
    assert "members: [anna]\n" in left
    assert "bo\n" not in left
    assert "bo@" not in left
    assert "members: []" in left
    drop_team(path, "night")
    assert "teams: [support]\n" in path.read_text()
    assert "night" not in path.read_text()


def test_a_circle_of_links_is_no_picture(tmp_path: Path):
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert photo_fault(tmp_path, "a.png")
    assert photo_fault(tmp_path, "x\0.png")
    assert "separate folders by /" in photo_fault(tmp_path, "photos\\a.png")
