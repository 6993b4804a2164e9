#!/usr/bin/env python3
"""The live page in a headless Chromium, over a live engine and a private Redis: what it shows against
the JSON routes, its buttons, its manners as a page.

    tests/http/page_test.py --bin build/release [unittest options]
"""

import json
import re
import socket
import time
import urllib.parse

from browser import need_chromium
from endpoint import SLACK, run_tests, wait_until
from page_case import BrowserCase

ROUTES = ("health", "ready", "risk", "execution", "portfolio", "redis")
DIGITS = {"count": 0, "share": 4, "money": 2, "gain": 2, "percent": 2, "percent_signed": 2}
SEEN = """return [...document.querySelectorAll("[data-show]")].map(
    (node) => [node.dataset.show, node.dataset.as, node.textContent])"""
# WCAG's contrast of text on a ground, for the colours that text and ground have on the page.
CONTRASTS = """
const light = (text) => {
  const parts = text.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
return [...document.querySelectorAll("h2, td, th, dt, dd, .muted, .pill, .legend b, #halt")].filter(
    (node) => node.textContent && node.checkVisibility()).map((node) => {
  let ground = node;
  while (/, 0\\)$/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const [a, b] = [light(getComputedStyle(node).color), light(getComputedStyle(ground).backgroundColor)];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent];
});"""
DRAWN = """return [...document.querySelectorAll("main canvas")].map((canvas) =>
  [canvas.id, canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    .reduce((sum, value, i) => sum + (i % 4 === 3 && value > 0), 0)])"""


def number(text):
    """The number that a text of the page begins with."""
    return float(re.match(r"[+−]?[\d,.]+", text)[0].replace(",", "").replace("−", "-"))


class PageCase(BrowserCase):
    def setUp(self):
        super().setUp()
        self.engine.post("/prices/BTCUSDT?price=100")
        self.browser.open(self.origin)
        self.wait_for_state("running")

    def open_position(self, symbol="BTCUSDT"):
        """A position, until the page shows it."""
        self.redis.send_signal(symbol=symbol)
        self.wait_for(lambda: symbol in self.browser.texts("#positions td.lead"))

    def rows(self, selector):
        """data-key -> texts of the cells, of the rows of a table or a list of bars."""
        script = """return [...document.querySelectorAll(arguments[0])].map(
            (row) => [row.dataset.key, [...row.children].map((cell) => cell.textContent)])"""
        return dict(self.browser.run(script, selector + " [data-key]"))


