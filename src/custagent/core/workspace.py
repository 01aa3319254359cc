"""The workspace: everything in `custagent.yaml` that the agents of one company share."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from custagent.core.channel import LONGEST_TEXTS, Channel, ChannelKind, OtherChannel
from custagent.core.credit import PRICES, CreditPolicy, CreditTerms
from custagent.core.notification import NotificationEvent
from custagent.core.people import Permission, Team, User
from custagent.core.privacy import PrivacySettings
from custagent.core.written import (
    BaseAddress,
    Duration,
    HostPort,
    LanguageCode,
    Name,
    SecretRef,
    Text,
    TimeZoneName,
    WebAddress,
    Written,
)

_Terms = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]


class VoiceWordList(Written):
    """Words that a brand voice prefers, and words that it does not say. How they are matched: `custagent.voice`."""

    use: dict[Text, _Terms] = Field(
        default_factory=dict,
        description="What the company says, and what it says that instead of, as in `basket: [cart, trolley]`.",
    )
    avoid: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="Words, phrases and signs that are never said. Forms of a word are found too; a star stands for the"
        " rest of a word, as in `cheap*`.",
    )


class VoiceWords(VoiceWordList):
    """The same, and what holds in one language only."""

    by_language: dict[LanguageCode, VoiceWordList] = Field(
        default_factory=dict,
        description="More words that count in one language only, by its code: a word of one language may mean something"
        " else in another.",
    )


class Voice(Written):
    """A brand voice: how replies are worded, never what is true in them (CRE-4)."""

    name: Name = Field(description="What agents call it, as in `voice: northwind`.")
    description: Text = Field(description="How the company speaks, in a sentence or two; a model is given this.")
    do: tuple[Text, ...] = Field(
        default=(), strict=False, description="What a writer should do, a sentence each; a model is given these."
    )
    dont: tuple[Text, ...] = Field(
        default=(), strict=False, description="What a writer should not do, a sentence each; a model is given these."
    )
    language: LanguageCode | None = Field(
        default=None,
        description="The language of `words`: in it their forms are found too, in others only the words as they are"
        " written. Without it, the workspace's default language.",
    )
    words: VoiceWords = Field(default=VoiceWords.model_construct(), description="Words to use, and words to avoid.")
    samples: dict[LanguageCode, _Terms] = Field(
        default_factory=dict,
        description="Lines that sound right, by language; a model is given those of the contact's language.",
    )


class CannedReply(Written):
    """A text that people send often; in the inbox `/name` puts it into the reply."""

    name: Name = Field(description="What is typed after the slash.")
    text: Text = Field(description="The text. {contact} stands for the contact's name, {user} for the writer's.")
    language: LanguageCode | None = Field(
        default=None, description="Only for conversations in it; without it, for all."
    )


class Desk(Written):
    """A group of channels with a queue of its own and members."""

    name: Name = Field(description="What channels call it, as in `desk: inbox`.")
    teams: tuple[Name, ...] = Field(default=(), strict=False, description="Teams that work at this desk.")


class FetchSettings(Written):
    """How pages are fetched."""

    allow_hosts: tuple[HostPort, ...] = Field(
        default=(),
        strict=False,
        description="Hosts that may be fetched although their address is private, or their port unusual (SRC-7).",
    )


class CloseAfter(Written):
    """How long nobody may say anything before a conversation is closed, or one that waits for a person is overdue."""

    chat: Duration = Field(default="24h", description="On live chat, WhatsApp and Messenger.")
    email: Duration = Field(default="72h", description="On email; a later mail opens the same conversation again.")


class ConversationSettings(Written):
    """When conversations end by themselves (CONV-1)."""

    close_after: CloseAfter = Field(
        default=CloseAfter.model_construct(), description="Silence of both sides, by kind of channel."
    )


class CreditSettings(Written):
    """What conversations cost, and how much a month may cost (CRED-3, CRED-4)."""

    policy: CreditPolicy = Field(
        default=CreditPolicy.CONVERSATION,
        strict=False,
        description="What is charged: each conversation that the agent replied in (conversation), the same without those"
        " of contacts who paid on the channel before (reopen-free), or those that it resolved (resolution)."
        " A change counts for conversations that begin after it.",
    )
    price: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Credits a conversation; without it 100, or 50 a resolution."
    )
    allowance: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000,
        description="Credits that each calendar month brings, in the workspace's time zone; what is left of them ends"
        " with the month. Without it, and while nobody granted credits, the balance limits nothing.",
    )
    cap: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="The most credits that may be charged in a month."
    )
    alerts: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(
        default=(50, 80, 100),
        strict=False,
        description="Percent of the month's credits at which admins are told. At 100 no new conversation fits;"
        " of that they are always told.",
    )

    @property
    def price_in_force(self) -> int:
        """Credits a conversation."""
        return self.price or PRICES[self.policy]


#: The embedding engines that need no other package than ours, or our extra.
ENGINES: Final = ("bundled", "sentence-transformers", "litellm")


class EmbedderSettings(Written):
    """The engine that turns text into vectors. Changing it makes a new index; texts are embedded again."""

    engine: Name = Field(
        default="bundled",
        description="bundled (needs nothing else, and sends nothing anywhere), sentence-transformers, litellm, or one"
        " that an installed package brings.",
        json_schema_extra={"examples": list(ENGINES)},
    )
    model: Text | None = Field(default=None, description="The engine's model; the bundled engine has one.")
    api_base: Text | None = Field(default=None, description="Where the model is served, if not at its provider.")
    api_key: SecretRef | None = Field(default=None, description="The variable that holds the key, as ${NAME}.")


class MetricsSettings(Written):
    """Who may read the figures of a runner at /metrics."""

    token: SecretRef | None = Field(
        default=None,
        description="The variable that holds the token with which other machines may read them, as ${NAME}; without it"
        " only programs on this machine may.",
    )


class WebhookSettings(Written):
    """Another program that is told when people are needed, by a signed POST."""

    url: WebAddress = Field(
        description="Where it listens, as https://…; http:// only for a host of `fetch.allow_hosts`."
    )
    secret: SecretRef = Field(
        description="The variable that holds the secret that each POST is signed with, as ${NAME}."
    )
    events: tuple[Annotated[NotificationEvent, Field(strict=False)], ...] = Field(
        default=tuple(NotificationEvent),
        strict=False,
        min_length=1,
        description="What it is told of: handoff (the agent gives people a conversation), overdue (a contact has waited too long),"
        " credits (they run low), channel (one does not work, or works again). Without it, of all.",
    )

    @property
    def key(self) -> str:
        """What it is known by where its address, which may hold a secret, must not stand."""
        return sha256(self.url.encode()).hexdigest()[:16]

    @property
    def host(self) -> str:
        """How people name it."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


