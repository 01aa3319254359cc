"""The shipped fakes: one for each port that people extend. Deterministic, quick, and honest about being fakes.

Providers of webhook channels that behave as Meta does are in `custagent.testing.meta` (`FakeMeta`, WhatsApp) and
`custagent.testing.messenger` (`FakeMessenger`).
"""

from custagent.testing.channel import FakeChannel
from custagent.testing.clock import FrozenClock
from custagent.testing.embedder import HashEmbedder
from custagent.testing.model import ScriptedModel, sentences_json

__all__ = ["FakeChannel", "FrozenClock", "HashEmbedder", "ScriptedModel", "sentences_json"]
