"""A headless Chromium, driven over the WebDriver protocol (W3C) that its chromedriver speaks.

Needs Debian's chromium and chromium-driver; a test program exits 77 (skipped) without them.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

from endpoint import SLACK, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for a reference


def need_chromium():
    """Ends the test program as skipped where there is none."""
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    if missing:
        print(f"skipped: no {', '.join(missing)} here; tools/setup installs it")
        sys.exit(77)


class Browser:
    """One window, with a profile in `folder`. Everything it says on its console is kept."""

    def __init__(self, folder, width=1280, height=900):
        self.log_path = folder / "chromedriver.log"
        self.session = None
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=log, stderr=log)
        port = wait_until(self.find_port, 30)
        assert port, self.log_path.read_text(encoding="utf-8")
        self.url = f"http://127.0.0.1:{port}/session"
        # No sandbox: it cannot be had by root, nor in most containers. The only page is our own.
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                            f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = self.request("POST", "", capabilities={"alwaysMatch": wanted})["sessionId"]

    def find_port(self):
        found = re.search(r"successfully on port (\d+)", self.log_path.read_text(encoding="utf-8"))
        return int(found[1]) if found else None

    def request(self, method, path, **body):
        """The value that the driver answers with; RuntimeError where it answers with an error."""
        url = self.url + (f"/{self.session}{path}" if self.session else path)
        data = json.dumps(body).encode() if method == "POST" else None
        asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=60 * SLACK) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}") from None

    def close(self):
        """Ends the browser and its driver."""
        try:
            if self.session:
                self.request("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()

    def open(self, url):
        self.request("POST", "/url", url=url)

    def run(self, script, *arguments):
        """What a function body in the page returns."""
        return self.request("POST", "/execute/sync", script=script, args=list(arguments))

    def command(self, name, **parameters):
        """A command of the browser's own protocol."""
        return self.request("POST", "/goog/cdp/execute", cmd=name, params=parameters)

    def find(self, selector):
        return self.request("POST", "/element", using="css selector", value=selector)[ELEMENT]

    def click(self, selector):
        """As a user does: fails where something else lies over it."""
        self.request("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        """Into a field, in place of what stands there, and Enter."""
        element = self.find(selector)
        self.request("POST", f"/element/{element}/clear")
        self.request("POST", f"/element/{element}/value", text=text + "\ue007")

    def text(self, selector):
        """What an element shows; '' for a hidden one."""
        return self.request("GET", f"/element/{self.find(selector)}/text")

    def texts(self, selector):
        """The texts of all elements that are there."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)", selector)

    def log(self, kind):
        """What has come into a log since it was last asked for."""
        return self.request("POST", "/se/log", type=kind)

    def set_window(self, width, height, is_dark=False, scale=1):
        """A viewport of this size, as a phone has one, and the user's wish for colours."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 600)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])

    def screenshot(self):
        """The whole page as PNG."""
        whole = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(whole["data"])