class NotificationSettings(Written):
    """Who else is told when people are needed."""

    webhooks: tuple[WebhookSettings, ...] = Field(default=(), strict=False, description="Other programs.")
    email: bool = Field(
        default=False,
        description="Whether users are told by mail, through the first email channel: who has the conversation or may take"
        " it, and admins of credits and channels.",
    )


class Workspace(Written):
    """`custagent.yaml`."""

    name: Text = Field(description="The company, as contacts know it.")
    default_language: LanguageCode = Field(default="en", description="For texts to people, and for new agents.")
    timezone: TimeZoneName = Field(default="UTC", description="IANA name, such as Europe/Stockholm.")
    public_url: BaseAddress | None = Field(
        default=None, description="Where browsers reach the runner from outside; the chat's script tag names it."
    )
    fetch: FetchSettings = Field(default=FetchSettings.model_construct(), description="What may be fetched, and how.")
    embedder: EmbedderSettings = Field(
        default=EmbedderSettings.model_construct(), description="What turns text into vectors."
    )
    metrics: MetricsSettings = Field(
        default=MetricsSettings.model_construct(), description="Who may read the figures at /metrics."
    )
    privacy: PrivacySettings = Field(
        default=PrivacySettings.model_construct(), description="What is masked in contacts' messages."
    )
    conversations: ConversationSettings = Field(
        default=ConversationSettings.model_construct(), description="When conversations end by themselves."
    )
    credits: CreditSettings | None = Field(
        default=None, description="What conversations cost. Without it usage is counted, not limited."
    )
    notifications: NotificationSettings = Field(
        default=NotificationSettings.model_construct(),
        description="Other programs that are told when people are needed.",
    )
    voices: tuple[Voice, ...] = Field(default=(), strict=False, description="Brand voices.")
    canned_replies: tuple[CannedReply, ...] = Field(
        default=(), strict=False, description="Texts that people send often."
    )
    desks: tuple[Desk, ...] = Field(
        default=(Desk.model_construct(name="inbox"), Desk.model_construct(name="help-desk")),
        strict=False,
        description="Queues that people work at.",
    )
    users: tuple[User, ...] = Field(default=(), strict=False, description="The people who work for the company.")
    teams: tuple[Team, ...] = Field(default=(), strict=False, description="Named groups of users.")
    channels: tuple[Channel, ...] = Field(default=(), strict=False, description="Where messages come from.")

    def credit_terms(self) -> CreditTerms | None:
        """What limits new charges; None: usage is counted, not limited (CRED-3)."""
        if self.credits is None:
            return None
        return CreditTerms(
            policy=self.credits.policy.value,
            price=self.credits.price_in_force,
            timezone=self.timezone,
            allowance=self.credits.allowance,
            cap=self.credits.cap,
            alerts=tuple(sorted(set(self.credits.alerts))),
        )

    def user_by_email(self, email: str) -> User | None:
        return next((user for user in self.users if user.email.lower() == email.lower()), None)

    def may(self, user: User | None, permission: Permission) -> bool:
        """Whether `user` holds `permission`; a workspace that lists no users asks for none (CRE-3)."""
        return not self.users or (user is not None and permission in user.permissions)


def longest_text(workspace: Workspace, channel: str) -> int:
    """How long a message on a channel may be, in characters; `channel` is a name or a kind, anything else a chat."""
    found = next((one for one in workspace.channels if one.name == channel), None)
    if isinstance(found, OtherChannel):
        return found.longest_text
    kind = found.kind if found else channel
    return LONGEST_TEXTS[ChannelKind(kind)] if kind in set(ChannelKind) else LONGEST_TEXTS[ChannelKind.LIVE_CHAT]
