"""The rules of a stream of chunks, as docs/api.md has them: lines, JSON, keys, order and values."""

import json

FIRST = {"role": "assistant", "content": "", "refusal": None}
DELTAS = ({"content"}, {"reasoning_content", "reasoning"})
IDENTITY = ["id", "object", "created", "model"]
FINISHES = {"stop", "length", "content_filter"}


class Breach(Exception):
    """A rule of the protocol is broken."""


def rule(holds, text, *shown):
    if not holds:
        raise Breach(text + "".join(f" {item!r}" for item in shown))


def unique(pairs):
    names = [name for name, _ in pairs]
    rule(len(names) == len(set(names)), "a key stands twice:", names)
    return dict(pairs)


def parse_json(raw):
    return json.loads(raw.decode("utf-8"), object_pairs_hook=unique)  # strict: no split characters


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


def check_ending(failure, done, last_chunk, finish):
    """How a stream may end: whole with [DONE] and the last chunk, or failed with neither.

    `last_chunk`: of the transfer coding; None where there is none, as in HTTP/1.0.
    """
    if failure is None:
        rule(done, "a whole answer ends with [DONE]")
        rule(last_chunk is not False, "a whole answer ends with the last chunk")
        return
    rule(list(failure) == ["message", "type", "param", "code"], "error:", failure)
    rule(not done, "no [DONE] behind an error")
    rule(not last_chunk, "no last chunk behind an error")
    rule(finish is None, "no finish_reason beside an error:", finish)
