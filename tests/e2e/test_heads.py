"""Heads in every combination of verb, path, coding and body: each is answered, and none ends the
gateway.
"""

import itertools
import socket

import pytest

VERBS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
PATHS = ["/", "/v1/chat/completions", "/v1/conversations", "/v1/conversations/x", "/v1/models",
         "/v1/models/sonnet", "/health", "/stats", "/metrics", "/no/such/path", "//"]
CODINGS = [[], ["br"], [""], ["gzip"], ["gzip, gzip"], ["gzip,gzip,gzip,gzip,gzip"], ["identity"],
           ["gzip", "zstd"], [","], ["gzip;q=1"]]
BODIES = {  # fields, bytes
    "none": ("", b""),
    "empty": ("content-length: 0\r\n", b""),
    "short": ("content-length: 2\r\ncontent-type: application/json\r\n", b"{}"),
    "untyped": ("content-length: 2\r\n", b"{}"),
    "chunked": ("transfer-encoding: chunked\r\ncontent-type: application/json\r\n",
                b"2\r\n{}\r\n0\r\n\r\n"),
    "no chunks": ("transfer-encoding: chunked\r\n", b"0\r\n\r\n"),
}


def answer_to(gateway, head, body):
    with socket.create_connection((gateway.host, gateway.port), timeout=10) as client:
        client.sendall(head.encode() + b"\r\n" + body)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize("verb", VERBS)
def test_every_head_is_answered(verb, fake_gateway):
    statuses = {}
    for path, coding, body in itertools.product(PATHS, CODINGS, BODIES):
        fields, content = BODIES[body]
        head = (f"{verb} {path} HTTP/1.1\r\nhost: localhost:{fake_gateway.port}\r\n"
                + "".join(f"content-encoding: {value}\r\n" for value in coding)
                + "connection: close\r\n" + fields)
        answer = answer_to(fake_gateway, head, content)
        assert answer.startswith(b"HTTP/1.1 "), (head, body, answer[:200])
        statuses.setdefault(int(answer[9:12]), (head, body))
    assert not {status: at for status, at in statuses.items() if status >= 500}
    assert fake_gateway.request("GET", "/livez")[0] == 200
