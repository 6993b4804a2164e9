#!/usr/bin/env python3
"""engine --health: what it says of an engine that runs, waits, stands still or is not there.

    tests/service/health_test.py --bin build/release [unittest options]
"""

import http.server
import json
import pathlib
import re
import signal
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
from service_case import SLACK, ServiceCase, endpoint, wait_until
from endpoint import run_tests


class HealthTest(ServiceCase):
    def health(self, *words):
        return subprocess.run([endpoint.BIN / "engine", "--health", *words], capture_output=True,
                              text=True)

    def url(self):
        found = wait_until(lambda: re.search(r"listening on (http://\S+)\n", self.log()), 30)
        return found[1]

    def test_a_running_engine_is_healthy_and_says_its_state(self):
        self.started()
        for url in (self.url(), self.url() + "/health", self.url() + "/ready"):
            done = self.health(url)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertEqual(json.loads(done.stdout)["state"], "running")
            self.assertEqual(done.stdout.count("\n"), 1)

    def test_one_that_waits_for_redis_is_healthy_and_not_ready(self):
        self.start()
        done = self.health(self.url())
        self.assertEqual((done.returncode, json.loads(done.stdout)["state"]), (0, "starting"))
        done = self.health(self.url() + "/ready")
        self.assertEqual((done.returncode, json.loads(done.stdout)["ready"]), (1, False))

    def test_nobody_there_is_unhealthy(self):
        self.start()
        url = self.url()
        self.stop()
        done = self.health(url)
        self.assertEqual(done.returncode, 1)
        self.assertIn(url, done.stdout)

    def test_one_that_stands_still_is_unhealthy(self):
        self.start()
        url = self.url()
        self.process.send_signal(signal.SIGSTOP)
        state = pathlib.Path(f"/proc/{self.process.pid}/stat")
        self.assertTrue(wait_until(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T"))
        done = self.health(url)
        self.process.send_signal(signal.SIGCONT)
        self.assertEqual(done.returncode, 1, done.stdout)

    def test_a_page_that_is_not_there_is_unhealthy(self):
        self.started()
        self.assertEqual(self.health(self.url() + "/nothing").returncode, 1)

    def test_what_is_no_url_is_wrong_usage(self):
        for url in ("ftp://127.0.0.1", "127.0.0.1:8080", "http://", "http:///health", "https://a",
                    "http://a b/"):
            with self.subTest(url):
                done = self.health(url)
                self.assertEqual(done.returncode, 64, done)
                self.assertIn("http://host[:port][/path]", done.stderr)

    def test_without_a_url_it_asks_the_default_port(self):
        asked = []

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"two\nlines\n")

            def log_message(self, *_):
                pass

        try:
            server = http.server.HTTPServer(("127.0.0.1", 8080), Answer)
        except OSError as error:
            self.skipTest(f"port 8080 is taken here: {error}")
        server.timeout = 10 * SLACK
        with server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            done = self.health()
            thread.join()
        self.assertEqual((done.returncode, done.stdout), (0, "two lines\n"))
        self.assertEqual(asked, ["/health"])

    def test_a_conf_is_required_without_it(self):
        done = subprocess.run([endpoint.BIN / "engine"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 64)
        self.assertIn("CONF is required", done.stderr)


if __name__ == "__main__":
    run_tests(__doc__)
