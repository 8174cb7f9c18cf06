"""llm, the command line tool: one run of the program per question, the log continues a dialogue."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from driver import Collector, serve, tell

HOME = Path(os.environ["HOME"]) / "llm"
MODELS = """\
- model_id: {0}
  model_name: {0}
  api_base: "{1}"
  api_key_name: gateway
"""
USAGE = re.compile(r"Token usage: ([\d,]+) input, ([\d,]+) output")


class Failed(Exception):
    pass


class TimedOut(Exception):
    pass


def report_error(error):
    tell("error", kind="timeout" if isinstance(error, TimedOut) else "api",
         name=type(error).__name__, status=None, code=None, message=str(error))


def prepare():
    HOME.mkdir(exist_ok=True)
    models = (MODELS.format(name, os.environ["GATEWAY"]) for name in ("sonnet", "no-such-model"))
    (HOME / "extra-openai-models.yaml").write_text("".join(models))
    (HOME / "keys.json").write_text('{"gateway": "unused"}')


def start(order, question, *flags):
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "llm"), "-m", order["model"], "-u", *flags, question],
        env={**os.environ, "LLM_USER_PATH": str(HOME)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process, text):
    said = process.stderr.read().decode()
    if process.wait():
        raise Failed(said)
    prompt, completion = (int(n.replace(",", "")) for n in USAGE.search(said).groups())
    return {"text": text.removesuffix("\n"), "finish": None,
            "usage": {"prompt": prompt, "completion": completion}}


def chat(order):
    result, more = None, []
    system = [m["content"] for m in order["messages"] if m["role"] == "system"]
    for message in order["messages"]:
        if message["role"] == "user":  # the answers between are those that upstream gave
            flags = [*more, *(["-s", system[0]] if system else [])]
            process = start(order, message["content"], "--no-stream", *flags)
            try:
                text = process.communicate(timeout=order["timeout"])
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)  # what a user does who has waited enough
                process.wait()
                raise TimedOut("llm was interrupted") from None
            if process.returncode:
                raise Failed(text[1].decode())
            prompt, completion = (int(n.replace(",", ""))
                                  for n in USAGE.search(text[1].decode()).groups())
            result = {"text": text[0].decode().removesuffix("\n"), "finish": None,
                      "usage": {"prompt": prompt, "completion": completion}}
            more = ["-c"]
    return result


def stream(order):
    process = start(order, order["messages"][-1]["content"])
    collected = Collector(order)
    while piece := os.read(process.stdout.fileno(), 4096):
        if collected.add(piece.decode()):
            process.send_signal(signal.SIGINT)
            process.wait()
            return {"text": collected.text, "finish": "left", "usage": None}
    return ended(process, collected.text)


prepare()
serve({"chat": chat, "stream": stream}, report_error)
