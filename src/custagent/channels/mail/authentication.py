"""Whether the address in From is the sender's, as our own receiving server found (RFC 8601).

Anybody may write such a field, so only the topmost counts, and only where it is signed by our server's own name: servers
put theirs above all that came with the mail.
"""

from __future__ import annotations

import re

from custagent.channels.mail.headers import addresses
from custagent.channels.mail.model import Mail

_RESULT = re.compile(r"\s*dmarc\s*=\s*([a-z]+)\b", re.IGNORECASE)
_FROM = re.compile(r"\bheader\.from\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


def is_verified(mail: Mail, authserv_id: str) -> bool:
    """Whether DMARC passed for the very domain that From names. False where the server's name is not known ("")."""
    results = mail.header("authentication-results")
    senders = [address for value in mail.header("from") for address in addresses(value)]
    if not results or not authserv_id or mail.sender is None or len(senders) != 1:
        return False
    told = _without_comments(results[0])
    named, _, rest = told.partition(";")
    # A version may stand behind the name.
    if not named.split() or named.split()[0].strip('"').lower() != authserv_id.lower():
        return False
    verdicts = [part for part in rest.split(";") if _RESULT.match(part)]
    if len(verdicts) != 1:
        return False
    passed, domain = _RESULT.match(verdicts[0]), _FROM.search(verdicts[0])
    if passed is None or passed[1].lower() != "pass" or domain is None:
        return False
    return domain[1].lower().rpartition("@")[2].rstrip(".") == mail.sender.domain


def _without_comments(value: str) -> str:
    """The field without what stands in round brackets, nested ones included; quoted brackets are none."""
    kept, depth, quoted = [], 0, False
    for letter in value:
        if letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and not quoted and depth:
            depth -= 1
            continue
        if not depth:
            kept.append(letter)
    return "".join(kept)