class Numbers(PageCase):
    def differences(self):
        """Everything in which page and routes differ."""
        routes = {route: self.engine.get("/" + route) for route in ROUTES}
        found = []

        def check(what, shown, expected, digits=0):
            if shown == "–" or abs(number(shown) - expected) > 0.5000001 * 10 ** -digits:
                found.append((what, shown, expected))

        for path, kind, text in self.browser.run(SEEN):
            route, key = path.split(".")
            value = routes[route][key] * (100 if kind == "share" else 1)
            check(path, text, value, 2 if kind == "share" else DIGITS[kind])
        risk, funnel = routes["risk"], self.rows("#funnel")
        expected = {"signals": risk["signals_received"], "held": risk["signals_held"],
                    "dead": risk["signals_dead_lettered"], "rejected": risk["signals_rejected"],
                    "approved": risk["signals_approved"], "executed": routes["execution"]["orders_filled"],
                    **{reason: count for reason, count in risk["rejection_reasons"].items()
                       if reason != "HOLD_SIGNAL"}}
        if set(expected) != set(funnel):
            found.append(("funnel", set(funnel), set(expected)))
        for key in set(expected) & set(funnel):
            check(key, funnel[key][2], expected[key])
        check("return", self.browser.text("#return"),
              100 * (risk["equity"] / routes["portfolio"]["initial_balance"] - 1), 2)
        self.check_tables(check, routes["redis"], found)
        return found

    def check_tables(self, check, redis, found):
        positions = self.rows("#positions")
        for row in self.engine.get("/positions"):
            cells = positions.pop(row["symbol"], None)
            if cells is None or cells[1] != row["side"]:
                found.append(("positions", cells, row))
                continue
            for at, key in ((2, "size_usd"), (3, "entry_price"), (4, "current_price"),
                            (5, "unrealized_pnl"), (6, "unrealized_pnl_pct")):
                check(key, cells[at], row[key], 2)
        found += positions.items()
        latency, shown = self.engine.get("/latency"), self.rows("#latency")
        for stage, row in latency["latency_ns"].items():
            if row["count"]:
                check(stage, shown[stage][1] if stage in shown else "–", row["count"])
        if set(self.rows("#threads")) != set(latency["threads"]):
            found.append(("threads", self.rows("#threads"), latency["threads"]))
        inputs, outputs = self.rows("#inputs"), self.rows("#outputs")
        for row in redis["inputs"]:
            for at, key in ((1, "entries"), (2, "lag"), (3, "length"), (4, "trimmed")):
                check(row["stream"], inputs[row["stream"]][at] if inputs else "–", row[key])
        for row in redis["outputs"]:
            check(row["stream"], outputs[row["stream"]][1] if outputs else "–", row["length"])

    def test_are_those_of_the_routes(self):
        self.open_position()
        self.redis.send_signal(symbol="ETHUSDT")
        self.redis.send_signal(action="HOLD")
        for _ in range(3):
            self.redis.send_signal(confidence=0.1)
        self.redis.cli("XADD", "trade.signal.v5", "*", "data", "{")
        self.engine.post("/prices/BTCUSDT?price=104.5")
        self.wait_for_signals(7)
        found = []

        def agree():  # at one moment: lengths come to the page a second later
            found[:] = self.differences()
            return not found

        self.assertTrue(wait_until(agree, 30), found)
        funnel = self.rows("#funnel")
        self.assertEqual({key: row[2] for key, row in funnel.items()},
                         {"signals": "7", "held": "1", "dead": "1", "rejected": "4", "approved": "1",
                          "executed": "1", "LOW_CONFIDENCE": "3", "NO_MARKET_PRICE": "1"})
        self.assertEqual(funnel["LOW_CONFIDENCE"][:2] + funnel["LOW_CONFIDENCE"][3:],
                         ["low confidence", "", "42.9 %"])
        self.assertGreater(number(self.rows("#positions")["BTCUSDT"][5]), 0)
        self.assertEqual(self.rows("#letters"), {"signals JSON": ["unreadable signals: JSON", "", "1"]})

    def test_of_another_account_are_shown_on_request(self):
        self.redis.send_signal(account="second")
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == 1))
        self.browser.type("#account", "second")
        self.wait_for(lambda: self.rows("#positions"))
        self.assertEqual(self.browser.text("#positions-note"), "account second")
        self.browser.open(self.origin + "#" + urllib.parse.quote("<b>no/name"))
        self.wait_for(lambda: "account must be 1 to 32" in self.browser.text("#notes"))
        self.browser.run("location.hash = '%'")
        self.wait_for(lambda: self.browser.text("#notes") == "")
        self.assertEqual(self.rows("#positions"), {})

    def test_charts_begin_before_the_page_was_opened(self):
        self.browser.open("about:blank")
        self.redis.send_signal()

        def past():  # without the account's first sample, which may be of any moment
            return [sample for sample in self.engine.get("/history")["samples"] if sample["executions"]]

        self.assertTrue(wait_until(lambda: len(past()) >= 2, 30))
        samples = self.engine.get("/history")["samples"]
        self.assertNotEqual(samples[-1]["equity"], 10_000)
        for before, after in zip(samples, samples[1:]):
            self.assertGreater(after["time_ms"] - before["time_ms"], 1900)
        self.browser.open(self.origin)
        self.wait_for_state("running")
        keys = ("inputs", "signals", "executions", "lag", "equity")
        shown = self.browser.run("return history")[:len(samples)]
        self.assertEqual([[row[key] for key in keys] for row in shown],
                         [[row[key] for key in keys] for row in samples])
        for row, sample in zip(shown, samples):  # the answer's way is all that lies between
            self.assertLess(abs(row["at"] - sample["time_ms"]), 1000 * SLACK)

    def test_errors_are_told_with_their_count_and_time(self):
        self.assertEqual(self.browser.text("#errors-note"), "none since the start")
        for _ in range(2):
            before = self.engine.get("/redis")["reader"]["reconnects"]
            self.redis.cli("CLIENT", "KILL", "TYPE", "normal")
            self.assertTrue(wait_until(lambda: self.engine.get("/redis")["reader"]["reconnects"] > before))
            self.assertTrue(wait_until(self.engine.is_ready))
        self.wait_for(lambda: "2" in [row[2] for row in self.rows("#errors").values()])
        told = self.engine.get("/errors")
        self.assertEqual(told["others"], 0)
        for row in told["errors"]:
            self.assertLess(row["first_ns"], row["last_ns"])
            self.assertIn(f" WARN  {row['component']} {row['sample']}\n", self.engine.log())
        self.assertEqual([row["count"] for row in told["errors"]], [2, 2])
        self.wait_for(lambda: [row[:3] + row[5:] for row in self.rows("#errors").values()] ==
                      [["warning", row["component"], "2", row["sample"]]
                       for row in self.engine.get("/errors")["errors"]])

    def test_go_on_where_the_engine_or_redis_is_away(self):
        self.redis.stop()
        self.wait_for_state("Redis away")
        self.assertIn("The reader of Redis is not connected", self.browser.text("#notes"))
        self.engine.kill()
        self.wait_for_state("no answer")
        self.assertIn("cannot be reached", self.browser.text("#notes"))
        self.assertFalse(self.browser.run("return document.getElementById('halt').disabled === false"))
        self.redis.start()
        folder = self.folder / "again"
        folder.mkdir()
        self.engine = self.started_engine(folder=folder, port=self.engine.port)
        self.wait_for_state("running")
        self.wait_for(lambda: self.browser.text("#notes") == "")


