"""Many clients at once over raw sockets, a killer of processes, and a judge who compares what the
fake CLIs wrote down with what the clients heard. All choices come from one seed."""

import asyncio
import json
import os
import random
import re
import signal
import time
import uuid

import proc_tree
import pytest


async def killed(gateway, dice, mean):
    """Kills a CLI process of the gateway now and then, `mean` seconds apart; yields their pids."""
    while True:
        await asyncio.sleep(dice.expovariate(1 / mean))
        shims = proc_tree.children(gateway.pid)
        victims = proc_tree.children(dice.choice(shims)) if shims else []
        try:
            os.kill(victims[0], signal.SIGKILL)
        except (IndexError, ProcessLookupError):
            continue
        yield victims[0]


def mark_of(prompt):
    """The mark of the request that a prompt in the ledger belongs to."""
    found = re.match(r"\[\[mark:(\w+)\]\]", prompt["text"])
    return found[1] if found else ""


class Heard:
    """What became of one request, as its client saw it."""

    def __init__(self, mark, tokens, stream):
        self.mark, self.tokens, self.stream = mark, tokens, stream
        self.text = ""
        self.ends = []     # terminal outcomes: "answered", "failed"; there must be one
        self.status = None
        self.code = None   # of an error
        self.left_at = None  # the client hung up then

    def hear(self, payload):
        if payload == "[DONE]":
            return
        chunk = json.loads(payload)
        if "error" in chunk:
            self.ends.append("failed")
            self.code = chunk["error"]["code"]
            return
        for choice in chunk.get("choices", ()):
            self.text += choice["delta"].get("content") or ""
            if choice.get("finish_reason"):
                self.ends.append("answered")


