"""What somebody has who begins a page of the docs: a workspace, a site, a provider, all of it on this machine.

A page names it in a comment, `<!-- given: an agent that is live -->`; without one the reader has an empty folder. What the
page calls by a name of the reader's own (a conversation, a host) gets the name that it has here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from custagent.conversation.lifecycle import threading_of
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition
from custagent.core.channel import ChannelKind
from custagent.core.message import DeliveryReceipt, DeliveryStatus, Identity, IdentityKind, InboundMessage, Message
from custagent.locales import nearest
from custagent.runtime.bootstrap import Application, open_application
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.turns import Turns
from custagent.testing.messenger import FakeMessenger, PageAccount
from custagent.testing.meta import Account, FakeMeta
from tests.hubspot import TOKEN, FakeHubSpot
from tests.pages import Block
from tests.typed import Typist

#: Pages of a help site, and files of the same.
PAGES: Mapping[str, str] = {
    "index": "<h1>Help</h1><p>Northwind sells bicycles. <a href='returns.html'>Returns</a> <a href='refunds.html'>Refunds</a></p>",
    "returns": "<h1>Returns</h1><h2>How do I send a bike back?</h2><p>Put the bike into its box, print the label from your account, and"
    " hand the box in at any parcel shop within thirty days. We pay the postage.</p>",
    "refunds": "<h1>Refunds</h1><h2>How long do refunds take?</h2><p>A refund takes five working days from the day on which we get the"
    " bike back. The money goes to the card that you paid with.</p>",
}
_SETTING_UP = """
git init --quiet
git config user.email anna@northwind.example
git config user.name "Anna Berg"
custagent init --name Northwind
sed -i 's/allow_hosts: .*/allow_hosts: ["HOST"]/' custagent.yaml
custagent apply
custagent users add anna --full-name "Anna Berg" --email anna@northwind.example --seat service --permission admin --permission edit-agents --permission answer
custagent teams add support --member anna --as anna
custagent create support --yes
custagent sources add support http://HOST/index.html --import-related
custagent sources add support --question "How long is the warranty?" --answer "Two years from the day you buy the bicycle."
custagent channels add live-chat web --origin https://www.example.com
custagent assign support web --to team:support
git add --all
git commit --quiet --message "support answers on web"
git tag v1.2
git clone --quiet --bare . "$PWD/../origin.git"
git remote add origin "$PWD/../origin.git"
git fetch --quiet
git branch --quiet --set-upstream-to origin/$(git branch --show-current)
custagent sources add support --question "Do you sell gift cards?" --answer "Yes, from twenty euros on, at the counter and online."
git commit --quiet --all --message "Gift cards"
custagent backup
"""
#: Asked on the chat, each by another contact; what cannot be answered becomes a gap. The first is Ada's.
_ASKED = (
    "How long do refunds take?", "Do you rent out tandems?", "Can I get an invoice for my company?",
    "Who repairs electric motors?", "Is there a loyalty programme for students?",
)  # fmt: skip
_QUESTIONS = "question\nHow long do refunds take?\nDo you rent out tandems?\n"


@dataclass(frozen=True)
class Given:
    """What there is when a page begins."""

    folder: Path
    #: What the page says, as a pattern, and what stands for it here.
    words: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    #: What commands that begin so end with, where it is not 0.
    ends: Mapping[str, int] = field(default_factory=dict)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and tells nobody."""

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A help site, by its host and port."""
    folder.mkdir()
    for name, body in PAGES.items():
        html = f"<html lang='en'><head><title>{name.title()}</title></head><body><main>{body}</main></body></html>"
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def make_live(folder: Path, host: str) -> tuple[tuple[str, str], ...]:
    """An agent on a chat, with two versions, a backup, five conversations and what follows from them: their names."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTAGENT_USER", "anna")
        typist = Typist(folder, patch)
        patch.setenv("CUSTAGENT_USER", "anna")
        typist.type(Block("bash", _SETTING_UP.replace("HOST", host)))
        with open_application(folder, None) as app:
            replies = [_talk(app, f"k{number}", text) for number, text in enumerate(_ASKED)]
            failed = DeliveryReceipt(status=DeliveryStatus.FAILED, error="no such contact")
            app.store.outbox.record(replies[1].id, failed, app.clock.now())
        gaps = typist.type(Block("bash", "custagent gaps list\ncustagent credits export --output ../ledger.csv"))
        assert gaps.count("unanswered") >= 4, gaps
    (folder / "questions.csv").write_text(_QUESTIONS, encoding="utf-8")
    (folder / "searches.txt").write_text("refund\nsend a bike back\n", encoding="utf-8")
    head = (folder.parent / "ledger.csv").read_text(encoding="utf-8").strip().rpartition(",")[2]
    (backup,) = (folder / ".custagent" / "backups").glob("custagent-*.db")
    return (
        (r"k2Hq9vXwB4nT7mRz1LcYdA|\bCONVERSATION\b", replies[0].conversation),
        (r"(?<=explain )42", str(replies[0].id)),
        (r"4711", str(replies[1].id)),
        (r"HASH", head),
        (r"custagent-\d+-\d+\.db", backup.name),
    )


