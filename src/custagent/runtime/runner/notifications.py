"""Other programs are told when people are needed: signed, again and again for a day, at least once.

A process that is killed between the receiver's answer and our note of it tells the same event again, with the same id.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from custagent.channels.signature import sign
from custagent.core.errors import CustagentError, LeaseHeld, UsageError
from custagent.core.notice import Notice
from custagent.core.notification import GIVEN_UP_AFTER, Happening, Notification, NotificationEvent, WebhookState
from custagent.core.people import Permission
from custagent.core.workspace import WebhookSettings, Workspace
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce
from custagent.runtime.kinds.served import surroundings
from custagent.runtime.runner.delivery import back_off
from custagent.runtime.runner.mail_notices import MailReceiver, mail_receiver
from custagent.runtime.waiting import wait_for_any

_log = logging.getLogger(__name__)

#: Seconds between looks.
POLL = 1.0
#: Notifications of one look.
AT_ONCE = 100
#: What the headers of each POST are called.
ID, EVENT, TIMESTAMP, SIGNATURE = (f"X-Custagent-{name}" for name in ("Event-Id", "Event", "Timestamp", "Signature"))
#: The kind of notices about webhooks.
NOTICE = "webhooks"
_OK, _MULTIPLE, _GONE = 200, 300, 410
_FORGETS_EVERY = 3600.0
#: Who is told of events.
Receiver: TypeAlias = WebhookSettings | MailReceiver
#: Sends a body with headers to a webhook; the status of the answer. Raises CustagentError.
Post = Callable[[WebhookSettings, bytes, Mapping[str, str]], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook and how it stands with it, as people see it."""

    #: What commands call it: its host.
    host: str
    #: Of two on one host, this tells them apart.
    key: str
    events: tuple[NotificationEvent, ...]
    state: WebhookState

    @property
    def fault(self) -> str:
        """What is wrong, in a sentence; "" when all is well."""
        state = self.state
        if state.stopped_at:
            return (
                f"{self.host} is told nothing any more: it answered 410 (gone) on {state.stopped_at:%Y-%m-%d %H:%M} UTC"
            )
        if state.failing:
            return f"{self.host} cannot be told of {_counted(state.failing)}, it is tried again: {state.error}"
        if state.given_up:
            return f"{self.host} was never told of {_counted(state.given_up)}: {state.error}"
        return ""


