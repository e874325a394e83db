"""What a browser can be asked about a page; every answer is a list of faults, empty when good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import ConsoleMessage, Page, Request, Response

_WIDTH = """() => {
  const root = document.documentElement, room = root.clientWidth;
  if (root.scrollWidth <= room) return [];
  const wide = [...document.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > room + 1 && !element.closest(".scroll, pre"));
  return [`${root.scrollWidth} px in ${room}`, ...wide.map(each => each.outerHTML.slice(0, 90))];
}"""

_OUTLINE = """() => {
  const faults = [];
  const all = selector => [...document.querySelectorAll(selector)];
  const expect = (good, fault) => { if (!good) faults.push(fault); };
  expect(all("h1").length === 1 && all("h1")[0].innerText.trim(), `${all("h1").length} h1`);
  expect(all("main").length === 1, "no main");
  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    expect(own <= level + 1, `h${own} after h${level}: ${heading.innerText}`);
    level = own;
  }
  for (const image of all("img, [role=img]")) {
    const said = image.getAttribute("alt") ?? image.getAttribute("aria-label");
    expect(said && said.trim(), `an image without words: ${image.outerHTML.slice(0, 90)}`);
  }
  for (const drawn of all("svg:not([role=img])"))
    expect(drawn.ariaHidden === "true", `a drawing that is neither image nor hidden`);
  for (const table of all("table")) {
    const heads = [...table.querySelectorAll("thead th")];
    const cells = Math.max(...[...table.tBodies[0].rows].map(row => row.cells.length));
    expect(heads.length === cells, `${heads.length} headings over ${cells} columns`);
    expect(heads.every(head => head.innerText.trim()), "a column without a heading");
    expect(table.closest(".prose") || table.caption, "a table without a caption");
  }
  for (const link of all("a[href], summary"))
    expect(link.textContent.trim(), `nothing to read on ${link.outerHTML.slice(0, 90)}`);
  return faults;
}"""

# Focus given by script shows as the one before did: by now, as given by the keyboard.
_FOCUS = """() => {
  const faults = [];
  for (const element of document.querySelectorAll("a[href], summary, [tabindex='0']")) {
    if (!element.checkVisibility()) continue;
    element.focus();
    const style = getComputedStyle(element);
    const name = element.outerHTML.slice(0, 90);
    if (document.activeElement !== element) faults.push(`cannot be reached: ${name}`);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)
      faults.push(`no outline: ${name}`);
    const room = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
    const box = element.getBoundingClientRect();
    for (let above = element.parentElement; above; above = above.parentElement) {
      const around = getComputedStyle(above);
      if (around.overflow !== "hidden" && !around.contain.includes("paint")) continue;
      const edge = above.getBoundingClientRect();
      if (box.left - room < edge.left - 1 || box.right + room > edge.right + 1)
        faults.push(`outline cut off by .${above.className}: ${name}`);
    }
  }
  return faults;
}"""


def faults_of_width(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    faults: list[str] = page.evaluate(_WIDTH)
    return faults


def faults_of_outline(page: Page) -> list[str]:
    """What those who hear a page, or jump about in it, would miss."""
    faults: list[str] = page.evaluate(_OUTLINE)
    return faults


def faults_of_focus(page: Page) -> list[str]:
    """What somebody with a keyboard would lose sight of. Press a key first."""
    faults: list[str] = page.evaluate(_FOCUS)
    return faults


@contextmanager
def complaints(page: Page) -> Iterator[list[str]]:
    """Whatever the browser complains of meanwhile: console, policy, errors, failed requests."""
    heard: list[str] = []
    shown: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # That the page itself answers 404 is what an error's page is for.
        if not (message.text.startswith("Failed to load") and message.location["url"] in shown):
            heard.append(message.text)

    def see(response: Response) -> None:
        if response.request.is_navigation_request():
            shown.append(response.url)
        elif not response.ok:
            heard.append(f"{response.status} {response.url}")

    def fail(request: Request) -> None:
        heard.append(f"failed: {request.url}")

    def ask(request: Request) -> None:
        ours = page.url.split("/", 3)[:3] == request.url.split("/", 3)[:3]
        if not (ours or request.is_navigation_request() or request.url.startswith("data:")):
            heard.append(f"asked elsewhere: {request.url}")

    def break_(error: Exception) -> None:
        heard.append(str(error))

    page.on("console", hear)
    page.on("response", see)
    page.on("requestfailed", fail)
    page.on("request", ask)
    page.on("pageerror", break_)
    try:
        yield heard
    finally:
        page.remove_listener("console", hear)
        page.remove_listener("response", see)
        page.remove_listener("requestfailed", fail)
        page.remove_listener("request", ask)
        page.remove_listener("pageerror", break_)


@dataclass(frozen=True)
class Visit:
    """A page that was opened, what the hub answered, and what the browser complained of."""

    kind: str
    page: Page
    answer: Response
    heard: list[str]


@contextmanager
def visiting(page: Page, address: str, kind: str) -> Iterator[Visit]:
    """Open a page, and go on listening while it is looked at."""
    with complaints(page) as heard:
        answer = page.goto(address)
        assert answer is not None
        yield Visit(kind, page, answer, heard)
