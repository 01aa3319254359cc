"""Serves a folder of static pages on 127.0.0.1, as the example help site needs it.

`{{origin}}` in robots.txt and sitemap.xml stands for the address that the site is served at, which is not known
before (examples/README.md).
"""

from __future__ import annotations

from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, BinaryIO, Self

TEMPLATES = ("/robots.txt", "/sitemap.xml")


class StaticSite:
    """A web server for one folder, on a free port; use it as `with StaticSite(folder) as site`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

        site = self

        class Handler(_Handler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(folder))

            @property
            def addition(self) -> str:
                return site._addition

        self._addition = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, name="example-site", daemon=True)

    def put_on_every_page(self, html: str) -> None:
        """From now on every page ends with `html`, as a script tag that a company puts on its site."""
        self._addition = html

    @property
    def host(self) -> str:
        """host:port, as `--allow-host` takes it."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def origin(self) -> str:
        """The site's address, without a slash at its end."""
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(SimpleHTTPRequestHandler):
    #: Connections are kept, as servers of real sites keep them.
    protocol_version = "HTTP/1.1"

    @property
    def addition(self) -> str:
        """What every page ends with."""
        return ""

    def send_head(self) -> BytesIO | BinaryIO | None:
        file = Path(self.translate_path(self.path))
        if file.is_dir() and self.path.endswith("/"):
            file /= "index.html"
        is_page = file.suffix == ".html" and bool(self.addition)
        if (self.path not in TEMPLATES and not is_page) or not file.is_file():
            return super().send_head()
        text = file.read_text(encoding="utf-8")
        if is_page:
            text = text.replace("</body>", f"{self.addition}</body>")
        else:
            text = text.replace("{{origin}}", f"http://{self.headers.get('Host', '')}")
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)

    def log_message(self, *_: Any) -> None:
        """The terminal belongs to the demo."""
