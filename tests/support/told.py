"""What fake_claude answers to [[told]]: a digest of all that it was told. A client that knows its
dialogue computes the same and sees in each answer whether the process behind it knew just that."""

import json
import re

SPACE = " \t\n\v\f\r"
ANSWER = re.compile(r"told:([0-9a-f]{16})(?: by (\d+)\.\d+)?")


def canonical(content):
    """The text of a message's content, however the client wrote it."""
    if content is None:
        return ""
    if not isinstance(content, str):
        content = "".join(part["text"] for part in content if part.get("text", "").strip())
    return content.rstrip(SPACE) if content.strip() else ""


def result_text(content):
    """A tool message's texts and images in one."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part["text"] if part["type"] == "text" else
                   re.sub(r"\Adata:([^;]*);base64,", r"image:\1:", part["image_url"]["url"])
                   for part in content)


def value_fields(value):
    """A JSON value as fields to mix: key order and spelling of numbers do not count."""
    if isinstance(value, dict):
        yield "{"
        for key in sorted(value):
            yield key
            yield from value_fields(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for each in value:
            yield from value_fields(each)
        yield "]"
    elif isinstance(value, str):
        yield from ("s", value)
    elif isinstance(value, bool) or value is None:
        yield json.dumps(value)
    else:
        yield from ("n", str(value) if isinstance(value, int) else "%.17g" % value)


def _mix(state, text):
    data = text.encode()
    for byte in b"%d:%b" % (len(data), data):
        state = (state ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return state


class Told:
    """The digest's state after some messages. Values: extending one gives another."""

    __slots__ = ("state",)

    def __init__(self, system="", model="sonnet", state=None):
        self.state = state if state is not None else _mix(
            _mix(0xcbf29ce484222325, canonical(system)), model)

    def then(self, role, content):
        state = self
        if isinstance(content, list):
            for part in content:
                if part["type"] == "image_url":
                    state = state._with("image", result_text([part]))
        text = canonical(content)
        return state._with(role, text) if text else state

    def calling(self, name, arguments):
        """Behind a call of the assistant's; `arguments`: JSON text."""
        return self._with("call", name, *value_fields(json.loads(arguments or "{}")))

    def given(self, number, content, failed=False):
        """Behind the result of the dialogue's n-th call."""
        return self._with("failed" if failed else "result", str(number),
                          result_text(content).rstrip(SPACE))

    def _with(self, *fields):
        state = self.state
        for field in fields:
            state = _mix(state, field)
        return Told(state=state)

    def answer(self):
        return f"told:{self.state:016x}"


def expected(messages, model="sonnet"):
    """The answer that a request with these messages must get. System messages: those that it begins
    with, joined as the gateway does."""
    system = [canonical(m["content"]) for m in messages if m["role"] in ("system", "developer")]
    state = Told("\n\n".join(system), model)
    results, numbers, count = [], {}, 0
    for message in [*messages, {"role": "system"}]:
        if message["role"] == "tool":
            results.append((numbers.get(message["tool_call_id"], 0), message["content"]))
            continue
        for number, content in sorted(results, key=lambda r: r[0]):
            state = state.given(number, content)
        results = []
        if message["role"] not in ("system", "developer"):
            state = state.then(message["role"], message.get("content"))
        for call in message.get("tool_calls") or []:
            state = state.calling(call["function"]["name"], call["function"]["arguments"])
            count += 1
            numbers[call["id"]] = count
    return state.answer()


def process_of(answer):
    """The pid in an answer to [[told:by]]."""
    return int(ANSWER.fullmatch(answer)[2])
