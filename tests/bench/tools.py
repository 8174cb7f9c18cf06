#!/usr/bin/env python3
"""Counts what turns with the client's tools cost the gateway, beside plain ones (callgrind).

Usage: tests/bench/tools.py [--build DIR] [--write]
Meaning of the rows: docs/performance.md.
"""

import argparse
import http.client
import json
import pathlib
import re
import tempfile

import run

MARKS = ("<!-- figures: written by tests/bench/tools.py -->", "<!-- end of figures about tools -->")
ROUNDS = 20
# Arguments come in pieces of 7 bytes, the text about results in pieces of 64.
ARGUMENTS = json.dumps({"q": "x" * (7 * run.DELTAS - 9)})
RESULT = "r" * (64 * run.DELTAS - 60)


def tool(name):
    return {"type": "function", "function": {"name": name, "description": "d" * 200, "parameters": {
        "type": "object", "properties": {"q": {"type": "string", "description": "q" * 40}}}}}


class Client:
    """One conversation over one connection."""

    def __init__(self, server, name, stream):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.name, self.stream = name, stream

    def ask(self, messages, **fields):
        """The answer's bytes."""
        body = json.dumps({"model": "sonnet", "conversation_id": self.name, "messages": messages,
                           "stream": self.stream, **fields})
        self.connection.request("POST", "/v1/chat/completions", body,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != 200 or b'"error"' in said:
            raise SystemExit(f"the gateway answered {answer.status}: {said[:600]}")
        return said

    def plain(self, number, **fields):
        said = self.ask([{"role": "user", "content": f"[[text:{run.DELTAS}]] {number}"}], **fields)
        assert said.count(b"w15 ") == 1, said

    def calls(self, number):
        """A question that is answered by a call, and its result by a text."""
        said = self.ask([{"role": "user", "content": f"[[call:look:{ARGUMENTS}]] {number}"}],
                        tools=[tool("look"), tool("touch")])
        assert said.count(b'"look"') == 1 and said.count(b'"tool_calls"') > 1, said
        pieces = said.count(b'"arguments"')
        assert pieces == (run.DELTAS + 1 if self.stream else 1), pieces
        [call] = set(re.findall(rb'"id":"(toolu_\w+)"', said))
        said = self.ask([{"role": "tool", "tool_call_id": call.decode(), "content": RESULT}],
                        tools=[tool("look"), tool("touch")])
        assert said.count(call) == 1 and b'"stop"' in said, said
        if self.stream:
            assert said.count(b'"content"') >= run.DELTAS, said

    def changes(self, number):
        """Two plain turns whose tools are others than in the turn before."""
        for names in (("look", "touch"), ("touch", "find")):
            self.plain(number, tools=[tool(name) for name in names])

    def keeps(self, number):
        """Two plain turns with the same tools."""
        for _ in range(2):
            self.plain(number, tools=[tool("look"), tool("touch")])

    def talks(self, number):
        """Two plain turns."""
        for _ in range(2):
            self.plain(number)


# (what the two turns are, method, streamed)
ROWS = [("two plain turns", "talks", False), ("call and its results", "calls", False),
        ("two plain turns, streamed", "talks", True),
        ("call and its results, streamed", "calls", True),
        ("two plain turns with tools", "keeps", False),
        ("the same, other tools in each turn", "changes", False)]


def measure(build, directory):
    dump = directory / "callgrind"
    server = run.Server("gateway", build, directory, run.counting(build, dump), script="")
    spent = []
    for place, (_, method, stream) in enumerate(ROWS):
        client = Client(server, f"tools-{place}", stream)
        work = getattr(client, method)
        for number in range(3):
            work(number)
        run.wait_spares(server)
        spent.append(run.counted(server, dump, lambda: [work(n) for n in range(ROUNDS)]) / ROUNDS)
        client.connection.close()
    server.stop()
    return spent


def table(spent):
    lines = ["| two turns | user instructions | to plain |", "|---|---|---|"]
    for (name, _, stream), figure in zip(ROWS, spent):
        lines.append(f"| {name} | {figure:,.0f} | {figure / spent[2 if stream else 0]:.2f} |")
    return lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", type=pathlib.Path, default=run.ROOT / "build/bench")
    arguments.add_argument("--write", action="store_true", help="put the figures into the page")
    options = arguments.parse_args()
    build = options.build.resolve()
    cache = (build / "CMakeCache.txt").read_text()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(\w*)", cache, re.M)[1]
    with tempfile.TemporaryDirectory(prefix="ccapi-bench-") as directory:
        spent = measure(build, pathlib.Path(directory))
    unfit = [] if kind == "RelWithDebInfo" else [
        "", f"**Built as {kind}**, not optimised: only the ratios say something, and roughly."]
    figures = "\n".join([*run.machine(), *unfit, "", *table(spent)])
    print(figures)
    if options.write:
        run.write(figures, *MARKS)


if __name__ == "__main__":
    main()
