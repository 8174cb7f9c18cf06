"""Agents that go through random dialogues with tools, and check on every answer that the process
behind it was told exactly what they sent, and that it calls what they offered. All choices of a
sequence come from its own seed."""

import asyncio
import json
import random
import re
import time

from dialogues import EXCUSES, PROMPTS, Dialogues, Wire
from told import canonical
from tool_agent import joined, tool
from tool_model import Line, due

NAMES = ("look", "touch", "find", "list", "run")
ATTEMPTS = 20
PNG = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
       "hgGAWjR9awAAAABJRU5ErkJggg==")
CONTENTS = ("r", "r", "found it", "two\r\nlines \n", "Grüße 🦊", "[[steps:9:9]]", "x" * 60_000,
            [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PNG}}])
ARGUMENTS = ("", "{}", '{"a": 1}', '{"z":[1.10,"ü \\" \\n",null],"a":{"b":true}}')


class Wires(Wire):
    """A connection whose answers are whole messages."""

    async def receive(self):
        """(match, message, finish reason, code of an error)"""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        match = re.search(r"x-ccapi-match: (\w+)", head)
        if "transfer-encoding: chunked" in head:
            chunks = await self.read_chunks()
            codes = [chunk["error"]["code"] for chunk in chunks if "error" in chunk]
            message, reason = joined([chunk for chunk in chunks if "error" not in chunk])
            assert bool(codes) != bool(reason), f"{codes}, but {reason}"
            code = codes[0] if codes else None
        else:
            size = int(re.search(r"content-length: (\d+)", head)[1])
            body = json.loads(await self.reader.readexactly(size))
            code = body["error"]["code"] or body["error"]["message"] if "error" in body else None
            choice = None if code else body["choices"][0]
            message, reason = (None, None) if code else (choice["message"], choice["finish_reason"])
        if code or "connection: close" in head:
            self.close()
        return match and match[1], message, reason, code

    async def read_chunks(self):
        """A stream that fails is cut behind its error."""
        raw = b""
        try:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                raw += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readuntil(b"\r\n")
        except asyncio.IncompleteReadError:
            self.close()
        return [json.loads(frame[6:]) for frame in raw.decode().split("\n\n")
                if frame.startswith("data: {")]