class Buttons(PageCase):
    def test_halt_and_resume_are_confirmed(self):
        self.browser.click("#halt")
        self.assertIn("No entries from now on", self.browser.text("#confirm"))
        self.browser.click("#confirm-no")
        self.assertFalse(self.engine.get("/risk")["halted"])
        self.confirm("#halt")
        self.wait_for_state("halted")
        self.assertTrue(self.engine.get("/risk")["halted"])
        self.assertIn("Halt: applied as input", self.browser.text("#said"))
        self.redis.send_signal()
        self.wait_for(lambda: self.rows("#funnel").get("EMERGENCY_STOP_ACTIVE", ["", "", "0"])[2] == "1")
        self.assertEqual(self.engine.get("/risk")["signals_approved"], 0)
        self.assertTrue(self.browser.run("return document.getElementById('halt').disabled"))
        self.confirm("#resume")
        self.wait_for_state("running")
        self.open_position()
        self.assertEqual(self.engine.get("/risk")["signals_approved"], 1)

    def test_close_is_confirmed_and_says_what_came_of_it(self):
        self.engine.post("/prices/ETHUSDT?price=50")
        self.open_position()
        self.open_position("ETHUSDT")
        button = '#positions [data-key="BTCUSDT"] button'
        self.browser.click(button)
        self.browser.click("#confirm-no")
        self.assertEqual(len(self.engine.get("/positions")), 2)
        asked = self.confirm(button)
        self.assertIn("Close BTCUSDT?", asked)
        self.assertIn("LONG", asked)
        self.wait_for(lambda: list(self.rows("#positions")) == ["ETHUSDT"])
        self.assertEqual([row["symbol"] for row in self.engine.get("/positions")], ["ETHUSDT"])
        realized = self.engine.get("/portfolio")["total_realized_pnl"]
        said = self.browser.text("#said")
        self.assertEqual(number(said.split("P&L ")[1]), round(realized, 2), said)
        closes = [json.loads(entry["data"]) for entry in self.redis.entries("trade.execution.res").values()]
        self.assertEqual((closes[-1]["symbol"], closes[-1]["action"]), ("BTCUSDT", "SELL"))

    def test_a_refusal_is_told(self):
        self.open_position()
        self.browser.click('#positions [data-key="BTCUSDT"] button')
        self.assertEqual(self.engine.post("/close/BTCUSDT")[0], 200)  # somebody else was faster
        self.browser.click("#confirm-yes")
        self.wait_for(lambda: self.browser.text("#said").startswith("Close BTCUSDT: refused: "))


