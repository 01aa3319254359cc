"""What an agent's passages have in common is their mean, in the vectors of the engine of now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from custagent.core.document import Chunk
from custagent.core.errors import IndexDamaged
from custagent.knowledge.index.centre import content_centre
from custagent.knowledge.index.index import IndexFolder
from custagent.testing import HashEmbedder


@pytest.fixture
def folder(tmp_path: Path) -> IndexFolder:
    return IndexFolder(tmp_path, "ada")


def build(folder: IndexFolder, *texts: str) -> None:
    chunks = [Chunk(id=at, location="a", title="A", text=text, language="en") for at, text in enumerate(texts, 1)]
    vectors = HashEmbedder().embed_passages(texts)
    folder.build(chunks, vectors, embedder="hash", fingerprint="f")


def test_the_mean_of_all_passages(folder: IndexFolder) -> None:
    texts = ("refunds take five days", "we ship to Norway", "the workshop")
    build(folder, *texts)
    expected = HashEmbedder().embed_passages(texts).mean(axis=0)
    np.testing.assert_allclose(content_centre(folder, HashEmbedder()), expected, atol=1e-6)


def test_no_content_has_no_centre(folder: IndexFolder) -> None:
    assert not content_centre(folder, HashEmbedder()).any()
    assert content_centre(folder, HashEmbedder()).shape == (64,)


def test_vectors_of_an_engine_that_cannot_be_compared(folder: IndexFolder) -> None:
    build(folder, "refunds")
    with pytest.raises(IndexDamaged, match="the workspace now uses other") as refused:
        content_centre(folder, HashEmbedder(name="other"))
    assert refused.value.hint == "Make a new one with: custagent sources sync ada"
    assert content_centre(folder, HashEmbedder(name="other", also=["hash"])).any()
