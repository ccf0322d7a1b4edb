"""A visit: one page in a browser of its own, and what happened in it."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

from tests.serving.builders import KEYS


@dataclass
class Visit:
    """A page in a browser of its own, and what happened in it.

    Attributes:
        page: allowed in, unless the test opens it as a stranger.
        context: of the page.
        url: of the service.
        requests: addresses that were asked for.
        complaints: dialogs, errors, what the policy blocked.
    """

    page: Page
    context: BrowserContext
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def enter(self) -> None:
        """Open the link with the key."""
        self.page.goto(f"{self.url}/review?key={KEYS['reviewer']}")

    def open_first(self) -> None:
        """From the queue to its first account, until the page is whole."""
        self.page.locator("table.queue a").first.click()
        # A click returns before the page it leads to is there.
        self.page.wait_for_url("**/review/account/*")

    def fits(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        # Before the style sheet is there, everything is wider.
        self.page.wait_for_load_state("load")
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth <= "
                "document.documentElement.clientWidth"
            )
        )
