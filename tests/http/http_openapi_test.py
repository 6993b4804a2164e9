#!/usr/bin/env python3
"""/openapi.json and /docs of every listener against what really answers: every route in a document
answers as it says there, every route that a router knows is in its document.

    tests/http/http_openapi_test.py --bin build/release [unittest options]

Needs the program http_routes in the same folder, and jsonschema; where node is installed, the
script of /docs is run, too.
"""

import html.parser
import json
import re
import shutil
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True
try:
    import jsonschema
except ImportError:
    # Debian's package is seen by Debian's python3 only.
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import jsonschema
    except ImportError:
        print("skipped: no python3-jsonschema here; tools/setup installs it")
        sys.exit(77)

from endpoint import DropInCase, DropInEngine, Redis, program, run_tests, wait_until

PROBLEM = "application/problem+json"
# Enough of a browser for the script of /docs: what it puts under #routes comes out as text.
BROWSER = """
const made = (name) => ({name, attributes: {}, children: [],
  setAttribute(key, value) { this.attributes[key] = value; },
  append(...more) { this.children.push(...more); },
  replaceChildren(...more) { this.children = more; }});
const main = made("main");
globalThis.document = {createElement: made, getElementById: () => main, title: ""};
globalThis.fetch = async (url) => ({json: async () => {
  if (url !== "openapi.json") throw Error(url);
  return JSON.parse(process.argv[1]);
}});
const text = (node) => typeof node === "string" ? node : node.children.map(text).join(" ");
process.on("exit", () => console.log(document.title + "\\n" + main.children.map(text).join("\\n")));
"""


class Page(html.parser.HTMLParser):
    """What a page asks others for, and its script."""

    def __init__(self, text):
        super().__init__()
        self.links, self.script, self.is_script = [], "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.is_script = tag == "script"
        self.links += [value for key, value in attrs if key in ("src", "href", "action", "data")]

    def handle_endtag(self, tag):
        self.is_script = False

    def handle_data(self, data):
        if self.is_script:
            self.script += data


class Document:
    """A listener's /openapi.json."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.json = endpoint.get("/openapi.json")

    def follow(self, node):
        while "$ref" in node:
            at = self.json
            for key in node["$ref"].removeprefix("#/").split("/"):
                at = at[key]
            node = at
        return node

    def operations(self):
        """(path, method, operation)"""
        return [(path, method, operation) for path, methods in self.json["paths"].items()
                for method, operation in methods.items()]

    def request(self, path, operation, **values):
        """The path and query of an operation, from the examples or from `values`."""
        query = {}
        for given in operation.get("parameters", ()):
            parameter = self.follow(given)
            if parameter["in"] == "header":
                continue
            value = values.pop(parameter["name"], parameter["example"])
            if parameter["in"] == "path":
                path = path.replace("{%s}" % parameter["name"], urllib.parse.quote(str(value)))
            elif value is not None:
                query[parameter["name"]] = value
        query |= values
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def check(self, status, headers, body, operation):
        """That an answer is of a kind that the operation's document tells."""
        responses = operation["responses"]
        assert status < 400 or str(status) in responses or "default" in responses, status
        assert status >= 400 or str(status) in responses, status
        content = self.follow(responses.get(str(status), responses["default"]))["content"]
        assert list(content) == [headers["Content-Type"]], (list(content), headers["Content-Type"])
        (schema,) = (kind["schema"] for kind in content.values())
        value = json.loads(body) if "json" in headers["Content-Type"] else body
        whole = {**schema, "components": self.json["components"]}  # what it refers to
        jsonschema.Draft202012Validator(whole).validate(value)
        return value


