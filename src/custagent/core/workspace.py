"""The workspace: everything in `custagent.yaml` that the agents of one company share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from custagent.core.people import Permission, Team, User
from custagent.core.privacy import PrivacySettings
from custagent.core.written import BaseAddress, HostPort, LanguageCode, Name, Origin, SecretRef, Text, Written, fault


class Voice(Written):
    """A brand voice: how replies are worded, never what is true in them (CRE-4)."""

    name: Name = Field(description="What agents call it, as in `voice: northwind`.")
    description: Text = Field(description="How the company speaks, in a sentence or two; a model is given this.")


class Desk(Written):
    """A group of channels with a queue of its own and members."""

    name: Name = Field(description="What channels call it, as in `desk: inbox`.")
    teams: tuple[Name, ...] = Field(default=(), strict=False, description="Teams that work at this desk.")


class ChannelKind(StrEnum):
    LIVE_CHAT = "live-chat"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    EMAIL = "email"


_KIND = "live-chat, whatsapp, messenger or email."


class _ChannelBase(Written):
    name: Name = Field(description="What assignments call it, as in `channel: web`.")
    desk: Name = Field(default="inbox", description="The desk whose queue its conversations join.")


class LiveChatChannel(_ChannelBase):
    """A chat on the company's own web pages (ASG-3)."""

    kind: Literal["live-chat"] = Field(description=_KIND)
    origins: tuple[Origin, ...] = Field(default=(), strict=False, description="Sites that may show the chat.")


class WhatsAppChannel(_ChannelBase):
    """A WhatsApp Business number (Cloud API)."""

    kind: Literal["whatsapp"] = Field(description=_KIND)
    phone_number_id: Text = Field(description="The number's id at Meta, not the number itself.")
    access_token: SecretRef = Field(description="The variable that holds the permanent access token, as ${NAME}.")
    app_secret: SecretRef = Field(description="The variable that holds the app's secret, as ${NAME}.")
    verify_token: SecretRef = Field(description="The variable that holds the webhook's verify token, as ${NAME}.")


class MessengerChannel(_ChannelBase):
    """A Facebook page."""

    kind: Literal["messenger"] = Field(description=_KIND)
    page_id: Text = Field(description="The page's id at Meta.")
    access_token: SecretRef = Field(description="The variable that holds the permanent access token, as ${NAME}.")
    app_secret: SecretRef = Field(description="The variable that holds the app's secret, as ${NAME}.")
    verify_token: SecretRef = Field(description="The variable that holds the webhook's verify token, as ${NAME}.")


class EmailChannel(_ChannelBase):
    """A mailbox."""

    kind: Literal["email"] = Field(description=_KIND)
    address: Text = Field(description="The address that contacts write to.")
    imap_host: Text = Field(description="The server that mail is read from, as host or host:port.")
    smtp_host: Text = Field(description="The server that mail is sent by, as host or host:port.")
    username: Text = Field(description="The account's name on both servers.")
    password: SecretRef = Field(description="The variable that holds the password, as ${NAME}.")


Channel = Annotated[LiveChatChannel | WhatsAppChannel | MessengerChannel | EmailChannel, Field(discriminator="kind")]


class FetchSettings(Written):
    """How pages are fetched."""

    allow_hosts: tuple[HostPort, ...] = Field(
        default=(),
        strict=False,
        description="Hosts that may be fetched although their address is private, or their port unusual (SRC-7).",
    )


class EmbedderSettings(Written):
    """The engine that turns text into vectors. Changing it makes a new index; texts are embedded again."""

    engine: Literal["bundled", "sentence-transformers", "litellm"] = Field(
        default="bundled", description="bundled needs nothing else and sends nothing anywhere."
    )
    model: Text | None = Field(default=None, description="The engine's model; the bundled engine has one.")
    api_base: Text | None = Field(default=None, description="Where a LiteLLM model is served, if not at its provider.")
    api_key: SecretRef | None = Field(default=None, description="The variable that holds the key, as ${NAME}.")


class Workspace(Written):
    """`custagent.yaml`."""

    name: Text = Field(description="The company, as contacts know it.")
    default_language: LanguageCode = Field(default="en", description="For texts to people, and for new agents.")
    timezone: str = Field(default="UTC", description="IANA name, such as Europe/Stockholm.")
    public_url: BaseAddress | None = Field(
        default=None, description="Where browsers reach the runner from outside; the chat's script tag names it."
    )
    fetch: FetchSettings = Field(default=FetchSettings(), description="What may be fetched, and how.")
    embedder: EmbedderSettings = Field(default=EmbedderSettings(), description="What turns text into vectors.")
    privacy: PrivacySettings = Field(default=PrivacySettings(), description="What is masked in contacts' messages.")
    voices: tuple[Voice, ...] = Field(default=(), strict=False, description="Brand voices.")
    desks: tuple[Desk, ...] = Field(
        default=(Desk(name="inbox"), Desk(name="help-desk")), strict=False, description="Queues that people work at."
    )
    users: tuple[User, ...] = Field(default=(), strict=False, description="The people who work for the company.")
    teams: tuple[Team, ...] = Field(default=(), strict=False, description="Named groups of users.")
    channels: tuple[Channel, ...] = Field(default=(), strict=False, description="Where messages come from.")

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:  # OSError: a folder of zones, such as "Europe"
            raise fault(f"no time zone is called {value!r}; write an IANA name such as Europe/Stockholm") from exc
        return value

    def user_by_email(self, email: str) -> User | None:
        return next((user for user in self.users if user.email.lower() == email.lower()), None)

    def may(self, user: User | None, permission: Permission) -> bool:
        """Whether `user` holds `permission`; a workspace that lists no users asks for none (CRE-3)."""
        return not self.users or (user is not None and permission in user.permissions)
