"""HubSpot's own Python client, which is made from HubSpot's API description, and ours see the same account."""

from __future__ import annotations

import asyncio
import warnings
from importlib.util import find_spec
from typing import Any

import pytest

from custagent.core.errors import FetchError
from custagent.knowledge.hubspot import KINDS, HubSpotApi, listing
from tests.hubspot import TOKEN, FakeHubSpot, missing_scope


@pytest.fixture
def theirs(require) -> Any:
    require("hubspot-api-client", find_spec("hubspot"), "it reads our double of HubSpot as it reads HubSpot")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hubspot import HubSpot

        return HubSpot(access_token=TOKEN)


def results(account: FakeHubSpot, kind: str) -> list[Any]:
    async def scene() -> list[Any]:
        async with HubSpotApi(TOKEN, base=account.url, allow_hosts=(account.host,)) as api:
            return [result async for result in api.results(KINDS[kind])]

    return asyncio.run(scene())


def test_both_read_the_same_pages(theirs: Any) -> None:
    with FakeHubSpot() as account:
        account.page_size = 2
        for number in range(5):
            account.page(f"/page-{number}", f"Page {number}", layoutSections={"dnd": {"rows": [{"0": {"w": 12}}]}})
            account.page(f"/offer-{number}", f"Offer {number}", kind="landing-pages")
            account.post(f"/blog/{number}", f"Post {number}", f"<p>Text {number}</p>")
        asked = {
            "site-pages": theirs.cms.pages.site_pages_api,
            "landing-pages": theirs.cms.pages.landing_pages_api,
            "blog": theirs.cms.blogs.blog_posts.basic_api,
        }
        for kind, client in asked.items():
            client.api_client.configuration.host = account.url
            found, after = [], None
            while True:
                page = client.get_page(limit=100, archived=False, **({"after": after} if after else {}))
                found += page.results
                if page.paging is None:
                    break
                after = page.paging.next.after
            ours, others = listing(kind, results(account, kind))
            assert others == []
            assert [(one.id, one.url, one.title, one.html) for one in ours] == [
                (one.id, one.url, one.html_title, getattr(one, "post_body", "") or "") for one in found
            ]
            assert [one.updated for one in ours] == [f"{one.updated:%Y-%m-%dT%H:%M:%SZ}" for one in found]
            assert all(one.currently_published and one.current_state == "PUBLISHED" for one in found)


def test_both_are_refused_for_the_same_reason(theirs: Any) -> None:
    from hubspot.cms.pages.exceptions import ApiException

    with FakeHubSpot() as account:
        client = theirs.cms.pages.site_pages_api
        client.api_client.configuration.host = account.url
        account.faults = [(403, {}, missing_scope("content"))] * 2
        with pytest.raises(ApiException) as refused:
            client.get_page()
        with pytest.raises(FetchError) as caught:
            results(account, "site-pages")
        assert refused.value.status == caught.value.status == 403
        assert "content" in refused.value.body
        assert "content" in caught.value.message
