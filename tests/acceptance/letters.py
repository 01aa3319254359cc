"""A workspace that is reached by mail, and contacts who write to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

import pytest

from custagent.config.agents import agent_path
from custagent.config.home import Home
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import apply_agents
from tests.acceptance.mail_servers import PASSWORD, Dovecot, Submission, Submitted

CHANNEL = "mail"
ADDRESS = "support@northwind.example"
QUESTION, ANSWER = "How long is the warranty?", "Two years from the day you buy it."
#: Anna works here, and gets what the agent cannot answer.
PEOPLE = """\
users:
  - {name: anna, full_name: Anna Berg, email: anna@northwind.example, seat: service, permissions: [answer, edit-agents, admin]}
teams:
  - {name: team, members: [anna]}
"""
_ASSIGNED = """\
  - channel: {name}
    handoff: {{mode: transfer, to: [team:team]}}
"""


def channel(
    dovecot: Dovecot, submission: Submission, *, name: str = CHANNEL, address: str = ADDRESS, more: str = ""
) -> str:
    """The channel as custagent.yaml says it; `more` are lines of settings."""
    return f"""\
  - name: {name}
    kind: email
    address: {address}
    imap_host: localhost:{dovecot.imaps}
    smtp_host: localhost:{submission.port}
    username: {address}
    password: ${{MAIL_PASSWORD}}
    ca_file: {dovecot.cert}
    poll: 1s
""" + "".join(f"    {line}\n" for line in more.splitlines())


@pytest.fixture(scope="module")
def new_mail_house(
    template: Path, tmp_path_factory: pytest.TempPathFactory, house_at: Callable[[Path], Any]
) -> Callable[..., Any]:
    """A workspace of one's own with these channels, each with the agent on it."""

    def make(*channels: str, settings: str = "") -> Any:
        folder = Path(shutil.copytree(template, tmp_path_factory.mktemp("house") / "workspace"))
        home = Home(root=folder.resolve())
        text = home.workspace_file.read_text(encoding="utf-8")
        home.workspace_file.write_text(text + "".join(channels) + PEOPLE + settings, encoding="utf-8")
        agent = agent_path(home, "support")
        names = [re.search(r"name: (\S+)", one)[1] for one in channels]
        assigned = "".join(_ASSIGNED.format(name=name) for name in names)
        agent.write_text(agent.read_text(encoding="utf-8") + assigned, encoding="utf-8")
        with Application(home, user="anna") as app:
            apply_agents(app)
        house = house_at(folder)
        house.environment = {"MAIL_PASSWORD": PASSWORD, "CUSTAGENT_USER": "anna"}
        return house

    return make


class Writer:
    """A contact with a mail program."""

    def __init__(self, dovecot: Dovecot, submission: Submission, address: str, *, to: str = ADDRESS) -> None:
        self.address = address
        self.to = to
        self._dovecot = dovecot
        self._submission = submission

    def write(
        self, text: str = QUESTION, *, subject: str = "Hello", answers: EmailMessage | None = None, **headers: str
    ) -> EmailMessage:
        """Write to the company, as an answer where that is given; what was written."""
        mail = EmailMessage()
        mail["From"], mail["To"] = f"Kim <{self.address}>", self.to
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain="example.org")
        if answers is not None:
            mail["In-Reply-To"] = answers["Message-ID"]
            mail["References"] = f"{answers.get('References', '')} {answers['Message-ID']}".strip()
            subject = f"Re: {answers['Subject'].removeprefix('Re: ')}"
        mail["Subject"] = subject
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        self._dovecot.deliver(mail.as_bytes(), self.to, self.address)
        return mail

    @property
    def got(self) -> list[Submitted]:
        """What came for the contact, oldest first."""
        return self._submission.to(self.address)

    def came(self, seconds: float) -> None:
        """Wait until some mail came, for whomever, at most so long."""
        with self._submission.came:
            self._submission.came.wait(seconds)

    def wait_for(self, count: int, seconds: float = 90) -> list[Submitted]:
        """Until so many mails have come."""
        assert self._submission.wait_for(lambda: len(self.got) >= count, seconds), [one.mail for one in self.got]
        return self.got
