from __future__ import annotations

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_the_browser_opens_a_page_and_runs_its_script(page: Page) -> None:
    page.goto("data:text/html,<title>one</title><script>document.title += ' two'</script>")
    assert page.title() == "one two"
