"""Pages of a HubSpot account, read by HubSpot's CMS API: site pages, landing pages and blog posts.

`HubSpotApi` asks, `listing` says what the answers mean, `PageReader` makes a document of one page.
"""

from __future__ import annotations

from custagent.knowledge.hubspot.api import BASE, HubSpotApi
from custagent.knowledge.hubspot.listing import KINDS, HubSpotPage, NotImported, listing
from custagent.knowledge.hubspot.reader import FROM_FIELD, ID_FIELD, MODULES, PageReader, ReadPage

__all__ = [
    "BASE",
    "FROM_FIELD",
    "ID_FIELD",
    "KINDS",
    "MODULES",
    "HubSpotApi",
    "HubSpotPage",
    "NotImported",
    "PageReader",
    "ReadPage",
    "listing",
]
