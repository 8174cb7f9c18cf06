#!/usr/bin/env python3
"""Measures the first and the later turns with the real CLI and prints tables in markdown: a bare
driver of its pipes, the gateway, and another bridge that starts a CLI per request.

Usage: tests/bench/real_cli.py [--binary PATH] [--pairs N] [--version V] [--no-peer] [--write]
Method and meaning of the columns: docs/performance.md.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
from real_sides import (  # noqa: E402
    PEER, Driver, Standin, client_tools, questions, start_gateway, start_peer, stop)
from run import interval, machine, write  # noqa: E402

BEGIN = "<!-- real CLIs: written by tests/bench/real_cli.py -->"
END = "<!-- end of real CLIs -->"
VERSIONS = ["2.1.197", "2.1.332"]
TEMPERATURE = 0.5
TURNS = ("first", "later", "edited")
REST = 4.0  # s that a spare has waited, as a rule
SETTLE = 0.3  # s between what came before and a measurement: processes that end, late log lines


class Contest:
    """All contenders with one CLI. Each contender gives times by the name of a row."""

    def __init__(self, options, version, directory):
        self.cli = (options.cli_dir / version / "node_modules/.bin/claude").resolve()
        self.directory, self.asked = directory, questions()
        self.api = Standin(directory)
        self.primed, self.blank, self.bare = (
            start_gateway(name, options.binary, self.cli, directory, self.api, spares)
            for name, spares in (("gateway", 2), ("gateway with one spare", 1),
                                 ("gateway without spares", 0)))
        for _ in range(2):  # twice is a habit
            self.primed.dialogue(self.asked, ("first",))
        self.servers = [self.primed, self.blank, self.bare]
        self.contenders = [self.driver, self.twin, self.rested_driver, self.gateway,
                           self.blank_gateway, self.tuned_driver, self.tuned_gateway,
                           self.retooled_driver, self.retooled_gateway,
                           self.cold_driver, self.cold_gateway]
        if not options.no_peer:
            self.peer = start_peer(self.cli, directory, self.api)
            self.servers.append(self.peer)
            self.contenders.append(self.peer_turns)

    def booted(self):
        driver = Driver(self.cli, self.directory, self.api)
        driver.boot()
        time.sleep(SETTLE)
        return driver

    def driver(self, suffix=""):
        driver = self.booted()
        times = {f"driver {name}{suffix}": driver.turn(next(self.asked), name) for name in TURNS}
        driver.close()
        return times

    def twin(self):
        return self.driver(" twin")

    def rested_driver(self):
        """Whose process has waited as spares do."""
        driver = self.booted()
        time.sleep(REST)
        seconds = driver.turn(next(self.asked), "first")
        driver.close()
        return {"driver rested": seconds}

    def tuned_driver(self):
        driver = self.booted()
        seconds = driver.turn(next(self.asked), "first", TEMPERATURE)
        driver.close()
        return {"driver tuned": seconds}

    def tuned_gateway(self):
        times = self.primed.dialogue(self.asked, ("first",), temperature=TEMPERATURE)
        return {"gateway tuned": times[0]}

    def retooled_driver(self):
        driver = self.booted()
        driver.offer(("look",))
        driver.turn(next(self.asked), "first")
        driver.offer(("look", "touch"))
        seconds = driver.turn(next(self.asked), "later")
        driver.close()
        return {"driver retooled": seconds}

    def retooled_gateway(self):
        times = self.primed.dialogue(self.asked, ("tooled", "retooled"),
                                     tools=client_tools(("look",)))
        return {"gateway retooled": times[1]}

    def cold_driver(self):
        begun = time.monotonic()
        driver = Driver(self.cli, self.directory, self.api)
        started = time.monotonic() - begun
        seconds = started + driver.turn(next(self.asked), "first")
        driver.close()
        return {"driver cold": seconds}

    def gateway(self):
        return dict(zip((f"gateway {name}" for name in TURNS),
                        self.primed.dialogue(self.asked, TURNS)))

    def blank_gateway(self):
        return {"gateway blank": self.blank.dialogue(self.asked, ("first",))[0]}

    def cold_gateway(self):
        return {"gateway cold": self.bare.dialogue(self.asked, ("first",))[0]}

    def peer_turns(self):
        return dict(zip(("peer first", "peer later"),
                        self.peer.dialogue(self.asked, ("first", "later"))))

    def run(self, pairs):
        times = {}
        for number in range(pairs + 1):
            round_of = {}
            for contender in self.contenders if number % 2 == 0 else reversed(self.contenders):
                self.primed.wait_spares(2, 1)
                self.blank.wait_spares(1, 0)
                time.sleep(SETTLE)
                round_of |= contender()
            if number == 0:  # warms up the files' cache
                for server in self.servers:
                    server.matches, server.parts = {}, {}
                continue
            for row, seconds in round_of.items():
                times.setdefault(row, []).append(seconds * 1000)
            print(f"round {number} of {pairs}", file=sys.stderr, flush=True)
        return times

    def close(self):
        for server in self.servers:
            stop(server.process)
        stop(self.api.process)


# (row, what it is, the row that it is compared with)
ROWS = [("driver first", "driver, booted process, first turn", None),
        ("driver first twin", "the same once more", "driver first"),
        ("driver rested", "driver, first turn four seconds after the boot", "driver first"),
        ("gateway first", "gateway, new conversation, primed spare", "driver first"),
        ("gateway blank", "gateway, new conversation, blank spare", "driver first"),
        ("driver tuned", "driver, the first turn sets a temperature", None),
        ("gateway tuned", "gateway, the same", "driver tuned"),
        ("driver later", "driver, second turn", None),
        ("driver later twin", "the same once more", "driver later"),
        ("gateway later", "gateway, second turn, history told again", "driver later"),
        ("driver edited", "driver, second question taken back and asked differently", None),
        ("driver edited twin", "the same once more", "driver edited"),
        ("gateway edited", "gateway, history told with another second question", "driver edited"),
        ("driver retooled", "driver, second turn with another list of tools", None),
        ("gateway retooled", "gateway, the same, history told again", "driver retooled"),
        ("driver cold", "driver, process not started yet", None),
        ("gateway cold", "gateway without spares, new conversation", "driver cold"),
        ("peer first", f"{PEER}, first request", "driver first"),
        ("peer later", f"{PEER}, second request", "driver later")]


def table(times):
    lines = ["| first text of | median ms | middle half ms | over the driver ms | times the driver |",
             "|---|---|---|---|---|"]
    for row, what, base in ROWS:
        if row not in times:
            continue
        quarters = statistics.quantiles(times[row], n=4)
        over = ratio = "–"
        if base:
            pairs = list(zip(times[row], times[base]))
            over = "{:+.1f} [{:+.1f}, {:+.1f}]".format(*interval([a - b for a, b in pairs]))
            ratio = "{:.2f}".format(statistics.median(a / b for a, b in pairs))
        lines.append(f"| {what} | {statistics.median(times[row]):.1f} "
                     f"| {quarters[0]:.1f} – {quarters[2]:.1f} | {over} | {ratio} |")
    return lines


def told(server):
    """What the gateway itself says about its turns."""
    lines = []
    for turn, seen in server.matches.items():
        counts = ", ".join(f"{match}: {count}" for match, count in sorted(seen.items()))
        parts = ", ".join(f"{part} {statistics.median(spent):.1f}"
                          for part, spent in server.parts.get(turn, {}).items())
        lines.append(f"{server.name.capitalize()}, {turn} turns: {counts}"
                     + (f"; `Server-Timing`, median ms: {parts}" if parts else "") + ".")
    return lines


def measure(options, version, directory):
    contest = Contest(options, version, directory)
    try:
        times = contest.run(options.pairs)
    finally:
        contest.close()
    lines = [f"**CLI {version}**", "", *table(times), ""]
    for server in (contest.primed, contest.blank, contest.bare):
        lines += ["- " + line for line in told(server)]
    return lines + [""]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", type=pathlib.Path,
                           default=ROOT / "build/release/claude-code-api")
    arguments.add_argument("--cli-dir", type=pathlib.Path,
                           default=pathlib.Path(os.environ.get("CCAPI_CLI_DIR", ROOT / "build/cli")))
    arguments.add_argument("--pairs", type=int, default=15)
    arguments.add_argument("--version", action="append", choices=VERSIONS,
                           help="only this CLI; may stand several times")
    arguments.add_argument("--no-peer", action="store_true", help=f"leave out {PEER}")
    arguments.add_argument("--write", action="store_true", help="put the figures into the page")
    options = arguments.parse_args()
    if options.pairs < 2:
        arguments.error("two rounds at least")
    options.binary = options.binary.resolve()
    loads = [os.getloadavg()[0]]
    lines = []
    with tempfile.TemporaryDirectory(prefix="ccapi-bench-") as directory:
        for version in options.version or VERSIONS:
            lines += measure(options, version, pathlib.Path(directory))
    loads.append(os.getloadavg()[0])
    figures = "\n".join([*machine(), f"Load average {loads[0]:.1f} at the start, {loads[1]:.1f} at "
                         f"the end; {options.pairs} rounds.", "", *lines]).rstrip()
    print(figures)
    if options.write:
        write(figures, BEGIN, END)


if __name__ == "__main__":
    main()
