"""What the pages of the web inbox show, as HTML. Everything that anybody wrote is escaped by the template engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from custagent.conversation.summary import open_question_line, request_line
from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation, Status
from custagent.core.message import DeliveryStatus, Message, Sender, may_be_judged
from custagent.core.note import Note
from custagent.core.people import Seat
from custagent.core.workspace import CannedReply, Workspace
from custagent.locales.staff import StaffWords
from custagent.runtime.bootstrap import Application
from custagent.runtime.inbox.attachments import shown_files
from custagent.runtime.inbox.inbox import Inbox, Thread
from custagent.runtime.inbox.reasons import reason_in_short, reason_in_words
from custagent.runtime.runner.channel_states import in_words
from custagent.runtime.web.inbox_web.sign_in import SignedIn
from custagent.store.conversations.queue import Item, View, Wanted
from custagent.store.conversations.search import FOUND, Hit

#: Conversations in the list.
PAGE = 50
#: Channels of Meta take replies for so long after the contact's last message.
_WINDOW = timedelta(hours=24)
#: What stands in brackets in a text.
_MARKED = re.compile(r"\[([^\]]*)\]")
#: What a note has nothing of.
_NOTHING: dict[str, Any] = {
    "language": "", "kind": "", "reason": "", "confidence": None, "options": (), "attachments": (), "citations": (),
    "delivery": "", "failed": False, "verdict": "", "why": False, "edited": "", "fault": "", "judged": False, "wrong": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody at the inbox, with what every page needs."""

    signed_in: SignedIn
    inbox: Inbox
    workspace: Workspace
    now: datetime
    #: With who is at the desk as the one who acts, by the workspace in force.
    app: Application
    #: In their language.
    words: StaffWords

    def local(self, moment: datetime) -> datetime:
        """In the workspace's time zone."""
        return moment.astimezone(ZoneInfo(self.workspace.timezone))


def page(template: str, words: StaffWords, /, **shown: Any) -> str:
    """A template with what it shows, in somebody's language."""
    return _environment().get_template(template).render(staff=words, say=words.page, **shown)


def list_part(desk: Desk, wanted: Wanted, *, chosen: str = "", offset: int = 0, noted: bool = True) -> str:
    """The list of a view, with how many there are in each; `noted` as in `Inbox.items`."""
    items = desk.inbox.items(wanted, limit=PAGE + 1, offset=offset, noted=noted)
    more = len(items) > PAGE
    return page(
        "list.html",
        desk.words,
        rows=[_row(desk, item) for item in items[:PAGE]],
        hits=None,
        words="",
        chosen=chosen,
        before=query(wanted, offset=max(offset - PAGE, 0)) if offset else "",
        more=query(wanted, offset=offset + PAGE) if more else "",
        **_frame(desk, wanted),
    )


def found_part(desk: Desk, wanted: Wanted, words: str, *, chosen: str = "", after: str = "") -> str:
    """The conversations, of any view, in which the words were said, the latest first."""
    hits = desk.inbox.find(words, wanted, limit=PAGE + 1, after=after)
    more = len(hits) > PAGE
    return page(
        "list.html",
        desk.words,
        rows=(),
        hits=[_hit(desk, hit) for hit in hits[:PAGE]],
        words=words,
        chosen=chosen,
        before=query(wanted, q=words) if after else "",
        more=query(wanted, q=words, after=hits[PAGE - 1].conversation.id) if more else "",
        **_frame(desk, wanted),
    )


def query(wanted: Wanted, **more: object) -> str:
    """What an address says of a list: its view, what it is filtered by, and `more` of it."""
    told = {"view": wanted.view.value, "channel": wanted.channel, "language": wanted.language, **more}
    return urlencode({name: value for name, value in told.items() if value not in ("", 0)})