class Connection:
    """A keep-alive connection that knows just enough HTTP."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.reader = self.writer = None

    async def open(self):
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection(
                self.gateway.host, self.gateway.port)

    async def ask(self, heard, text, **fields):
        await self.open()
        body = json.dumps({"messages": [{"role": "user", "content": text}],
                           "stream": heard.stream, **fields}).encode()
        self.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: %b:%d\r\n"
                          b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                          % (self.gateway.host.encode(), self.gateway.port, len(body), body))
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        heard.status = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            await self.read_stream(heard)
        else:
            size = int(re.search(r"content-length: (\d+)", head)[1])
            self.take_body(heard, json.loads(await self.reader.readexactly(size)))
        if "connection: close" in head:
            await self.close()

    def take_body(self, heard, body):
        if heard.status == 200:
            heard.text = body["choices"][0]["message"]["content"]
            heard.ends.append("answered")
        else:
            heard.code = body["error"]["code"]
            heard.ends.append("failed")

    async def read_stream(self, heard):
        rest, last = b"", None
        while heard.code is None and (size := int(await self.reader.readuntil(b"\r\n"), 16)):
            rest += (await self.reader.readexactly(size + 2))[:-2]
            *frames, rest = rest.split(b"\n\n")
            for frame in frames:
                if frame.startswith(b"data: "):
                    last = frame[6:].decode()
                    heard.hear(last)
        assert not rest, f"{heard.mark}: half a frame, {rest!r}"
        if heard.code is not None:
            assert await self.reader.read() == b"", f"{heard.mark}: goes on behind the error"
            return await self.close()
        await self.reader.readuntil(b"\r\n")
        assert last == "[DONE]", f"{heard.mark}: the stream ends with {last!r}"

    def hang_up(self, reset):
        if self.writer is not None:
            self.writer.transport.abort() if reset else self.writer.close()
            self.writer = None

    async def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None


class Storm:
    """`workers` clients ask one after the other until `requests` have been asked."""

    def __init__(self, gateway, seed, requests, workers=16, leave=0.0, kill_mean=None):
        self.gateway, self.requests, self.workers = gateway, requests, workers
        self.leave, self.kill_mean = leave, kill_mean
        self.paces = (("[[delay:20]]", "[[first:50]]", "[[delay:50]]", "") if leave
                      else ("", "", "[[delay:1]]", "[[first:3]]"))
        self.dice = random.Random(seed)
        self.heard = []
        self.kills = 0
        self.defects = []
        self.on_count = {}  # number of requests asked -> what to do then

    def run(self):
        asyncio.run(self._run())
        assert not self.defects, self.defects[0]
        return self

    async def _run(self):
        killer = asyncio.create_task(self._kill()) if self.kill_mean else None
        await asyncio.gather(*(self._work(n, random.Random(self.dice.random()))
                               for n in range(self.workers)))
        if killer:
            killer.cancel()

    async def _kill(self):
        async for _ in killed(self.gateway, random.Random(self.dice.random()), self.kill_mean):
            self.kills += 1
            asked = len(self.heard)
            while len(self.heard) < asked + 4:  # on a slow build no more per request than on a fast
                await asyncio.sleep(0.001)

    async def _work(self, worker, dice):
        connection = Connection(self.gateway)
        turns = 0
        while len(self.heard) < self.requests and not self.defects:
            number = len(self.heard)
            if action := self.on_count.pop(number, None):
                action()
            heard = Heard(f"r{number}", dice.choice((1, 3, 5)), dice.random() < 0.7)
            self.heard.append(heard)
            pace = dice.choice(self.paces)
            text = f"[[mark:{heard.mark}]][[text:{heard.tokens}]]{pace}"
            asked = connection.ask(heard, text, conversation_id=f"w{worker}-{turns // 8}")
            turns += 1
            patience = dice.uniform(0, 0.25) if dice.random() < self.leave else 60
            try:
                await asyncio.wait_for(asked, patience)
            except asyncio.TimeoutError:
                if patience == 60:
                    self.defects.append(f"{heard.mark}: no answer; {vars(heard)}")
                heard.left_at = time.monotonic()
                connection.hang_up(dice.random() < 0.5)
            except Exception as failure:  # pylint: disable=broad-except
                self.defects.append(f"{heard.mark}: {failure!r}")
        await connection.close()

    # -- the judge
    def judge(self, ledger):
        """Every request has one end; nobody heard what was not said to him, or said twice."""
        runs, told = {}, set()
        for entry in ledger.lines():
            if entry["kind"] == "token":
                told.add(entry["text"])  # bears its request's mark
            elif entry["kind"] == "prompt":
                mark = mark_of(entry)
                assert not entry["overlap"], f"{mark}: two turns at once in one process"
                runs[mark] = runs.get(mark, 0) + 1
        for heard in self.heard:
            said = [f"{heard.mark}-{n} " for n in range(heard.text.count(" "))]
            assert heard.text == "".join(said), (heard.mark, heard.text)
            assert told.issuperset(said), f"{heard.mark} heard what no process said: {heard.text}"
            assert runs.get(heard.mark, 0) <= 2, f"{heard.mark} ran {runs[heard.mark]} times"
            if heard.left_at is not None:
                continue
            assert len(heard.ends) == 1, (heard.mark, heard.ends)
            if heard.ends == ["answered"]:
                assert len(said) == heard.tokens, (heard.mark, heard.text)
            else:
                assert heard.code, heard.mark
        return self

    def interrupt_delays(self, ledger):
        """Seconds from a hang-up in mid-turn to the CLI's interrupt."""
        left = {heard.mark: heard.left_at for heard in self.heard if heard.left_at}
        asked, delays = {}, []  # pid -> mark of the running turn
        for entry in ledger.lines():
            if entry["kind"] == "prompt":
                asked[entry["pid"]] = mark_of(entry)
            elif entry["kind"] == "interrupt" and asked.get(entry["pid"]) in left:
                delays.append(entry["t"] - left.pop(asked[entry["pid"]]))
        return delays

    def count(self, end):
        return sum(1 for heard in self.heard if heard.ends[-1:] == [end])

    def codes(self):
        found = {}
        for heard in self.heard:
            if heard.code:
                found[heard.code] = found.get(heard.code, 0) + 1
        return found


def times(gateway, count, conversation="good"):
    """Seconds that a good client waits for warm turns of a conversation."""
    took = []
    for _ in range(count):
        began = time.monotonic()
        assert gateway.answer("x", conversation_id=conversation) == "You said: x"
        took.append(time.monotonic() - began)
    return took


def slowest(gateway):
    """The 99th percentile of a good client's chats, in ms. In a conversation of their own: the fake
    CLI, which looks through all of a dialogue, takes the longer the more has been said."""
    name = f"good-{uuid.uuid4()}"
    times(gateway, 1, name)
    return round(sorted(times(gateway, 200, name))[197] * 1000, 2)


def measured(measure, fits, attempts=3):
    """Figures that fit, of several attempts: a busy machine spoils one of them, a defect all."""
    for _ in range(attempts):
        figures = measure()
        print(figures)
        if fits(figures):
            return figures
    pytest.fail(f"does not fit {attempts} times, at last {figures}")


def resident_kib(pid):
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no such process")


def bounds_memory(pid):
    """False for a sanitized build, which keeps freed memory on purpose."""
    return not re.search("lib[at]san", open(f"/proc/{pid}/maps", encoding="utf-8").read())


def wait_idle(gateway):
    """No turn is running or waiting, and every process that was to end has ended."""
    def idle():
        stats = gateway.stats()
        return (stats["turns"]["active"] == 0 and stats["queue"]["length"] == 0
                and stats["processes"]["busy"] == 0)
    proc_tree.wait_until(idle, 10, "the gateway to be idle")
    gateway.settle()
