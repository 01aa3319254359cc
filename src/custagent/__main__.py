"""`custagent` and `python -m custagent`: runs the command line and turns errors into one line and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from custagent.core.errors import INTERRUPTED, CustagentError

#: Set it to see where an error came from.
DEBUG = "CUSTAGENT_DEBUG"
#: How many objects are made between two looks for garbage; Python's own 700 cost a fifth of the start-up.
_OBJECTS_BETWEEN_LOOKS = 100_000


def main() -> None:
    """Run the command that was typed. Always ends in SystemExit, except with CUSTAGENT_DEBUG=1 on an error."""
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    # At its end Python looks once more, at everything, for memory that the system takes back anyway.
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows "?" rather than a traceback; a program that reads along gets each line
        # when it is written.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace", line_buffering=True)
    # Nothing here uses a plugin of pydantic; to look for some it reads what every installed package says of itself.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from custagent.cli.entry import run_typed

        code = run_typed()
    except CustagentError as error:
        if os.environ.get(DEBUG):
            raise
        from custagent.cli.render import fail

        fail(error.message, hint=error.hint)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        # A terminal shows ^C where the cursor stood.
        sys.stderr.write("\nStopped.\n" if sys.stderr.isatty() else "Stopped.\n")
        code = INTERRUPTED
    finally:
        _close_quietly()
    raise SystemExit(code)


def _close_quietly() -> None:
    """Write out what is left; if the reader (`| head`) has gone, say nothing about it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left has nowhere to go, also when Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
