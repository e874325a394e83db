"""A README as HTML that cannot do anything: text, headings, lists, tables, code and outward links.

Raw HTML is shown as text. Images become their description. A link that is not http or https with a
host becomes its text. Headings start below the page's own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from assay.web.pages import links
from assay.web.pages.words import upright

MAX_README_CHARS = 100_000
SHIFT = 2
LOWEST_HEADING = 6
_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)


class _Markdown(MarkdownIt):
    """Markdown that lets every address through: they are judged once, in `_harmless`.

    A refused link then becomes its text instead of staying as brackets and an address.
    """

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - the library's signature
        return True


def render_readme(text: str) -> Markup:
    """Markdown to HTML, by the rules above. Longer files are cut, and say so."""
    body = upright(_FRONT_MATTER.sub("", text, count=1))
    cut = len(body) > MAX_README_CHARS
    tokens = _markdown().parse(body[:MAX_README_CHARS])
    html = _markdown().renderer.render(_harmless(tokens), _markdown().options, {})
    if cut:
        html += "<p><em>Shortened here; the file goes on.</em></p>\n"
    # The only raw HTML of all pages: markdown-it escapes every text it renders, html is off, and
    # `_harmless` leaves no attribute but checked links.
    return Markup(html)  # noqa: S704


@functools.cache
def _markdown() -> _Markdown:
    markdown = _Markdown("commonmark", {"html": False})
    markdown.enable("table")
    return markdown


def _harmless(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without images, unfit links and attributes, with headings moved down."""
    kept: list[Token] = []
    fit: list[bool] = []
    for token in tokens:
        if token.type == "image":
            kept.append(_description(token))
            continue
        if token.type == "link_open":
            fit.append(_guard_link(token))
            if not fit[-1]:
                continue
        elif token.type == "link_close" and not fit.pop():
            continue
        elif token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(LOWEST_HEADING, int(token.tag[1:]) + SHIFT)}"
        if token.type not in {"link_open", "ordered_list_open"}:
            token.attrs = {}
        token.children = _harmless(token.children) if token.children else token.children
        kept.append(token)
    return kept


def _guard_link(token: Token) -> bool:
    url = links.external(str(token.attrs.get("href", "")))
    if url is None:
        return False
    token.attrs = {"href": url, "rel": "nofollow noopener noreferrer"}
    return True


def _description(image: Token) -> Token:
    text = Token("text", "", 0)
    text.content = f"[image: {image.content}]" if image.content else "[image]"
    return text
