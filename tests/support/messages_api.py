#!/usr/bin/env python3
"""A local stand-in for the Messages API, so that the real Claude CLI runs without an account.

Importable (`MessagesApi`: start/stop on a free loopback port, in a thread of its own) and runnable
(`python3 messages_api.py --port 8898`). Directives such as `[[text:200]]` in the last user text
steer the answer; README.md lists them. Every request is recorded for assertions.
"""

import argparse
import asyncio
import json
import socket
import sys
import threading
import time
import traceback
from collections import namedtuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from api_rules import RuleBook  # noqa: E402
from messages_answer import (Answer, OUTPUT_TOKENS, PROMPT_TOKENS,  # noqa: E402
                             Recorded, Script)

HEADER_MAX = 64 << 10
BODY_MAX = 64 << 20
ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
               404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
               529: "overloaded_error"}


Refused = namedtuple("Refused", "rule path model text")


class ClientGone(Exception):
    pass


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection: reads requests one after another, answers each."""

    def __init__(self, api):
        self.api = api
        self.data = bytearray()
        self.more = asyncio.Event()
        self.gone = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.task = asyncio.get_running_loop().create_task(self.serve())
        self.api.tasks.add(self.task)
        self.task.add_done_callback(self.api.tasks.discard)

    def data_received(self, data):
        self.data += data
        if len(self.data) > HEADER_MAX + BODY_MAX:
            self.transport.abort()
        self.more.set()

    def eof_received(self):
        self.gone.set()
        self.more.set()
        return False

    def connection_lost(self, error):
        self.gone.set()
        self.more.set()
        self.writable.set()

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    async def send(self, data):
        if self.gone.is_set():
            raise ClientGone
        self.transport.write(data)
        if not self.writable.is_set():
            await self.writable.wait()

    async def pause(self, seconds):
        """Waits, unless the client goes away first."""
        if seconds <= 0:
            if self.gone.is_set():
                raise ClientGone
            return
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise ClientGone

    async def wait_data(self, enough):
        while not enough():
            if self.gone.is_set():
                raise ClientGone
            self.more.clear()
            await self.more.wait()

    async def read_request(self):
        await self.wait_data(lambda: b"\r\n\r\n" in self.data)
        head, _, _ = bytes(self.data).partition(b"\r\n\r\n")
        del self.data[:len(head) + 4]
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        size = int(headers.get("content-length", 0))
        await self.wait_data(lambda: len(self.data) >= size)
        raw = bytes(self.data[:size])
        del self.data[:size]
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        return Recorded(method, target.split("?")[0], headers, body, raw)

    async def serve(self):
        record = None
        try:
            while True:
                record = None
                record = await self.read_request()
                self.api.add(record)
                await self.answer(record)
                record.finished = True
                self.api.changed()
        except (ClientGone, ConnectionError):
            pass
        except Exception:  # a defect of the stand-in must fail the test, not look like an outage
            self.api.defects.append(traceback.format_exc())
        finally:
            if record is not None and not record.finished:
                record.client_gone = self.gone.is_set()
                record.gone_at = time.monotonic()
                self.api.changed()
            self.transport.close()

    async def reply(self, record, status, body, headers=()):
        record.status = status
        data = json.dumps(body, ensure_ascii=False).encode()
        head = [f"HTTP/1.1 {status} Stand-in", "content-type: application/json",
                f"content-length: {len(data)}", f"request-id: {self.api.request_id()}", *headers]
        await self.send("\r\n".join(head).encode() + b"\r\n\r\n" + data)

    async def fail(self, record, status, message, headers=()):
        await self.reply(record, status, {
            "type": "error", "request_id": "req_standin",
            "error": {"type": ERROR_TYPES.get(status, "api_error"), "message": message},
        }, headers)

    async def answer(self, record):
        if record.method == "HEAD":
            record.status = 200
            await self.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        elif record.counts_tokens:
            if not await self.refuse(record):
                await self.reply(record, 200, {"input_tokens": PROMPT_TOKENS})
        elif record.is_messages:
            await self.answer_messages(record)
        else:
            await self.fail(record, 404, f"no such path: {record.path}")

    async def refuse(self, record):
        """Answers as the API does where it refuses a request; False where it does not."""
        refusal = self.api.refusal_of(record)
        if refusal:
            await self.fail(record, refusal.status, refusal.text)
        return refusal is not None

    async def answer_messages(self, record):
        script = Script(record.last_user_text())
        await self.pause(script.number("first", 0) / 1000)
        status = self.api.error_for(script)
        if status:
            headers = [f"retry-after: {script.count('retry_after')}"] * ("retry_after" in script)
            message = script.values.get("err_text", f"stand-in error {status}")
            return await self.fail(record, status, message, headers)
        if text := script.refusal_of(record.body):
            return await self.fail(record, 400, text)
        if await self.refuse(record):
            return None
        if not record.is_dialogue:
            return await self.fail(record, 404, f"no such path: {record.path}")
        turn = Answer(script, record)
        record.status = 200
        if record.body.get("stream"):
            return await Stream(self, record, script, turn, self.api).run()
        return await self.reply(record, 200, turn.whole(self.api.message_id()))


class Stream:
    """Writes an answer as server-sent events, with the faults that the script asks for."""

    def __init__(self, connection, record, script, answer, api):
        self.connection, self.record, self.script = connection, record, script
        self.answer, self.api = answer, api

    async def event(self, kind, **body):
        data = json.dumps({"type": kind, **body}, ensure_ascii=False)
        payload = f"event: {kind}\ndata: {data}\n\n".encode()
        await self.connection.send(b"%x\r\n%s\r\n" % (len(payload), payload))

    async def run(self):
        await self.connection.send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
            "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n"
            f"request-id: {self.api.request_id()}\r\n\r\n".encode())
        await self.event("message_start", message=self.answer.start(self.api.message_id()))
        await self.event("ping")
        for index, (block, deltas) in enumerate(self.answer.blocks()):
            await self.event("content_block_start", index=index, content_block=block)
            for delta in deltas:
                if not await self.before_delta():
                    return
                await self.event("content_block_delta", index=index, delta=delta)
                self.record.deltas_sent += 1
            await self.event("content_block_stop", index=index)
        await self.hold()
        await self.event("message_delta", usage={"output_tokens": OUTPUT_TOKENS},
                         delta={"stop_reason": self.answer.stop_reason,
                                "stop_sequence": self.answer.stop_sequence})
        await self.event("message_stop")
        await self.connection.send(b"0\r\n\r\n")

    async def before_delta(self):
        """Pauses and faults that come before the next delta; False ends the answer."""
        sent, script = self.record.deltas_sent, self.script
        if sent == script.count("hold", -1):
            await self.hold()
        if sent:
            await self.connection.pause(script.number("delay", 0) / 1000)
        if "cut" in script and sent == script.count("cut"):
            self.connection.transport.close()
            return False
        if "sse_error" in script and sent == script.count("sse_error"):
            await self.event("error", error={"type": "overloaded_error", "message": "stand-in"})
            await self.connection.send(b"0\r\n\r\n")
            return False
        return True

    async def hold(self):
        """[[hold:N]]: stands still until release() or until the client has gone."""
        if "hold" not in self.script:
            return
        self.api.changed()
        waits = [asyncio.ensure_future(e.wait()) for e in
                 (self.api.released, self.connection.gone)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await self.connection.pause(0)


class MessagesApi:
    """The server. start() and stop() from any thread; records grow while it runs.

    It refuses what the real API refuses; `strict=False` is for tests of the stand-in itself.
    """

    def __init__(self, port=0, strict=True):
        self.port = port
        self.rules = RuleBook() if strict else None
        self.requests = []
        self.refusals = []
        self.defects = []
        self.tasks = set()
        self._condition = threading.Condition()
        self._serial = 0
        self._errors = {}

    # -- life
    def start(self):
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("the stand-in did not start")
        return self

    def stop(self):
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def _run(self, started):
        asyncio.run(self._main(started))

    async def _main(self, started):
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self.released = asyncio.Event()
        server = await self._loop.create_server(lambda: Connection(self), "127.0.0.1", self.port,
                                                backlog=128)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stopping.wait()
        server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # -- called by connections
    def add(self, record):
        with self._condition:
            self.requests.append(record)
            self._condition.notify_all()

    def changed(self):
        with self._condition:
            self._condition.notify_all()

    def request_id(self):
        self._serial += 1
        return f"req_standin{self._serial:05}"

    def message_id(self):
        self._serial += 1
        return f"msg_standin{self._serial:05}"

    def refusal_of(self, record):
        """Why the API refuses a request, which is also noted down; None if it does not."""
        refusal = self.rules and self.rules.check(record.rule_request())
        if refusal:
            model = record.body.get("model") if isinstance(record.body, dict) else None
            with self._condition:
                self.refusals.append(Refused(refusal.rule, record.path, model, refusal.text))
        return refusal

    def error_for(self, script):
        """The status to fail with, counting [[err:STATUS:times]] per text; 0 = answer."""
        if "err" not in script:
            return 0
        times = script.field("err", 1)
        if times is not None:
            seen = self._errors.get(script.text, 0)
            self._errors[script.text] = seen + 1
            if seen >= int(times):
                return 0
        return int(script.field("err", 0, "500"))

    # -- for tests
    def posts(self):
        """The /v1/messages requests so far."""
        with self._condition:
            return [r for r in self.requests if r.is_messages]

    def last(self):
        return self.posts()[-1]

    def clear(self):
        with self._condition:
            for each in (self.requests, self.refusals, self._errors):
                each.clear()
        self._loop.call_soon_threadsafe(self.released.clear)

    def release(self):
        """Lets every answer go on that stands at a [[hold:N]]."""
        self._loop.call_soon_threadsafe(self.released.set)

    def wait(self, condition, timeout=10.0):
        """Waits until condition(posts) holds; fails the test otherwise."""
        deadline = time.monotonic() + timeout
        with self._condition:
            while not condition([r for r in self.requests if r.is_messages]):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError("the Messages API did not see what was expected in time")
                self._condition.wait(left)

    def wait_posts(self, count, timeout=10.0):
        self.wait(lambda posts: len(posts) >= count, timeout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8898)
    parser.add_argument("--lenient", action="store_true", help="answer what the API refuses, too")
    options = parser.parse_args()
    api = MessagesApi(options.port, strict=not options.lenient).start()
    print(f"ANTHROPIC_BASE_URL={api.url} ANTHROPIC_API_KEY=dummy", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        api.stop()


if __name__ == "__main__":
    main()
