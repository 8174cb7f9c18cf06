#!/usr/bin/env python3
"""Compares the gateway with the floor (tests/bench/floor.cpp) and prints tables in markdown.

Usage: tests/bench/run.py [--build DIR] [--pairs N] [--write] [--threads]
Method and meaning of the columns: docs/performance.md.
"""

import argparse
import atexit
import collections
import datetime
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/performance.md"
BEGIN, END = "<!-- figures: written by tests/bench/run.py -->", "<!-- end of figures -->"
DELTAS = 16
THREADS_MARKS = ("<!-- figures: written by tests/bench/run.py --threads -->",
                 "<!-- end of figures about threads -->")
NOISE_MAX = 0.05  # half of the widest interval that two equal servers may show on a quiet machine
CHILDREN = 8
# (name, scenario, connections)
ROWS = [("health", "health", 1), ("health, shown a key", "keyed", 1), ("turn", "turn", 1), ("turn, 8 conversations", "turn", 8),
        ("stream, all at once", "stream", 1), ("stream, 1 ms between deltas", "paced", 1),
        ("the same, 8 conversations", "paced", 8)]
THREAD_ROWS = [("turn", "turn", 1), ("turn", "turn", 8), ("turn", "turn", 64),
               ("stream, 1 ms between deltas", "paced", 64)]
COUNTED = ["health", "keyed", "cached", "turn", "stream", "paced"]
COUNTED_REQUESTS = 40
SPARES = 2  # process_pool.min_idle
LONG_TURNS, LONG_STEP = 1000, 50


