"""What large, unfinished and blown-up bodies cost the gateway and its other clients."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from proc_tree import wait_until
from storm import bounds_memory, measured, resident_kib, slowest, times

FLOOD = Path(__file__).with_name("flood.py")
MIB = 1 << 20
LARGE = 31 * MIB


class Flood:
    """flood.py, out of our own way; it yields to the gateway, as clients elsewhere would."""

    def __init__(self, gateway, kind, connections):
        self.process = subprocess.Popen(
            ["nice", sys.executable, str(FLOOD), gateway.host, str(gateway.port), kind,
             str(connections)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_lines(self, count):
        for _ in range(count):
            assert self.process.stdout.readline(), "the flood ended"

    def end(self):
        """How many requests were answered with which status."""
        out, _ = self.process.communicate(timeout=60)
        return json.loads(out.splitlines()[-1])


def peak_kib(pid):
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("no such process")


def beside(gateway, kind):
    """(slowest() beside 50 connections that flood, what these were answered)"""
    flood = Flood(gateway, kind, 50)
    flood.wait_lines(50)
    return slowest(gateway), flood.end()


@pytest.mark.timeout(300)
def test_bombs_cost_other_clients_nothing(start_fake, record_property):
    gateway = start_fake(limits__requests_per_connection_max=1_000_000, log__level="info",
                         process_pool__turns_max=0)
    slowest(gateway)

    def beside_bombs():
        calm = slowest(gateway)
        harmless, _ = beside(gateway, "harmless")
        bombs, answers = beside(gateway, "bombs")
        figures = {"p99 calm ms": calm, "p99 beside harmless requests ms": harmless,
                   "p99 beside bombs ms": bombs, "bombs": answers}
        assert answers["413"] > 0 and answers["415"] > 0 and "200" not in answers, figures
        return figures

    # Twice, and what a busy machine may add to the slowest of 200 (measured: 7 ms become 11). In a
    # sanitized build even harmless requests take the processor away: there bombs are held against
    # those (measured: 54 ms become 69).
    usual = "p99 calm ms" if bounds_memory(gateway.pid) else "p99 beside harmless requests ms"
    figures = measured(beside_bombs, lambda f: f["p99 beside bombs ms"] < 2 * f[usual] + 15)
    record_property("figures", figures)


@pytest.mark.timeout(180)
def test_unfinished_bodies_and_bombs_cost_bounded_memory(start_fake, record_property):
    gateway = start_fake(limits__requests_per_connection_max=1_000_000, log__level="info",
                         process_pool__turns_max=0)
    if not bounds_memory(gateway.pid):
        pytest.skip("a sanitized build keeps freed memory")
    times(gateway, 20)
    start = resident_kib(gateway.pid)
    bodies = Flood(gateway, "bodies", 60)
    bodies.wait_lines(60)
    ms, bombs = beside(gateway, "bombs")
    figures = {"RSS at start MB": start // 1024, "peak MB": peak_kib(gateway.pid) // 1024,
               "p99 beside all ms": ms, "bombs": bombs, "bodies": bodies.end()}
    ended = time.monotonic()
    wait_until(lambda: resident_kib(gateway.pid) < start + 50 * 1024, 10, "memory to be given back")
    figures |= {"s until given back": round(time.monotonic() - ended, 1),
                "RSS at end MB": resident_kib(gateway.pid) // 1024}
    print(figures)
    record_property("figures", figures)
    assert figures["peak MB"] <= 400, figures
    assert figures["bodies"].get("unfinished", 0) > 0 and figures["bodies"].get("503", 0) > 0


@pytest.mark.timeout(180)
def test_memory_of_large_chats_goes_back(start_fake, record_property):
    gateway = start_fake(log__level="info", conversation__stored_bytes_max=1 << 30)
    if not bounds_memory(gateway.pid):
        pytest.skip("a sanitized build keeps freed memory")
    times(gateway, 20)
    start = resident_kib(gateway.pid)
    for number in range(16):
        text = "[[say:ok]]" + "x" * (LARGE - 200)
        status, _, body = gateway.chat(text, conversation_id=f"large-{number}", timeout=60)
        assert status == 200, body
    full = resident_kib(gateway.pid)
    for number in range(16):
        assert gateway.request("DELETE", f"/v1/conversations/large-{number}")[0] == 200
    wait_until(lambda: resident_kib(gateway.pid) < start + 50 * 1024, 10, "memory to be given back")
    figures = {"RSS at start MB": start // 1024, "peak MB": peak_kib(gateway.pid) // 1024,
               "full MB": full // 1024, "RSS at end MB": resident_kib(gateway.pid) // 1024}
    print(figures)
    record_property("figures", figures)
