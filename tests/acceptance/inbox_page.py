"""A person at the inbox's own pages, without a browser: the forms that a browser would send."""

from __future__ import annotations

import re
from typing import Any, Self

import httpx

PASSWORD = "violet harbour seven combs"


class InboxPage:
    """Signed in by the link that `custagent users invite` prints. Close it, or use it in a `with`."""

    def __init__(self, house: Any, address: str, user: str = "anna") -> None:
        self._client = httpx.Client(base_url=address, headers={"Origin": address, "Accept": "text/html"}, timeout=90)
        link = house.json("users", "invite", user)["link"]
        answer = self._client.post(f"/inbox/{link.partition('/inbox/')[2]}", data={"password": PASSWORD})
        assert answer.status_code == 303, answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def shows(self, conversation: str) -> str:
        """The page of a conversation."""
        answer = self._client.get(f"/inbox/c/{conversation}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def does(self, conversation: str, action: str, **form: str) -> None:
        """What a button of the page does."""
        csrf = re.search(r'data-csrf="([^"]+)"', self.shows(conversation))
        assert csrf is not None
        form["csrf"] = csrf[1]
        answer = self._client.post(f"/inbox/c/{conversation}/{action}", data=form)
        assert answer.status_code == 303, answer.text
