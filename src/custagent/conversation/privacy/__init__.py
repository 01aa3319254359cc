"""Privacy: what contacts should not have sent is masked before the first write and before any model (ANS-7).

`mask` for texts, `mask_json` for what a provider sent and nobody understood. Pure and fast: no IO, linear time.
"""

from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.masking import ALL, Masked, mask
from custagent.conversation.privacy.payload import mask_json

__all__ = ["ALL", "Found", "Masked", "mask", "mask_json"]
