"""Requests to begin fuzzing with: every route, every guard, and what stands between two requests."""


def requests():
    def request(line, *headers, state=0, access=0, end="\r\n"):
        return bytes([state, access]) + end.join([line + " HTTP/1.1", *headers, "", ""]).encode("latin-1")

    host, token, key = "Host: localhost:8080", "Authorization: Bearer 0123456789abcdef", "Idempotency-Key: k"
    paths = ["/", "/health", "/ready", "/metrics", "/latency", "/risk", "/execution", "/portfolio", "/positions",
             "/prices", "/redis", "/errors", "/history", "/stats", "/docs", "/openapi.json"]
    for path in paths:
        for listener in range(4):
            yield f"get{path.replace('/', '_')}_{listener}", request("GET " + path, host, state=listener << 6)
        yield f"bare{path.replace('/', '_')}", request("GET " + path, host, state=16)
        yield f"token{path.replace('/', '_')}", request("GET " + path, host, access=1)
    for number, line in enumerate((
            "POST /halt", "POST /resume", "POST /reset", "POST /reset?service=risk", "POST /reset?service=x",
            "POST /prices/BTC%2FUSDT?price=95000.5", "POST /prices/BTCUSDT?price=-1", "POST /prices/BTCUSDT",
            "POST /close/BTCUSDT", "POST /close/BTCUSDT?account=second", "POST /close/b", "DELETE /halt",
            "GET /risk?account=main", "GET /portfolio?account=third", "GET /risk?account=a&account=b",
            "GET /health?x=1", "HEAD /health", "GET /nothing", "POST /health", "POST /halt?x", "GET /a+b?&c+d=%2B",
            "GET /%", "GET /%4", "GET /%zz", "GET /#a", "GET *", "GET /\x80", "NONE /", "GET / HTTP/3")):
        for state in (0, 1, 2, 3, 5, 8, 24, 64, 128, 192):
            yield f"line{number}_{state}", request(line, host, state=state)
    for number, headers in enumerate((
            [], ["Host: evil.example"], ["Host: a", "Host: b"], ["Host: 127.0.0.1"], ["Host: [::1]:80"],
            ["Host: 127.evil.example"], [host, "Content-Length: 5"], [host, "Content-Length: 0"],
            [host, "Content-Length: 5", "Content-Type: text/plain"],
            [host, "Content-Length: 5", "Content-Type: Application/JSON; charset=utf-8"],
            [host, "Content-Length: x"], [host, "Content-Length: 0", "content-length: 0"], [host, "Expect: 100-continue"],
            [host, "Transfer-Encoding: chunked"], [host, "Transfer-Encoding : chunked"], [host, "Content-Encoding: gzip"],
            [host, "Origin: http://localhost:8080"], [host, "Origin: http://evil.example"], ["Origin: null"],
            [host, "Sec-Fetch-Site: same-origin"], [host, "Sec-Fetch-Site: cross-site"], [host, "a: b", " c"],
            ["Host:"], ["Host: :"], ["Host: [::1"], ["Host: [::1]"], ["Host: [g::1]:1"], ["Host: []:1"],
            ["Host: localhost:99999"], ["Host: localhost:x"], ["Host: 10.0.0.1:1"], ["Host: [fe80::1]"],
            ["Host: Engine.Example"], ["Host: engine.example", "Origin: https://engine.example"],
            ["Host: engine.example", "Origin: http://engine.example"], [host, "a:\tb \t"], [host, "a"], [host, ": a"],
            [host, token], [host, "authorization: bEARER 0123456789abcdef"], [host, token, token],
            [host, "Authorization: Bearer 0123456789abcdeF"], [host, "Authorization: Basic x"], [host, key],
            [host, key, key], [host, "Idempotency-Key: a b"], [host, "Idempotency-Key:"], [host, "a: \x80\xff"])):
        for access in (0, 7, 48, 49, 56):
            yield f"headers{number}_{access}", request("POST /halt", *headers, access=access)
    for state in (0, 1, 2, 3, 64, 128):
        for access in (8, 16, 32, 40, 48, 56, 64):
            for number, more in enumerate(([], [key])):
                yield f"twice{state}_{access}_{number}", request("POST /reset", host, *more, state=state, access=access)
    whole = request("POST /halt", host)
    yield "pipelined", whole + whole[2:]
    yield "body", request("POST /halt", host, "Content-Length: 2") + b"{}"
    yield "chunks", request("POST /halt", host, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n"
    yield "bare_lf", request("GET /health", host, end="\n") + b"\r\n\r\n"
    yield "bare_cr", request("GET /health", host, "a: b\rc: d")
    yield "old", b"\0\0GET /health HTTP/1.0\r\n\r\n"
    yield "oldest", b"\0\0GET /health\r\n\r\n"
    yield "unfinished", whole[:-2]
    yield "nothing", b"\0\0"
    yield "many", request("GET /health", *["a: b"] * 70)
    yield "long", request("GET /" + "a" * 8192, host)
    yield "long_unfinished", request("GET /" + "a" * 8300, host)[:-4]
    yield "nul", request("GET /health", host, "a: \0")
