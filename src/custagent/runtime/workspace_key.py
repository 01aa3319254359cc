"""A secret that the workspace makes for itself: what carries a mark made with it was given away by us."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from custagent.config.home import Home
from custagent.core.errors import WorkspaceError

_LENGTH = 32
_OWNER_ALONE = 0o600


def workspace_key(home: Home) -> bytes:
    """The secret, made when it is first asked for; 32 bytes. Raises WorkspaceError.

    Without the file another one is made: then marks of before are not known any more, and nothing else is lost.
    """
    path = home.state_folder / "key"
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be read: {error.strerror}", hint="Check the folder's permissions."
        ) from error
    if len(key) != _LENGTH:
        raise WorkspaceError(
            f"{path} is damaged: it has {len(key)} bytes instead of {_LENGTH}",
            hint=f"Restore it from a backup, or let another one be made: rm {path}",
        )
    return key


def _make(path: Path) -> None:
    """Whole or not at all, and once only, however many processes begin at the same time."""
    mine = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(mine, path)
    finally:
        mine.unlink(missing_ok=True)
