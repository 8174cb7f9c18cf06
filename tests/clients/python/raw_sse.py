"""No library at all: a socket, and every rule that the bytes of a stream have to obey.

Serves orders like any client; in a stream it also checks, and reports a breach as an error, that
the head, the chunks of the transfer coding, the lines, the JSON, the keys, their order and their
values are exactly what docs/api.md says.
"""

import json
import os
import socket
from urllib.parse import urlsplit

from driver import Collector, serve, tell
from stream_rules import ChunkRules, check_ending, parse_json, payloads, rule


class Refused(Exception):
    def __init__(self, status, error):
        super().__init__(error["message"])
        self.status, self.error = status, error


def report_error(error):
    fields = {"kind": "api", "name": type(error).__name__, "status": None, "code": None}
    if isinstance(error, Refused):
        fields.update(status=error.status, code=error.error["code"], name=error.error["type"])
    elif isinstance(error, TimeoutError):
        fields["kind"] = "timeout"
    tell("error", message=str(error), **fields)


class Answer:
    """One HTTP response, read from the socket byte by byte as far as its framing says."""

    def __init__(self, order, **fields):
        address = urlsplit(os.environ["GATEWAY"])
        self.socket = socket.create_connection((address.hostname, address.port),
                                               timeout=order["timeout"])
        body = json.dumps({"model": order["model"], "messages": order["messages"],
                           **fields}).encode()
        version = order.get("http", "1.1")
        head = (f"POST {address.path}/chat/completions HTTP/{version}\r\nHost: {address.netloc}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
        self.socket.sendall(head.encode() + body)
        self.file = self.socket.makefile("rb")
        self.read_head()

    def line(self):
        text = self.file.readline()
        rule(text.endswith(b"\r\n"), "a line of HTTP ends with CR LF:", text)
        return text[:-2]

    def read_head(self):
        version, status, _ = self.line().split(b" ", 2)
        rule(version == b"HTTP/1.1", "HTTP/1.1:", version)
        self.status, self.headers = int(status), {}
        while text := self.line():
            name, _, value = text.decode("ascii").partition(": ")
            rule(name.lower() not in self.headers, "a header stands twice:", name)
            self.headers[name.lower()] = value

    def whole(self):
        rule("transfer-encoding" not in self.headers, "a whole answer has a length")
        body = parse_json(self.file.read(int(self.headers["content-length"])))
        self.close()
        return body

    def pieces(self):
        """The body as it comes; `last_chunk` then says how it ended, None if it has no chunks."""
        self.last_chunk = None
        if "transfer-encoding" not in self.headers:
            while piece := self.file.read1():
                yield piece
            return
        self.last_chunk = False
        while line := self.file.readline():
            rule(line.endswith(b"\r\n"), "a chunk's size ends with CR LF:", line)
            size = int(line, 16)
            if not size:
                rule(self.line() == b"", "no trailer")
                self.last_chunk = True
                return
            piece = self.file.read(size)
            rule(self.file.read(2) == b"\r\n" and len(piece) == size, "chunk is complete")
            yield piece

    def close(self):
        self.file.close()
        self.socket.close()


def plain_usage(usage):
    return {"prompt": usage["prompt_tokens"], "completion": usage["completion_tokens"],
            "total": usage["total_tokens"],
            "cached": usage["prompt_tokens_details"]["cached_tokens"]}


def check_error(answer):
    if answer.status != 200:
        rule(answer.headers["content-type"].startswith("application/json"), "JSON")
        body = answer.whole()
        rule(list(body) == ["error"], "an error and nothing else:", body)
        rule(list(body["error"]) == ["message", "type", "param", "code"], "error:", body)
        raise Refused(answer.status, body["error"])


def chat(order):
    answer = Answer(order)
    check_error(answer)
    body = answer.whole()
    rule(list(body) == ["id", "object", "created", "model", "choices", "usage", "service_tier",
                        "system_fingerprint", "conversation_id"], "keys:", list(body))
    choice, = body["choices"]
    return {"text": choice["message"]["content"], "finish": choice["finish_reason"],
            "usage": plain_usage(body["usage"])}


def stream(order):
    options = {"stream_options": {"include_usage": True}} if order["usage"] else {}
    answer = Answer(order, stream=True, **options)
    check_error(answer)
    rule(answer.headers.get("content-type") == "text/event-stream; charset=utf-8",
         "content-type:", answer.headers)
    if "http" in order:
        rule("transfer-encoding" not in answer.headers, "HTTP/1.0 has no chunks")
        rule(answer.headers.get("connection") == "close", "connection:", answer.headers)
    else:
        rule(answer.headers.get("transfer-encoding") == "chunked", "chunks:", answer.headers)
    rule("no-cache" in answer.headers.get("cache-control", ""), "not cached:", answer.headers)
    rule("content-length" not in answer.headers and answer.headers["x-request-id"],
         "headers:", answer.headers)
    collected, rules, done, failure = Collector(order), ChunkRules(order["usage"]), False, None
    for payload in payloads(answer.pieces()):
        rule(failure is None and not done, "nothing follows the end:", payload)
        if payload == b"[DONE]":
            done = True
            continue
        chunk = parse_json(payload)
        if "error" in chunk:
            rule(list(chunk) == ["error"], "an error and nothing else:", chunk)
            failure = chunk["error"]
        elif collected.add(rules.check(chunk)):
            answer.close()
            return {"text": collected.text, "finish": "left", "usage": None}
    check_ending(failure, done, answer.last_chunk, rules.finish)
    answer.close()
    if failure:
        raise Refused(None, failure)
    rules.end()
    return {"text": collected.text, "finish": rules.finish,
            "usage": rules.usage and plain_usage(rules.usage)}


serve({"chat": chat, "stream": stream}, report_error)
