"""What the tests of attacks share: bytes in, an exact status out, and nothing changed."""

from endpoint import EndpointCase

POST = b"POST /halt HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


def status_of(answer):
    """The status of an answer's bytes; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


class AttackCase(EndpointCase):
    """After each attack: the engine lives, is not halted, and took no command that the test does not name."""

    commands_expected = 0

    def tearDown(self):
        self.assertIsNone(self.engine.process.poll())
        self.assertEqual(self.engine.get("/risk")["halted"], False)
        self.assertEqual(self.samples()["coreloop_http_commands_total"], self.commands_expected)

    def expect(self, status, request, words=()):
        """What comes back for the bytes of a request, an answer of `status` and no other; `words` are not in it."""
        answer = self.engine.raw(request)
        self.assertEqual(status_of(answer), status, (request[:80], answer[:300]))
        self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer[:300])
        for word in words:
            self.assertNotIn(word, answer)
        return answer