def _talk(app: Application, key: str, text: str) -> Message:
    """A contact writes on the chat; the agent's reply."""
    in_force, now = InForce(app), app.clock.now()
    service = ConversationService(
        directory=WorkspaceDirectory(in_force.workspace, app.store, app.clock), clock=app.clock, texts=_text
    )
    turns = Turns(app.store.conversations, in_force, service, fence=0)
    ada = (Identity(kind=IdentityKind.EMAIL, value="ada@example.com"),) if key == "k0" else ()
    inbound = InboundMessage(
        channel="web",
        external_id=key,
        contact_key=key,
        text=text,
        sent_at=now,
        contact_name=f"Ada {key}",
        identities=ada,
    )
    begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=now)
    work = turns.look(begun.conversation.id)
    assert work is not None
    turns.reply(work)
    return app.store.conversations.messages(begun.conversation.id)[-1]


def _text(agent: AgentDefinition, key: str, language: str) -> str:
    return nearest(language, agent.default_language).messages[key]


class Givens:
    """All that pages begin with; what takes long to make is made once, and copied."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host
        self._live: tuple[tuple[str, str], ...] = ()
        #: By the name that pages use.
        self.kinds: Mapping[str, Callable[[Path], Iterator[Given]]] = {
            "nothing": self._nothing,
            "an agent that is live": self._live_agent,
            "an agent that is live, and a second chat": self._second_chat,
            "an agent that is live, and test cases": self._cases,
            "an agent that is live, and a receiver": self._receiver,
            "an agent that is live, and its public address": self._proxied,
            "content at HubSpot": self._hubspot,
            "a number at Meta": self._whatsapp,
            "a page at Facebook": self._messenger,
        }

    @contextmanager
    def of(self, name: str, folder: Path) -> Iterator[Given]:
        """What a page begins with, in a folder that is not there yet."""
        yield from self.kinds[name](folder)

    @property
    def _site(self) -> tuple[tuple[str, str], ...]:
        return ((r"https://help\.example\.com", f"http://{self._host}/index.html"),)

    def _nothing(self, folder: Path) -> Iterator[Given]:
        folder.mkdir()
        # Which engine is faster was measured for the template: each workspace does it once.
        begun = (
            f"sed -i 's/allow_hosts: .*/allow_hosts: [\"{self._host}\"]/' custagent.yaml;"
            f" cp {self._template() / '.custagent' / 'engine.json'} .custagent/ || true\ncustagent apply"
        )
        for name in ("faq.html", "manual.html"):
            shutil.copy(self._folder / "site" / "returns.html", folder / name)
        (folder / "questions.jsonl").write_text('{"question": "How do I send a bike back?"}\n', encoding="utf-8")
        words = (*self._site, (r"manual\.pdf", "manual.html"), (r"^(custagent init .*)$", rf"\1\n{begun}"))
        yield Given(folder, words)

    def _live_agent(self, folder: Path) -> Iterator[Given]:
        shutil.copytree(self._template(), folder, symlinks=True)
        safe = folder.parent / "safe"
        safe.mkdir()
        yield Given(
            folder, (*self._live, *self._site, (r"/mnt/safe", str(safe))), {"CUSTAGENT_USER": "anna"},
            {"sources lint support --strict": 1},
        )  # fmt: skip

    def _template(self) -> Path:
        template = self._folder / "live"
        if not template.exists():
            self._live = make_live(template, self._host)
        return template

    def _second_chat(self, folder: Path) -> Iterator[Given]:
        for given in self._live_agent(folder):
            yield replace(given, words=(*given.words, (r" web\b", " shop")))

    def _cases(self, folder: Path) -> Iterator[Given]:
        yield from self._prepared(folder, "custagent test support --init")

    def _receiver(self, folder: Path) -> Iterator[Given]:
        hook = "{url: https://hooks.northwind.example/custagent, secret: '${HOOK_SECRET}'}"
        yield from self._prepared(
            folder, f"cat >> custagent.yaml <<'END'\nnotifications: {{webhooks: [{hook}]}}\nEND\ncustagent apply"
        )

    def _proxied(self, folder: Path) -> Iterator[Given]:
        for given in self._prepared(folder, "sed -i 's/# public_url/public_url/' custagent.yaml\ncustagent apply"):
            # Nobody is at that address.
            yield replace(given, words=(*given.words, ("doctor --online", "doctor")))

    def _prepared(self, folder: Path, commands: str) -> Iterator[Given]:
        """A live agent, after some more commands."""
        for given in self._live_agent(folder):
            with pytest.MonkeyPatch.context() as patch:
                typist = Typist(folder, patch)
                patch.setenv("CUSTAGENT_USER", "anna")
                typist.type(Block("bash", commands))
            yield given

    def _hubspot(self, folder: Path) -> Iterator[Given]:
        with FakeHubSpot() as double:
            for number, name in enumerate(("Winter", "Spring", "Summer", "Autumn")):
                double.post(f"/blog/{name.lower()}", f"{name} rides", f"<p>{name} is fine for {number} rides.</p>")
            for path in ("/help/returns", "/shipping"):
                double.page(path, path.rpartition("/")[2].title())
            address = f"import hubspot support --api-base {double.url} --allow-host {double.host}"
            for given in self._live_agent(folder):
                words = ((r"import hubspot support", address), (r"HUBSPOT_TOKEN=\.\.\.", f"HUBSPOT_TOKEN={TOKEN}"))
                yield replace(given, words=(*given.words, *words))

    def _whatsapp(self, folder: Path) -> Iterator[Given]:
        account = Account(phone_number_id="10600000000001", business="10200000000001")
        with FakeMeta(account=account) as meta:
            yield from self._at_meta(folder, meta, "PHONE")

    def _messenger(self, folder: Path) -> Iterator[Given]:
        account = PageAccount(page_id="10700000000001", app_id="10300000000001")
        with FakeMessenger(account=account) as meta:
            yield from self._at_meta(folder, meta, "PAGE")

    def _at_meta(self, folder: Path, meta: FakeMeta | FakeMessenger, prefix: str) -> Iterator[Given]:
        secrets = dict(zip(("ACCESS_TOKEN", "APP_SECRET", "VERIFY_TOKEN"), meta.environment.values(), strict=True))
        for given in self._live_agent(folder):
            yield replace(
                given,
                words=(*given.words, (r"(channels add .*)", rf"\1 --graph-base-url {meta.address}")),
                environment={**given.environment, **{f"{prefix}_{name}": value for name, value in secrets.items()}},
            )
