"""Clients that go through random dialogues without telling a conversation's id, and check on every
answer that the process behind it was told exactly what they sent. All choices of a sequence come
from its own seed."""

import asyncio
import json
import random
import re

from resend import MATCHES
from storm import killed
from told import Told, canonical

# Few words, so that clients often have the same dialogue; `by` makes an answer differ from all.
WORDS = ("a", "b", "a b", "c\r\nd", "c\nd", "Grüße 🦊", "[[told:by]]", "[[told:by]] e",
         "[[size:3]]f")
PROMPTS = (None, None, None, "s", "s ", "t\nu")
MODELS = ("sonnet", "sonnet", "sonnet", "haiku")
# What may become of a request when a process is killed, or all are busy.
EXCUSES = {"upstream_crash", "cli_unavailable", "server_busy", "timeout"}
ATTEMPTS = 20


class Wire:
    """A keep-alive connection that knows just enough HTTP."""

    def __init__(self, gateway):
        self.gateway, self.reader, self.writer = gateway, None, None
        self.ignored = []  # of the last answer

    async def send(self, body):
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection(self.gateway.host,
                                                                     self.gateway.port)
        data = json.dumps(body).encode()
        self.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: %b:%d\r\n"
                          b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                          % (self.gateway.host.encode(), self.gateway.port, len(data), data))

    async def receive(self):
        """(match, text, code of an error)"""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        match = re.search(r"x-ccapi-match: (\w+)", head)
        self.ignored = re.findall(r"x-ccapi-ignored-params: (.*)\r", head)
        if "transfer-encoding: chunked" in head:
            text, code = await self.read_stream()
        else:
            size = int(re.search(r"content-length: (\d+)", head)[1])
            body = json.loads(await self.reader.readexactly(size))
            code = body["error"]["code"] if "error" in body else None
            text = "" if code else body["choices"][0]["message"]["content"]
        if "connection: close" in head:
            self.close()
        return match and match[1], text, code

    async def read_stream(self):
        raw = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            raw += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readuntil(b"\r\n")
        text, code = "", None
        for frame in raw.decode().split("\n\n"):
            if frame.startswith("data: {"):
                chunk = json.loads(frame[6:])
                code = chunk["error"]["code"] if "error" in chunk else code
                for choice in chunk.get("choices", ()):
                    text += choice["delta"].get("content") or ""
        return text, code

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def told_of(prompt, model, messages):
    state = Told(prompt or "", model)
    for role, text in messages:
        state = state.then(role, text)
    return state


class Line:
    """One line of a dialogue: what its client believes has been said. Values; never changed. The
    first message may be a system's: then it is the last text of a prompt, or a question."""

    def __init__(self, prompt, model, messages=()):
        self.prompt, self.model, self.messages = prompt, model, tuple(messages)

    def cut(self, count):
        return Line(self.prompt, self.model, self.messages[:count])

    def trimmed(self, count):
        return Line(self.prompt, self.model, self.messages[count:])

    def then(self, role, text):
        return Line(self.prompt, self.model, (*self.messages, (role, text)))

    def opened(self):
        """It begins with system text, and no user message follows."""
        return [role for role, _ in self.messages[:2]] in (["system"], ["system", "assistant"])

    def read(self, as_question):
        """The same without a system's message, as the gateway may read it."""
        if not self.messages or self.messages[0][0] != "system":
            return self
        text, rest = self.messages[0][1], self.messages[1:]
        if as_question:
            return Line(self.prompt, self.model, (("user", text), *rest))
        return Line("\n\n".join(filter(None, (self.prompt, text))), self.model, rest)

    def opening(self, count):
        """The first messages and what they start from: comparable."""
        return (self.prompt, self.model, *(canonical(text) for _, text in self.messages[:count]))

    def known(self):
        """How many messages there are; an answer without text is none."""
        return sum(1 for role, text in self.messages if text or role == "user")

    def answered(self):
        return any(text for role, text in self.messages if role == "assistant")

    def places(self, role):
        return [n for n, (who, _) in enumerate(self.messages) if who == role]


