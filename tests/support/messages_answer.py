"""What the stand-in for the Messages API answers: the directives of a text, the content blocks that
they lead to, and the record of a request. Pure; messages_api.py does the talking.
"""

import re
import time
from dataclasses import dataclass, field

from api_checks import sign
from api_rules import Request
from messages_tools import Call, Progress, calls_due, new_id

# A different number per field, so that a wrong mapping shows up as a wrong sum.
USAGE = {"input_tokens": 11, "cache_creation_input_tokens": 23, "cache_read_input_tokens": 37}
OUTPUT_TOKENS = 53
PROMPT_TOKENS = sum(USAGE.values())

DIRECTIVE = re.compile(r"\[\[([a-z_0-9]+)(?::((?:[^\]]|\](?!\]))*))?\]\]")
REMINDER = re.compile(r"\A\s*<system-reminder>.*?</system-reminder>\s*", re.S)
UTF8_SAMPLE = "Grüße, 世界! 🦊👩‍👩‍👧 ﷽ é"


def block_texts(content):
    """Texts of a message's content (string or blocks), as the API sees them."""
    if isinstance(content, str):
        return [content]
    return [b.get("text", "") for b in content or [] if b.get("type") == "text"]


def real_text(content):
    """What a person wrote: without the CLI's reminders and without empty blocks."""
    return "\n".join(t for t in (REMINDER.sub("", t) for t in block_texts(content)) if t)


@dataclass
class Recorded:
    """One request that arrived, and what became of its answer."""
    method: str
    path: str
    headers: dict
    body: dict | None
    raw: bytes = b""
    arrived: float = field(default_factory=time.monotonic)
    status: int = 0
    deltas_sent: int = 0
    finished: bool = False
    client_gone: bool = False
    gone_at: float = 0.0

    @property
    def is_messages(self):
        return self.method == "POST" and self.path == "/v1/messages"

    @property
    def counts_tokens(self):
        return self.method == "POST" and self.path == "/v1/messages/count_tokens"

    @property
    def is_dialogue(self):
        """The body has messages; without, nothing steers an answer."""
        messages = self.body.get("messages") if isinstance(self.body, dict) else None
        return isinstance(messages, list) and all(isinstance(m, dict) and "role" in m
                                                  for m in messages)

    def rule_request(self):
        """What the rules of the API look at."""
        betas = self.headers.get("anthropic-beta", "")
        return Request(body=self.body, raw=self.raw,
                       betas=[b.strip() for b in betas.split(",") if b.strip()],
                       version=self.headers.get("anthropic-version", "2023-06-01"),
                       endpoint="messages" if self.is_messages else "count_tokens")

    def messages(self):
        """[(role, text)] of the dialogue, without the CLI's own additions."""
        found = [(m["role"], real_text(m.get("content"))) for m in self.body["messages"]
                 if m["role"] != "system"]
        return [(role, text) for role, text in found if text]

    def last_user_text(self):
        """The text that steers the answer ('' if there is none)."""
        users = [t for r, t in self.messages() if r == "user"] if self.is_dialogue else []
        return users[-1] if users else ""

    def raw_texts(self):
        """Every text block of every message, reminders included."""
        return [t for m in self.body["messages"] for t in block_texts(m.get("content"))]

    def all_system_blocks(self):
        system = self.body.get("system") or []
        return [system] if isinstance(system, str) else [b.get("text", "") for b in system]

    def system_blocks(self):
        """System blocks that the user wrote: without billing header and the CLI's introduction."""
        return [t for t in self.all_system_blocks()
                if not t.startswith(("x-anthropic-billing-header", "You are a Claude agent"))]

    def progress(self):
        """What has come of the last text of a user: calls and results behind it."""
        messages = [m for m in self.body["messages"] if m["role"] != "system"]
        asked = max((n for n, m in enumerate(messages)
                     if m["role"] == "user" and real_text(m.get("content"))), default=-1)
        return Progress(messages[asked + 1:], messages[-1] if messages else {})


