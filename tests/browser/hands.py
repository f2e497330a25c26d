"""Somebody at the keyboard, the mouse or a touch screen, whose every step is counted."""

from playwright.sync_api import Locator, Page


class Hands:
    """One key, click or tap is one step; letters typed into a field count by themselves."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps = 0
        self.letters = 0

    def press(self, *keys: str) -> None:
        """One key after the other, where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)
            self.steps += 1

    def write(self, text: str) -> None:
        """Letter by letter into whatever has the focus."""
        self.page.keyboard.type(text)
        self.letters += len(text)

    def click(self, on: Locator) -> None:
        on.click()
        self.steps += 1

    def tap(self, on: Locator) -> None:
        on.tap()
        self.steps += 1
