"""The files of a conversation, handed to who is signed in.

A file is only ever saved, never shown: a picture that somebody sent may be a page that runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from custagent.runtime.files import FileFolder
from custagent.runtime.web.inbox_web.pages import Desk
from custagent.runtime.web.inbox_web.responses import HEADERS, refused


def attached_file(desk: Desk, request: Request, _: Mapping[str, str]) -> Response:
    """A file that came in this conversation, to be saved."""
    conversation, digest = request.path_params["conversation"], request.path_params["hash"]
    named = dict(desk.app.store.files.found_in(digest))
    path = FileFolder(desk.app.home.files_folder).path(digest) if conversation in named else None
    if path is None:
        return refused(desk.words, "no_file", 404, request)
    desk.inbox.note_reading(conversation)
    headers = {
        **HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(named[conversation].name or 'file', safe='')}",
    }
    return FileResponse(path, media_type="application/octet-stream", headers=headers)
