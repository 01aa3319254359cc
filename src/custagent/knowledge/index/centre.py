"""Where an agent's content lies among all vectors: what its passages have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from custagent.core.errors import IndexDamaged
from custagent.core.ports import Embedder
from custagent.knowledge.index.index import IndexFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def content_centre(folder: IndexFolder, embedder: Embedder) -> NDArray[np.float32]:
    """The mean of the live index' vectors, shape (dimension,); zeros where nothing is indexed. Raises IndexDamaged."""
    import numpy as np

    index = folder.load()
    if index is None or not index.manifest.chunks:
        return np.zeros(embedder.dimension, dtype=np.float32)
    if index.manifest.embedder not in embedder.comparable:
        raise IndexDamaged(
            f"the index of agent {folder.agent!r} was made by {index.manifest.embedder}, the workspace now uses"
            f" {embedder.name}",
            hint=f"Make a new one with: custagent sources sync {folder.agent}",
        )
    mean: NDArray[np.float32] = index.vectors.reconstruct_n(0, index.manifest.chunks).mean(axis=0)
    return mean