class Server:
    """A floor or a gateway, perhaps under a tool such as valgrind."""

    def __init__(self, kind, build, directory, prefix=(), script=f"[[text:{DELTAS}]]", **settings):
        self.kind = kind
        fake = build / "fake_claude"
        home = directory / f"home{time.monotonic_ns()}"
        home.mkdir()
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(home),
                       "ANTHROPIC_FAKE_SCRIPT": script,
                       # Its look through the whole dialogue would be most of a turn.
                       "ANTHROPIC_FAKE_STRICT": "0",
                       "CLAUDE_CODE__SERVER__PORT": "0", "CLAUDE_CODE__SERVER__IO_THREADS": "1",
                       "CLAUDE_CODE__CLAUDE__COMMAND": str(fake),
                       # The floor keeps nothing, either; store.py measures that.
                       "CLAUDE_CODE__STORE__ENABLED": "false"}
        environment |= {f"CLAUDE_CODE__{key.upper()}": str(value) for key, value in settings.items()}
        if kind == "gateway with keys":
            environment |= {"CLAUDE_CODE__AUTH__API_KEYS": '["the-key-of-the-benchmark"]',
                            "CLAUDE_CODE__AUTH__FAILURES_PER_MINUTE_MAX": "1000000"}
        command = [build / "bench_floor", fake, str(CHILDREN)] if kind == "floor" \
            else [build / "claude-code-api"]
        self.log = home / "log"
        self.out = home / "out"
        with self.log.open("wb") as log, self.out.open("wb") as out:
            self.process = subprocess.Popen([*prefix, *map(str, command)], env=environment,
                                            cwd=home, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=log)
        self.pid = self.process.pid
        atexit.register(self.stop)
        self.port = self._port()

    def _port(self):
        pattern = r"^(\d+)$" if self.kind == "floor" else r"127\.0\.0\.1:(\d+)"
        for _ in range(600):
            if found := re.search(pattern, self.out.read_text(errors="replace"), re.M):
                return int(found[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"{self.kind} did not start:\n{self.log.read_text(errors='replace')}")

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def stop(self):
        atexit.unregister(self.stop)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Load:
    """The load generator; its connections and conversations live on between slices."""

    def __init__(self, build):
        self.process = subprocess.Popen([str(build / "bench_load")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def slice(self, server, scenario, connections=1, label="", **order):
        words = {"name": f"{server.kind.replace(' ', '-')}-{server.pid}-{scenario}-{connections}{label}",
                 "port": server.port, "pid": server.pid, "scenario": scenario,
                 "connections": connections, **order}
        self.process.stdin.write(" ".join(f"{k}={v}" for k, v in words.items()) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the load generator gave up: an answer was wrong or missing (see above)")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


# -- pairs -----------------------------------------------------------------------------------

METRICS = {
    "time": lambda s: s["seconds"] / s["requests"],
    "p50": lambda s: s["p50"],
    "p99": lambda s: s["p99"],
    "first": lambda s: s["first_p50"],
    "cpu": lambda s: s["cpu_us"] / s["requests"],
}


def interval(values, rounds=2000):
    """Median and the borders of its 95 % bootstrap interval."""
    dice = random.Random(1)
    medians = sorted(statistics.median(dice.choices(values, k=len(values)))
                     for _ in range(rounds))
    return statistics.median(values), medians[int(rounds * .025)], medians[int(rounds * .975)]


def compare(load, first, second, scenario, connections, options, of_first=None):
    """Slices in the order ABBA. Gives ratios second : first, and both sides' medians. `of_first`:
    what the first is asked, if that is something else."""
    slices = collections.defaultdict(list)
    for number in range(options.pairs + 1):
        pair = [("first", first), ("second", second)]
        for side, server in pair if number % 2 == 0 else reversed(pair):
            span = options.slice_ms
            asked = of_first if of_first and side == "first" else scenario
            got = load.slice(server, asked, connections, ms=span, turns=options.turns)
            if number > 0:  # the first pair warms up
                slices[side].append(got)
    row = {"scenario": scenario, "connections": connections}
    for name, metric in METRICS.items():
        a, b = ([metric(s) for s in slices[side]] for side in ("first", "second"))
        row[name] = {"ratio": interval([y / x for x, y in zip(a, b)]),
                     "first": statistics.median(a), "second": statistics.median(b)}
    return row


# -- what a request costs, counted --------------------------------------------------------------

def warm_up(load, server, scenario):
    """The process is there then, and so are the spares that the first turn called for: starting
    them is no part of a turn, nor of the same share of any number of turns."""
    load.slice(server, scenario, requests=2, turns=10**6)
    if server.kind == "gateway" and scenario != "health":
        wait_spares(server)


def wait_spares(server):
    for _ in range(600):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/stats", timeout=60) as answer:
            spares = json.load(answer)["spares"]
        if spares["ready"] >= SPARES and spares["booting"] == 0:
            return
        time.sleep(0.05)
    sys.exit(f"no {SPARES} spares: {spares}")


def instructions(build, directory, kind, scenario):
    """User instructions of one request (callgrind)."""
    dump = directory / f"callgrind-{kind.replace(chr(32), chr(45))}-{scenario}"
    server = Server(kind, build, directory, counting(build, dump))
    load = Load(build)
    warm_up(load, server, scenario)
    spent = counted(server, dump, lambda: load.slice(server, scenario, requests=COUNTED_REQUESTS,
                                                     turns=10**6))
    load.stop()
    server.stop()
    return spent / COUNTED_REQUESTS


def counting(build, dump):
    """What a server's command line begins with whose instructions are counted."""
    return ["env", f"LD_PRELOAD={build / 'bench_pidfd_substitute.so'}", "valgrind",
            "--tool=callgrind", f"--callgrind-out-file={dump}"]


def counted(server, dump, work):
    """User instructions that the server spends on work()."""
    dumps = len(list(dump.parent.glob(f"{dump.name}.*")))
    subprocess.run(["callgrind_control", "-z", str(server.pid)], check=True, capture_output=True)
    work()
    subprocess.run(["callgrind_control", "-d", str(server.pid)], check=True, capture_output=True)
    part = pathlib.Path(f"{dump}.{dumps + 1}")
    return int(re.search(r"^(?:totals|summary): (\d+)", part.read_text(), re.M)[1])


def system_calls(build, directory, kind, scenario):
    """System calls of one request, by name (strace)."""
    server = Server(kind, build, directory)
    load = Load(build)
    warm_up(load, server, scenario)
    result = directory / f"strace-{kind}-{scenario}"
    tracer = subprocess.Popen(["strace", "-f", "-c", "-U", "name,calls", "-o", str(result), "-p",
                               str(server.pid)], stderr=subprocess.PIPE)
    tasks = len(os.listdir(f"/proc/{server.pid}/task"))
    while not traced(server.pid, tasks):
        time.sleep(0.01)
    load.slice(server, scenario, requests=COUNTED_REQUESTS, turns=10**6)
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    load.stop()
    server.stop()
    calls = {}
    for line in result.read_text().splitlines():
        if found := re.match(r"^\s*([a-z_0-9]+)\s+(\d+)\s*$", line):
            if found[1] != "total":
                calls[found[1]] = int(found[2]) / COUNTED_REQUESTS
    return calls


def traced(pid, tasks):
    states = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
    return len(states) >= tasks and all("TracerPid:\t0" not in state for state in states)


def count(build, directory):
    rows = []
    for scenario in COUNTED:
        kinds = ("floor", "gateway with keys" if scenario == "keyed" else "gateway")
        for kind in kinds[scenario == "cached":]:  # the floor has no cache
            row = {"scenario": scenario, "kind": kind, "instructions": None, "calls": None}
            if shutil.which("valgrind"):
                row["instructions"] = instructions(build, directory, kind, scenario)
            if shutil.which("strace"):
                row["calls"] = system_calls(build, directory, kind, scenario)
            rows.append(row)
    return rows


# -- a long conversation --------------------------------------------------------------------------

def long_conversation(load, server):
    rows = []
    for begun in range(0, LONG_TURNS, LONG_STEP):
        got = load.slice(server, "turn", label="-long", requests=LONG_STEP, turns=10**9)
        rows.append({"turn": begun + LONG_STEP, "p50": got["p50"],
                     "cpu": got["cpu_us"] / got["requests"]})
    return rows


# -- tables ----------------------------------------------------------------------------------------

def ratio_cell(cell):
    return "{:.2f} [{:.2f}, {:.2f}]".format(*cell["ratio"])


def pair_table(names_and_rows):
    lines = ["| scenario | c | time/request | p50 | p99 | first text p50 | CPU/request "
             "| p50 µs | CPU µs |", "|---|---|---|---|---|---|---|---|---|"]
    for name, row in names_and_rows:
        p50 = "p50" if row["scenario"] != "paced" else "first"
        streams = row["scenario"] in ("stream", "paced")
        lines.append("| {} | {} | {} | {} | {} | {} | {} | {:.0f} : {:.0f}{} | {:.1f} : {:.1f} |".format(
            name, row["connections"], ratio_cell(row["time"]), ratio_cell(row["p50"]),
            ratio_cell(row["p99"]), ratio_cell(row["first"]) if streams else "–",
            ratio_cell(row["cpu"]), row[p50]["second"], row[p50]["first"],
            " (first text)" if p50 == "first" else "", row["cpu"]["second"], row["cpu"]["first"]))
    return lines


def count_table(rows):
    lines = ["| scenario | server | user instructions | system calls | of these |",
             "|---|---|---|---|---|"]
    for row in rows:
        calls = row["calls"] or {}
        most = sorted(calls.items(), key=lambda entry: -entry[1])
        most = [(name, number) for name, number in most if number >= 0.05]
        rest = most[12:]
        text = ", ".join(f"{name} {number:.1f}" for name, number in most[:12])
        if rest:
            text += f", {len(rest)} others {rest[-1][1]:.1f} to {rest[0][1]:.1f} each"
        instr = f"{row['instructions']:,.0f}" if row["instructions"] else "not measured"
        lines.append(f"| {row['scenario']} | {row['kind']} | {instr} "
                     f"| {sum(calls.values()):.1f} | {text} |")
    return lines


def long_table(floor, gateway):
    lines = ["| turns so far | floor p50 µs | gateway p50 µs | floor CPU µs | gateway CPU µs |",
             "|---|---|---|---|---|"]
    for one, other in zip(floor, gateway):
        if one["turn"] in (LONG_STEP, 100, 200, 500, LONG_TURNS):
            lines.append(f"| {one['turn']} | {one['p50']:.0f} | {other['p50']:.0f} "
                         f"| {one['cpu']:.1f} | {other['cpu']:.1f} |")
    return lines


def write(figures, begin, end):
    """Puts them into the page, between these marks."""
    before, _, rest = PAGE.read_text().partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n{figures}\n{end}{after}")


def machine():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
                            capture_output=True, text=True).stdout.strip()
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True).stdout
    return [f"Measured {datetime.date.today()} at commit {commit or 'unknown'} on {os.cpu_count()} "
            f"cores of {cpu[1] if cpu else 'an unknown CPU'}, Linux {platform.release()}, "
            f"{compiler.splitlines()[0]}."]


def measure(options, directory):
    build = options.build
    loads = [os.getloadavg()[0]]
    floor, twin = Server("floor", build, directory), Server("floor", build, directory)
    gateway = Server("gateway", build, directory)
    guarded = Server("gateway with keys", build, directory)
    load = Load(build)
    lines = machine()
    null = [(f"floor : floor, {name}", compare(load, floor, twin, scenario, c, options))
            for name, scenario, c in ROWS[:1] + ROWS[2:4]]
    rows = [(name, compare(load, floor, guarded if scenario == "keyed" else gateway, scenario, c,
                           options)) for name, scenario, c in ROWS]
    rows.insert(2, ("refused without a key : its own health",
                    compare(load, guarded, guarded, "refused", 1, options, of_first="health")))
    rows.insert(3, ("from the cache : the floor's health",
                    compare(load, floor, gateway, "cached", 1, options, of_first="health")))
    loads.append(os.getloadavg()[0])
    growth = [long_conversation(load, server) for server in (floor, gateway)]
    memory = [server.resident_kib() / 1024 for server in (floor, gateway)]
    load.stop()
    for server in (floor, twin, gateway, guarded):
        server.stop()
    chunk = [row["cpu"] for name, row in rows if row["scenario"] == "paced"][-1]
    noise = max((row["time"]["ratio"][2] - row["time"]["ratio"][1]) / 2 for _, row in null)
    if noise > NOISE_MAX:
        lines += ["", f"**The machine was not quiet**: two equal floors differ by ±{noise:.0%}. Trust "
                  "the instructions and system calls; take the times as rough.", ""]
    lines += [f"Load average {loads[0]:.1f} at the start, {loads[1]:.1f} at the end; "
              f"{options.pairs} pairs of {options.slice_ms} ms; conversations of {options.turns} "
              f"turns.", "", "Ratios second : first of two equal floors (what this machine can tell "
              "apart), then gateway : floor. Below 1 is better.", "", *pair_table(null + rows), "",
              f"CPU per streamed chunk (1 ms between deltas, 8 conversations, whole request divided "
              f"by {DELTAS}): gateway {chunk['second'] / DELTAS:.1f} µs, floor "
              f"{chunk['first'] / DELTAS:.1f} µs. Resident memory at the end: gateway "
              f"{memory[1]:.1f} MiB, floor {memory[0]:.1f} MiB.", ""]
    if not options.no_counts:
        lines += ["Per request, one connection:", "", *count_table(count(build, directory)), ""]
    return lines + ["One conversation that goes on:", "", *long_table(*growth)]


# -- I/O threads ------------------------------------------------------------------------------------

def threads(options, directory):
    """Gateways with several I/O threads against one with a single thread."""
    def gateway(count):
        return Server("gateway", options.build, directory, server__io_threads=count,
                      claude__max_concurrent_sessions=80, process_pool__size=0)
    load, single = Load(options.build), gateway(1)
    lines = machine() + ["", "Ratios to a gateway with one I/O thread; below 1 is better.", "",
                         *pair_table([])]
    for count in (1, 2, 4):
        other = gateway(count)
        rows = [(f"{name}, {count} threads", compare(load, single, other, scenario, c, options))
                for name, scenario, c in THREAD_ROWS]
        lines += pair_table(rows)[2:]
        other.stop()
    load.stop()
    single.stop()
    return lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench")
    arguments.add_argument("--pairs", type=int, default=30)
    arguments.add_argument("--slice-ms", type=int, default=250)
    arguments.add_argument("--turns", type=int, default=50, help="length of a conversation")
    arguments.add_argument("--no-counts", action="store_true",
                           help="leave out instructions and system calls")
    arguments.add_argument("--keep", type=pathlib.Path, metavar="DIR",
                           help="leave the callgrind files there")
    arguments.add_argument("--write", action="store_true", help="put the figures into the page")
    arguments.add_argument("--threads", action="store_true",
                           help="compare numbers of I/O threads, nothing else")
    options = arguments.parse_args()
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="ccapi-bench-") as directory:
        figures = "\n".join((threads if options.threads else measure)(options,
                                                                      pathlib.Path(directory)))
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            for file in pathlib.Path(directory).glob("callgrind-*.1"):
                shutil.copy(file, options.keep)
    print(figures)
    if options.write:
        write(figures, *(THREADS_MARKS if options.threads else (BEGIN, END)))


if __name__ == "__main__":
    main()
