"""Looking content over: where it keeps an agent from answering well, and what to write instead (SRC-6).

`pages` looks at each page by itself, `across` at all of them together, `phrases` at what customers ask. Everything here
is pure: pages and questions in, findings out.
"""

from __future__ import annotations

from custagent.knowledge.lint.across import repeated
from custagent.knowledge.lint.finding import Finding, Page, Rule
from custagent.knowledge.lint.pages import look_over
from custagent.knowledge.lint.phrases import Asked, unsaid

__all__ = ["Asked", "Finding", "Page", "Rule", "look_over", "repeated", "unsaid"]
