"""What on a web page is not its content: navigation, banners, hidden parts, controls.

Elements are known by what they are (tag, role), by what their authors call them (class, id), and by whether they
are shown. Names alone never remove a part that holds the page's heading or most of its text: authors call the
strangest things "sidebar".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from custagent.knowledge.convert.contents import signposts_of

Attributes = Mapping[str, str | None]

#: Never text.
DROPPED_TAGS = frozenset({
    "script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed", "video", "audio", "head",
    "link", "meta", "input", "select", "textarea", "datalist", "progress", "meter", "rp", "rt", "map", "frameset",
    "annotation", "annotation-xml", "noframes",
    # Struck out: the author says that it is no longer true, so it must not be quoted as true.
    "del", "s", "strike",
})  # fmt: skip
#: Text or not by what is in them and around them.
_JUDGED_TAGS = frozenset({"nav", "aside", "header", "footer", "form", "label", "dialog"})
_DROPPED_ROLES = frozenset({
    "navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "toolbar", "dialog",
    "alertdialog", "tooltip", "status", "progressbar", "doc-toc", "doc-pagelist",
})  # fmt: skip
_ANSWERS = "p, table, [role=tabpanel], [aria-labelledby], [hidden], .collapse"
_NOTE_ROLES = frozenset({"note", "doc-footnote", "doc-tip", "doc-notice"})
#: An aside of these classes is a part of the text: a note, a footnote.
_ASIDE_CONTENT = re.compile(
    r"(?:^|[\s_-])(?:note|notes|tip|hint|info|warning|caution|important|danger|success|admonition|callout|alert"
    r"|footnotes?|topic|notice|infobox|panel|example)(?:$|[\s_-])",
    re.IGNORECASE,
)
#: Whole class names that mean furniture wherever they stand.
_CLASS = re.compile(
    # A program or a design system puts its own letters before: kb-, hc-, js-, kb__.
    r"(?:[a-z]{1,3}[-_]{1,2})?(?:"
    r"(?:bread-?crumbs?)(?:[-_](?:nav|list|container|wrapper|trail|portlet))?"
    r"|(?:eu-)?(?:cookie|cookies|gdpr|consent|privacy)[-_]?(?:banner|consent|notice|bar|popup|modal|overlay|message|law"
    r"|dialog|wall|layer|settings|box|confirmation)(?:[-_]\S*)?|onetrust-\S+|cybotcookiebot\S*|cmplz-\S+|cky-\S+"
    r"|(?:[a-z]+[-_]){0,2}avatar(?:[-_]\S*)?|(?:article|post|entry|page)[-_](?:meta|byline|author)|meta-(?:group|data)"
    r"|by-?line|author-(?:box|bio|card)|(?:article|post|page)[-_]comments?(?:[-_]\S*)?|comment-(?:form|callout|overview)"
    r"|(?:article|page)[-_]more[-_]questions"
    # What blogs and shops put below their texts, by the names that their programs give it.
    r"|comments-area|comment-?list|comment-respond|disqus\S*|sharedaddy|sd-sharing\S*|jp-relatedposts\S*"
    r"|ez-toc-(?:container|title)\S*|theme-doc-(?:version-badge|toc-mobile|breadcrumbs|footer)"
    r"|(?:social|share|sharing)[-_]?(?:links?|buttons?|icons?|bar|list|media|tools|share|this)|addtoany\S*|sharethis\S*"
    r"|(?:article|page|post|doc|docs|content|helpful|was)[-_]?(?:votes?|voting|feedback|helpful|rating|ratings)\S*"
    r"|was-this-\S*|(?:is-|this-)?helpful(?:[-_]\S*)?|feedback(?:[-_](?:form|widget|box|container|section|wrapper))?"
    r"|(?:related|recommended|similar|more|recent|popular|trending|promoted)[-_]?(?:articles?|posts?|links?|pages?"
    r"|topics?|stories|reading|products?)(?:[-_](?:list|container|section|wrapper|block))?"
    r"|newsletter(?:[-_]\S*)?|subscribe(?:[-_](?:form|box|widget|banner))?|sign-?up[-_](?:form|box|banner)"
    r"|pagination|pager|paginator|page-?numbers?|(?:prev|previous)[-_]?(?:and[-_])?next(?:[-_]\S*)?|post-navigation"
    r"|skip(?:[-_]?(?:link|links|nav|navigation|to-content|to-main|to-main-content))|skiplinks?"
    r"|sr-only(?:-focusable)?|visually-?hidden(?:-focusable)?|screen-reader-(?:text|only)|screenreader\S*"
    r"|u-hidden-visually|visuallyhidden|offscreen|is-hidden"
    r"|table-of-contents?|(?:[a-z]+[-_])?toc(?:[-_](?:list|tree|wrapper|container|box))?|on-this-page|toctree"
    r"|site-?(?:nav|navigation|header|footer|menu)|global-?(?:nav|header|footer)|main-?(?:nav|navigation|menu)"
    r"|(?:[a-z]{1,3}-)?nav-?(?:bar|box|header|footer)(?:[-_]\S*)?|top-?bar|side-?nav|nav(?:igation)?[-_]?(?:menu|list|links?|wrapper|container|tree)"
    r"|mega-?menu|mobile-?(?:nav|menu)|off-?canvas|hamburger(?:-menu)?"
    r"|advert(?:s|isement|isements|ising)?|ads?[-_](?:banner|box|container|slot|unit|wrapper)|sponsored(?:[-_]\w+)?"
    r"|promo-?(?:banner|box|bar)|announcement-?bar"
    r"|header-?link|permalink|anchor-?link|anchorjs-link|heading-?anchor|hash-link|direct-link|zero-?width-anchor"
    r"|edit-(?:this-)?page(?:-link)?|edit-(?:on-)?github|edit-link|mw-editsection"
    r"|(?:[a-z]+[-_])?(?:(?:back|return)-?to-?top|scroll-?(?:to-?)?top)"
    r"|lang(?:uage)?-?(?:switch|switcher|selector|picker|menu|chooser|dropdown)|version-?(?:switcher|selector)"
    r"|copy-?(?:btn|button|code|icon)|copybtn|clipboard-copy|linenos|lineno|linenumbers|line-numbers-rows"
    r"|modal|popup|lightbox|toast|tooltip|live-?chat(?:[-_]\S*)?|chat-?widget(?:[-_]\S*)?|intercom\S*"
    r"|print-?(?:link|button|page)|no-print|noprint|search-?(?:form|box|bar|widget|field|container)"
    r")",
    re.IGNORECASE,
)
#: These too, but only where the page does not mark its main part: inside it they may be anything.
_CLASS_OUTSIDE = re.compile(
    r"(?:[a-z]{1,3}[-_]{1,2})?(?:side-?bar(?:[-_](?:left|right|primary|secondary|nav|menu|content|wrapper|container|inner))?|(?:left|right)-?"
    r"(?:side-?bar|nav|menu|rail|column-nav)|menu(?:[-_](?:main|top|wrapper|container|bar|primary))?|nav|navigation"
    r"|(?:page-?|sub-?|inner-?)?footer(?:[-_]\S*)?|(?:page-?|top-?)?header(?:[-_](?:top|bar|nav|wrapper|container|inner"
    r"|main))?|masthead|banner|related|widget(?:s|-area)?|topnav|subnav|leftnav|rightnav|login(?:-box|-form)?"
    r"|copyright|credits|legal-?links|comments?(?:-area|-list)?|respond|sphinxsidebar|rst-versions|colophon)",
    re.IGNORECASE,
)
#: What stands beside code and is none: its line numbers, the button that copies it.
_CODE_MARGIN = re.compile(
    r"linenos|lineno|linenumbers?|line-numbers?(?:-rows)?|ln-num|copy-?(?:btn|button|icon)|copybtn|clipboard-copy"
    r"|header-?link|sr-only|visually-?hidden",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
#: Hidden at every width; "d-none d-md-block" is shown on wide screens.
_BOOTSTRAP_HIDDEN = re.compile(r"(?:^|\s)d-none(?:\s|$)(?!.*\bd-\w+-(?!none))", re.DOTALL)
#: Characters of an element's names that are looked at; nobody writes more, and those seen are remembered.
MAX_NAMES = 500
#: What a click opens, where nothing else says so.
_PANEL = re.compile(
    r"(?:[^\W_]+[-_]+){0,3}(?:accordion|collapsible|faq|expand(?:er|able)?)(?:[-_]+[^\W_]+){0,2}?"
    r"[-_]+(?:content|body|panel|text|answer|description)|(?:faq-?)?answer",
    re.IGNORECASE,
)
_QUOTING = frozenset({"blockquote", "table", "dd"})
_SECTIONING = frozenset({"main", "article", "section"})
_KEPT_INSIDE = "main, [role=main], h1"
#: Bare `form`s below this much text are searches, logins and feedback; above, a page is wrapped in a form.
_FORM_CHARS = 300

_MAIN = "main, [role=main]"
_MAIN_BY_NAME = (
    "#main-content, #maincontent, #main_content, #content-main, #bodyContent, #mw-content-text, .markdown-body,"
    "article.article, .article-body, .article__body, .post-content, .entry-content, .main-content, div.body"
)
#: A marked main part with less than this share of the page's text is a mistake of the author.
_MAIN_SHARE = 0.2


class Boilerplate:
    """Tells, for the elements of one page, which are not content.

    `lenient` only drops what is never text: for pages that would otherwise be empty.
    """

    def __init__(self, tree: LexborHTMLParser, *, lenient: bool = False) -> None:
        self._lenient = lenient
        self._body = tree.body
        self._shown_on_demand = _controlled(tree)
        self.roots = [self._body] if self._body is not None else []
        self._inside_main = False
        self._signposts = frozenset() if lenient else signposts_of(tree)
        if not lenient and self._body is not None:
            self._choose_main(self._body)

    @property
    def marks_main(self) -> bool:
        """Whether the page says which of its parts is the main one."""
        return self._inside_main

    def _choose_main(self, body: LexborNode) -> None:
        for selector in (_MAIN, _MAIN_BY_NAME):
            found = _outermost([node for node in body.css(selector) if not self._is_hidden(node.attributes)])
            length = sum(map(_shown_length, found))
            if length and (length >= len(body.text()) * _MAIN_SHARE or length >= _shown_length(body) * _MAIN_SHARE):
                self.roots = found
                self._inside_main = True
                return

    def drops(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        """Whether the element and all in it is left out."""
        if tag in DROPPED_TAGS or (attributes and self._is_hidden(attributes)):
            return True
        if self._lenient:
            return False
        if tag in _JUDGED_TAGS and self._drops_tag(node, tag, attributes):
            return True
        if self._signposts and node.mem_id in self._signposts:
            return True
        return bool(attributes) and (self._drops_role(node, attributes) or self._drops_class(node, tag, attributes))

    def drops_in_code(self, _node: LexborNode, tag: str, attributes: Attributes) -> bool:
        """The same within code, where a class names a kind of word: "comment", "header", "nav"."""
        if tag in DROPPED_TAGS or tag == "button" or self._is_hidden(attributes):
            return True
        return not self._lenient and _is_margin(attributes.get("class") or "")

    def _is_hidden(self, attributes: Attributes) -> bool:
        if self._shown_on_demand and (attributes.get("id") or "") in self._shown_on_demand:
            return False
        names = attributes.get("class")
        if names and _is_panel(names[:MAX_NAMES]):
            return False
        if "hidden" in attributes and attributes["hidden"] != "until-found":
            return attributes.get("role") != "tabpanel"
        if attributes.get("aria-hidden") == "true" and attributes.get("role") != "tabpanel":
            return True
        if names and "d-none" in names and _BOOTSTRAP_HIDDEN.search(names):
            return True
        style = attributes.get("style")
        return bool(style) and _HIDDEN_STYLE.search(style or "") is not None

    def _drops_tag(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        match tag:
            case "nav":
                return True
            case "aside":
                is_note = attributes.get("role") in _NOTE_ROLES or _ASIDE_CONTENT.search(attributes.get("class") or "")
                return not is_note
            case "header" | "footer":
                return self._drops_edge(node, tag)
            case "form":
                is_short = len(" ".join(node.text().split())) < _FORM_CHARS
                return is_short and node.css_first("h1, h2, article, p + p") is None
            case "label":
                # With a question mark it is the lid of an accordion made without scripts.
                labels = attributes.get("for") is not None or node.css_first("input, select, textarea") is not None
                return labels and not node.text().strip().endswith("?")
        return tag == "dialog" and "open" not in attributes

    def _drops_edge(self, node: LexborNode, tag: str) -> bool:
        """A page's header and footer are furniture; a header inside the text has its heading."""
        if _has_ancestor(node, _QUOTING):
            return False
        inside = self._inside_main or _has_ancestor(node, _SECTIONING)
        return tag == "footer" or (not inside and node.css_first("article, main, [role=main]") is None)

    @staticmethod
    def _drops_role(node: LexborNode, attributes: Attributes) -> bool:
        role = attributes.get("role")
        if role == "tablist":
            # Tabs alone are controls; an accordion has its answers within.
            return node.css_first(_ANSWERS) is None
        return role in _DROPPED_ROLES if role else False

    def _drops_class(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        names = attributes.get("class") or ""
        if not self._inside_main and tag not in ("section", "article") and tag[0] != "h":
            names = f"{names} {attributes.get('id') or ''}"
        if not names or tag in ("body", "main", "html"):
            return False
        means_furniture = _means_furniture if self._inside_main else _means_furniture_outside
        return means_furniture(names[:MAX_NAMES]) and not self._is_vital(node)

    def _is_vital(self, node: LexborNode) -> bool:
        if node.css_first(_KEPT_INSIDE) is not None:
            return True
        return len(node.text()) * 2 > self._region_chars

    @cached_property
    def _region_chars(self) -> int:
        return sum(len(root.text()) for root in self.roots)


# The pages of a site have few names, each of them thousands of times.
@lru_cache(maxsize=4096)
def _means_furniture(names: str) -> bool:
    """Whether one of the names says so."""
    return any(map(_CLASS.fullmatch, names.split()))


@lru_cache(maxsize=4096)
def _means_furniture_outside(names: str) -> bool:
    """The same where the page does not mark its main part."""
    return any(_CLASS.fullmatch(name) or _CLASS_OUTSIDE.fullmatch(name) for name in names.split())


@lru_cache(maxsize=4096)
def _is_panel(names: str) -> bool:
    return any(map(_PANEL.fullmatch, names.split()))


@lru_cache(maxsize=4096)
def _is_margin(names: str) -> bool:
    return any(map(_CODE_MARGIN.fullmatch, names.split()))


def _shown_length(node: LexborNode) -> int:
    """How many characters its text has, runs of white space counted as one."""
    return len(" ".join(node.text().split()))


def _controlled(tree: LexborHTMLParser) -> frozenset[str]:
    """Ids of parts that a click opens: answers in an accordion are hidden at first, and content all the same."""
    ids: set[str] = set()
    for node in tree.css(
        "[aria-controls], [data-bs-target], [data-target], [data-bs-toggle][href], [data-toggle][href]"
    ):
        attributes = node.attributes
        for name in ("aria-controls", "data-bs-target", "data-target", "href"):
            for target in (attributes.get(name) or "").split():
                ids.add(target.removeprefix("#"))
    return frozenset(ids - {""})


def _has_ancestor(node: LexborNode, tags: frozenset[str]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in tags:
            return True
        parent = parent.parent
    return False


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Those that do not stand inside another of them."""
    ids = {node.mem_id for node in nodes}
    kept = []
    for node in {node.mem_id: node for node in nodes}.values():  # `main` with role "main" is found by both selectors
        parent = node.parent
        while parent is not None and parent.mem_id not in ids:
            parent = parent.parent
        if parent is None:
            kept.append(node)
    return kept
