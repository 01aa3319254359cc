"""Questions to begin a preview with, about the topics of an agent's content (PRE-1)."""

from __future__ import annotations

from custagent.knowledge.samples import sample_questions
from custagent.runtime.bootstrap import Application


def samples_of(app: Application, agent: str, *, language: str) -> list[str]:
    """See `sample_questions`; the vectors are those that the content was indexed by. Raises StoreError."""
    chunks = app.store.documents.chunks_of(agent)
    hashes = [chunk.hash for chunk in chunks]
    # An index is made of one engine's vectors, so those of the first that knows them all are taken.
    for engine in app.embedder.comparable:
        vectors = app.store.vectors.vectors(engine, hashes)
        if len(vectors) == len(set(hashes)):
            return sample_questions(chunks, language=language, vectors=vectors)
    return sample_questions(chunks, language=language)
