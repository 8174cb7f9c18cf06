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

FIRST = {"role": "assistant", "content": "", "refusal": None}
DELTAS = ({"content"}, {"reasoning_content", "reasoning"})
IDENTITY = ["id", "object", "created", "model"]
FINISHES = {"stop", "length", "content_filter"}


class Breach(Exception):
    """A rule of the protocol is broken."""


class Refused(Exception):
    def __init__(self, status, error):
        super().__init__(error["message"])
        self.status, self.error = status, error


def rule(holds, text, *shown):
    if not holds:
        raise Breach(text + "".join(f" {item!r}" for item in shown))


def report_error(error):
    fields = {"kind": "api", "name": type(error).__name__, "status": None, "code": None}
    if isinstance(error, Refused):
        fields.update(status=error.status, code=error.error["code"], name=error.error["type"])
    elif isinstance(error, TimeoutError):
        fields["kind"] = "timeout"
    tell("error", message=str(error), **fields)


def unique(pairs):
    names = [name for name, _ in pairs]
    rule(len(names) == len(set(names)), "a key stands twice:", names)
    return dict(pairs)


def parse_json(raw):
    return json.loads(raw.decode("utf-8"), object_pairs_hook=unique)  # strict: no split characters


class Answer:
    """One HTTP response, read from the socket byte by byte as far as its framing says."""

    def __init__(self, order, **fields):
        address = urlsplit(os.environ["GATEWAY"])
        self.socket = socket.create_connection((address.hostname, address.port),
                                               timeout=order["timeout"])
        body = json.dumps({"model": order["model"], "messages": order["messages"],
                           **fields}).encode()
        head = (f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
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
        """The chunks of the transfer coding, to the last one."""
        while size := int(self.line(), 16):
            piece = self.file.read(size)
            rule(self.file.read(2) == b"\r\n" and len(piece) == size, "chunk is complete")
            yield piece
        rule(self.line() == b"", "no trailer")

    def close(self):
        self.file.close()
        self.socket.close()


def payloads(pieces):
    """The data of the events. Comments are left out; everything else is a breach."""
    rest = b""
    for piece in pieces:
        rest += piece
        while b"\n\n" in rest:
            event, _, rest = rest.partition(b"\n\n")
            rule(b"\n" not in event and b"\r" not in event, "an event is one line:", event)
            event.decode("utf-8")
            if event.startswith(b":"):
                continue
            rule(event.startswith(b"data: "), "an event is data:", event)
            yield event[6:]
    rule(not rest, "the last event is complete:", rest)


class ChunkRules:
    """Checks the chunks of one stream, one after another."""

    def __init__(self, include_usage):
        self.include_usage = include_usage
        self.identity = self.finish = self.usage = None
        self.spoken = False

    def check(self, chunk):
        """The text of the chunk's delta, '' if it has none."""
        rule(self.usage is None, "nothing but [DONE] follows the usage")
        identity = {key: chunk.get(key) for key in IDENTITY}
        if self.identity is None:
            return self.first(chunk, identity)
        rule(identity == self.identity, "one id, created and model:", identity, self.identity)
        if not chunk["choices"]:
            return self.end_of_usage(chunk)
        delta = self.choice(chunk, [])
        rule(self.finish is None, "nothing follows the finish_reason:", chunk)
        reason = chunk["choices"][0]["finish_reason"]
        if reason is not None:
            rule(delta == {} and reason in FINISHES, "the last delta is empty:", chunk)
            self.finish = reason
            return ""
        rule(set(delta) in DELTAS, "only what has changed:", delta)
        rule(all(isinstance(text, str) and text for text in delta.values()),
             "no delta is null or empty:", delta)
        self.spoken = self.spoken or "content" in delta
        rule(not ("reasoning" in delta and self.spoken), "reasoning comes before content:", delta)
        if "reasoning" in delta:
            rule(delta["reasoning"] == delta["reasoning_content"], "the same twice:", delta)
        return delta.get("content", "")

    def first(self, chunk, identity):
        self.identity = identity
        rule(identity["id"].startswith("chatcmpl-"), "id:", identity)
        rule(identity["object"] == "chat.completion.chunk", "object:", identity)
        rule(isinstance(identity["created"], int) and identity["model"], "identity:", identity)
        rule(self.choice(chunk, ["conversation_id"]) == FIRST, "first chunk:", chunk)
        rule(chunk["choices"][0]["finish_reason"] is None, "first chunk:", chunk)
        rule(chunk["conversation_id"], "the first chunk names the conversation:", chunk)
        return ""

    def choice(self, chunk, also):
        expected = [*IDENTITY, *also, "choices"] + (["usage"] if self.include_usage else [])
        rule(list(chunk) == expected, "keys of a chunk:", list(chunk))
        rule(chunk.get("usage") is None, "usage comes at the end:", chunk)
        choice, = chunk["choices"]
        rule(list(choice) == ["index", "delta", "logprobs", "finish_reason"], "keys:", choice)
        rule(choice["index"] == 0 and choice["logprobs"] is None, "choice:", choice)
        return choice["delta"]

    def end_of_usage(self, chunk):
        rule(self.include_usage, "usage only when asked for:", chunk)
        rule(self.finish is not None, "usage follows the finish_reason")
        rule(list(chunk) == [*IDENTITY, "choices", "usage"], "keys:", list(chunk))
        self.usage = chunk["usage"]
        rule(None not in self.usage.values(), "no nulls in usage:", self.usage)
        for details in ("prompt_tokens_details", "completion_tokens_details"):
            rule(all(isinstance(n, int) for n in self.usage[details].values()), "integers only",
                 self.usage)
        return ""

    def end(self):
        rule(self.finish is not None, "a stream has a finish_reason")
        rule((self.usage is not None) == self.include_usage, "usage iff asked for:", self.usage)


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
    for name, value in (("content-type", "text/event-stream; charset=utf-8"),
                        ("transfer-encoding", "chunked")):
        rule(answer.headers.get(name) == value, f"{name}:", answer.headers)
    rule("no-cache" in answer.headers.get("cache-control", ""), "not cached:", answer.headers)
    rule("content-length" not in answer.headers and answer.headers["x-request-id"],
         "headers:", answer.headers)
    collected, rules, done, failure = Collector(order), ChunkRules(order["usage"]), False, None
    for payload in payloads(answer.pieces()):
        rule(not done, "[DONE] is the last:", payload)
        if payload == b"[DONE]":
            done = True
            continue
        chunk = parse_json(payload)
        if "error" in chunk:
            rule(list(chunk) == ["error"] and failure is None, "one error:", chunk)
            failure = chunk["error"]
            continue
        rule(failure is None, "[DONE] follows the error:", chunk)
        if collected.add(rules.check(chunk)):
            answer.close()
            return {"text": collected.text, "finish": "left", "usage": None}
    rule(done, "the end is [DONE]")
    answer.close()
    if failure:
        rule(rules.finish is None, "no finish_reason is made up")
        raise Refused(None, failure)
    rules.end()
    return {"text": collected.text, "finish": rules.finish,
            "usage": rules.usage and plain_usage(rules.usage)}


serve({"chat": chat, "stream": stream}, report_error)
