"""Many requests, many faults: each request ends once and truly, and nothing is left behind."""

import os
import random
import statistics
import time

import pytest
from storm import Storm, bounds_memory, resident_kib, wait_idle

SEED = int(os.environ.get("CCAPI_STORM_SEED", random.randrange(1 << 32)))
SHARE = float(os.environ.get("CCAPI_STORM_SHARE", "1"))  # of the full number of requests


@pytest.mark.timeout(600)
def test_killed_processes_lose_and_mix_up_nothing(start_fake, ledger, record_property):
    print(f"seed {SEED}")
    gateway = start_fake(claude__max_concurrent_sessions=20, conversation__stored_max=100,
                         retry__backoff_seconds=0.02)
    requests = max(int(50_000 * SHARE), 200)
    storm = Storm(gateway, SEED, requests, kill_mean=0.02)
    after_warm_up = []
    storm.on_count[requests // 4] = lambda: after_warm_up.append(resident_kib(gateway.pid))
    began = time.monotonic()
    storm.run()
    seconds = time.monotonic() - began
    wait_idle(gateway)
    storm.judge(ledger)
    grown = resident_kib(gateway.pid) - after_warm_up[0]
    figures = {"requests": requests, "seconds": round(seconds, 1), "kills": storm.kills,
               "answered": storm.count("answered"), "failed": storm.codes(),
               "retried": gateway.stats()["turns"]["retried"], "RSS growth KiB": grown}
    print(figures)
    record_property("figures", figures)
    assert storm.count("answered") > requests * 0.8
    assert set(storm.codes()) <= {"upstream_crash", "cli_unavailable", "server_busy"}
    assert grown < 5 * 1024 or not bounds_memory(gateway.pid), figures


@pytest.mark.timeout(300)
def test_clients_that_leave_at_any_time_leave_nothing_behind(start_fake, ledger, record_property):
    print(f"seed {SEED}")
    gateway = start_fake(claude__max_concurrent_sessions=20, conversation__stored_max=100)
    gateway.answer("warm")
    wait_idle(gateway)
    storm = Storm(gateway, SEED, max(int(1000 * SHARE), 200), leave=1.0).run()
    began = time.monotonic()
    assert gateway.answer("still there") == "You said: still there"
    assert time.monotonic() - began < 2
    wait_idle(gateway)
    storm.judge(ledger)
    delays = storm.interrupt_delays(ledger)
    figures = {"left": sum(1 for heard in storm.heard if heard.left_at), "interrupts": len(delays)}
    if delays:
        figures["interrupt p50 ms"] = round(statistics.median(delays) * 1000, 1)
        figures["interrupt p99 ms"] = round(sorted(delays)[int(len(delays) * 0.99)] * 1000, 1)
    print(figures)
    record_property("figures", figures)
    assert delays and statistics.median(delays) < 0.1, figures
