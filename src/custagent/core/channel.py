"""Channels as `custagent.yaml` names them: what each kind must be told, and how long a message on it may be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from custagent.core.asked import AskedField
from custagent.core.look import Look
from custagent.core.written import (
    BaseAddress,
    Duration,
    Email,
    GraphVersion,
    HostPort,
    Name,
    Origin,
    SecretRef,
    Text,
    Written,
    fault,
)


class ChannelKind(StrEnum):
    LIVE_CHAT = "live-chat"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    EMAIL = "email"


#: The longest text of one message in characters. WhatsApp and Messenger refuse longer ones.
LONGEST_TEXTS = {
    ChannelKind.LIVE_CHAT: 12_000,
    ChannelKind.WHATSAPP: 4_096,
    ChannelKind.MESSENGER: 2_000,
    ChannelKind.EMAIL: 20_000,
}
#: Meta's interface for both of its channels, and the version that this program was written for.
GRAPH_BASE: Final = "https://graph.facebook.com"
GRAPH_VERSION: Final = "v25.0"
_KIND = "live-chat, whatsapp, messenger or email."
_BUILT_IN: Final[list[Any]] = [kind.value for kind in ChannelKind]
#: Where packages name the kinds of channel that they bring: an entry point each, called as custagent.yaml calls the kind.
CHANNEL_GROUP: Final = "custagent.channels"
#: What findings call the settings of a kind that another package brings.
OTHER: Final = "other"


class ChannelBase(Written):
    """What channels of every kind are told."""

    #: Settings that the file may lack, but no channel of the kind works without: `channels add` asks for them.
    needed: ClassVar[tuple[str, ...]] = ()

    name: Name = Field(description="What assignments call it, as in `channel: web`.")
    desk: Name = Field(default="inbox", description="The desk whose queue its conversations join.")

    @classmethod
    def asks_for(cls, given: Mapping[str, object]) -> tuple[str, ...]:
        """What `channels add` asks for besides what the file must have, after these settings were `given`."""
        del given
        return cls.needed


class LiveChatChannel(ChannelBase):
    """A chat on the company's own web pages (ASG-3)."""

    needed: ClassVar[tuple[str, ...]] = ("origins",)

    kind: Literal["live-chat"] = Field(description=_KIND)
    origins: tuple[Origin, ...] = Field(default=(), strict=False, description="Sites that may show the chat.")
    look: Look = Field(default_factory=Look, description="Colours, side, picture and words of the chat.")
    ask: tuple[AskedField, ...] = Field(
        default=(), strict=False, max_length=6, description="What visitors are asked before their first message."
    )
    attachments: bool = Field(default=False, description="Whether visitors may send pictures and documents.")
    transcript: bool = Field(
        default=False, description="Whether visitors may have their chat sent to them by one of the email channels."
    )
    identity_secret: SecretRef | None = Field(
        default=None,
        description="The variable that holds the secret by which your site signs who its visitors are, as ${NAME}.",
    )
    identity: Literal["optional", "required"] = Field(
        default="optional", description="required: only visitors that your site has signed in may write."
    )

    @model_validator(mode="after")
    def _can_be_identified(self) -> Self:
        if self.identity == "required" and self.identity_secret is None:
            raise fault("`identity: required` needs `identity_secret:`, by which your site signs", "identity")
        names = [asked.name for asked in self.ask]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise fault(f"{name} is asked for twice", "ask", number, "name")
        return self


class WhatsAppChannel(ChannelBase):
    """A WhatsApp Business number (Cloud API)."""

    needed: ClassVar[tuple[str, ...]] = ("business_account_id",)

    kind: Literal["whatsapp"] = Field(description=_KIND)
    phone_number_id: Text = Field(description="The number's id at Meta, not the number itself.")
    business_account_id: Text | None = Field(
        default=None,
        description="The id of the WhatsApp Business account (WABA) that the number belongs to; its webhooks are"
        " subscribed at every start.",
    )
    access_token: SecretRef = Field(description="The variable that holds the permanent access token, as ${NAME}.")
    app_secret: SecretRef = Field(description="The variable that holds the app's secret, as ${NAME}.")
    verify_token: SecretRef = Field(description="The variable that holds the webhook's verify token, as ${NAME}.")
    graph_base_url: BaseAddress = Field(default=GRAPH_BASE, description="Where Meta's Graph API is.")
    graph_version: GraphVersion = Field(default=GRAPH_VERSION, description="The version of the Graph API.")


class MessengerChannel(ChannelBase):
    """A Facebook page."""

    kind: Literal["messenger"] = Field(description=_KIND)
    page_id: Text = Field(description="The page's id at Meta.")
    app_id: Text = Field(description="The id of the Meta app, by which custagent tells its own messages from others'.")
    access_token: SecretRef = Field(description="The variable that holds the page's access token, as ${NAME}.")
    app_secret: SecretRef = Field(description="The variable that holds the app's secret, as ${NAME}.")
    verify_token: SecretRef = Field(description="The variable that holds the webhook's verify token, as ${NAME}.")
    graph_base_url: BaseAddress = Field(default=GRAPH_BASE, description="Where Meta's Graph API is.")
    graph_version: GraphVersion = Field(default=GRAPH_VERSION, description="The version of the Graph API.")


