"""Text that wants to be more than text, in every place that the widget shows, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from custagent.channels.live_chat.chat import Header, Hello, Holder
from custagent.core.document import Citation
from custagent.core.message import MessageKind, Sender

VECTORS = (Path(__file__).with_name("xss_vectors.txt")).read_text(encoding="utf-8").splitlines()

#: Everything that the widget builds a thread of.
ELEMENTS = {"a", "bdi", "button", "code", "div", "em", "li", "p", "path", "span", "svg", "time", "ul"}
ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-pressed", "class", "d", "data-id", "data-intro", "data-say", "data-say-label", "data-text", "datetime", "dir", "hidden", "href", "lang", "rel", "role",
    "target", "type", "viewBox",
}  # fmt: skip

INSPECT = """() => {
  const all = [...document.querySelectorAll("#log *, header *")];
  return {
    elements: [...new Set(all.map(one => one.localName))],
    attributes: [...new Set(all.flatMap(one => one.getAttributeNames()))],
    links: all.filter(one => one.localName === "a").map(one => [one.getAttribute("href"), one.protocol, one.rel]),
    bubbles: [...document.querySelectorAll("#log .message:not([data-intro]) .bubble")].map(one => {
      const copy = one.cloneNode(true);
      for (const hint of copy.querySelectorAll(".unseen")) hint.remove();
      return copy.textContent;
    }),
    sources: [...document.querySelectorAll("#log .sources li")].map(one => one.children[1].firstChild.textContent),
    options: [...document.querySelectorAll("#log .options button")].map(one => one.textContent),
    names: [...document.querySelectorAll("#log .person .name")].map(one => one.textContent),
    hits: window.hits,
  };
}"""


def cited(vector: str) -> Citation:
    return Citation(title=vector, source=vector, location=vector, quote="q")


def hostile(thread: Any, key: str) -> None:
    """Every vector as the agent's text, as a person's name and text, as a source's title and address, as an option."""
    for number, vector in enumerate(VECTORS):
        thread.say(vector, to=key, citations=(cited(vector),))
        thread.names[f"user-{number}"] = vector
        thread.say(vector, to=key, sender=Sender.PERSON, kind=MessageKind.PERSON, author=f"user-{number}")
    thread.say("Which?", to=key, kind=MessageKind.CLARIFY, options=tuple(VECTORS))


def plain(text: str) -> str:
    return text.translate(str.maketrans("", "", "*`_")).strip()


def test_there_are_enough_vectors() -> None:
    assert len(set(VECTORS)) >= 60


def test_no_text_is_ever_more_than_text(thread, serve, chromium) -> None:
    first = VECTORS[7]
    thread.hello_words = Hello(agent=first, company=first, greeting=first, disclosure=VECTORS[9], language="en")
    thread.replies = lambda _: ()
    server = serve(thread)
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 860})
    context.add_init_script("window.hits = 0; window.alert = () => { window.hits += 1; };")
    page = context.new_page()
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(server.origin)
    page.get_by_role("button", name="Open chat").click()
    frame = page.frame_locator("#custagent iframe")
    box = frame.get_by_role("textbox", name="Write your message")
    for vector in VECTORS[:3]:
        box.fill(vector)
        box.press("Enter")
        frame.locator(".message.contact:not(.pending)").get_by_text(vector, exact=True).wait_for()
    [key] = thread.keys()
    server.call(hostile, thread, key)
    thread.headers[key] = Header(holder=Holder.PERSON, name=VECTORS[8], initials_of=VECTORS[8])
    server.call(server.hub.notify, key)
    frame.get_by_role("group", name="Choose a topic").wait_for()
    found = page.frames[1].evaluate(INSPECT)
    assert set(found["elements"]) <= ELEMENTS | {"h1"}
    assert set(found["attributes"]) <= ATTRIBUTES | {"id", "data-label", "data-holder", "aria-live", "data-state"}
    assert {protocol for _, protocol, _ in found["links"]} <= {"http:", "https:"}
    assert {rel for _, _, rel in found["links"]} == {"noopener noreferrer nofollow"}
    said = [vector for vector in VECTORS for _ in range(2)]
    # A list item loses its "- ", a paragraph the blanks around it, what is bold or code its marks, nothing else.
    assert [plain(text) for text in found["bubbles"][3:-1]] == [plain(text.removeprefix("- ")) for text in said]
    assert found["sources"] == VECTORS
    assert found["options"] == VECTORS
    assert found["names"] == VECTORS
    assert (found["hits"], dialogs, len(context.pages)) == (0, [], 1)
    assert {url for url in asked if not url.startswith(server.origin)} == set()
    context.close()


def test_only_addresses_of_the_web_become_links(thread, serve, chromium) -> None:
    server = serve(thread)
    page = chromium.new_page()
    page.goto(server.origin)
    found = page.evaluate(
        """async (texts) => {
          const { webAddress } = await import("/chat/-/words.js");
          const { body } = await import("/chat/-/markup.js");
          const linked = [...body(texts.join("\\n"), "").querySelectorAll("a")].map(one => one.href);
          return [texts.map(webAddress), linked];
        }""",
        [*VECTORS, "https://a.example/", "HTTP://b.example/x"],
    )
    page.close()
    for shown in (*filter(None, found[0]), *found[1]):
        assert shown.startswith(("https://", "http://")), shown
    assert found[0][-2:] == ["https://a.example/", "http://b.example/x"]
    assert found[1][-2:] == ["https://a.example/", "http://b.example/x"]
