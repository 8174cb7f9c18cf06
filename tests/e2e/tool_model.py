"""What an agent believes has been said; what a process must have been told then, and calls."""

import re

from told import Told

NOT_ANSWERED = "not answered"


class Line:
    """What an agent believes has been said. Values; never changed."""

    def __init__(self, prompt, model, messages=()):
        self.prompt, self.model, self.messages = prompt, model, tuple(messages)

    def cut(self, count):
        return Line(self.prompt, self.model, self.messages[:count])

    def then(self, *messages):
        return Line(self.prompt, self.model, self.messages + messages)

    def open_calls(self):
        last = self.messages[-1:]
        return last[0].get("tool_calls", []) if last else []

    def answers(self):
        return [n for n, m in enumerate(self.messages) if m["role"] == "assistant"]

    def told(self):
        """What a process must have been told that answers to this."""
        state, calls, results, count = Told(self.prompt or "", self.model), [], {}, 0
        for message in (*self.messages, {"role": "end"}):
            if message["role"] == "tool":
                results[message["tool_call_id"]] = message["content"]
                continue
            for number, call in enumerate(calls, count - len(calls) + 1):
                state = state.given(number, results.get(call, NOT_ANSWERED), not results)
            calls, results = [], {}
            if message["role"] != "end":
                state = state.then(message["role"], message["content"])
            for call in message.get("tool_calls", []):
                state = state.calling(call["function"]["name"], call["function"]["arguments"])
                calls.append(call["id"])
                count += 1
        return state.answer()

    def question(self):
        """The last text of a user, and the numbers of calls of each answer behind it."""
        at = max(n for n, m in enumerate(self.messages) if m["role"] == "user")
        return self.messages[at]["content"], [len(m["tool_calls"]) for m in self.messages[at:]
                                              if m.get("tool_calls")]


def due(line, offer):
    """[(name, arguments)] that the model calls, as the directives of the question say."""
    text, made = line.question()
    names, choice = offer["names"], offer["choice"]
    wanted = []
    if choice == "none" or not names:
        return wanted
    if steps := re.search(r"\[\[steps:(\d):(\d)\]\]", text):
        count, parallel = int(steps[1]), int(steps[2])
        if len(made) < count:
            wanted = [(names[(len(made) * parallel + n) % len(names)],
                       f'{{"step": {len(made) + 1}, "number": {n + 1}}}') for n in range(parallel)]
    else:
        wanted = re.findall(r"\[\[call:(\w+):(.*?)\]\]", text)[sum(made):]
    if choice in names:
        wanted = [each for each in wanted if each[0] == choice] or [(choice, "")]
    elif choice == "required":
        wanted = wanted or [(names[0], "")]
    return wanted[:1] if offer["alone"] else wanted
