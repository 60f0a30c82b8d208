"""A visitor who has a keyboard and no mouse."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.measures import measure

MOST_STOPS = 400
"""More than any page has; who has not arrived by then goes round in circles."""


class Keyboard:
    """Move by keys alone, and look at every stop: does the focus show, in the window, uncovered?"""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        """Press a key that may move the focus, and check where it is then."""
        measure(self.page, "remember")
        self.page.keyboard.press(key)
        self.check()

    def check(self) -> None:
        """Assert that one sees where the focus is."""
        found = measure(self.page, "focus")
        assert not found, f"{self.page.url}: {found}"

    def go_to(self, target: Locator, *, key: str = "Tab") -> None:
        """Press Tab until the target has the focus."""
        target = target.first
        expect(target).to_be_attached()
        for _stop in range(MOST_STOPS):
            self.press(key)
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{self.page.url}: the keyboard does not reach {target}")

    def fill(self, target: Locator, text: str) -> None:
        """Go to a field and type, in place of what stands there."""
        self.go_to(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        expect(target).to_have_value(text)

    def choose(self, target: Locator) -> None:
        """Go to the group of a radio button and to the button by arrows."""
        group = self.page.locator(f"input[name='{target.get_attribute('name')}']")
        within = ", ".join(
            f"#{each.get_attribute('id')}" for each in group.all() if each.get_attribute("id")
        )
        self._go_to_any(within)
        for _option in range(group.count()):
            if target.is_checked():
                return
            self.press("ArrowDown")
        assert target.is_checked()

    def _go_to_any(self, selector: str) -> None:
        for _stop in range(MOST_STOPS):
            self.press("Tab")
            if self.page.evaluate("it => document.activeElement.matches(it)", selector):
                if self.page.evaluate("!document.activeElement.checked"):
                    self.page.keyboard.press("Space")
                return
        raise AssertionError(f"{self.page.url}: the keyboard does not reach {selector}")

    def follow(self, target: Locator) -> None:
        """Go to a link or a button and press Enter."""
        self.go_to(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def go_through(self) -> None:
        """Go through the whole page and back; every control gets the focus on the way."""
        for key in ("Tab", "Shift+Tab"):
            for _stop in range(MOST_STOPS):
                measure(self.page, "remember")
                self.page.keyboard.press(key)
                if self.page.evaluate("document.activeElement === document.body"):
                    break
                self.check()
            else:
                raise AssertionError(f"{self.page.url}: {key} goes round in circles")
            missed = measure(self.page, "unvisited")
            assert not missed, f"{self.page.url}: {key} passes over {missed}"