class Script:
    """The directives of one user text."""

    def __init__(self, text):
        self.values = {m.group(1): m.group(2) or "" for m in DIRECTIVE.finditer(text)}
        self.text = text
        self.calls = [Call(*(m.group(2) or "").partition(":")[::2])
                      for m in DIRECTIVE.finditer(text) if m.group(1) in ("call", "raw_call")]

    def __contains__(self, name):
        return name in self.values

    def number(self, name, default):
        try:
            return float(self.values[name].split(":")[0])
        except (KeyError, ValueError):
            return default

    def count(self, name, default=0):
        return int(self.number(name, default))

    def field(self, name, index, default=None):
        parts = self.values.get(name, "").split(":")
        return parts[index] if index < len(parts) and parts[index] else default

    def refusal_of(self, body):
        """[[refuse:NAME]]: the API's words for a parameter that the model does not take."""
        name = self.field("refuse", 0)
        return name in body and f"`{name}` is deprecated for this model."

    def has_text(self):
        """The text says what to answer, calls apart."""
        return any(name in self for name in ("text", "say", "big", "utf8"))

    def pieces(self):
        """The deltas of the answer's text."""
        if "text" in self:
            return [f"w{i} " for i in range(self.count("text"))]
        if "say" in self:
            return [self.values["say"]]
        if "big" in self:
            size = self.count("big")
            return ["x" * min(4096, size - at) for at in range(0, size, 4096)]
        if "utf8" in self:
            return list(UTF8_SAMPLE)
        return words("You said: " + self.text)


def words(text):
    return [w for w in re.split(r"(?<= )", text) if w]


def honour(pieces, body):
    """Applies max_tokens (one delta = one token) and stop_sequences as the API would."""
    stop_reason, stop_sequence = "end_turn", None
    text = "".join(pieces)
    cuts = [(text.find(s), s) for s in body.get("stop_sequences") or [] if s in text]
    if cuts:
        at, stop_sequence = min(cuts)
        stop_reason, kept = "stop_sequence", []
        for piece in pieces:
            if at <= 0:
                break
            kept.append(piece[:at])
            at -= len(piece)
        pieces = kept
    limit = body.get("max_tokens")
    if isinstance(limit, int) and len(pieces) > limit:
        pieces, stop_reason, stop_sequence = pieces[:limit], "max_tokens", None
    return pieces, stop_reason, stop_sequence


def thinking_type(body):
    thinking = body.get("thinking")
    return thinking.get("type") if isinstance(thinking, dict) else None


class Answer:
    """Content blocks and the end of one answer."""

    def __init__(self, script, record):
        self.model = record.body.get("model", "none")
        self.pieces = script.pieces()
        self.input_tokens = script.count("input", USAGE["input_tokens"])
        self.stop_reason, self.stop_sequence = script.field("stop", 0, "end_turn"), None
        if "honour" in script:
            self.pieces, self.stop_reason, self.stop_sequence = honour(self.pieces, record.body)
        self.thinking = []
        if "think" in script:
            self.thinking = [f"t{i} " for i in range(script.count("think", 3) or 3)]
        progress = record.progress()
        self.calls = [(new_id(), call) for call in calls_due(script, record.body, progress)]
        if self.calls:
            self.pieces = self.pieces if script.has_text() else []
            self.stop_reason = script.field("stop", 0, "tool_use")
            if thinking_type(record.body) == "enabled" and not self.thinking:
                self.thinking = ["t0 "]  # as the API does: it would not take back a call without
        elif progress.results:
            self.pieces = words(progress.results_text())
        elif progress.newest and not script.values:
            self.pieces = words(progress.results_text() + "\n") + self.pieces

    def start(self, message_id):
        usage = {**USAGE, "input_tokens": self.input_tokens}
        return {"id": message_id, "type": "message", "role": "assistant", "model": self.model,
                "content": [], "stop_reason": None, "stop_sequence": None,
                "usage": {**usage, "output_tokens": 1, "service_tier": "standard"}}

    def blocks(self):
        """[(content_block, [delta])] in order."""
        found = []
        if self.thinking:
            deltas = [{"type": "thinking_delta", "thinking": t} for t in self.thinking]
            found.append(({"type": "thinking", "thinking": "", "signature": ""},
                          deltas + [{"type": "signature_delta",
                                     "signature": sign("".join(self.thinking))}]))
        if self.pieces or not self.calls:
            found.append(({"type": "text", "text": ""},
                          [{"type": "text_delta", "text": p} for p in self.pieces]))
        for use, call in self.calls:
            found.append(({"type": "tool_use", "id": use, "name": call.name, "input": {}},
                          [{"type": "input_json_delta", "partial_json": p}
                           for p in call.deltas()]))
        return found

    def whole(self, message_id):
        content = [{"type": "text", "text": "".join(self.pieces)}] \
            if self.pieces or not self.calls else []
        content += [{"type": "tool_use", "id": use, "name": call.name, "input": call.input()}
                    for use, call in self.calls]
        return {**self.start(message_id), "content": content, "stop_reason": self.stop_reason,
                "stop_sequence": self.stop_sequence,
                "usage": {**USAGE, "output_tokens": OUTPUT_TOKENS}}
