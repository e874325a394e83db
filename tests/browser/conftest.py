"""A real Chromium for the tests of this folder: the one `tools/browser` finds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[2]
PHONE = ViewportSize(width=320, height=640)
DESK = ViewportSize(width=1360, height=900)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is. Without one a test is skipped, but fails where CI is set."""
    found = subprocess.run(
        [ROOT / "tools" / "browser", "--find"], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        return found.stdout.strip()
    if os.environ.get("CI"):
        pytest.fail(found.stderr.strip())
    pytest.skip(found.stderr.strip())


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One headless Chromium a worker; root has no sandbox in a container."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with storage of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Page]:
    """A wide window that a module's tests take turns at; what it wants to know, it asks anew."""
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """The narrowest window that pages are made for, likewise shared; it takes fingers."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def scriptless(browser: Browser) -> Iterator[Page]:
    """A wide window in which no script runs, likewise shared."""
    context = browser.new_context(viewport=DESK, java_script_enabled=False)
    yield context.new_page()
    context.close()