def thread_part(desk: Desk, thread: Thread, wanted: Wanted, words: str = "") -> str:
    """One conversation with everything about it, and where to write; the list beside it is that of `wanted`."""
    record = thread.record
    conversation = record.conversation
    return page(
        "thread.html",
        desk.words,
        conversation=conversation,
        contact=_contact(desk, conversation),
        status=_status(desk, thread),
        said=[_said(desk, thread, one) for one in _in_order(thread)],
        last=record.messages[-1].id if record.messages else 0,
        summary=_summary(desk, thread),
        writing=sorted(thread.writing),
        draft=thread.draft,
        wants_draft=thread.wants_draft,
        canned=_canned(desk, conversation),
        targets=_targets(desk),
        may=_may(desk, conversation),
        window=_window(desk, _kind(desk.workspace, conversation.channel), _wrote_at(record.messages)),
        facts=_facts(desk, thread),
        csrf=desk.signed_in.csrf,
        here=query(wanted, q=words),
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("custagent.runtime.web.inbox_web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Each second piece stood in brackets.
    made.filters["pieces"] = _MARKED.split
    return made


def _frame(desk: Desk, wanted: Wanted) -> Mapping[str, Any]:
    """What stands above the list, whatever is listed."""
    workspace, counts = desk.workspace, desk.inbox.counts()
    spoken = [one.languages for one in workspace.users] + [one.languages for one in workspace.teams]
    return {
        "views": [
            {"name": view.value, "label": label, "count": counts.get(view), "chosen": view is wanted.view}
            for view, label in ((one, desk.words.views[one.value]) for one in View)
        ],
        "wanted": wanted,
        "here": query(wanted),
        "channels": [channel.name for channel in workspace.channels],
        "troubles": list(_troubles(desk)),
        "languages": sorted({*chain(*spoken), workspace.default_language, wanted.language} - {""}),
    }


def _troubles(desk: Desk) -> Iterator[str]:
    """The channels on which the agent does not answer, or nothing arrives: those who answer must know."""
    states = desk.app.store.channel_states
    for channel, paused in states.paused().items():
        yield desk.words.told["paused"].format(channel=channel, moment=desk.words.moment(desk.local(paused.since)))
    for trouble in states.troubles():
        if trouble.told_at:
            yield in_words(trouble, desk.words)


def _hit(desk: Desk, hit: Hit) -> Mapping[str, Any]:
    conversation = hit.conversation
    return {
        "id": conversation.id,
        "contact": _contact(desk, conversation),
        "at": desk.words.day(desk.local(hit.at)),
        "from": _from(desk, hit.sender),
        # Each second piece was looked for.
        "pieces": list(enumerate(hit.snippet.split(FOUND))),
        "messages": hit.messages,
        "channel": conversation.channel,
        "language": conversation.language,
        "status": desk.words.status[conversation.status.value],
    }


def _row(desk: Desk, item: Item) -> Mapping[str, Any]:
    conversation = item.conversation
    return {
        "id": conversation.id,
        "contact": _contact(desk, conversation),
        "channel": conversation.channel,
        "kind": _kind(desk.workspace, conversation.channel),
        "language": conversation.language,
        "snippet": item.snippet,
        "from": _from(desk, item.last_sender),
        "owner": _owner(desk, conversation),
        "waits": desk.words.length(desk.now - item.waiting_since) if item.waiting_since else "",
        "late": item.waiting_since is not None and desk.now - item.waiting_since >= timedelta(hours=1),
        "unread": item.unread and item.last_sender is Sender.CONTACT,
        "failed": item.failed,
        "window": _window(desk, _kind(desk.workspace, conversation.channel), item.contact_wrote_at),
    }


def _said(desk: Desk, thread: Thread, one: Message | Note) -> Mapping[str, Any]:
    """A message or a note as the thread shows it."""
    shown = {"at": desk.words.moment(desk.local(one.at)), "iso": one.at.isoformat(), "text": one.text, "id": one.id}
    if isinstance(one, Note):
        return _NOTHING | shown | {"by": "note", "name": _name(desk.workspace, one.author)}
    delivery = thread.record.deliveries.get(one.id)
    return (
        _NOTHING
        | shown
        | {
            "by": one.sender.value,
            "name": _speaker(desk, thread.record.conversation, one),
            "language": one.language,
            "kind": one.kind.value,
            "reason": reason_in_short(one.reason, desk.words),
            "confidence": None if one.confidence is None else round(one.confidence * 100),
            "options": one.options,
            "attachments": shown_files(one, desk.words),
            "edited": _edited(desk, one),
            "judged": may_be_judged(one.sender, one.kind),
            "wrong": _name(desk.workspace, thread.wrong[one.id]) if one.id in thread.wrong else "",
            "citations": one.citations,
            "delivery": delivery.value if delivery else "",
            "why": bool(one.decision),
            "failed": delivery is DeliveryStatus.FAILED,
            "fault": desk.app.store.outbox.fault_of(one.id) if delivery is DeliveryStatus.FAILED else "",
            "verdict": (thread.record.verdicts[one.id].value if one.id in thread.record.verdicts else ""),
        }
    )


def _from(desk: Desk, sender: Sender) -> str:
    """Who wrote a line that stands alone; nothing for the contact."""
    key = {Sender.CONTACT: "", Sender.AGENT: "from_ai", Sender.PERSON: "from_us"}[sender]
    return f"{desk.words.told[key]} " if key else ""


def _edited(desk: Desk, message: Message) -> str:
    if message.edited_at is None:
        return ""
    return desk.words.told["edited" if message.text else "taken_back"]


def _in_order(thread: Thread) -> Sequence[Message | Note]:
    if not thread.notes:
        return thread.record.messages
    return sorted([*thread.record.messages, *thread.notes], key=lambda one: one.at)


def _summary(desk: Desk, thread: Thread) -> Mapping[str, Any] | None:
    """Why people have it, and what was tried (HND-4)."""
    record = thread.record
    if not record.handoffs:
        return None
    last = record.handoffs[-1]
    asked = request_line(last.summary, record.messages)
    still_open = open_question_line(last.summary, record.messages)
    return {
        "at": desk.words.moment(desk.local(last.at)),
        "reason": reason_in_words(last.summary.reason, desk.words)
        if last.summary.reason
        else desk.words.told["taken_off"],
        "asked": asked,
        "open": still_open if still_open != asked else "",
        "answers": last.summary.answers,
        "questions_back": last.summary.questions_back,
        "tried": last.summary.tried,
        "recap": last.recap,
    }


def _facts(desk: Desk, thread: Thread) -> Sequence[tuple[str, str]]:
    conversation, contact = thread.record.conversation, thread.record.conversation.contact
    cost = -sum(entry.amount for entry in thread.record.credit_entries)
    words, closed = desk.words, conversation.closed_at
    facts = {
        "name": contact.name,
        "email": contact.email,
        "channel": conversation.channel,
        "language": conversation.language or contact.language,
        "the_agent": conversation.agent,
        "opened": words.moment_of_year(desk.local(conversation.opened_at)),
        "closed": words.moment_of_year(desk.local(closed)) if closed else "",
        "outcome": words.outcome[conversation.outcome.value] if conversation.outcome else "",
        "credits": str(cost),
        "number": conversation.id,
    }
    return [(words.told[key], value) for key, value in facts.items() if value]


def _status(desk: Desk, thread: Thread) -> Mapping[str, str]:
    conversation = thread.record.conversation
    words, owner = desk.words, _owner(desk, conversation)
    status = words.status[conversation.status.value]
    if conversation.status is Status.OPEN:
        status = words.told["with_somebody"].format(name=owner) if owner else words.told["with_nobody"]
    if until := thread.record.snoozed_until:
        status = words.told["until"].format(status=status, moment=words.moment(desk.local(until)))
    waits = words.length(desk.now - thread.waiting_since) if thread.waiting_since else ""
    return {"name": conversation.status.value, "words": status, "waits": waits}


def _may(desk: Desk, conversation: Conversation) -> Mapping[str, bool]:
    status, ours = conversation.status, not conversation.imported
    return {
        "take": ours and not (status is Status.OPEN and _is_mine(desk, conversation)),
        "reply": ours,
        "assign": ours,
        "release": ours and status in (Status.OPEN, Status.SNOOZED),
        "snooze": ours and status is Status.OPEN,
        "wake": ours and status is Status.SNOOZED,
        "close": ours and status is not Status.CLOSED,
    }


def _canned(desk: Desk, conversation: Conversation) -> Sequence[Mapping[str, str]]:
    def filled(reply: CannedReply) -> str:
        name, text = conversation.contact.name, reply.text
        if not name:
            # "Hi {contact}," to somebody whose name is not known is "Hi,".
            text = text.replace(" {contact}", "")
        return text.replace("{contact}", name).replace("{user}", desk.signed_in.user.full_name)

    return [
        {"name": one.name, "text": filled(one)}
        for one in desk.workspace.canned_replies
        if one.language in (None, conversation.language)
    ]


def _targets(desk: Desk) -> Sequence[tuple[str, str]]:
    told, workspace = desk.words.told, desk.workspace
    users = [(f"user:{user.name}", user.full_name) for user in workspace.users if user.seat is not Seat.NONE]
    teams = [(f"team:{team.name}", told["team"].format(name=team.name)) for team in workspace.teams]
    return [*users, *teams, ("nobody", told["nobody"])]


def _speaker(desk: Desk, conversation: Conversation, message: Message) -> str:
    if message.sender is Sender.PERSON:
        # Written past us, such as in the provider's own app.
        return _name(desk.workspace, message.author) if message.author else desk.words.told["outside"]
    if message.sender is Sender.CONTACT:
        return _contact(desk, conversation)
    return conversation.agent or desk.words.told["agent"]


def _name(workspace: Workspace, user: str) -> str:
    return next((one.full_name for one in workspace.users if one.name == user), user)


def _contact(desk: Desk, conversation: Conversation) -> str:
    contact = conversation.contact
    return contact.name or contact.email or desk.words.told["contact"].format(number=contact.id)


def _owner(desk: Desk, conversation: Conversation) -> str:
    kind, _, name = conversation.assignee.partition(":")
    return desk.words.told["of_team"].format(name=name) if kind == "team" else _name(desk.workspace, name)


def _is_mine(desk: Desk, conversation: Conversation) -> bool:
    return conversation.assignee == f"user:{desk.inbox.name}"


def _kind(workspace: Workspace, channel: str) -> str:
    return next((one.kind for one in workspace.channels if one.name == channel), "")


def _wrote_at(messages: Sequence[Message]) -> datetime | None:
    return max((one.at for one in messages if one.sender is Sender.CONTACT), default=None)


def _window(desk: Desk, kind: str, wrote_at: datetime | None) -> str:
    """How long the contact can still be written to on a channel of Meta; "" where that has no end."""
    if kind not in (ChannelKind.WHATSAPP, ChannelKind.MESSENGER) or wrote_at is None:
        return ""
    left = wrote_at + _WINDOW - desk.now
    told = desk.words.told
    return told["window_left"].format(time=desk.words.length(left)) if left > timedelta() else told["window_closed"]
