"""A reader of pages that forgives nothing: what a browser would mend is a fault here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "circle", "hr", "img", "input", "line", "link", "meta", "path", "wbr"}
BLOCKS = {
    *("article", "aside", "blockquote", "details", "div", "dl", "footer", "form", "h1", "h2"),
    *("h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section"),
    *("table", "ul"),
}
ONLY_INLINE = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dt", "summary"}
INTERACTIVE = {"a", "button", "details", "input", "select", "summary", "textarea"}
PARENTS = {
    "dd": {"div", "dl"},
    "dt": {"div", "dl"},
    "li": {"ol", "ul"},
    "summary": {"details"},
    "tbody": {"table"},
    "td": {"tr"},
    "th": {"tr"},
    "thead": {"table"},
    "tr": {"tbody", "thead"},
}
FORMS = {"/notifications/read"}
FORBIDDEN = {"base", "embed", "iframe", "img", "object", "script", "style"}


@dataclass
class Element:
    """A start tag, its attributes and, once closed, all text within it."""

    tag: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


class Page(HTMLParser):
    """A page as read; `faults` says what is wrong with it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.faults: list[str] = []
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{element.tag}> is never closed" for element in self._open]
        ids = [element.attributes["id"] for element in self.elements if "id" in element.attributes]
        self.faults += [f"the id {name!r} stands twice" for name in ids if ids.count(name) > 1]

    def all(self, tag: str, class_name: str | None = None) -> Iterator[Element]:
        """Elements with a tag, perhaps those of a class."""
        for element in self.elements:
            classes = element.attributes.get("class", "").split()
            if element.tag == tag and (class_name is None or class_name in classes):
                yield element

    def hrefs(self) -> list[str]:
        """Where links lead, in order."""
        return [a.attributes["href"] for a in self.all("a") if "href" in a.attributes]

    @property
    def text(self) -> str:
        """All text of the page with spaces as a browser would show them."""
        return " ".join(" ".join(e.text for e in self.all("body")).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        if len(element.attributes) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self._judge(element)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.faults.append(f"<{tag}/> closes itself")
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            found = self._open[-1].tag if self._open else "nothing"
            self.faults.append(f"</{tag}> closes {found}, line {self.getpos()[0]}")
        elif self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if "&" in data and "&amp;amp;" in self.html:
            self.faults.append("escaped twice")
        for element in self._open:
            element.texts.append(data)

    def _judge(self, element: Element) -> None:
        tag, above = element.tag, [parent.tag for parent in self._open]
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}> stands in the page")
        if tag == "form" and element.attributes.get("action") not in FORMS:
            self.faults.append("a form that is none of ours stands in the page")
        if tag in BLOCKS and (inline := ONLY_INLINE.intersection(above)):
            self.faults.append(f"<{tag}> stands within {sorted(inline)}")
        if tag in INTERACTIVE - {"summary"} and {"a", "summary", "button"}.intersection(above):
            self.faults.append(f"<{tag}> stands within something to press")
        if tag in PARENTS and (not above or above[-1] not in PARENTS[tag]):
            self.faults.append(f"<{tag}> stands within {above[-1:]}")
        for name, value in element.attributes.items():
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag} {name}=…> is inline")
            if name in {"href", "src", "action", "xlink:href"}:
                self._judge_address(element, value)

    def _judge_address(self, element: Element, url: str) -> None:
        inside = url.startswith("/") and not url.startswith("//")
        if element.tag == "link" and url.startswith("data:image/svg+xml,"):
            return
        if url.lower().startswith(("http://", "https://")):
            if element.attributes.get("rel") != "nofollow noopener noreferrer":
                self.faults.append(f"a link that leaves without rel: {url!r}")
        elif not inside and not url.startswith("#"):
            self.faults.append(f"an address that is neither ours nor http: {url!r}")
        if any(char.isspace() or char in "<>\"'`\\" for char in url):
            self.faults.append(f"an address with raw characters: {url!r}")
