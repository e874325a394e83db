"""The style sheet: contrast computed from its own colours, and nothing fetched from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import assay.web

CSS = (Path(assay.web.__file__).parent / "static" / "assay.css").read_text(encoding="utf-8")
RULES = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
SCHEMES = ("light", "dark")
LEAST_CONTRAST = 4.5
# Text on ground, wherever the two meet. Hovered and private rows lie between paper and panel.
PAIRS = [
    *(
        (text, ground)
        for text in ("ink", "soft", "accent", "warn")
        for ground in ("paper", "panel")
    ),
    *(("bad", ground) for ground in ("paper", "panel")),
    *((name, f"{name}-soft") for name in ("accent", "warn", "bad", "violet")),
    *((text, "accent-soft") for text in ("ink", "soft", "warn")),
    ("violet", "paper"),
    ("paper", "accent"),
]


def colours(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", RULES, flags=re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[0]))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[1]))
    return found


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_arithmetic_of_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str) -> None:
    palette = colours(scheme)
    assert contrast(palette[text], palette[ground]) >= LEAST_CONTRAST


def test_both_schemes_name_the_same_colours() -> None:
    blocks = re.findall(r":root \{(.*?)\}", RULES, flags=re.DOTALL)
    names = [set(re.findall(r"--([\w-]+): #", block)) for block in blocks[:2]]
    assert names[0] == names[1]


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "url(" not in RULES
    assert "@import" not in RULES
    assert "@font-face" not in RULES


def test_colours_are_named_once() -> None:
    body = RULES.split("/* Ground */", maxsplit=1)[-1]
    outside = re.sub(r":root \{.*?\}", "", body, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", outside) == []


def test_every_class_of_the_templates_is_known_to_the_style_sheet_or_is_a_tone() -> None:
    folder = Path(assay.web.__file__).parent / "templates"
    used = set()
    for path in folder.glob("*.html"):
        text = re.sub(r"\{[{%].*?[}%]\}", " ", path.read_text(encoding="utf-8"))
        for names in re.findall(r'class="([^"]*)"', text):
            used |= set(names.split())
    unknown = {name for name in used if f".{name}" not in RULES}
    assert unknown == set()
