"""A client that keeps its dialogue and sends all of it with every request, as OpenAI's clients do;
each answer of the fake CLI tells whether the process behind it knew exactly that dialogue."""

import json
import re
import threading
import time

from sse import ChatStream
from told import expected, process_of

# Answers say what the process was told, and no two are equal.
TELLS = "[[told:by]]"
MATCHES = ("continued", "rewound", "branched", "seeded", "fresh")
TIMING = re.compile(r'(\w+);dur=([0-9.]+)(?:;desc="([^"]*)")?')


def user(content, **more):
    return {"role": "user", "content": content, **more}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


def system(content):
    return {"role": "system", "content": content}


class Reply:
    """One answer, streamed or not."""

    def __init__(self, status, headers, text, identity, error=None):
        self.status, self.headers, self.text, self.error = status, headers, text, error
        self.id = identity

    @property
    def match(self):
        assert self.headers["x-ccapi-match"] in MATCHES, self.headers
        return self.headers["x-ccapi-match"]

    @property
    def pid(self):
        return process_of(self.text)

    @property
    def timing(self):
        """{name: (milliseconds, description)} of Server-Timing; its form is checked."""
        parts = self.headers["server-timing"].split(", ")
        found = [TIMING.fullmatch(part) for part in parts]
        assert all(found), parts
        return {part[1]: (float(part[2]), part[3]) for part in found}


def send(gateway, messages, stream=False, **fields):
    """The Reply to exactly these messages; it may be an error."""
    if stream:
        answer = ChatStream(gateway, messages, **fields).open()
        if answer.status != 200:
            body = json.loads(answer.answer.read())
            answer.close()
            return Reply(answer.status, answer.headers, "", None, body["error"])
        answer.read_all()
        return Reply(answer.status, answer.headers, answer.text(),
                     answer.chunks()[0][1].get("conversation_id"),
                     next(iter(answer.errors()), None))
    status, headers, body = gateway.chat(messages, **fields)
    if status != 200:
        return Reply(status, headers, "", None, body["error"])
    return Reply(status, headers, body["choices"][0]["message"]["content"],
                 body["conversation_id"])


def ask(gateway, messages, stream=False, told=None, **fields):
    """The Reply to these messages, which must come from a process that knew `told` (these
    messages, if not given) and nothing else."""
    reply = send(gateway, messages, stream, **fields)
    assert reply.status == 200 and not reply.error, (reply.status, reply.error)
    wanted = expected(told or messages, fields.get("model", "sonnet"))
    assert reply.text.split(" ")[0] == wanted, f"{reply.match}: not told what was sent"
    assert reply.id == reply.headers["x-ccapi-conversation-id"]
    return reply


class Talk:
    """A dialogue that its client keeps."""

    def __init__(self, gateway, messages=(), **fields):
        self.gateway, self.messages, self.fields = gateway, list(messages), fields

    def say(self, content, **fields):
        asked = [*self.messages, user(content)]
        reply = ask(self.gateway, asked, **{**self.fields, **fields})
        self.messages = [*asked, assistant(reply.text)]
        return reply

    def say_all(self, *contents):
        return [self.say(content) for content in contents]

    def regenerate(self, **fields):
        """Asks for the last answer anew."""
        self.messages.pop()
        return self.say(self.messages.pop()["content"], **fields)

    def fork(self, messages):
        """Another dialogue that begins with so many of these messages."""
        return Talk(self.gateway, self.messages[:messages], **self.fields)


def matches_of(replies):
    return [reply.match for reply in replies]


def in_background(function, *arguments, **fields):
    """Runs a call in a thread; .result after .join()."""
    class Call(threading.Thread):
        def run(self):
            self.result = function(*arguments, **fields)
            self.ended = time.monotonic()
    call = Call(daemon=True)
    call.start()
    return call


def at_once(*calls, seconds=60):
    """Runs calls at the same time; their results in order. What one raises is raised."""
    results, failures = [None] * len(calls), []

    def run(place, call):
        try:
            results[place] = call()
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)
    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        assert not thread.is_alive(), "no end in time"
    if failures:
        raise failures[0]
    return results