class Manners(PageCase):
    def test_is_readable_on_a_phone_and_in_the_dark(self):
        self.open_position()
        self.redis.cli("XADD", "trade.signal.v5", "*", "data", "{")
        self.redis.cli("CLIENT", "KILL", "TYPE", "normal")
        self.wait_for(lambda: self.rows("#letters") and self.rows("#errors"))
        grounds = set()
        for width, height, is_dark in ((1280, 900, False), (1280, 900, True), (768, 1024, True),
                                       (390, 844, False), (320, 568, True)):
            with self.subTest(width=width, is_dark=is_dark):
                self.browser.set_window(width, height, is_dark)
                self.wait_for(lambda: all(count > 200 for _, count in self.browser.run(DRAWN)))
                self.assertEqual(self.browser.run("return [innerWidth, document.documentElement.scrollWidth]"),
                                 [width, width])
                poor = [row for row in self.browser.run(CONTRASTS) if row[0] < 4.5 and row[1] != "Resume"]
                self.assertEqual(poor, [])
                grounds.add((is_dark, self.browser.run("return getComputedStyle(document.body).backgroundColor")))
                # What is tapped can be tapped: nothing lies over it.
                self.browser.click('#positions [data-key="BTCUSDT"] button')
                self.browser.click("#confirm-no")
        self.assertEqual(len(grounds), 2)

    def test_asks_nobody_else_and_runs_nothing_else(self):
        status, headers, body = self.engine.ask("GET", "/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertNotIn("://", body)
        policy = headers["Content-Security-Policy"]
        digest = r"'sha256-[\w+/]{43}='"
        self.assertRegex(policy, f"^default-src 'none'; script-src {digest}; style-src {digest};")
        self.assertNotIn("unsafe", policy)
        seen = [json.loads(entry["message"])["message"] for entry in self.browser.log("performance")]
        asked = {entry["params"]["request"]["url"] for entry in seen
                 if entry["method"] == "Network.requestWillBeSent" and
                 entry["params"]["documentURL"].startswith("http")}
        self.assertIn(self.origin + "health", asked)
        self.assertEqual([url for url in asked if not url.startswith((self.origin, "data:"))], [])
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            stranger.settimeout(1)
            port = stranger.getsockname()[1]
            script = """const [port, done] = arguments;
                fetch(`http://127.0.0.1:${port}/`, {mode: "no-cors"}).then(() => done("sent"), (error) => done(error.name))"""
            answer = self.browser.request("POST", "/execute/async", script=script, args=[port])
            self.assertEqual(answer, "TypeError")
            self.assertRaises(TimeoutError, stranger.accept)
        self.assertIn("refused", self.browser.run("""
            const script = document.createElement("script");
            try { script.textContent = "window.intruder = 1"; } catch { return "refused"; }
            document.body.append(script);
            return window.intruder ? "run" : "refused";"""))

    def test_leaves_a_clean_console(self):
        self.open_position()
        self.assertEqual(self.browser.log("browser"), [])

    def test_stops_asking_while_it_is_not_seen(self):
        def requests():
            return self.samples()["coreloop_http_requests_total"]

        def asked_within(seconds):
            before = requests()
            time.sleep(seconds * SLACK)  # what is looked at is that nothing happens
            return requests() - before - 1

        self.assertTrue(wait_until(lambda: asked_within(1) > 0))
        page = self.browser.request("GET", "/window")
        other = self.browser.request("POST", "/window/new", type="tab")["handle"]
        self.browser.request("POST", "/window", handle=other)
        self.assertTrue(wait_until(lambda: asked_within(3) == 0, 30))
        self.browser.request("DELETE", "/window")
        self.browser.request("POST", "/window", handle=page)
        self.assertTrue(wait_until(lambda: asked_within(1) > 0, 30))
        self.wait_for_state("running")


if __name__ == "__main__":
    need_chromium()
    run_tests(__doc__)
