"""Reading a catalogue's TOML file, the second time in a tenth of the time.

What was parsed is kept as Python keeps a compiled module: in `__pycache__` beside the file (or under
`PYTHONPYCACHEPREFIX`), with the file's time and size, and not at all where Python is told to keep nothing
(`PYTHONDONTWRITEBYTECODE`) or the folder cannot be written to. An answer needs all twelve catalogues, and parsing them
took a tenth of the time of the first one.
"""

from __future__ import annotations

import marshal
import os
import sys
import tomllib
from contextlib import suppress
from importlib.resources.abc import Traversable
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any


def read(file: Traversable) -> dict[str, Any]:
    """The tables of the file, fresh at each call. Raises TOMLDecodeError and OSError as reading it does."""
    if not isinstance(file, Path):
        # In an archive there is no place beside it.
        return tomllib.loads(file.read_text(encoding="utf-8"))
    state = file.stat()
    written = [state.st_mtime_ns, state.st_size]
    kept = _place(file)
    if kept is not None and (tables := _kept(kept, written)) is not None:
        return tables
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    if kept is not None:
        _keep(kept, [written, tables])
    return tables


def _place(file: Path) -> Path | None:
    try:
        return Path(cache_from_source(str(file))).with_suffix(".marshal")
    except NotImplementedError:
        # A Python that keeps no compiled modules.
        return None


def _kept(kept: Path, written: list[int]) -> dict[str, Any] | None:
    """What was parsed of the file as it was written; None when that is not kept, or cannot be read."""
    try:
        of, tables = marshal.loads(kept.read_bytes())  # noqa: S302 - as trusted as the compiled modules beside it
    except (OSError, ValueError, TypeError, EOFError):
        return None
    return tables if of == written and isinstance(tables, dict) else None


def _keep(kept: Path, content: list[Any]) -> None:
    """Write it in one step, for other processes may read it meanwhile. What holds dates is not kept."""
    if sys.dont_write_bytecode:
        return
    fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
    with suppress(OSError, ValueError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(marshal.dumps(content))
        fresh.replace(kept)
