"""Tools in the answers of the stand-in for the Messages API: which calls are due, and what the
results of earlier ones were. Pure; README.md lists the directives.
"""

import json
import secrets
from dataclasses import dataclass

PIECE = 7  # characters of arguments in a delta


@dataclass(frozen=True)
class Call:
    """A call that an answer makes; `text` is its arguments, not always JSON."""
    name: str
    text: str

    def deltas(self):
        """As the API streams them: an empty piece, then the rest."""
        return ["", *(self.text[at:at + PIECE] for at in range(0, len(self.text), PIECE))]

    def input(self):
        """For an answer that is not streamed."""
        try:
            return json.loads(self.text or "{}")
        except ValueError:
            return {}


def new_id():
    return f"toolu_{secrets.token_hex(12)}"


def blocks_of(message, kind):
    content = message.get("content")
    return [b for b in content if isinstance(b, dict) and b.get("type") == kind] \
        if isinstance(content, list) else []


class Progress:
    """What came of the question, the last message of a user with a text: `behind` it are messages."""

    def __init__(self, behind, last):
        self.uses = sum(len(blocks_of(m, "tool_use")) for m in behind)
        self.results = [b for m in behind for b in blocks_of(m, "tool_result")]
        self.newest = blocks_of(last, "tool_result")
        self.steps, within = 0, False
        for message in behind:
            called = message["role"] == "assistant" and bool(blocks_of(message, "tool_use"))
            self.steps += called and not within  # neighbours are one answer
            within = called

    def results_text(self):
        """One line for each result since the question, else for each in the last message."""
        return "Results:\n" + "\n".join(map(result_line, self.results or self.newest))


def result_line(block):
    content = block.get("content", "")
    parts = [content] if isinstance(content, str) else map(part_text, content)
    return f"{block.get('tool_use_id')}{' failed' if block.get('is_error') else ''}: " \
        f"{'|'.join(parts)}"


def part_text(block):
    source = block.get("source") or {}
    if block.get("type") == "text":
        return block["text"]
    return f"[{block.get('type')} {source.get('media_type')} {len(source.get('data', ''))}]"


def offered(body):
    """{name: schema} of the tools of a request, in their order."""
    tools = body.get("tools")
    return {t["name"]: t.get("input_schema") for t in tools if isinstance(t.get("name"), str)} \
        if isinstance(tools, list) else {}


EXAMPLES = {"string": "example", "integer": 1, "number": 1.5, "boolean": True, "array": [],
            "object": {}, "null": None}


def example(schema):
    """Arguments with what the schema requires."""
    schema = schema if isinstance(schema, dict) else {}
    known = schema.get("properties") or {}
    made = {}
    for name in schema.get("required") or []:
        each = known.get(name) or {}
        kind = each.get("type", "string")
        made[name] = each["enum"][0] if each.get("enum") else \
            EXAMPLES.get(kind if isinstance(kind, str) else kind[0], "example")
    return json.dumps(made) if made else ""


def stepping(script, done, tools):
    """[[steps:N:P]]: the P calls of the next of N answers, each tool in its turn."""
    parallel = int(script.field("steps", 1, "1"))
    if done >= script.count("steps"):
        return []
    names = list(tools)
    return [Call(names[(done * parallel + at) % len(names)],
                 json.dumps({"step": done + 1, "number": at + 1})) for at in range(parallel)]


def calls_due(script, body, progress):
    """The calls of the next answer, as tool_choice allows or wants them."""
    tools = offered(body)
    choice = body.get("tool_choice") or {}
    kind = choice.get("type")
    if kind == "none" or not tools:
        return []
    due = stepping(script, progress.steps, tools) if "steps" in script \
        else script.calls[progress.uses:]
    if kind == "tool":
        name = choice.get("name")
        due = [c for c in due if c.name == name] or [Call(name, example(tools.get(name)))]
    elif kind == "any" and not due:
        name, schema = next(iter(tools.items()))
        due = [Call(name, example(schema))]
    return due[:1] if choice.get("disable_parallel_tool_use") else due
