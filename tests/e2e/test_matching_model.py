"""Random dialogues of many clients, compared with a model: whatever they continue, edit, undo,
branch, trim or race for, each answer comes from a process that was told just what was sent."""

import os
import random
import time

import pytest

from dialogues import Dialogues
from storm import wait_idle

SEED = int(os.environ.get("CCAPI_STORM_SEED", random.randrange(1 << 32)))
SHARE = float(os.environ.get("CCAPI_STORM_SHARE", "1"))  # of the number of sequences
# With each version; 5000 take some minutes.
SEQUENCES = int(os.environ.get("CCAPI_MODEL_SEQUENCES", "1000"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["2.1.197", "2.1.330"])
def test_processes_are_told_exactly_what_clients_sent(start_fake, version, record_property):
    print(f"seed {SEED}")
    gateway = start_fake(f"[[told]][[version:{version}]]", {"ANTHROPIC_FAKE_LEDGER": ""},
                         claude__max_concurrent_sessions=9, conversation__stored_max=200,
                         process_pool__size=2, process_pool__turns_max=7,
                         retry__backoff_seconds=0.01, retry__budget_percent=100,
                         supervision__start_failures_max=1000,
                         limits__requests_per_connection_max=1_000_000, log__level="info")
    began = time.monotonic()
    sequences = max(int(SEQUENCES * SHARE), 100)
    ran = Dialogues(gateway, SEED, sequences).run()
    figures = {"sequences": sequences, "seconds": round(time.monotonic() - began, 1),
               "kills": ran.kills, **ran.matches, "excused": ran.excused,
               "resent": ran.resent, "resumed": ran.resumed, "prompts": ran.prompts}
    print(figures)
    record_property("figures", figures)
    wait_idle(gateway)
    assert all(count > 0 for count in ran.matches.values()), figures
    # It forgets some dialogues, and a prompt and a question may be known with the same answer.
    assert ran.resumed > ran.resent * 0.9 > 0 and ran.prompts > 0, figures
    # A turn whose process is killed runs again, but is counted where it went first; those of
    # clients that left or failed are counted, too.
    assert sum(gateway.stats()["matches"].values()) >= sum(ran.matches.values())