class Sequence:
    """One agent's dialogue with its branches, a random number of steps long."""

    def __init__(self, model, number, wires):
        self.model, self.number, self.wires = model, number, wires
        self.dice = random.Random(f"{model.seed} {number}")
        self.line = Line(self.dice.choice(PROMPTS), self.dice.choice(("sonnet", "haiku")))
        self.names = self.some_names()
        self.others = []  # lines that were left
        self.named = f"n{number}" if self.dice.random() < 0.15 else None
        self.renames = self.dice.choice((None, None, None, "anew", "all the same", "none"))
        self.match, self.offered, self.parked = None, None, None  # of the last answer, and its line
        self.log = []

    async def run(self):
        if not self.named and self.dice.random() < 0.15:
            self.line = self.past()
        closed = [self.proceed] * 4 + [self.regenerate, self.edit, self.undo, self.branch,
                                       self.go_back, self.race, self.leave]
        open_ = [self.bring] * 8 + [self.bring_with_text, self.pass_over, self.partial, self.leave,
                                    self.regenerate, self.edit, self.undo, self.branch,
                                    self.go_back, self.race, self.put_aside]
        if self.named:
            closed, open_ = [self.proceed], [self.bring, self.bring, self.bring,
                                             self.bring_with_text, self.pass_over, self.partial]
        for _ in range(self.dice.randrange(3, 13)):
            await self.dice.choice(open_ if self.line.open_calls() else closed)()

    # -- what is said
    def some_names(self):
        return self.dice.sample(NAMES, self.dice.choice((0, 1, 2, 2, 3, 5)))

    def question(self):
        told = self.dice.choice(("", "[[told:always]]"))
        kind = self.dice.random()
        if kind < 0.25:
            return self.dice.choice(("a", "b", "c\r\nd", told + "e"))
        if kind < 0.7 or not self.names:
            return f"{told}[[steps:{self.dice.randrange(1, 4)}:{self.dice.randrange(1, 5)}]]"
        said = "" if told else self.dice.choice(("", "", "[[say:Well.]]"))
        return told + said + "".join(
            f"[[call:{self.dice.choice(self.names)}:{self.dice.choice(ARGUMENTS)}]]"
            for _ in range(self.dice.randrange(1, 5)))

    def user(self, text=None):
        return {"role": "user", "content": self.question() if text is None else text}

    def results(self, line):
        found = [{"role": "tool", "tool_call_id": call["id"],
                  "content": self.dice.choice(CONTENTS)} for call in line.open_calls()]
        if self.dice.random() < 0.5:
            self.dice.shuffle(found)
        return found

    def past(self):
        """Calls with ids of another server, which the gateway never saw."""
        line = self.line.then(self.user("q"))
        for n in range(self.dice.randrange(1, 4)):
            calls = [{"id": f"call_{self.number}_{n}_{k}", "type": "function", "function": {
                "name": self.dice.choice(NAMES), "arguments": self.dice.choice(ARGUMENTS)}}
                for k in range(self.dice.randrange(1, 4))]
            line = line.then({"role": "assistant", "content": self.dice.choice((None, "", "say")),
                              "tool_calls": calls})
            if self.dice.random() < 0.8:
                line = line.then(*self.results(line))
            else:
                line = line.then(self.user("never mind"))
        return line.then({"role": "assistant", "content": "done"})

    # -- steps
    async def proceed(self):
        if self.dice.random() < 0.3:
            self.names = self.some_names()
        self.line = await self.ask(self.line.then(self.user()))

    async def bring(self):
        """All results. Where they come at once, and nothing is killed, the run goes on with them."""
        waits, offered = self.line is self.parked, self.offered
        line = self.line.then(*self.results(self.line))
        order = self.order(line)
        self.line = await self.ask(line, order=order)
        self.model.brought += 1
        if not self.model.kill_mean and waits and order[1]["names"] == offered:
            self.check(self.match == "continued", f"{self.match}, but a process waits")
            self.model.went_on += 1

    async def bring_with_text(self):
        self.line = await self.ask(self.line.then(*self.results(self.line), self.user()))

    async def pass_over(self):
        """A question in place of the results."""
        self.line = await self.ask(self.line.then(self.user()))

    async def partial(self):
        """Some results only, or one too many: it must be told whose are missing."""
        results = self.results(self.line)
        missing = results.pop(self.dice.randrange(len(results)))["tool_call_id"]
        if not results:
            results = [{"role": "tool", "tool_call_id": "toolu_none", "content": "x"}]
        order = self.order(self.line.then(*results), renamed=False)
        self.note("brings some", order)
        await self.wires[0].send(order[0])
        _, message, _, code = await self.wires[0].receive()
        self.check(code and (missing in code or "toolu_none" in code or code in EXCUSES),
                   f"partial results: {message}, {code}")
        self.model.partial += 1

    async def regenerate(self):
        if answers := self.line.answers():
            self.line = await self.ask(self.line.cut(self.dice.choice(answers[-2:])))

    async def edit(self):
        """A question is asked differently, or other results are brought."""
        if answers := self.line.answers():
            self.others.append(self.line)
            *before, last = self.line.cut(self.dice.choice(answers)).messages
            if last["role"] == "assistant":  # a past of which the answer was doubled
                return
            last = self.user() if last["role"] == "user" else {**last, "content": "edited"}
            self.line = await self.ask(Line(self.line.prompt, self.line.model, (*before, last)))

    async def undo(self):
        if answers := self.line.answers():
            self.line = self.line.cut(self.dice.choice(answers) + 1)
        await self.go_on()

    async def branch(self):
        self.others.append(self.line)
        await self.undo()

    async def go_back(self):
        if self.others:
            place = self.dice.randrange(len(self.others))
            self.others[place], self.line = self.line, self.others[place]
        await self.go_on()

    async def go_on(self):
        await (self.bring if self.line.open_calls() else self.proceed)()

    async def put_aside(self):
        """Leaves the calls open for longer than a process waits for results, and takes what was
        put aside long ago."""
        self.model.aside.append((time.monotonic(), self.line, self.names))
        if self.model.aside[0][0] < time.monotonic() - self.model.late_after:
            _, self.line, self.names = self.model.aside.pop(0)
            self.model.late += 1
            await self.bring()
        else:
            self.line = Line(self.line.prompt, self.line.model)

    async def race(self):
        """Requests at the same time that begin alike."""
        asked = [self.line.then(*(self.results(self.line) or [self.user()])) for _ in self.wires]
        # An order at a time: all choices are made before anything is sent.
        orders = [self.order(each) for each in asked]
        self.line, *rest = await asyncio.gather(
            *(self.ask(*each) for each in zip(asked, self.wires, orders)))
        self.others += rest
        self.parked = None

    async def leave(self):
        """The client goes away at once; it may come back with the same."""
        order = self.order(self.line.then(*(self.results(self.line) or [self.user()])))
        self.note("leaves", order)
        await self.wires[0].send(order[0])
        self.wires[0].close()
        self.parked = None

    # -- a request
    def offer(self, line):
        """Tools and choice. What the running question calls by name stays on offer."""
        names = self.names
        text, made = line.question()
        called = set(re.findall(r"\[\[call:(\w+):", text))
        if self.dice.random() < 0.15 and made:
            names = self.some_names()
        names = [*names, *(name for name in NAMES if name in called.difference(names))]
        choice = None
        if self.dice.random() < 0.15:
            choice = self.dice.choice(("none", "auto"))
            if names and line.model == "haiku":
                choice = self.dice.choice(("none", "required", names[-1]))
        return {"names": names, "choice": choice, "alone": bool(names) and self.dice.random() < 0.1}

    def renamed(self, messages):
        """The ids of calls as clients send them that do not keep those of the gateway; results go by
        order then, where it takes that."""
        name = {"anew": "call_{}", "all the same": "call", "none": ""}[self.renames].format
        calls, results = [], []
        for message in (*messages, None):
            if message and message["role"] == "tool":
                results.append(message)
                continue
            if self.renames != "anew":
                results.sort(key=lambda result: calls.index(result["tool_call_id"]))
            yield from ({**result, "tool_call_id": name(calls.index(result["tool_call_id"]))}
                        for result in results)
            results = []
            if message and message.get("tool_calls"):
                calls = [call["id"] for call in message["tool_calls"]]
                message = {**message, "tool_calls": [
                    {**call, "id": name(n)} for n, call in enumerate(message["tool_calls"])]}
            if message:
                yield message

    def order(self, line, renamed=True):
        """(body, offer); the messages are written in one of the ways that mean the same."""
        offer = self.offer(line)
        sent = line.messages
        if self.named:  # only what is new
            sent = sent[max([n + 1 for n in line.answers()], default=0):]
        messages = [{"role": "system", "content": line.prompt}] if line.prompt else []
        if self.renames and renamed and not self.named:
            sent = self.renamed(sent)
        messages += [self.written(message) for message in sent]
        body = {"messages": messages, "model": line.model, "stream": self.dice.random() < 0.4}
        if offer["names"] or self.dice.random() < 0.2:
            body["tools"] = [tool(name) for name in offer["names"]]
        if offer["choice"]:
            body["tool_choice"] = offer["choice"] if offer["choice"] not in offer["names"] else {
                "type": "function", "function": {"name": offer["choice"]}}
        if offer["alone"]:
            body["parallel_tool_calls"] = False
        if self.named:
            body["conversation_id"] = self.named
        return body, offer

    def written(self, message):
        chance = self.dice.random()
        content = message["content"]
        if message.get("tool_calls"):
            message = dict(message)
            if not content:
                message["content"] = self.dice.choice((None, ""))
                if chance < 0.3:
                    del message["content"]
            if chance < 0.2:
                message["tool_calls"] = [
                    {**call, "function": {**call["function"], "arguments": call["function"][
                        "arguments"].replace(": ", ":") or "{}"}} for call in message["tool_calls"]]
        elif isinstance(content, str) and content and chance < 0.1:
            return {**message, "content": [{"type": "text", "text": content}]}
        return message

    async def ask(self, line, wire=None, order=None):
        """The line with its answer, which must be from a process that was told just this."""
        wire = wire or self.wires[0]
        body, offer = order or self.order(line)
        for _ in range(ATTEMPTS):
            self.note("asks", (body, offer))
            await wire.send(body)
            match, message, reason, code = await wire.receive()
            if not code:
                break
            self.check(code in EXCUSES, f"{match}: {code}")
            self.model.excused[code] = self.model.excused.get(code, 0) + 1
        self.check(not code, f"no answer after {ATTEMPTS} attempts: {code}")
        self.judge(line, offer, match, message, reason)
        self.model.matches[match] += 1
        kept = {"role": "assistant", "content": message["content"]}
        if message.get("tool_calls"):
            kept["tool_calls"] = message["tool_calls"]
        self.match, self.offered, self.parked = match, offer["names"], line.then(kept)
        return self.parked

    def judge(self, line, offer, match, message, reason):
        text, _ = line.question()
        calls = message.get("tool_calls") or []
        made = [(call["function"]["name"], call["function"]["arguments"]) for call in calls]
        wanted = [(name, arguments or "{}") for name, arguments in due(line, offer)]
        self.check(made == wanted, f"{match}: calls {made}, but {wanted} are due")
        self.check(reason == ("tool_calls" if calls else "stop"), f"{match}: {reason}")
        if not calls or "[[told:always]]" in text:
            said = line.told()
        else:
            said = "Well." if "[[say:Well.]]" in text else ""
        self.check(canonical(message["content"]) == said,
                   f"{match}: {message['content']}, but {said} is due")
        ids = [call["id"] for call in calls]
        self.check(len(set(ids)) == len(ids) and not self.model.ids.intersection(ids),
                   f"calls that were made before: {ids}")
        self.model.ids.update(ids)
        self.model.calls += len(ids)

    def note(self, what, order):
        self.log.append(f"{what} {json.dumps(order[0], ensure_ascii=False)[:6000]}")

    def check(self, fine, what):
        if not fine:
            raise AssertionError(f"seed {self.model.seed}, sequence {self.number}: {what}; it was\n"
                                 + "\n".join(self.log))


class ToolDialogues(Dialogues):
    """As Dialogues, with agents."""

    def __init__(self, gateway, seed, sequences, late_after, kill_mean=0.1):
        super().__init__(gateway, seed, sequences, kill_mean=kill_mean)
        self.late_after = late_after  # seconds
        self.aside = []  # (time, line, names)
        self.ids = set()  # of all calls so far
        self.calls = self.brought = self.went_on = self.partial = self.late = 0

    async def _kill(self):
        if self.kill_mean:
            await super()._kill()

    async def _client(self):
        wires = [Wires(self.gateway) for _ in range(3)]
        try:
            for number in self.left:
                await asyncio.wait_for(Sequence(self, number, wires).run(), 120)
        finally:
            for wire in wires:
                wire.close()
