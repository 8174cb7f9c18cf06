"""curl, as a person types it: -N for streams, --max-time for deadlines, an interrupt to leave."""

import json
import os
import signal
import subprocess

from driver import Collector, openai_usage, serve, tell


class Refused(Exception):
    def __init__(self, status, error):
        super().__init__(error.get("message", ""))
        self.status, self.error = status, error


class TimedOut(Exception):
    pass


def report_error(error):
    if isinstance(error, Refused):
        tell("error", kind="api", name=error.error.get("type"), status=error.status,
             code=error.error.get("code"), message=str(error))
    else:
        tell("error", kind="timeout" if isinstance(error, TimedOut) else "api",
             name=type(error).__name__, status=None, code=None, message=str(error))


def start(order, *flags, **fields):
    body = {"model": order["model"], "messages": order["messages"], **fields}
    return subprocess.Popen(
        ["curl", "-sS", *flags, "--max-time", str(order["timeout"]),
         os.environ["GATEWAY"] + "/chat/completions", "-H", "Content-Type: application/json",
         "-d", json.dumps(body)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Usage:
    """The JSON object under the names that openai_usage() reads."""

    def __init__(self, fields):
        self.__dict__.update(fields)
        self.prompt_tokens_details = type("Details", (), fields["prompt_tokens_details"])


def check_exit(process):
    code = process.wait()
    if code == 28:  # CURLE_OPERATION_TIMEDOUT
        raise TimedOut("curl: operation timed out")
    if code:
        raise RuntimeError(f"curl ended with {code}: {process.stderr.read().decode()}")


def chat(order):
    process = start(order, "-w", "\n%{http_code}")
    body, _, status = process.stdout.read().rpartition(b"\n")
    check_exit(process)
    answer = json.loads(body)
    if int(status) != 200:
        raise Refused(int(status), answer["error"])
    choice = answer["choices"][0]
    return {"text": choice["message"]["content"], "finish": choice["finish_reason"],
            "usage": openai_usage(Usage(answer["usage"]))}


def stream(order):
    options = {"stream_options": {"include_usage": True}} if order["usage"] else {}
    process = start(order, "-N", "-w", "\nHTTP %{http_code}\n", stream=True, **options)
    collected, finish, usage, seen_done = Collector(order), None, None, False
    for line in process.stdout:
        if line.startswith(b"{"):  # no stream: the body of a refusal
            status = int(process.stdout.read().split()[-1])
            raise Refused(status, json.loads(line)["error"])
        if not line.startswith(b"data: "):
            continue
        if line == b"data: [DONE]\n":
            seen_done = True
            continue
        chunk = json.loads(line[6:])
        if "error" in chunk:
            process.stdout.read()
            if process.wait() != 18:  # CURLE_PARTIAL_FILE: what a script sees of it
                raise RuntimeError("curl takes a failed stream for a whole one")
            raise Refused(200, chunk["error"])
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            finish = choice["finish_reason"] or finish
            if collected.add(choice["delta"].get("content")):
                process.send_signal(signal.SIGINT)
                process.wait()
                return {"text": collected.text, "finish": "left", "usage": None}
    check_exit(process)
    if not seen_done:
        raise RuntimeError("no [DONE]")
    return {"text": collected.text, "finish": finish,
            "usage": usage and openai_usage(Usage(usage))}


serve({"chat": chat, "stream": stream}, report_error)
