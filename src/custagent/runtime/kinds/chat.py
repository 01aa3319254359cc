"""The live chat's view of the workspace: what its routes ask, answered from the store and the definitions in force."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from custagent.answer.voice import voice_of
from custagent.answer.wording import Wording
from custagent.channels.email.adapter import EmailAdapter
from custagent.channels.live_chat.chat import Feedback, Files, Header, Hello, Holder, LiveChat
from custagent.channels.live_chat.identity import Customer, identities_of
from custagent.conversation.privacy import mask
from custagent.conversation.routing import takes
from custagent.core.agent import AgentDefinition
from custagent.core.asked import KNOWN
from custagent.core.channel import EmailChannel, LiveChatChannel
from custagent.core.channel_event import IdentitiesChanged
from custagent.core.conversation import Begun, Contact, Conversation, Status
from custagent.core.errors import ChannelError, UnknownName
from custagent.core.message import Attachment, Identity, IdentityKind, Message, Verdict
from custagent.core.note import Note
from custagent.core.workspace import Workspace
from custagent.runtime.bootstrap import Application
from custagent.runtime.files import FileFolder
from custagent.runtime.kinds.chat_transcripts import subject, text, words_of
from custagent.runtime.kinds.host import Host
from custagent.runtime.kinds.photos import Photos


class LiveChats(Mapping[str, LiveChat]):
    """The live-chat channels as they are applied now; asked anew at each request."""

    def __init__(self, app: Application, host: Host, *, notice: str = "") -> None:
        """`notice` stands above every conversation."""
        self._app = app
        self._host = host
        self._notice = notice
        #: By name: the channel, and what was made of it; as long as it is the one in force.
        self._made: dict[str, tuple[LiveChatChannel, LiveChat]] = {}

    def __getitem__(self, name: str) -> LiveChat:
        channel = self._host.in_force.channels()[name]
        if not isinstance(channel, LiveChatChannel):
            raise KeyError(name)
        made = self._made.get(name)
        if made is None or made[0] is not channel:
            chat = replace(_Chat(self._app, self._host, channel).as_live_chat(), notice=self._notice)
            made = self._made[name] = channel, chat
        return made[1]

    def __iter__(self) -> Iterator[str]:
        channels = self._host.in_force.channels()
        return iter([name for name, channel in channels.items() if isinstance(channel, LiveChatChannel)])

    def __len__(self) -> int:
        return len(list(iter(self)))


class _Chat:
    """One live-chat channel."""

    def __init__(self, app: Application, host: Host, channel: LiveChatChannel) -> None:
        self._app = app
        self._host = host
        self._channel = channel
        self._photos = Photos(app.home.root)

    def as_live_chat(self) -> LiveChat:
        return LiveChat(
            name=self._channel.name,
            origins=self._channel.origins,
            receive=self._host.receive,
            messages_after=self._messages_after,
            header=self._header,
            hello=self._hello,
            person_name=self._person_name,
            leave_email=self._leave_email,
            feedback=Feedback(give=self._give, given=self._given),
            photo=self._photo,
            look=self._channel.look,
            asked=self._channel.ask,
            introduced=self._introduced,
            identities=identities_of(self._channel, self._app.secrets),
            identity_required=self._channel.identity == "required",
            identified=self._identified,
            files=Files(keep=self._keep, content=self._content) if self._channel.attachments else None,
            send_transcript=self._send_transcript if self._channel.transcript and self._mailbox() else None,
        )

    async def _introduced(self, begun: Begun, answers: Mapping[str, str]) -> None:
        """Name and address stand with the contact; what else was asked is a note to the people who help."""
        contact = begun.conversation.contact
        email = answers.get("email", contact.email)
        known = replace(contact, name=contact.name or answers.get("name", ""), email=email)
        if known != contact:
            await asyncio.to_thread(self._app.store.conversations.save_contact, self._masked_contact(known))
        labels = {one.name: one.label for one in self._channel.ask if one.label and one.name not in KNOWN}
        lines = [f"{label}: {answers[name]}" for name, label in labels.items() if name in answers]
        if lines:
            await asyncio.to_thread(self._note, begun.conversation.id, self._masked("\n".join(lines)))

    def _note(self, conversation: str, told: str) -> None:
        """Once, however often the message that it came with is sent."""
        notes = self._app.store.notes
        if all(note.text != told for note in notes.of(conversation)):
            at = self._app.clock.now()
            notes.add(Note(conversation=conversation, author=self._channel.name, text=told, at=at))

    async def _identified(self, before: str, key: str, customer: Customer) -> None:
        """What the contact of the key `before` said is the customer's from now on."""
        event = IdentitiesChanged(
            channel=self._channel.name,
            external_id=f"identified:{before}",
            # Known by nothing else yet, a visitor is found by the key.
            before=(Identity(kind=IdentityKind.CUSTOMER, value=before),),
            now=customer.identities,
            contact_key=key,
            at=self._app.clock.now(),
        )
        await self._host.take([event])

    async def _keep(self, content: bytes, name: str, media_type: str) -> Attachment:
        return await self._host.keep(content, name=name, media_type=media_type)

    async def _content(self, attachment: Attachment) -> bytes | None:
        path = FileFolder(self._app.home.files_folder).path(attachment.hash)
        try:
            return await asyncio.to_thread(path.read_bytes) if path else None
        except OSError:
            return None

    def _mailbox(self) -> EmailChannel | None:
        """The workspace's first mailbox: what the chat sends goes out by it."""
        channels = self._host.in_force.channels().values()
        return next((channel for channel in channels if isinstance(channel, EmailChannel)), None)

    async def _send_transcript(self, contact_key: str, email: str, language: str) -> None:
        """The contact's latest conversation. Raises ChannelError, StoreError, and UnknownName when there is none."""
        conversation, mailbox = await self._latest(contact_key), self._mailbox()
        if conversation is None:
            raise UnknownName("There is no conversation to send.")
        if mailbox is None:
            raise ChannelError("no email channel is set up, so that no transcript can be sent")
        messages = await asyncio.to_thread(self._app.store.conversations.messages, conversation.id)
        words = words_of(language, self._workspace.default_language)
        told = text(
            messages,
            company=self._workspace.name,
            words=words,
            person_name=self._person_name,
            zone=ZoneInfo(self._workspace.timezone),
        )
        await EmailAdapter(mailbox, self._host.around).notify(
            email,
            subject=subject(self._workspace.name, words),
            text=told,
            about=f"transcript {conversation.id} {messages[-1].id}",
            at=self._app.clock.now(),
        )

    def _masked(self, text: str) -> str:
        return mask(text, kinds=self._workspace.privacy.mask).text

    def _masked_contact(self, contact: Contact) -> Contact:
        return replace(contact, name=self._masked(contact.name))

    async def _messages_after(self, contact_key: str, after: int) -> Sequence[Message]:
        store = self._app.store.conversations
        return await asyncio.to_thread(store.messages_of_contact, self._channel.name, contact_key, after=after)

    async def _latest(self, contact_key: str) -> Conversation | None:
        store = self._app.store.conversations
        return await asyncio.to_thread(store.latest, self._channel.name, contact_key) if contact_key else None

    async def _header(self, contact_key: str) -> Header:
        conversation = await self._latest(contact_key)
        if conversation is None or conversation.status in (Status.PENDING, Status.CLOSED):
            going_on = conversation is not None and conversation.status is Status.PENDING
            agent = self._agent() if going_on else self._agent_for_new(contact_key)
            if not agent:
                return Header(holder=Holder.NOBODY)
            avatar = await asyncio.to_thread(self._photos.name_of, self._channel.look.avatar)
            return Header(holder=Holder.AGENT, name=self._workspace.name, photo=avatar)
        kind, _, name = conversation.assignee.partition(":")
        if kind != "user":
            return Header(holder=Holder.NOBODY)
        full_name = self._person_name(name)
        if not self._shows_photo():
            return Header(holder=Holder.PERSON, name=full_name)
        location = next((one.photo for one in self._workspace.users if one.name == name), None)
        photo = await asyncio.to_thread(self._photos.name_of, location) if location else ""
        return Header(holder=Holder.PERSON, name=full_name, initials_of=full_name, photo=photo)

    async def _hello(self, languages: Sequence[str]) -> Hello:
        workspace, agent = self._workspace, self._agent_for_new("")
        wanted = next(iter(languages), workspace.default_language)
        if agent is None:
            return Hello(agent="", company=workspace.name, greeting="", disclosure="", language=wanted)
        wording = Wording(agent=agent, wanted=wanted, voice=voice_of(agent, workspace))
        greeting = wording.message("greeting")
        return Hello(
            agent=workspace.name,
            company=workspace.name,
            greeting=greeting.text,
            disclosure=wording.message("disclosure").text,
            language=greeting.language,
        )

    async def _leave_email(self, contact_key: str, email: str) -> None:
        conversation = await self._latest(contact_key)
        if conversation is not None:
            contact = replace(conversation.contact, email=email)
            await asyncio.to_thread(self._app.store.conversations.save_contact, contact)

    async def _give(self, contact_key: str, message: int, verdict: Verdict | None) -> None:
        await asyncio.to_thread(
            self._app.store.feedback.give,
            message,
            verdict,
            self._app.clock.now(),
            channel=self._channel.name,
            contact_key=contact_key,
            fence=self._host.fence,
        )

    async def _given(self, contact_key: str) -> Mapping[int, Verdict]:
        return await asyncio.to_thread(self._app.store.feedback.verdicts_of_contact, self._channel.name, contact_key)

    async def _photo(self, name: str) -> bytes | None:
        """Only of those who are listed as users now, and of the agent."""
        locations = [self._channel.look.avatar, *(user.photo for user in self._workspace.users)]
        return await asyncio.to_thread(self._photos.read, name, locations)

    def _person_name(self, user: str) -> str:
        return next((one.full_name for one in self._workspace.users if one.name == user), user)

    def _shows_photo(self) -> bool:
        assigned = self._host.in_force.assigned().get(self._channel.name)
        return assigned is None or assigned[1].handoff.update_avatar

    def _agent(self) -> AgentDefinition | None:
        """Who answers in conversations that the agent has."""
        assigned = self._host.in_force.assigned().get(self._channel.name)
        return assigned[0] if assigned else None

    def _agent_for_new(self, contact_key: str) -> AgentDefinition | None:
        """Who would answer in a new conversation of the contact; "" is somebody whose share is not known yet (ASG-5)."""
        assigned = self._host.in_force.assigned().get(self._channel.name)
        if assigned is None:
            return None
        terms = assigned[1] if contact_key else assigned[1].model_copy(update={"share": 100})
        taken = takes(terms, contact_key, team_works=partial(self._host.team_works, terms))
        return assigned[0] if taken else None

    @property
    def _workspace(self) -> Workspace:
        return self._host.in_force.workspace()
