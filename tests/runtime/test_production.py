"""docs/production.md: the chat works through nginx as that page sets it up, streams and files included."""

from __future__ import annotations

import asyncio
import configparser
import secrets
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.pages import DOCS, blocks
from tests.runtime.web.test_server import serving

#: Debian keeps it where only root looks.
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
#: The site that the proxy serves: none of the channel's origins, so that only the `Host` that is passed on lets it in.
SITE = "http://chat.example.com"


def configuration(folder: Path, runner: str) -> str:
    """The page's own, for this machine: a socket in place of port 443 and its certificates, and the runner's address."""
    page = (DOCS / "production.md").read_text(encoding="utf-8")
    server = next(block.text for block in blocks(page) if block.kind == "nginx" and "proxy_pass" in block.text)
    kept = [line for line in server.splitlines() if "ssl_certificate" not in line]
    text = "\n".join(kept).replace("listen 443 ssl http2;", f"listen unix:{folder}/socket;")
    assert text != "\n".join(kept)
    assert "http://127.0.0.1:8700;" in text
    text = text.replace("http://127.0.0.1:8700;", f"{runner};")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"pid {folder}/pid; daemon off; events {{}}\nhttp {{ access_log off; {places}\n{text}\n}}\n"


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's, which may have a hundred letters."""
    with tempfile.TemporaryDirectory(prefix="ng") as folder:
        # Started by root, nginx does its work as somebody else.
        Path(folder).chmod(0o755)
        yield Path(folder)


@asynccontextmanager
async def behind_nginx(folder: Path, runner: str) -> AsyncIterator[httpx.AsyncClient]:
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, runner), encoding="utf-8")
    command = (str(NGINX), "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log"))
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with asyncio.timeout(60):
            while not (folder / "socket").exists():
                assert process.returncode is None, (folder / "error.log").read_text(encoding="utf-8")
                await asyncio.sleep(0.01)
        # The socket is there a moment before anybody listens at it.
        transport = httpx.AsyncHTTPTransport(uds=str(folder / "socket"), retries=9)
        headers = {"Origin": SITE, "Authorization": f"Bearer {secrets.token_urlsafe(32)}"}
        async with httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers, timeout=30) as client:
            yield client
    finally:
        process.terminate()
        await process.wait()


def test_the_chat_works_behind_nginx_as_the_page_sets_it_up(live, short_folder, require) -> None:
    require("nginx", NGINX, "the page's configuration is run")

    async def scene() -> None:
        async with serving(live) as served, behind_nginx(short_folder, served.address) as client:
            async with asyncio.timeout(60), client.stream("GET", "/chat/website/events") as stream:
                heard: list[str] = []
                async for line in stream.aiter_lines():
                    heard.append(line)
                    if line == "event: live":
                        said = {"client_msg_id": str(uuid.uuid4()), "text": "How long is the warranty?"}
                        taken = await client.post("/chat/website/messages", json=said)
                        assert taken.status_code == 202
                    if '"kind": "answer"' in line:
                        break
            assert '"kind": "answer"' in heard[-1], heard
            # Larger than nginx lets through by itself: what refuses it is not nginx.
            large = await client.post("/chat/website/messages", content=b"x" * 2_000_000)
            assert not (large.status_code == 413 and "<html>" in large.text)
            assert (await client.get("/metrics")).status_code == 403

    asyncio.run(scene())


def test_the_service_is_what_systemd_takes() -> None:
    page = (DOCS / "production.md").read_text(encoding="utf-8")
    (unit,) = (block.text for block in blocks(page) if block.kind == "ini")
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # systemd tells capitals apart
    read.read_string(unit)
    service = read["Service"]
    assert service["ExecStart"].split()[1:] == ["run", "--log-format", "json"]
    # What must be written to is outside of what `ProtectSystem=strict` and `ProtectHome` close.
    assert service["ReadWritePaths"] == service["WorkingDirectory"] == "/srv/help"
    assert read["Install"]["WantedBy"] == "multi-user.target"