class Sequence:
    """One client's dialogue with its branches, a random number of steps long."""

    def __init__(self, model, number, wires):
        self.model, self.number, self.wires = model, number, wires
        self.dice = random.Random(f"{model.seed} {number}")
        self.line = Line(self.dice.choice(PROMPTS), self.dice.choice(MODELS))
        self.others = []  # lines that were left
        self.named = None  # a conversation's id
        self.log = []

    def question(self):
        return self.dice.choice(WORDS)

    def past(self):
        """The text of a message that needs no answer."""
        return self.dice.choice(WORDS)

    async def run(self):
        if self.dice.random() < 0.15:
            for n in range(self.dice.randrange(1, 8)):  # a past that the gateway never saw
                self.line = self.line.then("assistant" if n % 2 else "user", self.past())
            if self.line.messages[-1][0] == "user":
                self.line = self.line.then("assistant", "a")
        if self.dice.random() < 0.15:
            self.named = f"n{self.number}"
            # A question alone would be appended to what the conversation holds.
            self.line = self.line.then("user", "u").then("assistant", "v")
        steps = [self.proceed, self.proceed, self.proceed, self.proceed, self.regenerate, self.edit,
                 self.undo, self.branch, self.go_back, self.trim, self.race, self.leave,
                 self.fail, self.change, self.open]
        for _ in range(self.dice.randrange(3, 13)):
            await self.dice.choice(steps)()

    # -- steps
    async def proceed(self):
        asked = self.line
        for _ in range(self.dice.choice((0, 0, 0, 0, 1, 2))):
            asked = asked.then("user", self.past())
        self.line = await self.ask(asked.then("user", self.question()))

    async def open(self):
        """Begins anew with system text alone, perhaps several texts."""
        if self.named:
            return await self.proceed()
        self.others.append(self.line)
        self.line = await self.ask(Line(self.dice.choice(PROMPTS), self.dice.choice(MODELS),
                                        [("system", self.question())]))
        if self.dice.random() < 0.8:
            await self.proceed()
        return None

    async def regenerate(self):
        users = self.line.places("user")
        if users and self.line.messages[users[-1]][1]:
            self.line = await self.ask(self.line.cut(users[-1] + 1))

    async def edit(self):
        if users := self.line.places("user"):
            self.others.append(self.line)
            self.line = self.line.cut(self.dice.choice(users))
            await self.proceed()

    async def undo(self):
        answers = self.line.places("assistant")
        self.line = self.line.cut(self.dice.choice(answers) + 1 if answers else 0)
        await self.proceed()

    async def branch(self):
        self.others.append(self.line)
        await self.undo()

    async def go_back(self):
        if self.others:
            place = self.dice.randrange(len(self.others))
            self.others[place], self.line = self.line, self.others[place]
        await self.proceed()

    async def trim(self):
        first = self.line.messages[:1]
        self.line = self.line.trimmed(self.dice.randrange(len(self.line.messages) + 1))
        if first and first[0][0] == "system" and self.line.messages[:1] != first:
            self.line = Line(self.line.prompt, self.line.model, first + self.line.messages)
        await self.proceed()

    async def change(self):
        """Another system prompt or model, which the whole dialogue then has."""
        if not self.named:
            self.line = Line(self.dice.choice(PROMPTS), self.dice.choice(MODELS),
                             self.line.messages)
        await self.proceed()

    async def race(self):
        """Requests at the same time that begin alike, perhaps with the same question."""
        if self.named:
            return await self.proceed()
        start = self.dice.choice([self.line, self.line.cut(self.dice.randrange(
            len(self.line.messages) + 1))])
        asked = [start.then("user", self.question()) for _ in self.wires]
        orders = [self.order(each) for each in asked]
        lines = await asyncio.gather(*(self.ask(line, wire, order) for line, wire, order
                                       in zip(asked, self.wires, orders)))
        self.line, *rest = lines
        self.others += rest
        return None

    async def leave(self):
        """The client goes away at once; it may come back with the same."""
        wire, order = self.wires[0], self.order(self.line.then("user", self.question()))
        if self.named:
            return  # what becomes of its dialogue is for the gateway to say
        self.note("leaves", order)
        await wire.send(order)
        wire.close()

    async def fail(self):
        if self.named:
            return
        order = self.order(self.line.then("user", "[[err:529]]"))
        self.note("fails", order)
        await self.wires[0].send(order)
        match, _, code = await self.wires[0].receive()
        self.check(code == "overloaded" or code in EXCUSES, f"{match}: {code}")

    # -- a request
    def order(self, line):
        """The request's body, its messages written in one of the ways that mean the same."""
        messages = [{"role": "system", "content": line.prompt}] if line.prompt else []
        for role, text in line.messages:
            chance = self.dice.random()
            if chance < 0.05:
                text += self.dice.choice((" ", "\n", "\r\n", " \t\n"))
            elif chance < 0.08 and role == "assistant":
                middle = self.dice.randrange(len(text) + 1)
                text = [{"type": "text", "text": text[:middle]},
                        {"type": "text", "text": text[middle:]}]
            elif chance < 0.1:
                blank = [{"role": "assistant", "content": None},  # no messages at all
                         {"role": "assistant", "content": ""}]
                if role != "system":  # behind a blank question it would be none
                    blank += [{"role": "user", "content": ""}, {"role": "user", "content": " \n"}]
                messages.append(self.dice.choice(blank))
            messages.append({"role": role, "content": text})
        named = {"conversation_id": self.named} if self.named else {}
        return {"messages": messages, "model": line.model, "stream": self.dice.random() < 0.3,
                **named}

    async def ask(self, line, wire=None, order=None):
        """The line with its answer, which must be from a process that was told just this."""
        wire, order = wire or self.wires[0], order or self.order(line)
        if self.named and not line.answered():
            if not self.line.answered():
                return self.line  # would be appended to what the conversation holds
            line = self.line.then("user", "x")
            order = self.order(line)
        if line.opened() and len(line.messages) == 1:
            self.model.asked.add(line.opening(1))
        elif line.opened():
            self.model.resent += self.was_asked(line)
        else:
            self.model.note_answer(line.read(False))
        for _ in range(ATTEMPTS):
            self.note("asks", order)
            await wire.send(order)
            match, text, code = await wire.receive()
            if not code:
                break
            self.check(code in EXCUSES, f"{match}: {code}")
            self.model.excused[code] = self.model.excused.get(code, 0) + 1
        self.check(not code, f"no answer after {ATTEMPTS} attempts: {code}")
        read = line.read(self.is_question(line, wire.ignored))
        wanted = told_of(read.prompt, read.model, read.messages).answer()
        self.check(text.split(" ")[0] == wanted, f"{match}: {text}, but {wanted} was sent")
        self.check(match in MATCHES, match)
        if not self.named:
            self.check((match == "fresh") == (read.known() == 1), match)
        self.model.matches[match] += 1
        self.model.note_answer(read.then("assistant", text))
        return line.then("assistant", text)

    def is_question(self, line, ignored):
        """Whether the gateway has read the line's first text as one, which it must tell; and it
        must have answered that text so."""
        named = any("messages(system_as_user)" in names for names in ignored)
        if not line.opened():
            self.check(not named, f"{ignored}, but a user's message comes first")
        elif len(line.messages) == 1:
            self.check(named, "no question")
        elif named:
            self.check(self.was_asked(line), "taken for a question, but is none")
            self.model.resumed += 1
        else:
            self.model.prompts += 1
        return named

    def was_asked(self, line):
        return line.opening(1) in self.model.asked and line.opening(2) in self.model.answered

    def note(self, what, order):
        self.log.append(f"{what} {json.dumps(order, ensure_ascii=False)}")

    def check(self, fine, what):
        if not fine:
            raise AssertionError(f"seed {self.model.seed}, sequence {self.number}: {what}; it was\n"
                                 + "\n".join(self.log))