class OpenApi(DropInCase):
    settings = ("risk.cooldown_after_loss_minutes=0",)

    def documents(self):
        """(conf key of the listener, its document)"""
        listeners = {"listen": self.engine, **{f"{key}_listen": endpoint for key, endpoint
                                               in self.engine.services.items()}}
        return [(key, Document(endpoint)) for key, endpoint in listeners.items()]

    def ask(self, document, path, method, status, **values):
        """The answer to an operation, of `status` and as the document tells."""
        operation = document.json["paths"][path][method]
        target = document.request(path, operation, **values)
        got, headers, body = document.endpoint.ask(method.upper(), target)
        with self.subTest(port=document.endpoint.port, method=method, target=target):
            self.assertEqual(got, status, body)
            self.assertIn(str(status), operation["responses"])
            value = document.check(got, headers, body, operation)
            if headers["Content-Type"] == PROBLEM:
                self.assertEqual((value["type"], value["status"]), ("about:blank", status))
            return value
        return None

    def test_every_route_is_in_its_document_and_no_other(self):
        known = {}
        done = subprocess.run([program("http_routes")], capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            key, method, path = line.split()
            known.setdefault(key, set()).add((path, method))
        told = {key: {(path, method) for path, method, _ in document.operations()}
                for key, document in self.documents()}
        self.assertEqual(told, known)
        self.assertEqual(len(known), 4)

    def test_every_route_answers_as_its_document_tells(self):
        for _, document in self.documents():
            self.redis.send_signal()
            self.assertTrue(wait_until(lambda: self.position.get("/positions")))
            # A close takes the position that others show.
            for path, method, _ in sorted(document.operations(), key=lambda row: "close" in row[0]):
                self.ask(document, path, method, 200)
            self.position.post("/close/BTCUSDT")

    def test_every_error_is_as_its_document_tells(self):
        for _, document in self.documents():
            for path, method, operation in document.operations():
                self.ask(document, path, method, 400, nonsense="1")
                names = {document.follow(given)["name"] for given in operation.get("parameters", ())}
                if "404" in operation["responses"]:
                    self.ask(document, path, method, 404, account="nobody")
                if "account" in names:
                    self.ask(document, path, method, 400, account="no/name")
                if "price" in names:
                    self.ask(document, path, method, 400, price="0")
                if "symbol" in names:
                    self.ask(document, path, method, 400, symbol="lower")
                if "service" in names:
                    self.ask(document, path, method, 400, service="nobody")
                if path.startswith("/close"):
                    value = self.ask(document, path, method, 409)
                    self.assertEqual(value["reason"], "NOTHING_TO_CLOSE")
                wrong = "POST" if method == "get" else "GET"
                status, headers, body = document.endpoint.ask(
                    wrong, document.request(path, operation))
                self.assertEqual(status, 405, path)
                document.check(status, headers, body, operation)
        self.assertEqual(self.position.get("/portfolio")["total_fees_paid"], 0.0)

    def test_a_full_table_is_a_conflict_as_told(self):
        self.engine.kill()
        folder = self.folder / "full"
        folder.mkdir()
        self.engine = self.started_engine("accounts.symbols_max=5", folder=folder)
        self.assertTrue(wait_until(self.engine.is_ready))
        for key, document in self.documents():
            if key != "risk_listen":
                value = self.ask(document, "/prices/{symbol}", "post", 409, symbol="SIXTH")
                self.assertEqual(value["reason"], "TABLE_FULL")

    def test_the_token_is_asked_for_as_told(self):
        self.engine.kill()
        token_file = self.folder / "token"
        token_file.write_text("0123456789abcdef\n")
        token_file.chmod(0o600)
        folder = self.folder / "guarded"
        folder.mkdir()
        self.engine = self.started_engine(f'http.token_file="{token_file}"', folder=folder)
        self.assertTrue(wait_until(self.engine.is_ready))
        asking = {}
        for key, document in self.documents():
            asking[key] = 0
            for path, method, operation in document.operations():
                is_asked = operation.get("security", document.json.get("security", [])) != []
                asking[key] += is_asked
                self.assertEqual("401" in operation["responses"], is_asked, path)
                target = document.request(path, operation)
                status, headers, body = document.endpoint.ask(method.upper(), target)
                self.assertEqual(status == 401, is_asked, (key, path))
                document.check(status, headers, body, operation)
                status, headers, body = document.endpoint.ask(
                    method.upper(), target, {"Authorization": "Bearer 0123456789abcdef"})
                self.assertNotEqual(status, 401, (key, path))
                document.check(status, headers, body, operation)
        self.assertEqual(asking, {"listen": 15, "risk_listen": 0, "execution_listen": 0,
                                  "position_listen": 0})

    def test_keys_and_the_rate_are_as_told(self):
        self.engine.kill()
        folder = self.folder / "limited"
        folder.mkdir()
        self.engine = self.started_engine("http.command_rate_max=1", folder=folder)
        self.assertTrue(wait_until(self.engine.is_ready))
        for key, document in self.documents():
            for path, method, operation in document.operations():
                if method != "post":
                    continue
                target = document.request(path, operation)
                names = [document.follow(given)["name"] for given in operation["parameters"]]
                self.assertIn("Idempotency-Key", names)
                header = {"Idempotency-Key": f"{key}{path}"}

                def statuses(target=target, header=header, document=document, operation=operation):
                    status, headers, body = document.endpoint.ask("POST", target, header)
                    self.assertIn(str(status), operation["responses"])
                    document.check(status, headers, body, operation)
                    return status

                # One command a second: it is taken, its repetition is answered, others are not.
                self.assertTrue(wait_until(lambda: statuses() != 429))
                self.assertIn(statuses(), (200, 202, 409))
                other = target + "9" if "?" in target and "price" in target else None
                if other:
                    self.assertEqual(statuses(other), 422)
                self.assertTrue(wait_until(lambda: statuses(header={}) == 429))

    def test_before_the_engine_runs_routes_answer_as_told(self):
        folder = self.folder / "without"
        folder.mkdir()
        self.engine.kill()
        self.engine = DropInEngine(folder, Redis(folder))
        self.addCleanup(self.engine.kill)
        busy_counts = {}
        for key, document in self.documents():
            busy = [row for row in document.operations() if "503" in row[2]["responses"]]
            busy_counts[key] = len(busy)
            for row in document.operations():
                self.ask(document, *row[:2], 503 if row in busy else 200)
        self.assertEqual(busy_counts, {"listen": 12, "risk_listen": 2, "execution_listen": 4,
                                       "position_listen": 5})

    def test_what_no_route_has_seen_is_a_problem_too(self):
        """Errors of guards, of the head's reader and of the library."""
        get = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
        for _, document in self.documents():
            operation = document.json["paths"]["/health"]["get"]
            for status, request in (
                    (404, b"GET /nothing HTTP/1.1\r\n\r\n"), (400, get + b"X: 1\r\n folded\r\n\r\n"),
                    (405, b"DELETE /health HTTP/1.1\r\n\r\n"), (413, get + b"Content-Length: 1\r\n\r\n"),
                    (411, get + b"Transfer-Encoding: chunked\r\n\r\n"),
                    (421, b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
                    (431, get + b"X: " + b"a" * 9_000 + b"\r\n\r\n"),
                    (417, get + b"Expect: 100-continue\r\n\r\n"),
                    (400, b"GET /health HTTP/3.0\r\n\r\n"), (400, b"NOTHING /health HTTP/1.1\r\n\r\n")):
                head, _, body = document.endpoint.raw(request).partition(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                self.assertEqual(int(first.split()[1]), status, request[:60])
                headers = dict(line.split(": ", 1) for line in lines)
                value = document.check(status, headers, body, operation)
                self.assertEqual(value["status"], status)

    def test_documents_are_whole(self):
        for key, document in self.documents():
            self.assertRegex(document.json["openapi"], r"^3\.1\.")
            text = json.dumps(document.json)
            for reference in re.findall(r'"\$ref": "([^"]*)"', text):
                document.follow({"$ref": reference})
            for kind, named in document.json["components"].items():
                for name in named:
                    if kind == "securitySchemes":
                        self.assertEqual(document.json["security"], [{name: []}, {}])
                        continue
                    self.assertIn(f'"#/components/{kind}/{name}"', text, (key, "not used"))
            for name, schema in document.json["components"]["schemas"].items():
                jsonschema.Draft202012Validator.check_schema(schema)
                for part in self.objects_in(schema):
                    self.assertLessEqual(set(part.get("required", ())), set(part["properties"]),
                                         (key, name))

    def objects_in(self, schema):
        """Every part of a schema that lists properties."""
        if isinstance(schema, dict):
            if isinstance(schema.get("properties"), dict):
                yield schema
            for part in schema.values():
                yield from self.objects_in(part)

    def test_docs_need_nobody_else(self):
        for _, document in self.documents():
            status, headers, body = document.endpoint.ask("GET", "/docs")
            self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            page = Page(body)
            self.assertEqual(page.links, ["openapi.json"])
            self.assertNotIn("://", body)
            self.assertIn('fetch("openapi.json")', page.script)

    def test_docs_show_every_route(self):
        if not shutil.which("node"):
            self.skipTest("no node")
        for _, document in self.documents():
            script = Page(document.endpoint.ask("GET", "/docs")[2]).script
            done = subprocess.run(["node", "-e", BROWSER + script, json.dumps(document.json)],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            title, _, shown = done.stdout.partition("\n")
            self.assertEqual(title, document.json["info"]["title"])
            for path, method, operation in document.operations():
                self.assertRegex(shown, rf"{method.upper()} {re.escape(path)} +"
                                        rf"{re.escape(operation['summary'])}")
                for status, response in operation["responses"].items():
                    self.assertIn(f"{status}: {document.follow(response)['description']}", shown)
            for schema in document.json["components"]["schemas"].values():
                for part in self.objects_in(schema):
                    for key in part["properties"]:
                        self.assertIn(key, shown)


if __name__ == "__main__":
    run_tests(__doc__)
