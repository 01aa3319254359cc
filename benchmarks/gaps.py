"""How well unanswered questions are grouped into gaps: real questions as conversations, against the labels they come with.

    python benchmarks/gaps.py DATA [TASK ...]

DATA is the folder of the evaluation data (see `labelled.py`). Each question without an answer in the content is written by
a contact of its own to an agent that is live on a chat: the real store, conversation service and answerer, the bundled
engine. Whoever is asked back says that it is none of what was offered; whoever is answered all the same puts the thumb
down, which makes a gap of the other kind and is left out here. Then the gaps are looked for as `custagent gaps list` does, and compared with what the questions are about: of d2
the two topics that were taken out of the content, and the foreign one, bitcoin; of d3 each of the sixteen intents about
bank cards. Questions about anything under the sun (d3's `clinc`) are a topic each: what is joined of them counts against
purity, though "is brexit final" and "brexit now" belong together.

purity: of all questions, how many are in a gap of which most questions share their topic. completeness (inverse purity):
how many are in the one gap that holds most of their topic. V: the harmonic mean of homogeneity and completeness by entropy
(Rosenberg and Hirschberg 2007). "one by one": looked for after each conversation, before the next one.

With d6 or d7 every question is left unanswered (thresholds of 1), and those about the same page belong together.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelled import _Silent, lines

from custagent.config.agents import agent_path
from custagent.config.home import init_home
from custagent.conversation.lifecycle import threading_of
from custagent.conversation.service import ConversationService
from custagent.core.agent import AgentDefinition
from custagent.core.channel import ChannelKind
from custagent.core.gap import GapKind
from custagent.core.message import InboundMessage, MessageKind, Verdict
from custagent.locales import nearest
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.gaps import look_for_gaps
from custagent.runtime.content.sources import sync
from custagent.runtime.definitions.agents import apply_agents
from custagent.runtime.definitions.directory import WorkspaceDirectory
from custagent.runtime.in_force import InForce
from custagent.runtime.runner.turns import Turns

WORKSPACE = """
channels:
  - {name: website, kind: live-chat, origins: [https://www.example.com]}
"""
AGENT = """\
name: support
default_language: LANGUAGE
CONFIDENCE
sources:
  - collection: content/pages
assignments:
  - channel: website
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and what it is about."""

    text: str
    topic: str
    #: Others are about the same; else it is about anything under the sun.
    shared: bool = True


def main(data: str, *tasks: str) -> None:
    for task in tasks or ("d2", "d3"):
        folder = next(Path(data).glob(f"{task}_*"))
        questions = questions_of(task, folder)
        for one_by_one in (False, True):
            groups = gaps_of(task, folder, questions, one_by_one=one_by_one)
            how = "one by one" if one_by_one else "all at once"
            print(f"{task} {how:12}{scores(groups)}")
            labelled = [[one for one in group if one.shared] for group in groups]
            if labelled != groups:
                print(
                    f"{task} {how:12}{scores([group for group in labelled if group])}  without anything under the sun"
                )
            if not one_by_one:
                show(groups)


def questions_of(task: str, folder: Path) -> list[Asked]:
    found = []
    for one in lines(folder / "queries.jsonl"):
        if task in ("d2", "d3") and not one["answerable"]:
            topic = one["label"]
            if topic == "gold_removed":
                topic = one["meta"]["category"]
            found.append(
                Asked(text=one["question"], topic=one["id"] if "clinc" in topic else topic, shared="clinc" not in topic)
            )
        elif task not in ("d2", "d3") and one["gold_doc_ids"]:
            found.append(Asked(text=one["question"], topic=one["gold_doc_ids"][0]))
    return found


def gaps_of(task: str, folder: Path, questions: Sequence[Asked], *, one_by_one: bool) -> list[list[Asked]]:
    """The questions of each gap of kind unanswered."""
    with tempfile.TemporaryDirectory() as root:
        home = init_home(Path(root) / "workspace", name="bench")
        pages = home.content_folder / "pages"
        pages.mkdir(parents=True)
        language = "sv" if task == "d2" else "en"
        for one in lines(folder / "corpus.jsonl"):
            if one.get("lang", "en") == language:
                (pages / f"{one['doc_id'].replace('/', '_')}.md").write_text(
                    f"# {one['title']}\n\n{one['text']}\n", encoding="utf-8"
                )
        with home.workspace_file.open("a", encoding="utf-8") as file:
            file.write(WORKSPACE)
        never = "confidence: {answer: 1.0, clarify: 1.0}" if task not in ("d2", "d3") else ""
        text = AGENT.replace("LANGUAGE", language).replace("CONFIDENCE", never)
        agent_path(home, "support").write_text(text, encoding="utf-8")
        with Application(home, user="bench", environ={}) as app:
            apply_agents(app)
            sync(app, app.agent("support"), _Silent())
            return _ask(app, questions, one_by_one=one_by_one)


def _ask(app: Application, questions: Sequence[Asked], *, one_by_one: bool) -> list[list[Asked]]:
    in_force = InForce(app)
    service = ConversationService(
        directory=WorkspaceDirectory(in_force.workspace, app.store, app.clock), clock=app.clock, texts=_text
    )
    turns = Turns(app.store.conversations, in_force, service, fence=0)
    asked: dict[str, Asked] = {}
    answered = 0
    for number, question in enumerate(questions):
        contact = f"k{number}"
        conversation = _say(app, turns, contact, question.text)
        asked[conversation] = question
        reply = app.store.conversations.messages(conversation)[-1]
        if reply.kind is MessageKind.CLARIFY:
            # The contact says that it is none of what the agent offered.
            _say(app, turns, contact, nearest(reply.language).refusal[0])
        elif reply.kind is MessageKind.ANSWER:
            app.store.feedback.give(reply.id, Verdict.DOWN, app.clock.now(), channel="website", contact_key=contact)
            answered += 1
        if one_by_one:
            look_for_gaps(app, ["support"])
    look_for_gaps(app, ["support"])
    if not one_by_one:
        print(f"{len(questions)} questions without an answer, {answered} of them answered all the same")
    gaps = app.store.gaps.find(["support"])
    found = [app.store.gap_questions.of(gap.id) for gap in gaps if gap.kind is GapKind.UNANSWERED]
    return [[asked[one.conversation] for one in group] for group in found]


def _say(app: Application, turns: Turns, contact: str, text: str) -> str:
    """The contact writes, and the agent's turn is made; the conversation's id."""
    at = app.clock.now()
    inbound = InboundMessage(
        channel="website", external_id=f"{contact} {at}", contact_key=contact, text=text, sent_at=at
    )
    begun = app.store.conversations.begin(inbound, threading_of(ChannelKind.LIVE_CHAT), agent="support", at=at)
    work = turns.look(begun.conversation.id)
    assert work is not None
    turns.reply(work)
    return begun.conversation.id


def _text(agent: AgentDefinition, key: str, language: str) -> str:
    return nearest(language, agent.default_language).messages[key]


def scores(groups: Sequence[Sequence[Asked]]) -> str:
    total = sum(map(len, groups))
    joint = {(at, topic): count for at, group in enumerate(groups) for topic, count in Counter(_topics(group)).items()}
    of_topic = Counter(topic for group in groups for topic in _topics(group))
    of_group = {at: len(group) for at, group in enumerate(groups)}
    purity = sum(max(Counter(_topics(group)).values()) for group in groups) / total
    whole = sum(max(count for (_, one), count in joint.items() if one == topic) for topic in of_topic) / total
    homogeneity = _share(joint, of_group, of_topic, total, given=0)
    complete = _share(joint, of_topic, of_group, total, given=1)
    both = 2 * homogeneity * complete / (homogeneity + complete)
    return (
        f"{total} questions, {len(groups)} gaps, {len(of_topic)} topics: purity {purity:.2f}, completeness"
        f" {whole:.2f}, V {both:.2f} (homogeneity {homogeneity:.2f}, completeness {complete:.2f})"
    )


def _topics(group: Iterable[Asked]) -> list[str]:
    return [one.topic for one in group]


def _share(
    joint: Mapping[tuple[int, str], int],
    given_sizes: Mapping[Any, int],
    sizes: Mapping[Any, int],
    total: int,
    *,
    given: int,
) -> float:
    """1 less the share of the entropy of `sizes` that is left when the other one is known."""
    entropy = -sum(count / total * math.log(count / total) for count in sizes.values())
    left = -sum(count / total * math.log(count / given_sizes[place[given]]) for place, count in joint.items())
    return 1 - left / entropy if entropy else 1.0


def show(groups: Sequence[Sequence[Asked]]) -> None:
    """The gaps of several questions, the first five of each."""
    for group in groups:
        if len(group) > 1:
            print(f"  {len(group):3} {' | '.join(' '.join(one.text.split())[:60] for one in group[:5])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
