"""The chat as visitors will have it, for colleagues without a terminal: one agent on a page of its own (PRE-1, PRE-2).

All of the live chat is real: the widget, the stream, the turns, the handoff. What is said is kept in a folder that goes
when the preview ends; of the workspace, content and settings are read, and nothing is written.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from custagent.channels.live_chat.assets import HostPage, host_page
from custagent.channels.live_chat.web import create_routes
from custagent.config.home import Home
from custagent.core.agent import AgentDefinition, Assignment
from custagent.core.answer import DecisionKind
from custagent.core.channel import LiveChatChannel
from custagent.core.errors import UnknownName
from custagent.core.message import Sender
from custagent.core.ports import Answerer, ChatModel, Retriever
from custagent.core.workspace import NotificationSettings, Workspace
from custagent.knowledge.index.index import IndexFolder
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.samples import samples_of
from custagent.runtime.kinds.chat import LiveChats
from custagent.runtime.kinds.host import Host
from custagent.runtime.kinds.served import LiveChatKind
from custagent.runtime.runner.runner import Runner

#: Stands above the conversation on every page of it.
NOTICE = "Preview: nothing here is charged, counted or kept."
#: Bytes of the key in the page's address: whoever does not know it sees nothing.
_KEY = 16
_NO_PAGE = "Open the address that the terminal shows, all of it: the key at its end is part of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _PreviewHome(Home):
    """The workspace's folder, with another one for all run-time state."""

    state: Path

    @property
    def state_folder(self) -> Path:
        return self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedThere:
    """What a preview was asked, told when it ends."""

    conversations: int
    questions: int
    #: How many replies of each kind there were.
    decisions: Mapping[DecisionKind, int]


class WebPreview(Application):
    """A workspace with one live chat, of which nothing is kept. Made by `web_preview`."""

    def __init__(self, app: Application, agent: AgentDefinition, channel: LiveChatChannel, state: Path) -> None:
        super().__init__(_PreviewHome(root=app.home.root, state=state), clock=app.clock, environ=app.environ)
        self._app = app
        self._definition = agent
        self._channel = channel

    @property
    def path(self) -> str:
        """Where its page is, below the server's address."""
        return f"/{self._channel.name}"

    @cached_property
    def workspace(self) -> Workspace:
        """As custagent.yaml has it, with no channel but the preview's, nobody who is told, and nothing that is charged."""
        return self._app.workspace.model_copy(
            update={"channels": (self._channel,), "credits": None, "notifications": NotificationSettings()}
        )

    def answerer(
        self,
        agent: AgentDefinition,
        workspace: Workspace | None = None,
        *,
        said: Callable[[str], None] | None = None,
        retriever: Retriever | None = None,
    ) -> Answerer:
        """That of the workspace, by its content. Raises what that raises."""
        del agent, workspace
        return self._app.answerer(self._definition, said=said, retriever=retriever)

    def index_folder(self, agent: str) -> IndexFolder:
        """That of the workspace."""
        return self._app.index_folder(agent)

    def chat_model(self, agent: AgentDefinition, workspace: Workspace | None = None) -> ChatModel | None:
        """None: who answers has the model already, and nobody sums a preview up."""
        del agent, workspace
        return None

    def make_asgi(self, _: Application, runner: Runner) -> Starlette:
        """The chat and its page, and nothing else of a runner's: nobody works on these conversations."""
        chats = LiveChats(self, runner, notice=NOTICE)
        routes: Sequence[BaseRoute] = create_routes(chats, hub=runner.hub, clock=self.clock)
        return Starlette(routes=[*routes, Route("/{key}", self._page), Route("/", _front)])

    async def _page(self, request: Request) -> Response:
        """The page that stands for the company's own site."""
        if not secrets.compare_digest(request.path_params["key"].encode(), self._channel.name.encode()):
            return await _front(request)
        shown = HostPage(
            channel=self._channel.name,
            company=self.workspace.name,
            agent=self._definition.name,
            questions=self._questions,
            look=self._channel.look,
        )
        return host_page(shown, template="preview.html")

    @cached_property
    def _questions(self) -> tuple[str, ...]:
        return tuple(samples_of(self._app, self._definition.name, language=self._definition.default_language))

    def asked(self) -> AskedThere:
        """What was asked so far. Raises StoreError."""
        store = self.store.conversations
        conversations = store.list(limit=1_000)
        decisions: Counter[DecisionKind] = Counter()
        questions = 0
        for conversation in conversations:
            messages = store.messages(conversation.id)
            questions += sum(message.sender is Sender.CONTACT for message in messages)
            decisions.update(DecisionKind(message.decision) for message in messages if message.decision)
        return AskedThere(conversations=len(conversations), questions=questions, decisions=decisions)


class PreviewKind(LiveChatKind):
    """The live chat as the preview serves it: its routes come with the page (`WebPreview.make_asgi`)."""

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """See the protocol."""
        del host
        return ()


@contextmanager
def web_preview(app: Application, agent: AgentDefinition, *, channel: str = "") -> Iterator[WebPreview]:
    """The preview of an agent as its file stands; what is said in it goes when the block ends.

    It looks and hands over as on the live chat `channel`; "" takes the one that the agent is on, or else the
    workspace's first. Raises UnknownName for a live chat that is not there.
    """
    live = _live_chat(app.workspace, agent, channel)
    # Nobody is signed in here, and no mail is sent.
    shown = (live or LiveChatChannel(name="preview", kind="live-chat")).model_copy(
        update={
            "name": f"preview-{secrets.token_hex(_KEY)}",
            "origins": (),
            "identity_secret": None,
            "identity": "optional",
            "transcript": False,
        }
    )
    terms = next((one for one in agent.assignments if live and one.channel == live.name), None)
    assignment = (terms or Assignment(channel=shown.name)).model_copy(
        update={"channel": shown.name, "hours": "always", "share": 100, "mode": "reply"}
    )
    definition = agent.model_copy(update={"assignments": (assignment,)})
    with (
        TemporaryDirectory(prefix="custagent-preview-") as folder,
        WebPreview(app, definition, shown, Path(folder)) as preview,
    ):
        _prepare(preview, app, definition)
        yield preview


def _prepare(preview: WebPreview, app: Application, definition: AgentDefinition) -> None:
    """Let the agent be in force there, and who is away be away.

    The agent stands there without its sources, which the preview's runner would read again.
    """
    written = definition.model_copy(update={"sources": ()}).model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    )
    # JSON with blanks behind its colons is YAML.
    text = json.dumps(written, ensure_ascii=False)
    now = preview.clock.now()
    preview.store.versions.apply(definition.name, text, actor="", git_commit="", at=now)
    for user, absence in app.store.presence.absences(now).items():
        preview.store.presence.set_away(user, absence)


def _live_chat(workspace: Workspace, agent: AgentDefinition, named: str) -> LiveChatChannel | None:
    chats = [one for one in workspace.channels if isinstance(one, LiveChatChannel)]
    if named:
        found = next((one for one in chats if one.name == named), None)
        if found is None and named != "live-chat":
            there = ", ".join(one.name for one in chats) or "none"
            raise UnknownName(
                f"{named!r} is no live chat of this workspace, and --web shows live chats only (there: {there})",
                hint="See the other channels in the terminal's preview: custagent preview "
                f"{agent.name} --channel {named}",
            )
        if found:
            return found
    on = {assignment.channel for assignment in agent.assignments}
    return next((one for one in chats if one.name in on), next(iter(chats), None))


async def _front(_: Request) -> Response:
    return PlainTextResponse(_NO_PAGE, status_code=404)
