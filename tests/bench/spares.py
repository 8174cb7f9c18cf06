#!/usr/bin/env python3
"""Measures what the refilling of spares does to streams that run meanwhile: the gaps between their
deltas while requests come that claim a spare, and while as many come that need none. Real CLI,
answers of the stand-in for the Messages API; slices in the order ABBA. Prints a table in markdown.

Usage: tests/bench/spares.py --cli build/cli/2.1.330/node_modules/.bin/claude [--pairs N]
"""

import argparse
import json
import os
import pathlib
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DELAY_MS = 20


class Program:
    """A child of this script whose output tells where it listens."""

    def __init__(self, command, pattern, environment, directory):
        self.log = directory / f"{pathlib.Path(command[0]).name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(list(map(str, command)), cwd=directory, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, env=environment)
        for _ in range(400):
            if found := re.search(pattern, self.log.read_text(errors="replace")):
                self.port = int(found[1])
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"{command[0]} did not start:\n{self.log.read_text(errors='replace')}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


def post(port, messages, stream, **fields):
    """A socket on which the answer will come."""
    body = json.dumps({"messages": messages, "stream": stream, "model": "sonnet",
                       **fields}).encode()
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                       b"Connection: close\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n%b" % (port, len(body), body))
    return connection


def spares(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats", timeout=10) as answer:
        return json.load(answer)["spares"]


def wait_spares(port, count):
    for _ in range(600):
        if spares(port)["ready"] >= count:
            return
        time.sleep(0.05)
    sys.exit(f"no {count} spares: {spares(port)}")


class Slice:
    """Streams for `seconds`, with a short request every `every` seconds beside them."""

    def __init__(self, options, port, refill, number):
        self.options, self.port, self.refill, self.number = options, port, refill, number
        self.gaps = []
        self.asked = 0

    def run(self):
        options = self.options
        deltas = int(options.seconds * 1000 / DELAY_MS)
        text = f"[[text:{deltas}]][[delay:{DELAY_MS}]]"
        streams = [post(self.port, [{"role": "user", "content": text}], True,
                        conversation_id=f"stream{n}") for n in range(options.streams)]
        last, asked, beside = {}, time.monotonic() + options.every, []
        poll = select.poll()
        sockets = {s.fileno(): s for s in streams}
        for descriptor in sockets:
            poll.register(descriptor, select.POLLIN)
        while sockets:
            for descriptor, _ in poll.poll(5):
                chunk = sockets[descriptor].recv(65536)
                now = time.monotonic()
                if not chunk:
                    poll.unregister(descriptor)
                    sockets.pop(descriptor).close()
                    continue
                for _ in range(chunk.count(b'"content":"w')):
                    if descriptor in last:
                        self.gaps.append((now - last[descriptor]) * 1000)
                    last[descriptor] = now
            if time.monotonic() >= asked and len(sockets) == options.streams:
                asked += options.every
                beside.append(self.short_request())
        for connection in beside:
            while connection.recv(65536):
                pass
            connection.close()
        return self

    def short_request(self):
        """One that claims a spare, or one that goes on in a process that is there."""
        self.asked += 1
        name = f"new{self.number}.{self.asked}" if self.refill else "warm"
        return post(self.port, [{"role": "user", "content": "[[text:1]]"}], False,
                    conversation_id=name)


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--gateway", type=pathlib.Path,
                           default=ROOT / "build/release/claude-code-api")
    arguments.add_argument("--cli", type=pathlib.Path, required=True)
    arguments.add_argument("--pairs", type=int, default=4)
    arguments.add_argument("--seconds", type=float, default=8, help="length of a slice")
    arguments.add_argument("--every", type=float, default=1, help="seconds between short requests")
    arguments.add_argument("--streams", type=int, default=4)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="ccapi-bench-") as folder:
        directory = pathlib.Path(folder)
        base = {"PATH": "/usr/bin:/bin", "HOME": folder}
        api = Program([sys.executable, ROOT / "tests/support/messages_api.py", "--port", "0",
                       "--lenient"],  # rules would take time of their own
                      r"127\.0\.0\.1:(\d+)", base, directory)
        gateway = Program([options.gateway.resolve()], r"127\.0\.0\.1:(\d+)", {
            **base, "ANTHROPIC_API_KEY": "unused",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{api.port}",
            "CLAUDE_CODE__SERVER__PORT": "0",
            "CLAUDE_CODE__CLAUDE__COMMAND": str(options.cli.resolve()),
            # Nobody has to make room: that is not what is measured.
            "CLAUDE_CODE__CLAUDE__MAX_CONCURRENT_SESSIONS": "100",
            "CLAUDE_CODE__PROCESS_POOL__SIZE": "2", "CLAUDE_CODE__PROCESS_POOL__MIN_IDLE": "2",
            "CLAUDE_CODE__PROCESS_POOL__MAX_IDLE": "2"}, directory)
        try:
            measure(options, gateway.port)
        finally:
            gateway.stop()
            api.stop()


def measure(options, port):
    gaps = {False: [], True: []}
    ratios, number = [], 0
    for pair in range(options.pairs + 1):  # the first warms up
        found = {}
        for refill in ((False, True), (True, False))[pair % 2]:
            wait_spares(port, 2)
            number += 1
            ran = Slice(options, port, refill, number).run()
            found[refill] = ran.gaps
        if pair == 0:
            before = spares(port)
        else:
            for refill, values in found.items():
                gaps[refill] += values
            ratios.append(percentile(found[True], 0.99) / percentile(found[False], 0.99))
    hits, misses = (spares(port)[name] - before[name] for name in ("hits", "misses"))
    print(f"{options.streams} streams, {DELAY_MS} ms between deltas, a short request every "
          f"{options.every:g} s; {options.pairs} pairs of {options.seconds:g} s; "
          f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; {hits} new "
          f"dialogues claimed a spare, {misses} found none.\n")
    print("| beside the streams | gap p50 ms | p99 | p99.9 | longest |\n|---|---|---|---|---|")
    for refill, name in ((False, "turns of a live dialogue"), (True, "new dialogues")):
        values = gaps[refill]
        print(f"| {name} | {statistics.median(values):.1f} | {percentile(values, .99):.1f} "
              f"| {percentile(values, .999):.1f} | {max(values):.1f} |")
    print(f"\nRatio of the p99, median of the pairs: {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f}).")


if __name__ == "__main__":
    main()
