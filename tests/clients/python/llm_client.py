"""llm, the command line tool: one run of the program per question, the log continues a dialogue."""

import codecs
import inspect
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from driver import TOOLS, Collector, serve, tell

HOME = Path(os.environ["HOME"]) / "llm"
FUNCTIONS = HOME / "functions.py"
MODELS = """\
- model_id: {0}
  model_name: {0}
  api_base: "{1}"
  api_key_name: gateway
  supports_tools: true
  supports_schema: true
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
    FUNCTIONS.write_text("\n\n".join(map(inspect.getsource, TOOLS.values())))
    (HOME / "keys.json").write_text('{"gateway": "unused"}')


def start(order, question, *flags):
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "llm"), "-m", order["model"], "-u", *flags, question],
        env={**os.environ, "LLM_USER_PATH": str(HOME)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def leave(process):
    """What a user does who has waited enough; the interpreter can miss a first Ctrl-C."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def result_of(process, text, said):
    """The end of a run that went well: its text, and the usage that -u writes to stderr."""
    if process.wait():
        raise Failed(said)
    prompt, completion = (int(n.replace(",", "")) for n in USAGE.search(said).groups())
    return {"text": text, "finish": None,
            "usage": {"prompt": prompt, "completion": completion}}


def ask_whole(order, question, *flags):
    process = start(order, question, "--no-stream", *flags)
    try:
        text, said = process.communicate(timeout=order["timeout"])
    except subprocess.TimeoutExpired:
        leave(process)
        raise TimedOut("llm was interrupted") from None
    return result_of(process, text.decode().removesuffix("\n"), said.decode())


def chat(order):
    system = [m["content"] for m in order["messages"] if m["role"] == "system"]
    flags, result = (["-s", system[0]] if system else []), None
    for message in order["messages"]:
        if message["role"] == "user":  # what stands between them is what upstream has answered
            result = ask_whole(order, message["content"], *flags)
            flags = ["-c"]
    return result


def stream(order, *flags):
    process = start(order, order["messages"][-1]["content"], *flags)
    collected, decoder = Collector(order), codecs.getincrementaldecoder("utf-8")()
    held = ""  # a line's end: the last one is not the answer's
    while piece := os.read(process.stdout.fileno(), 4096):
        text = held + decoder.decode(piece)
        shown = text.removesuffix("\n")
        held = text[len(shown):]
        if collected.add(shown):
            leave(process)
            return {"text": collected.text, "finish": "left", "usage": None}
    return result_of(process, collected.text, process.stderr.read().decode())


def tools(order):
    """The program runs the calls itself and prints what the answers of the loop say."""
    flags = ("--functions", str(FUNCTIONS))
    if order["streamed"]:
        return stream(order, *flags)
    return ask_whole(order, order["messages"][-1]["content"], *flags)


def structured(order):
    flags = ("--schema", "name, people int")
    if order["streamed"]:
        return stream(order, *flags)
    return ask_whole(order, order["messages"][-1]["content"], *flags)


prepare()
serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured}, report_error)
