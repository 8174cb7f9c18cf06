"""Random dialogues of many agents with tools, compared with a model: whatever they call in
parallel, bring late, pass over, edit, branch or offer anew, each answer comes from a process that
was told just what was sent, and the API has nothing to refuse."""

import os
import random
import time

import pytest

from storm import wait_idle
from tool_dialogues import ToolDialogues

SEED = int(os.environ.get("CCAPI_STORM_SEED", random.randrange(1 << 32)))
SHARE = float(os.environ.get("CCAPI_STORM_SHARE", "1"))  # of the number of sequences
# With each version; 5000 take some minutes.
SEQUENCES = int(os.environ.get("CCAPI_TOOL_SEQUENCES", "400"))
PARKED_SECONDS = 1


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", ["2.1.197", "2.1.330"])
def test_api_is_told_exactly_what_agents_sent(start_fake, ledger, version, record_property):
    print(f"seed {SEED}")
    gateway = start_fake(f"[[told]][[version:{version}]]",
                         claude__max_concurrent_sessions=16, conversation__stored_max=200,
                         claude__tool_timeout_seconds=PARKED_SECONDS,
                         process_pool__size=2, process_pool__turns_max=20,
                         retry__backoff_seconds=0.01, retry__budget_percent=100,
                         supervision__start_failures_max=1000,
                         limits__requests_per_connection_max=1_000_000, log__level="info")
    began = time.monotonic()
    sequences = max(int(SEQUENCES * SHARE), 20)
    ran = ToolDialogues(gateway, SEED, sequences, PARKED_SECONDS * 1.5).run()
    figures = {"sequences": sequences, "seconds": round(time.monotonic() - began, 1),
               "kills": ran.kills, **ran.matches, "excused": ran.excused, "calls": ran.calls,
               "brought": ran.brought, "partial": ran.partial, "late": ran.late}
    print(figures)
    record_property("figures", figures)
    wait_idle(gateway)
    assert not ledger.lines("api_refusal")
    assert all(count > 0 for count in ran.matches.values()), figures
    assert ran.calls > 0 and ran.brought > 0 and ran.partial > 0, figures


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["2.1.197", "2.1.330"])
def test_process_that_waits_for_results_goes_on_with_them(start_fake, ledger, version):
    """Wherever nothing is killed or late, and whatever else agents do meanwhile."""
    print(f"seed {SEED}")
    gateway = start_fake(f"[[told]][[version:{version}]]", claude__max_concurrent_sessions=100,
                         claude__tool_timeout_seconds=4,
                         limits__requests_per_connection_max=1_000_000, log__level="info")
    sequences = max(int(SEQUENCES * SHARE) // 5, 20)
    ran = ToolDialogues(gateway, SEED, sequences, 600, kill_mean=None).run()
    wait_idle(gateway)
    assert not ran.excused and not ledger.lines("api_refusal")
    assert ran.went_on > 0, "each that can go on is checked, but there was none"
