"""HubSpot's CMS API as far as an import uses it, and the public site whose pages it lists, on this machine.

The shapes are those of HubSpot's reference for "Pages" and "Blog posts" (v3): lists of at most `limit` results with
`paging.next.after`, and errors with `category`, `context` or `errors`. It is strict: an unknown parameter, a wrong
token or another method is refused as HubSpot refuses it.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "pat-eu1-" + "made-up-token"
LISTS = {
    "/cms/v3/pages/site-pages": "site-pages",
    "/cms/v3/pages/landing-pages": "landing-pages",
    "/cms/v3/blogs/posts": "blog",
}
#: What the lists take.
_TAKES = {"limit", "after", "archived", "sort", "createdAt", "updatedAfter", "property"}
_LONG_AGO = "1970-01-01T00:00:00Z"


class FakeHubSpot:
    """A context manager: it listens as long as the block lasts."""

    def __init__(self) -> None:
        #: By kind, the results of its list in order.
        self.lists: dict[str, list[dict[str, Any]]] = {kind: [] for kind in LISTS.values()}
        #: The public site: path to HTML, or to the status of the answer.
        self.site: dict[str, str | int] = {}
        #: How the next requests to the API are answered instead: status, headers, body.
        self.faults: list[tuple[int, dict[str, str], Any]] = []
        #: Path and query of what the API was asked, and the paths that the site was.
        self.asked: list[str] = []
        self.visited: list[str] = []
        #: Authorization headers that anything but the API was sent.
        self.leaked: list[str] = []
        #: The most that an answer of the API holds, whatever is asked for.
        self.page_size = 100

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = double._answer(self.path, dict(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def page(self, path: str, title: str, text: str = "", *, kind: str = "site-pages", **other: Any) -> dict[str, Any]:
        """A page that is public: in its list, and on the site with what stands around every page."""
        self.site[path] = (
            f'<!doctype html><html lang="{other.get("language") or "en"}"><head><title>{title}</title></head><body>'
            '<nav><a href="/">Home</a> <a href="/about">About us</a></nav>'
            f"<main><h1>{title}</h1>{text or f'<p>All about {title.lower()}.</p>'}</main>"
            "<footer>Imprint and cookies</footer></body></html>"
        )
        return self.entry(path, title, kind=kind, **other)

    def post(self, path: str, title: str, body: str, **other: Any) -> dict[str, Any]:
        """A blog post that is published."""
        return self.entry(path, title, kind="blog", postBody=body, blogAuthorId="7", **other)

    def entry(self, path: str, title: str, *, kind: str, **other: Any) -> dict[str, Any]:
        number = str(1000 + sum(len(found) for found in self.lists.values()))
        entry = {
            "id": number, "slug": path.strip("/"), "name": f"{title} (internal)", "htmlTitle": title,
            "url": f"{self.url}{path}", "domain": self.host, "language": "en", "state": "PUBLISHED",
            "currentState": "PUBLISHED", "currentlyPublished": True, "archivedInDashboard": False,
            "archivedAt": 0 if kind == "blog" else _LONG_AGO, "created": "2026-01-01T08:00:00Z", "updated": "2026-02-01T08:30:00Z",
            "publishDate": "2026-01-02T08:00:00Z", "contentTypeCategory": "3" if kind == "blog" else "1",
            "publicAccessRulesEnabled": False, "publicAccessRules": [], "password": "", "layoutSections": {},
            "widgetContainers": {}, "widgets": {}, "abStatus": None, "abTestId": None,
        }  # fmt: skip
        self.lists[kind].append(entry | other)
        return self.lists[kind][-1]

    def _answer(self, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(target)
        told = headers.get("Authorization", "")
        if parts.path not in LISTS:
            self.visited.append(parts.path)
            self.leaked += [told] if told else []
            page = self.site.get(parts.path, 404)
            if isinstance(page, int):
                return page, {"Content-Type": "text/plain"}, b"no"
            return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()
        self.asked.append(target)
        if self.faults:
            status, more, body = self.faults.pop(0)
            return status, more, body if isinstance(body, bytes) else json.dumps(body).encode()
        status, answer = self._list(parts.path, parse_qs(parts.query), told)
        return status, {"Content-Type": "application/json;charset=utf-8"}, json.dumps(answer).encode()

    def _list(self, path: str, query: dict[str, list[str]], told: str) -> tuple[int, dict[str, Any]]:
        if told != f"Bearer {TOKEN}":
            return 401, {
                "status": "error", "message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION",
            }  # fmt: skip
        if set(query) - _TAKES:
            return 400, {"status": "error", "message": "Unknown parameter", "category": "VALIDATION_ERROR"}
        archived = query.get("archived", ["false"])[0] == "true"
        results = [] if archived else self.lists[LISTS[path]]
        size = min(int(query.get("limit", ["100"])[0]), self.page_size)
        first = int(query.get("after", ["0"])[0])
        answer: dict[str, Any] = {"total": len(results), "results": results[first : first + size]}
        if first + size < len(results):
            after = str(first + size)
            answer["paging"] = {"next": {"after": after, "link": f"{self.url}{path}?after={after}"}}
        return 200, answer


def missing_scope(*scopes: str) -> dict[str, Any]:
    """What HubSpot answers with 403 when the token lacks these."""
    return {
        "status": "error",
        "message": "This app hasn't been granted all required scopes to make this call.",
        "correlationId": "0",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        "category": "MISSING_SCOPES",
    }


def too_many(policy: str) -> dict[str, Any]:
    """What HubSpot answers with 429."""
    return {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "policyName": policy,
    }
