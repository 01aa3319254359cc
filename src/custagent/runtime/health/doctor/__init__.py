"""Whether everything that custagent needs is there and in order; each finding says what to do (`custagent doctor`)."""

from __future__ import annotations

from custagent.runtime.health.doctor.examine import examine
from custagent.runtime.health.doctor.finding import Finding, Health

__all__ = ["Finding", "Health", "examine"]
