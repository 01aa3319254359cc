"""Two agents save, keep and forget at random; a plain dictionary says what must be there."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custagent.core.document import Chunk, Document, Section, SourceState, SourceStatus
from custagent.store import Store
from custagent.testing import FrozenClock

agents = st.sampled_from(["ada", "bob"])
sources = st.sampled_from(["s1", "s2"])
locations = st.sampled_from(["a", "b", "c"])
#: (text, page): few enough that versions share passages, and repeat them.
passages = st.lists(st.tuples(st.sampled_from(["one", "two", "three", "fyra ä 😀"]), st.sampled_from([None, 1, 2])))


class Documents(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder / "custagent.db", FrozenClock())
        #: The passages by location, and the locations by (agent, source).
        self.pages: dict[str, list[tuple[str, int | None]]] = {}
        self.held: dict[tuple[str, str], set[str]] = {}
        self.states: set[tuple[str, str]] = set()
        #: What every id that was ever seen stands for.
        self.meaning: dict[int, tuple[str, str, int | None]] = {}
        self.last_ids: set[int] = set()

    @rule(agent=agents, source=sources, location=locations, said=passages)
    def save(self, agent, source, location, said):
        document = Document(
            location=location, title="T", language="en", sections=tuple(Section(text=t, page=p) for t, p in said)
        )
        chunks = [
            Chunk(location=location, title="T", language="en", text=text, page=page, ordinal=number)
            for number, (text, page) in enumerate(said)
        ]
        self.store.documents.save_document(document, chunks, agent=agent, source=source)
        self.pages[location] = said
        self.held.setdefault((agent, source), set()).add(location)

    @rule(agent=agents, source=sources, kept=st.sets(locations))
    def keep(self, agent, source, kept):
        held = self.held.get((agent, source), set())
        assert self.store.documents.keep_documents(kept, agent=agent, source=source) == len(held - kept)
        self.drop(agent, source, held - kept)

    @rule(agent=agents, source=sources)
    def forget(self, agent, source):
        self.store.sources.forget_source(agent, source)
        self.states.discard((agent, source))
        self.drop(agent, source, set(self.held.get((agent, source), ())))

    @rule(agent=agents, source=sources, status=st.sampled_from(SourceStatus))
    def note_state(self, agent, source, status):
        state = SourceState(key=source, kind="url", location=f"{agent}/{source}", status=status)
        self.store.sources.save_source_state(agent, state)
        self.states.add((agent, source))

    def drop(self, agent, source, locations):
        self.held.get((agent, source), set()).difference_update(locations)
        still = set().union(*self.held.values()) if self.held else set()
        self.pages = {location: said for location, said in self.pages.items() if location in still}

    @invariant()
    def the_store_holds_what_the_model_holds(self):
        for location in ("a", "b", "c"):
            document = self.store.documents.document(location)
            said = document and [(section.text, section.page) for section in document.sections]
            assert said == self.pages.get(location)
        ids: set[int] = set()
        for agent in ("ada", "bob"):
            chunks = self.store.documents.chunks_of(agent)
            assert self.store.documents.chunks(agent, range(1, 1000)) == {chunk.id: chunk for chunk in chunks}
            ids |= {chunk.id for chunk in chunks}
            self.check_chunks(agent, chunks)
            self.check_counts(agent)
        assert min(ids - self.last_ids, default=10**9) > max(self.meaning, default=0), "an id came back"
        self.remember(ids)

    def check_chunks(self, agent, chunks):
        expected = []
        for location in set().union(*(held for (who, _), held in self.held.items() if who == agent), set()):
            names = {
                f"{agent}/{source}"
                for who, source in self.states
                if who == agent and location in self.held.get((who, source), set())
            }
            expected += [(location, n, text, page, names) for n, (text, page) in enumerate(self.pages[location])]
        stored = [(chunk.location, chunk.ordinal, chunk.text, chunk.page, set(chunk.sources)) for chunk in chunks]
        assert sorted(stored, key=lambda row: row[:2]) == sorted(expected, key=lambda row: row[:2])
        assert [chunk.id for chunk in chunks] == sorted(chunk.id for chunk in chunks)

    def check_counts(self, agent):
        states = self.store.sources.source_states(agent)
        assert states.keys() == {source for who, source in self.states if who == agent}
        for source, state in states.items():
            pages = [self.pages[location] for location in self.held.get((agent, source), set())]
            assert state.chunks == sum(len(said) for said in pages)
            assert state.pages == sum(max(1, len({page for _, page in said} - {None})) for said in pages)

    def remember(self, ids):
        for agent in ("ada", "bob"):
            for chunk in self.store.documents.chunks_of(agent):
                said = (chunk.location, chunk.text, chunk.page)
                assert self.meaning.setdefault(chunk.id, said) == said
        self.last_ids = ids

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)


Documents.TestCase.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestDocuments = Documents.TestCase
