"""Ports for servers that are started later, or again and again."""

from __future__ import annotations

import random
import socket

#: Below those that systems give to whoever asks for any: nobody else gets one by chance before its server is there.
_FROM, _TO = 10_000, 32_000


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at."""
    while True:
        port = random.SystemRandom().randrange(_FROM, _TO)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
