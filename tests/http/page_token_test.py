#!/usr/bin/env python3
"""The live page of an engine that asks for a token, in a headless Chromium: the right one, a wrong one, none.

    tests/http/page_token_test.py --bin build/release [unittest options]
"""

import json
import re

from browser import need_chromium
from endpoint import run_tests
from page_case import BrowserCase

TOKEN = "S3cret-token-of-this-page"


class Tokens(BrowserCase):
    """With http.token_file: the page comes without it, and shows nothing before it is typed in."""

    def started_engine(self, *settings, folder=None, port=0):
        file = self.folder / "token"
        file.write_text(TOKEN + "\n")
        file.chmod(0o600)
        return super().started_engine(f'http.token_file="{file}"', *settings, folder=folder, port=port)

    def get(self, path):
        status, _, body = self.engine.ask("GET", path, {"Authorization": "Bearer " + TOKEN})
        self.assertEqual(status, 200)
        return json.loads(body) if path != "/metrics" else body

    def open_locked(self):
        self.browser.open(self.origin)
        self.wait_for_state("locked")

    def refused(self):
        """How many requests the engine has counted as without the token."""
        return int(re.search(r"\ncoreloop_http_without_token_total (\d+)\n", self.get("/metrics"))[1])

    def test_nothing_is_shown_before_the_token_is_there(self):
        self.open_locked()
        self.assertEqual(self.browser.text("#main"), "")
        self.assertTrue(self.browser.run("return document.getElementById('halt').disabled"))
        self.browser.type("#token", "short")
        self.wait_for(lambda: "16 to 256" in self.browser.text("#token-note"))
        self.assertEqual(self.refused(), 0)  # it has sent no guess
        self.browser.type("#token", TOKEN[:-1] + "x")
        self.wait_for(lambda: self.browser.text("#token-note") == "That is not its token.")
        self.assertEqual((self.browser.text("#state"), self.browser.text("#main")), ("locked", ""))
        self.assertEqual(self.refused(), 1)  # and goes on with none
        self.assertIsNone(self.browser.run("return sessionStorage.getItem('token')"))

    def test_halt_and_resume_go_with_the_token(self):
        self.open_locked()
        self.browser.type("#token", TOKEN)
        self.wait_for_state("running")
        self.assertEqual(self.browser.text("#locked"), "")
        self.wait_for(lambda: "10,000.00" in self.browser.text("#main"))
        self.confirm("#halt")
        self.wait_for_state("halted")
        self.assertTrue(self.get("/risk")["halted"])
        self.confirm("#resume")
        self.wait_for_state("running")
        self.assertFalse(self.get("/risk")["halted"])
        self.assertEqual((self.refused(), self.browser.log("browser")), (0, []))

    def test_the_token_stays_in_the_tab_and_goes_when_told(self):
        self.open_locked()
        self.browser.type("#token", TOKEN)
        self.wait_for_state("running")
        self.browser.open(self.origin)  # again
        self.wait_for_state("running")
        seen = [json.loads(entry["message"])["message"] for entry in self.browser.log("performance")]
        urls = [entry["params"]["request"]["url"] for entry in seen if entry["method"] == "Network.requestWillBeSent"]
        self.assertIn(self.origin + "health", urls)
        self.assertEqual([url for url in urls if TOKEN in url], [])
        self.assertEqual(self.browser.run("return [document.cookie, localStorage.length]"), ["", 0])
        other = self.browser.request("POST", "/window/new", type="tab")["handle"]
        page = self.browser.request("GET", "/window")
        self.browser.request("POST", "/window", handle=other)
        self.open_locked()
        self.browser.request("DELETE", "/window")
        self.browser.request("POST", "/window", handle=page)
        self.browser.click("#forget")
        self.wait_for_state("locked")
        self.assertEqual(self.browser.text("#main"), "")
        self.open_locked()
        self.assertEqual(self.refused(), 0)

    def test_another_token_after_a_restart_is_asked_for(self):
        self.open_locked()
        self.browser.type("#token", TOKEN)
        self.wait_for_state("running")
        self.browser.run("token = arguments[0]", TOKEN[::-1])
        self.wait_for(lambda: self.browser.text("#token-note") == "That is not its token.")
        self.assertEqual(self.browser.text("#main"), "")


if __name__ == "__main__":
    need_chromium()
    run_tests(__doc__)
