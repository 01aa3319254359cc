"""Converting: the bytes behind a location become a document of sections.

`Converter` is the way in; `supported` tells which files of a folder are worth giving it.
"""

from __future__ import annotations

from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.kind import supported
from custagent.knowledge.convert.worker import Converter, Limits

__all__ = ["Converted", "Converter", "Limits", "supported"]
