"""A browser over a live engine and a private Redis: what the tests of the live page share."""

from browser import Browser
from endpoint import EndpointCase, wait_until


class BrowserCase(EndpointCase):
    settings = ("risk.cooldown_after_loss_minutes=0",)

    def setUp(self):
        super().setUp()
        self.browser = Browser(self.folder)
        self.addCleanup(self.browser.close)
        self.origin = f"http://127.0.0.1:{self.engine.port}/"

    def wait_for(self, condition, seconds=20):
        """Until it is so, or what the page says instead."""
        self.assertTrue(wait_until(condition, seconds), self.browser.text("body"))

    def wait_for_state(self, state):
        self.wait_for(lambda: self.browser.text("#state") == state)

    def confirm(self, button):
        """Clicks a button and its confirmation; what had to be confirmed."""
        self.browser.click(button)
        text = self.browser.text("#confirm")
        self.browser.click("#confirm-yes")
        return text
