"""Finding passages: vectors and words, in generations on disk."""
