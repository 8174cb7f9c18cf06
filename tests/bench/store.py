#!/usr/bin/env python3
"""Measures what it costs to acknowledge turns after they are on the disk.

Usage: tests/bench/store.py [--build DIR] [--pairs N] [--write]
Meaning of the rows: docs/performance.md.
"""

import argparse
import json
import os
import pathlib
import statistics
import tempfile
import time
import urllib.request

import run

MARKS = ("<!-- figures: written by tests/bench/store.py -->", "<!-- end of figures about the store -->")
CLIENTS = (1, 8, 64)
LOG_BYTES = 4 << 20  # as long as SQLite's log gets before it begins anew
FRAME_HEAD, PAGE = 24, 4096


class Disk:
    """Writes and syncs what a commit does, as it does: heads and pages, in place, one after the other."""

    def __init__(self, directory, pages):
        self.file = os.open(directory / "disk", os.O_RDWR | os.O_CREAT)
        self.pages, self.at = pages, 0
        os.pwrite(self.file, bytes(LOG_BYTES), 0)
        os.fsync(self.file)

    def commit(self):
        for _ in range(self.pages):
            os.pwrite(self.file, b"h" * FRAME_HEAD, self.at)
            os.pwrite(self.file, os.urandom(16) * (PAGE // 16), self.at + FRAME_HEAD)
            self.at += FRAME_HEAD + PAGE
        os.fdatasync(self.file)
        if self.at > LOG_BYTES - 64 * PAGE:
            self.at = 0

    def slice(self, ms):
        """The median in microseconds."""
        spent, end = [], time.perf_counter() + ms / 1000
        while time.perf_counter() < end or len(spent) < 5:
            begin = time.perf_counter()
            self.commit()
            spent.append((time.perf_counter() - begin) * 1e6)
        return statistics.median(spent)


def gateway(options, directory, **settings):
    return run.Server("gateway", options.build, directory, claude__max_concurrent_sessions=80,
                      process_pool__size=0, **settings)


def store_figures(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/stats", timeout=60) as answer:
        return json.load(answer)["store"]


def pages_per_turn(load, server, file):
    """Of the log, with one client."""
    load.slice(server, "turn", requests=20, turns=10**6)
    log = pathlib.Path(f"{file}-wal")
    before = log.stat().st_size
    load.slice(server, "turn", requests=40, turns=10**6)
    return (log.stat().st_size - before) / (FRAME_HEAD + PAGE) / 40


def one_client(options, load, directory):
    file = directory / "one.sqlite"
    kept = gateway(options, directory, store__enabled="true", store__path=file)
    unkept = gateway(options, directory)
    pages = pages_per_turn(load, kept, file)
    disk = Disk(directory, round(pages))
    rows = []
    for number in range(options.pairs + 1):
        sides = {"disk": lambda: disk.slice(options.slice_ms),
                 "kept": lambda: load.slice(kept, "turn", ms=options.slice_ms, turns=50)["p50"],
                 "unkept": lambda: load.slice(unkept, "turn", ms=options.slice_ms, turns=50)["p50"]}
        order = list(sides)
        got = {name: sides[name]() for name in (order if number % 2 else reversed(order))}
        if number > 0:  # the first one warms up
            rows.append(got)
    kept.stop()
    unkept.stop()
    added = run.interval([(row["kept"] - row["unkept"]) / row["disk"] for row in rows])
    whole = run.interval([row["kept"] / (row["unkept"] + row["disk"]) for row in rows])
    median = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    return [f"One client, {options.pairs} rounds of {options.slice_ms} ms: a turn takes "
            f"{median['unkept']:.0f} µs without a store and {median['kept']:.0f} µs with one (p50); a "
            f"commit writes {pages:.1f} pages, which the disk alone takes {median['disk']:.0f} µs to write "
            f"and sync. What the store adds : the disk alone is "
            "{:.2f} [{:.2f}, {:.2f}]".format(*added)
            + ", the whole turn : a turn without a store and the disk's time "
            "{:.2f} [{:.2f}, {:.2f}].".format(*whole)]


def many_clients(options, load, directory):
    lines = ["| turns | c | turns/s | p50 µs | writes per commit |", "|---|---|---|---|---|"]
    kinds = [("not kept", {}),
             ("kept, `after_answer`", {"store__enabled": "true",
                                       "store__durability": "after_answer"}),
             ("kept", {"store__enabled": "true"})]
    for place, (name, settings) in enumerate(kinds):
        server = gateway(options, directory, store__path=directory / f"many{place}.sqlite", **settings)
        for clients in CLIENTS:
            load.slice(server, "turn", clients, ms=500, turns=50)
            before = store_figures(server)
            got = load.slice(server, "turn", clients, ms=8 * options.slice_ms, turns=50)
            after = store_figures(server)
            commits = after["commits"] - before["commits"]
            group = f"{(after['writes'] - before['writes']) / commits:.1f}" if commits else "–"
            lines.append(f"| {name} | {clients} | {got['requests'] / got['seconds']:,.0f} "
                         f"| {got['p50']:,.0f} | {group} |")
        server.stop()
    return lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", type=pathlib.Path, default=run.ROOT / "build/bench")
    arguments.add_argument("--pairs", type=int, default=30)
    arguments.add_argument("--slice-ms", type=int, default=250)
    arguments.add_argument("--write", action="store_true", help="put the figures into the page")
    options = arguments.parse_args()
    options.build = options.build.resolve()
    # Not where temporary files are: that may be memory.
    with tempfile.TemporaryDirectory(prefix="store-", dir=options.build) as made:
        directory, load = pathlib.Path(made), run.Load(options.build)
        figures = "\n".join([*run.machine(), "", *one_client(options, load, directory), "",
                             *many_clients(options, load, directory)])
        load.stop()
    print(figures)
    if options.write:
        run.write(figures, *MARKS)


if __name__ == "__main__":
    main()