class EmailChannel(ChannelBase):
    """A mailbox."""

    kind: Literal["email"] = Field(description=_KIND)
    address: Email = Field(description="The address that contacts write to, and that answers come from.")
    aliases: tuple[Email, ...] = Field(
        default=(), strict=False, description="Other addresses of ours whose mail ends up in this mailbox."
    )
    sender_name: Text | None = Field(
        default=None, max_length=200, description="The name beside the address in answers; without it, the company's."
    )
    imap_host: HostPort = Field(description="The server that mail is read from, as host or host:port.")
    imap_security: Literal["tls", "starttls"] = Field(
        default="tls", description="tls from the first byte (usually port 993), or starttls (143)."
    )
    smtp_host: HostPort = Field(description="The server that mail is sent by, as host or host:port.")
    smtp_security: Literal["tls", "starttls"] = Field(
        default="starttls", description="starttls (usually port 587), or tls from the first byte (465)."
    )
    username: Text = Field(description="The account's name on both servers.")
    auth: Literal["password", "xoauth2"] = Field(
        default="password", description="How to sign in: with a password, or with an OAuth access token (xoauth2)."
    )
    password: SecretRef | None = Field(default=None, description="The variable that holds the password, as ${NAME}.")
    token: SecretRef | None = Field(
        default=None,
        description="For auth: xoauth2: the variable that holds an OAuth access token which another program renews.",
    )
    token_url: BaseAddress | None = Field(
        default=None, description="For auth: xoauth2, instead of token: where access tokens are fetched."
    )
    client_id: Text | None = Field(default=None, description="With token_url: the program's id at the provider.")
    client_secret: SecretRef | None = Field(
        default=None, description="With token_url: the variable that holds the program's secret, as ${NAME}."
    )
    refresh_token: SecretRef | None = Field(
        default=None,
        description="With token_url: the variable that holds the refresh token; without it the program signs in by its own"
        " secret (Microsoft 365).",
    )
    scope: Text | None = Field(
        default=None, description="With token_url: what is asked for, where the provider wants it."
    )
    ca_file: Text | None = Field(
        default=None, description="Certificates that the servers are checked by, a PEM file, if not the system's."
    )
    folder: Text = Field(default="INBOX", description="The folder that is read.")
    sent_folder: Text = Field(
        default="auto",
        description="Where answers are kept: a folder's name, auto (the one that the server calls Sent), or none.",
    )
    poll: Duration = Field(default="60s", description="How often to look where the server does not tell by itself.")
    signature: Text | None = Field(default=None, max_length=2000, description="Stands under every answer.")
    ignore: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="Senders that are left alone: addresses, or whole domains as @example.com.",
    )
    authserv_id: Text | None = Field(
        default=None,
        description="The name by which your own mail server signs Authentication-Results; without it no sender counts as"
        " proved.",
    )
    replies_a_day: int = Field(
        default=4, ge=1, le=1000, description="The most answers of the agent to one address in 24 hours."
    )
    mails_an_hour: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="From how many mails in one conversation within an hour on the agent leaves it to people.",
    )
    reply_to_cc: bool = Field(default=False, description="Whether answers also go to those who got a copy.")
    plus_addresses: bool = Field(
        default=False,
        description="Whether the mailbox also gets what is sent to NAME+anything@…: then bounces, and replies of"
        " programs that keep no thread, are matched more surely.",
    )

    @classmethod
    def asks_for(cls, given: Mapping[str, object]) -> tuple[str, ...]:
        """See ChannelBase: the secret for the way of signing in."""
        if given.get("auth") != "xoauth2":
            return ("password",)
        if "token_url" not in given:
            return ("token",)
        return ("client_id",) if "client_secret" in given else ("client_id", "refresh_token")

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        """Raises a fault where the secret is missing that `auth` asks for."""
        if self.auth == "password" and self.password is None:
            raise fault("signing in with a password needs `password: ${NAME}`")
        if self.auth == "xoauth2" and (self.token is None) == (self.token_url is None):
            raise fault("auth: xoauth2 needs `token: ${NAME}`, or else `token_url:`", "auth")
        if self.token_url and not (self.client_id and (self.refresh_token or self.client_secret)):
            raise fault(
                "`token_url:` needs `client_id:` and `refresh_token: ${NAME}` or `client_secret: ${NAME}`", "token_url"
            )
        return self


class OtherChannel(ChannelBase):
    """A channel of a kind that another package brings, by an entry point of the group `CHANNEL_GROUP`.

    As it stands here its settings are kept as they were given. The kind's own model is a subclass with `extra="forbid"`
    and its settings as fields; `config.kinds` reads the channel by it where the package is installed.
    """

    #: The longest text of one message in characters.
    longest_text: ClassVar[int] = 4_096

    model_config = ConfigDict(extra="allow")

    kind: Name = Field(
        description="The kind, as the package that brings it calls it.", json_schema_extra={"not": {"enum": _BUILT_IN}}
    )


def _kind_of(written: Any) -> str | None:
    """Which of the models a channel is written for; None where it says none."""
    kind = written.get("kind") if isinstance(written, dict) else getattr(written, "kind", None)
    if kind is None:
        return None
    return kind if kind in _BUILT_IN else OTHER


#: A channel; of a kind that no part of this program brings, an `OtherChannel`.
Channel = Annotated[
    Annotated[LiveChatChannel, Tag(ChannelKind.LIVE_CHAT.value)]
    | Annotated[WhatsAppChannel, Tag(ChannelKind.WHATSAPP.value)]
    | Annotated[MessengerChannel, Tag(ChannelKind.MESSENGER.value)]
    | Annotated[EmailChannel, Tag(ChannelKind.EMAIL.value)]
    | Annotated[OtherChannel, Tag(OTHER)],
    Discriminator(_kind_of),
]
