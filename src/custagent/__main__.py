"""`custagent` and `python -m custagent`: runs the command line and turns errors into one line and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys

#: Set it to see where an error came from.
DEBUG = "CUSTAGENT_DEBUG"
#: How many objects are made between two looks for garbage; Python's own 700 cost a fifth of the start-up.
_OBJECTS_BETWEEN_LOOKS = 100_000


def main() -> None:
    """Run the command that was typed. Always ends in SystemExit, except with CUSTAGENT_DEBUG=1 on an error."""
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    # At its end Python looks once more, at everything, for memory that the system takes back anyway.
    atexit.register(gc.freeze)
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows "?" rather than a traceback; a program that reads along gets each line
        # when it is written.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace", line_buffering=True)
    # Nothing here uses a plugin of pydantic; to look for some it reads what every installed package says of itself.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code = _run()
    except KeyboardInterrupt:
        from custagent.core.errors import INTERRUPTED

        # A terminal shows ^C where the cursor stood.
        sys.stderr.write("\nStopped.\n" if sys.stderr.isatty() else "Stopped.\n")
        code = INTERRUPTED
    finally:
        _close_quietly()
    raise SystemExit(code)


def _run() -> int:
    """The exit code. Everything is imported in here, so that Ctrl-C is heard from the first moment on."""
    from custagent.core.errors import CustagentError

    try:
        code = _answer_tab() if "_CUSTAGENT_COMPLETE" in os.environ else None
        if code is None:
            from custagent.cli.entry import run_typed

            code = run_typed()
    except CustagentError as error:
        if os.environ.get(DEBUG):
            raise
        from custagent.cli.render import fail

        fail(error.message, hint=error.hint)
        return error.exit_code
    return code


def _answer_tab() -> int | None:
    """Answer the shell; None when it asks for what Typer tells."""
    from custagent.cli.tab import answer

    return answer(os.environ)


def _open_what_is_closed() -> None:
    """Who starts us with a stream closed (`<&-`, some schedulers) gets an empty one: else a file of ours would take its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _close_quietly() -> None:
    """Write out what is left; if the reader (`| head`) has gone, say nothing about it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left has nowhere to go, also when Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
