"""A person's own page at the inbox: when they work, whether they are away, their picture, password and sessions.

Nobody changes anybody else here: whose page it is, is said by the session alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, available_timezones

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from custagent.channels.live_chat.assets import PICTURE_TYPES
from custagent.core.errors import CustagentError
from custagent.core.people import WEEKDAYS, Availability
from custagent.runtime.definitions.people import UserState, find_user, set_away, set_back, set_own_hours
from custagent.runtime.kinds.photos import Photos
from custagent.runtime.web.inbox_web.pages import Desk, page
from custagent.runtime.web.inbox_web.responses import COOKIE, HEADERS, html_page, refused, told_by
from custagent.runtime.web.inbox_web.sign_in import SHORTEST_PASSWORD, Doorkeeper, PasswordRefused
from custagent.runtime.web.inbox_web.week import hours_of, week_of

#: The words for whether somebody can be given a conversation.
_NOW = {
    Availability.AVAILABLE: "available",
    Availability.NO_SEAT: "no_seat",
    Availability.AWAY: "away",
    Availability.OFF_HOURS: "off_hours",
    Availability.BUSY: "busy",
}


class OwnPage:
    """What somebody who is signed in sees and changes of themselves."""

    def __init__(self, door: Doorkeeper, photos: Photos) -> None:
        self._door = door
        self._photos = photos
        self._changes: Mapping[str, Callable[[Desk, Request, Mapping[str, str]], None]] = {
            "hours": self._hours,
            "away": self._away,
            "back": lambda desk, _request, _form: _set_back(desk),
            "password": self._password,
        }

    def show(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """The page, with what was done last."""
        told = desk.words.told.get(f"done_{request.query_params.get('done', '')}", "")
        return html_page(self._page(desk, told=told))

    def change(self, desk: Desk, request: Request, form: Mapping[str, str]) -> Response:
        """What one of its forms asks for; where that cannot be, the page says why and keeps what was typed."""
        what = request.path_params["change"]
        if what == "sign-out":
            self._door.sign_out_everywhere(desk.signed_in.user)
            response = RedirectResponse("/inbox/sign-in", 303, headers=HEADERS)
            response.delete_cookie(COOKIE, path="/inbox")
            return response
        if what not in self._changes:
            return refused(desk.words, "no_change", 404, request)
        try:
            self._changes[what](desk, request, form)
        except CustagentError as error:
            why = f"{told_by(error, desk.words)} {error.hint}".strip()
            return html_page(self._page(desk, wrong=what, why=why, typed=form), 400)
        return RedirectResponse(f"/inbox/me?done={what}", 303, headers=HEADERS)

    def photo(self, desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
        """A colleague's picture."""
        name = request.path_params["user"]
        location = next((one.photo for one in desk.workspace.users if one.name == name), None)
        kept = self._photos.name_of(location)
        content = self._photos.read(kept, [location]) if kept else None
        if content is None:
            return refused(desk.words, "no_picture", 404, request)
        kind = PICTURE_TYPES[kept.rpartition(".")[2]]
        # Whoever opens it as a page gets a picture and nothing that runs.
        sandbox = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=300"}
        return Response(content, media_type=kind, headers={**HEADERS, **sandbox})

    def _page(
        self, desk: Desk, *, told: str = "", wrong: str = "", why: str = "", typed: Mapping[str, str] | None = None
    ) -> str:
        state = find_user(desk.app, desk.signed_in.user.name)
        user, typed = state.user, typed or {}
        week = week_of(user.hours)
        hours_typed = wrong == "hours"
        return page(
            "me.html",
            desk.words,
            company=desk.workspace.name,
            user=user,
            csrf=desk.signed_in.csrf,
            told=told,
            wrong=wrong,
            why=why,
            state=_now(desk, state),
            away=state.availability is Availability.AWAY,
            photo=bool(self._photos.name_of(user.photo)),
            teams=state.teams,
            has=state.open,
            days=[
                {"key": key, "label": label, "times": typed.get(key, "") if hours_typed else week[key]}
                for key, label in zip(WEEKDAYS, desk.words.weekdays, strict=True)
            ],
            zone=typed.get("timezone", "") if hours_typed else user.timezone or "",
            workspace_zone=desk.workspace.timezone,
            zones=sorted(available_timezones()),
            shortest=SHORTEST_PASSWORD,
        )

    def _hours(self, desk: Desk, _: Request, form: Mapping[str, str]) -> None:
        user = desk.signed_in.user
        # Not by what is in force: the file is what is changed.
        app = desk.app.acting(user)
        written = find_user(app, user.name).user.hours
        week = {day: form.get(day, "") for day in WEEKDAYS}
        hours = hours_of(week)
        # Whoever wrote them in other lines keeps those.
        set_own_hours(app, written if hours == hours_of(week_of(written)) else hours, form.get("timezone", "").strip())

    def _away(self, desk: Desk, _: Request, form: Mapping[str, str]) -> None:
        set_away(desk.app, desk.signed_in.user.name, form.get("until", "") or form.get("length", ""))

    def _password(self, desk: Desk, request: Request, form: Mapping[str, str]) -> None:
        if form.get("new", "") != form.get("again", ""):
            raise PasswordRefused("differ")
        self._door.change_password(
            desk.signed_in.user, request.cookies.get(COOKIE, ""), form.get("old", ""), form.get("new", ""),
            request.client.host if request.client else "",
        )  # fmt: skip


def _set_back(desk: Desk) -> None:
    set_back(desk.app, desk.signed_in.user.name)


def _now(desk: Desk, state: UserState) -> str:
    """Whether they can be given a conversation, and when that changes."""
    told, known = desk.words.told, _NOW[state.availability]
    zone = ZoneInfo(state.user.timezone or desk.workspace.timezone)
    changes_at = {
        Availability.AWAY: state.absence.until if state.absence else None,
        Availability.OFF_HOURS: state.hours_change_at,
    }.get(state.availability)
    if changes_at is None:
        return told[known]
    return told[f"{known}_until"].format(moment=desk.words.moment_of_week(changes_at.astimezone(zone)))