class Notifications:
    """The loop of a runner that tells other programs."""

    def __init__(self, app: Application, in_force: InForce, *, fence: int, post: Post | None = None) -> None:
        self._app = app
        self._in_force = in_force
        self._fence = fence
        self._post = post or self._post_guarded
        #: By webhook: failures in a row; how long it is left alone follows from it.
        self._failures: Counter[str] = Counter()
        self._forgot_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what is to be told until `stop` is set. Raises LeaseHeld."""
        while not stop.is_set():
            looking, stopped = asyncio.create_task(self.look()), asyncio.create_task(stop.wait())
            try:
                # What is being sent when the runner stops is sent again by the next one.
                await asyncio.wait([looking, stopped], return_when=asyncio.FIRST_COMPLETED)
                if looking.done():
                    looking.result()
            except LeaseHeld:
                raise
            except CustagentError as error:
                _log.error("other programs cannot be told anything for the moment: %s", error.message)
            finally:
                looking.cancel()
                stopped.cancel()
            await wait_for_any(stop, seconds=POLL)

    async def look(self) -> int:
        """Read what happened, and tell what is due; how many arrived. Raises LeaseHeld, StoreError, ConfigError."""
        workspace = await asyncio.to_thread(self._in_force.workspace)
        due = await asyncio.to_thread(self._due, workspace)
        known: dict[str, Receiver] = {one.key: one for one in _receivers(workspace)}
        batches = [
            self._send_all(known[key], list(batch))
            for key, batch in groupby(sorted(due, key=attrgetter("webhook")), key=attrgetter("webhook"))
            if key in known
        ]
        return sum(await asyncio.gather(*batches))

    def _due(self, workspace: Workspace) -> Sequence[Notification]:
        store, now = self._app.store.notifications, self._app.clock.now()
        webhooks = _receivers(workspace)
        link = workspace.public_url
        store.collect(
            {webhook.key: webhook.events for webhook in webhooks},
            lambda id_, happening: body_of(id_, happening, link),
            now,
            fence=self._fence,
        )
        moment = time.monotonic()
        if moment - self._forgot_at >= _FORGETS_EVERY:
            store.forget(now, webhooks={webhook.key for webhook in webhooks}, fence=self._fence)
            self._forgot_at = moment
        return store.due(now, webhooks=[one.key for one in webhooks], limit=AT_ONCE) if webhooks else ()

    async def _send_all(self, webhook: Receiver, due: Iterable[Notification]) -> int:
        """One after the other; the first failure lets the others wait."""
        sent = 0
        for one in due:
            error, status = await self._send(webhook, one)
            if error:
                await asyncio.to_thread(self._failed, webhook, one, error, gone=status == _GONE)
                return sent
            del self._failures[webhook.key]
            await asyncio.to_thread(
                self._app.store.notifications.note_sent, one, self._app.clock.now(), fence=self._fence
            )
            sent += 1
        return sent

    async def _send(self, webhook: Receiver, one: Notification) -> tuple[str, int]:
        """Why it did not arrive, "" when it did, and the status of the answer, 0 without one."""
        try:
            if isinstance(webhook, MailReceiver):
                await webhook.tell(one, surroundings(self._app), self._app.clock.now())
                return "", _OK
            secret = self._app.secrets(webhook.secret)[0]
            headers = signed_headers(one, secret, self._app.clock.now())
            status = await self._post(webhook, one.body.encode(), headers)
        except CustagentError as failure:
            return failure.message, 0
        except Exception as failure:  # noqa: BLE001 - see below
            # The task's boundary: one receiver's oddity must not stop the runner.
            _log.exception("the webhook %s could not be told of %s", webhook.host, one.id)
            return f"a fault of this program: {type(failure).__name__}", 0
        return "" if _OK <= status < _MULTIPLE else f"it answered {status}", status

    def _failed(self, webhook: Receiver, one: Notification, error: str, *, gone: bool) -> None:
        store, now = self._app.store.notifications, self._app.clock.now()
        held_until = now + back_off(self._failures[webhook.key])
        self._failures[webhook.key] += 1
        _log.warning("the webhook %s could not be told of %s: %s", webhook.host, one.id, error)
        hint = f"custagent notifications retry {webhook.host}"
        if gone:
            text = f"{webhook.host} answered 410 (gone): it is told nothing any more. To begin again: {hint}"
            notice = _notice(f"gone:{webhook.key}:{now:%Y-%m-%d}", text, now)
            store.stop(webhook.key, error, now, notice, fence=self._fence)
        elif now - one.since >= GIVEN_UP_AFTER:
            text = f"{webhook.host} could not be told of an event for a day: {error}. To try again: {hint}"
            notice = _notice(f"given-up:{webhook.key}:{now:%Y-%m-%d}", text, now)
            store.give_up(one, error, now, notice, fence=self._fence)
        else:
            next_at = now + back_off(one.tries)
            store.note_failed(one, error, next_at, now, held_until=held_until, fence=self._fence)

    async def _post_guarded(self, webhook: WebhookSettings, body: bytes, headers: Mapping[str, str]) -> int:
        from custagent.knowledge.web.post import post_json

        allowed = self._in_force.workspace().fetch.allow_hosts
        return await post_json(webhook.url, body, headers, allow_hosts=allowed)


def body_of(id_: str, happening: Happening, public_url: str | None) -> str:
    """The JSON that is sent: what a person needs to go and look, and no word of the contact."""
    conversation = happening.conversation
    told = {
        "id": id_,
        "event": happening.event.value,
        "at": happening.at.isoformat(),
        "conversation": conversation or None,
        "channel": happening.channel or None,
        "language": happening.language or None,
        "reason": happening.reason or None,
        "assignee": happening.assignee or None,
        "waiting_since": happening.waiting_since.isoformat() if happening.waiting_since else None,
        "text": happening.text or None,
        "link": f"{public_url.rstrip('/')}/inbox/c/{conversation}" if public_url and conversation else None,
    }
    return json.dumps(told, ensure_ascii=False)


def signed_headers(one: Notification, secret: str, at: datetime) -> Mapping[str, str]:
    """What a receiver knows the sender by: HMAC-SHA256 over the time of this try, a full stop, and the body."""
    moment = str(int(at.timestamp()))
    return {
        ID: one.id,
        EVENT: one.event.value,
        TIMESTAMP: moment,
        SIGNATURE: sign(f"{moment}.".encode() + one.body.encode(), secret),
    }


def webhooks_of(app: Application) -> Sequence[Webhook]:
    """The webhooks in force, and how it stands with them. Raises ConfigError."""
    states, receivers = app.store.notifications.states(), _receivers(InForce(app).workspace())
    return tuple(
        Webhook(host=one.host, key=one.key, events=one.events, state=states.get(one.key, WebhookState()))
        for one in receivers
    )


def retry_notifications(app: Application, name: str = "") -> int:
    """Tell again what was given up or waits, at once; of all webhooks, or of those of one host (or key); how many.

    Raises PermissionDenied, UsageError for a name that none has.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    chosen = [one for one in webhooks_of(app) if not name or name in (one.host, one.key)]
    if not chosen:
        raise UsageError(
            f"there is no webhook {name!r}" if name else "custagent.yaml lists no webhook",
            hint="See them with: custagent notifications list",
        )
    entry = app.audit_entry("notifications retry", ", ".join(sorted({one.host for one in chosen})))
    return app.store.notifications.retry([one.key for one in chosen], app.clock.now(), audit=entry)


def _receivers(workspace: Workspace) -> Sequence[Receiver]:
    """Whoever is told: other programs, and users by mail."""
    mail = mail_receiver(workspace)
    return (*workspace.notifications.webhooks, *((mail,) if mail else ()))


def _notice(key: str, text: str, now: datetime) -> Notice:
    return Notice(key=f"{NOTICE}:{key}", kind=NOTICE, permission=Permission.ADMIN.value, text=text, at=now)


def _counted(events: int) -> str:
    return f"{events} event{'' if events == 1 else 's'}"
