#!/usr/bin/env python3
"""What the HTTP endpoint refuses, and that nothing of it reaches the engine: bodies in any guise,
foreign pages, endless heads, slow clients, nonsense. And curl's way of posting, which it takes.

    tests/http/http_guards_test.py --bin build/release [unittest options]
"""

import json
import shutil
import subprocess
import time

from endpoint import SLACK, EndpointCase, run_tests


class Hostile(EndpointCase):
    def expect(self, status, request):
        answer = self.engine.raw(request)
        self.assertTrue(answer.startswith(f"HTTP/1.1 {status} ".encode()), (request[:80], answer))
        return answer

    def tearDown(self):
        self.assertEqual(self.engine.get("/risk")["halted"], False, "nothing was executed")
        self.assertIsNone(self.engine.process.poll())

    def test_bodies_in_any_guise_are_refused(self):
        post = b"POST /halt HTTP/1.1\r\nHost: localhost\r\n"
        for status, header in (
                (413, b"Content-Length: 5"), (413, b"Content-Length: 99999999999999999999"),
                (400, b"Content-Length: -1"), (400, b"Content-Length: +5"),
                (400, b"Content-Length: 5, 5"), (400, b"Content-Length: 0\r\nContent-Length: 0"),
                (411, b"Transfer-Encoding: chunked"),
                (411, b"Content-Length: 0\r\nTransfer-Encoding: chunked"),
                (415, b"Content-Encoding: gzip"),
                (417, b"Expect: 100-continue\r\nContent-Length: 5")):
            self.expect(status, post + header + b"\r\n\r\nhello")
        self.expect(411, post + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n")
        answer = self.expect(417, post + b"Expect: 100-continue\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1"), 1)

    def test_browsers_cannot_be_made_to_command(self):
        post = b"POST /halt HTTP/1.1\r\n"
        self.expect(421, post + b"Host: evil.example\r\n\r\n")
        self.expect(421, b"GET /portfolio HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n")
        self.expect(403, post + b"Host: localhost\r\nOrigin: http://evil.example\r\n\r\n")
        self.expect(403, post + b"Host: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n")
        self.expect(405, b"GET /halt HTTP/1.1\r\nHost: localhost\r\n"
                         b"X-HTTP-Method-Override: POST\r\n\r\n")

    def test_heads_are_bounded(self):
        begin = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
        self.expect(431, begin + b"X: " + b"a" * 100_000)
        self.expect(431, begin + b"".join(b"X%d: 1\r\n" % i for i in range(100)) + b"\r\n")
        self.expect(431, b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n")
        self.expect(400, begin + b"X: 1\r\n folded\r\n\r\n")
        self.expect(200, begin + b"Range: bytes=" + b"0-0," * 1_800 + b"0-0\r\n\r\n")

    def test_ranges_and_compression_change_no_answer(self):
        answer = self.expect(200, b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Range: bytes=0-3\r\nAccept-Encoding: gzip, br\r\n\r\n")
        self.assertIn(b'"status": "healthy"', answer)
        self.assertNotIn(b"Content-Encoding", answer)

    def test_nonsense_is_answered_or_cut_off(self):
        for request in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n\r\n", b"GET\r\n\r\n",
                        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                        b"GET /health HTTP/3.0\r\n\r\n", b"GET /he\0alth HTTP/1.1\r\n\r\n"):
            answer = self.engine.raw(request)
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), (request, answer))
        for path in (b"//health", b"/../etc/passwd", b"/..%2fhealth", b"/health%00", b"/health;x",
                     b"/close/%0d%0aX:1"):
            answer = self.engine.raw(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 40"), (path, answer))
            self.assertNotIn(b"X:1", answer)

    def test_one_request_a_connection(self):
        get = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(self.engine.raw(get + b"POST /halt HTTP/1.1\r\n\r\n").count(b"HTTP/1.1"), 1)

    def test_slow_clients_keep_nobody_out(self):
        slow = self.engine.slow_clients(40)
        begin = time.monotonic()
        self.assertEqual(self.engine.get("/health")["status"], "healthy")
        self.assertLess(time.monotonic() - begin, 1.5 * SLACK)
        for connection in slow:
            connection.close()

    def test_curl_posts_without_a_body(self):
        if not shutil.which("curl"):
            self.skipTest("no curl")
        url = f"http://127.0.0.1:{self.engine.port}/prices/BTCUSDT?price=95000"
        for more in ((), ("-d", ""), ("--http1.0",)):
            begin = time.monotonic()
            done = subprocess.run(["curl", "-sS", "-m", str(5 * SLACK), "-X", "POST", *more, url],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(json.loads(done.stdout)["applied"], more)
            self.assertLess(time.monotonic() - begin, SLACK)
        answer = self.expect(200, b"POST /resume HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b'"applied": true', answer)


if __name__ == "__main__":
    run_tests(__doc__)
