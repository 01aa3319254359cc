"""How often Python looks for garbage while the runner works: what is loaded once is not looked through again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Objects made since the last look at the youngest, and looks at one generation before one at the next. Python's own
#: numbers are for programs that hold little: a server with hundreds of requests under way, and thousands of streams
#: open, looked at all of it many times a second, which took a quarter of its time and held everything else up.
_THRESHOLDS = (25_000, 20, 20)


@contextmanager
def unhurried() -> Iterator[None]:
    """Leave out what there is now, modules above all, and look at the rest less often; afterwards as before."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
