"""The shipped fakes: one for each port that people extend. Deterministic, quick, and honest about being fakes.

The fake provider of webhook channels, `FakeMeta`, and the channel kind that talks to it, `FakeWhatsApp`, are in
`custagent.testing.meta` and `custagent.testing.whatsapp`.
"""

from custagent.testing.channel import FakeChannel
from custagent.testing.clock import FrozenClock
from custagent.testing.embedder import HashEmbedder
from custagent.testing.model import ScriptedModel, sentences_json

__all__ = ["FakeChannel", "FrozenClock", "HashEmbedder", "ScriptedModel", "sentences_json"]