class Dialogues:
    """`clients` go through `sequences` sequences, while processes are killed now and then."""

    def __init__(self, gateway, seed, sequences, clients=6, kill_mean=0.1):
        self.gateway, self.seed, self.left = gateway, seed, iter(range(sequences))
        self.clients, self.kill_mean, self.kills = clients, kill_mean, 0
        self.matches = dict.fromkeys(MATCHES, 0)
        self.excused = {}
        self.asked = set()  # openings with system text alone
        self.answered = set()  # first questions with answers that gateway or clients gave
        self.resent = self.resumed = 0  # of these that went on; that the gateway has recognised
        self.prompts = 0  # system text that an answer followed, and that was a prompt

    def note_answer(self, line):
        if [role for role, _ in line.messages[:2]] == ["user", "assistant"]:
            self.answered.add(line.opening(2))

    def run(self):
        asyncio.run(self._run())
        return self

    async def _run(self):
        killer = asyncio.create_task(self._kill())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.clients):
                    group.create_task(self._client())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            killer.cancel()

    async def _client(self):
        wires = [Wire(self.gateway) for _ in range(3)]
        try:
            for number in self.left:
                await asyncio.wait_for(Sequence(self, number, wires).run(), 120)
        finally:
            for wire in wires:
                wire.close()

    async def _kill(self):
        async for _ in killed(self.gateway, random.Random(self.seed), self.kill_mean):
            self.kills += 1
