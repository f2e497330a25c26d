"""The other half of P-6: a real browser shows the rep's queue, and a new row stands in it."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from playwright.sync_api import Page, sync_playwright

#: What Chromium needs as root in a container, and to call nobody.
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Notes when each lead was first linked from a row of the list, in milliseconds of the wall clock.
_WATCH = """
window.firstSeen = {};
const look = () => {
  for (const link of document.querySelectorAll("#worklist .row__lead a")) {
    const found = `${link.href} ${link.dataset.preview}`.match(/(?:leads\\/|lead=)([0-9a-f-]{36})/);
    if (found) window.firstSeen[found[1]] ??= performance.timeOrigin + performance.now();
  }
};
addEventListener("DOMContentLoaded", () => {
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true });
});
"""


class Screen:
    """A rep's open queue."""

    def __init__(self, page: Page) -> None:
        self._page = page
        #: What ``time.time`` is ahead of ``time.perf_counter``: senders say the one, the browser the other.
        self._ahead = time.time() - time.perf_counter()

    @property
    def seen(self) -> dict[str, float]:
        """When each lead's row was first there, by ``perf_counter``."""
        found = self._page.evaluate("window.firstSeen")
        return {lead: at / 1000 - self._ahead for lead, at in found.items()}


@contextmanager
def open_queue(*, port: int, cookie: str) -> Iterator[Screen]:
    """The queue in Chromium, streaming. Nothing may ask the database meanwhile: playwright keeps an event
    loop in this thread."""
    address = f"http://localhost:{port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        context = browser.new_context()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(f"{address}/queue/")
        page.get_by_text("Live", exact=True).wait_for()
        try:
            yield Screen(page)
        finally:
            browser.close()


def _chromium() -> str:
    """The browser's path: ``CHROMIUM_PATH``, or the first of the usual names."""
    found = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("No Chromium found; name one in CHROMIUM_PATH.")
    return found
