"""An agent as clients write them: it asks, runs the tools that are called, brings the results; and
what the API must be told of that."""

import json

from messages_answer import real_text
from sse import ChatStream


def tool(name, **properties):
    return {"type": "function", "function": {
        "name": name, "description": f"The tool {name}.",
        "parameters": {"type": "object", "properties": properties or {"q": {"type": "string"}}}}}


LOOK, TOUCH = tool("look"), tool("touch")


def joined(chunks):
    """The message that a client makes of a stream, and its finish reason."""
    message, reason = {"role": "assistant", "content": None}, None
    calls = []
    for chunk in chunks:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            if delta.get("content"):
                message["content"] = (message["content"] or "") + delta["content"]
            for piece in delta.get("tool_calls", []):
                if piece["index"] == len(calls):
                    assert piece["id"] and piece["type"] == "function", piece
                    assert piece["function"]["name"], piece
                    calls.append({"id": piece["id"], "type": "function", "function": {
                        "name": piece["function"]["name"], "arguments": ""}})
                else:
                    assert "id" not in piece and "name" not in piece["function"], piece
                calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
            reason = choice["finish_reason"] or reason
    if calls:
        message["tool_calls"] = calls
    return message, reason


class Agent:
    """One dialogue. `tools` and `fields` may change between its turns."""

    def __init__(self, gateway, tools=(LOOK, TOUCH), stream=False, messages=(), **fields):
        self.gateway, self.tools, self.stream, self.fields = gateway, list(tools), stream, fields
        self.messages = list(messages)
        self.headers, self.usage = {}, None

    def body(self):
        return {"messages": self.messages, **({"tools": self.tools} if self.tools else {}),
                **self.fields}

    def turn(self):
        """Sends the dialogue as it is; the answer's finish reason. The answer is added to it."""
        body = self.body()
        messages = body.pop("messages")
        if self.stream:
            answer = ChatStream(self.gateway, messages, **body).open()
            assert answer.status == 200, answer.answer.read()
            answer.read_all()
            assert answer.done(), answer.frames[-1:]
            self.headers = answer.headers
            message, reason = joined([chunk for _, chunk in answer.chunks()])
        else:
            status, self.headers, whole = self.gateway.chat(messages, **body)
            assert status == 200, whole
            message, reason = whole["choices"][0]["message"], whole["choices"][0]["finish_reason"]
            self.usage = whole["usage"]
        self.messages.append(message)
        return reason

    def ask(self, text):
        self.messages.append({"role": "user", "content": text})
        return self.turn()

    @property
    def answer(self):
        return self.messages[-1]

    @property
    def calls(self):
        return self.answer.get("tool_calls") or []

    def results(self, of=lambda call: f"{call['function']['name']} found it"):
        """What a client brings for the calls of the last answer."""
        return [{"role": "tool", "tool_call_id": call["id"], "content": of(call)}
                for call in self.calls]

    def bring(self, results=None):
        self.messages += self.results() if results is None else results
        return self.turn()

    def run(self, text, steps_max=10):
        """Until the model has nothing more to call."""
        reason = self.ask(text)
        for _ in range(steps_max):
            if reason != "tool_calls":
                return reason
            reason = self.bring()
        raise AssertionError("the loop does not end")


def result_text(content):
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part["type"] == "text" else f"<{part['type']}>"
                     for part in content or [])


class Numbers:
    """Calls by their place in a dialogue, whatever ids they have."""

    def __init__(self, unique=True):
        self.unique, self.places, self.count = unique, {}, 0

    def call(self, call_id):
        assert not self.unique or call_id not in self.places, f"{call_id} twice"
        self.count += 1
        self.places.setdefault(call_id, []).append(self.count)
        return self.count

    def of(self, call_id):
        """Results of calls that have the same id come in the order of these."""
        return self.places[call_id].pop(0)


def blocks_of(message, numbers):
    """A message of the API as tuples."""
    told = []
    content = message["content"]
    for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        if block["type"] == "text":
            if text := real_text([block]):
                told.append(("text", text))
        elif block["type"] == "tool_use":
            told.append(("call", numbers.call(block["id"]), block["name"], block["input"]))
        elif block["type"] == "tool_result":
            told.append(("result", numbers.of(block["tool_use_id"]),
                         result_text(block.get("content")), bool(block.get("is_error"))))
    return told


def upstream(post):
    """What the API was told: (role, blocks), without what the CLI adds. The results of one message
    in the order of their calls: the CLI takes them as they come."""
    told, numbers = [], Numbers()
    for message in post.body["messages"]:
        blocks = blocks_of(message, numbers)
        if message["role"] == "system" or not blocks:
            continue
        results = sorted(b for b in blocks if b[0] == "result")
        told.append((message["role"], results + [b for b in blocks if b[0] != "result"]))
    return told


def as_api(messages):
    """What a direct client of the API would send for a chat client's messages."""
    told, numbers = [], Numbers(unique=False)
    for message in messages:
        role, content = message["role"], message.get("content")
        if role == "tool":
            block = ("result", numbers.of(message["tool_call_id"]), result_text(content), False)
            if told and told[-1][0] == "user" and told[-1][1][-1][0] == "result":
                told[-1][1].append(block)
            else:
                told.append(("user", [block]))
            continue
        blocks = [("text", content)] if content else []
        blocks += [("call", numbers.call(call["id"]), call["function"]["name"],
                    json.loads(call["function"]["arguments"]))
                   for call in message.get("tool_calls") or []]
        if role == "user" and told and told[-1][0] == "user":
            told[-1][1].extend(blocks)
        elif blocks:
            told.append((role, blocks))
    return [(role, sorted(b for b in blocks if b[0] == "result")
             + [b for b in blocks if b[0] != "result"]) for role, blocks in told]
