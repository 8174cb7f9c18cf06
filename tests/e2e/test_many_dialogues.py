"""Very many dialogues: all are answered from their own histories, and idle ones cost little."""

import json
import os
import random
import time

import pytest

from resend import Talk, at_once, send, system, user
from spare_pool import spares
from storm import bounds_memory, resident_kib
from test_spares import Census

SHARE = float(os.environ.get("CCAPI_STORM_SHARE", "1"))


@pytest.mark.timeout(400)
def test_thousand_dialogues_over_a_cap_of_fifty_are_all_right(start_fake, record_property):
    count = max(int(1000 * SHARE), 60)
    gateway = start_fake("[[told]]", {"ANTHROPIC_FAKE_LEDGER": ""}, **spares(
        2, claude__max_concurrent_sessions=50, limits__requests_per_connection_max=1_000_000,
        log__level="info"))
    talks = [Talk(gateway, [system(f"You are number {n}.")]) for n in range(count)]
    began = time.monotonic()
    with Census(gateway) as census:
        def run(worker):
            dice = random.Random(worker)
            mine = talks[worker::8]
            for turn in range(3):
                dice.shuffle(mine)
                for talk in mine:
                    talk.say(f"turn {turn}")
        at_once(*[lambda worker=worker: run(worker) for worker in range(8)], seconds=300)
    seconds = time.monotonic() - began
    assert census.most <= 50
    shown = gateway.stats()
    record_property("figures", {"seconds": round(seconds, 1), **shown["matches"]})
    assert sum(shown["matches"].values()) == 3 * count
    assert shown["matches"]["fresh"] == count and shown["matches"]["seeded"] > 0


@pytest.mark.timeout(300)
def test_idle_dialogue_costs_four_kilobytes_beyond_its_text(start_fake, record_property):
    """Each dialogue leaves a common trunk, so that one process can take part in all of them."""
    gateway = start_fake("[[say:ok]]", {"ANTHROPIC_FAKE_LEDGER": ""}, process_pool__size=0,
                         conversation__stored_max=100_000, log__level="info",
                         limits__requests_per_connection_max=1_000_000)
    if not bounds_memory(gateway.pid):
        pytest.skip("a sanitized build keeps freed memory")
    few, many = 2000, 2000 + max(int(10_000 * SHARE), 2000)
    trunk = [user("trunk"), {"role": "assistant", "content": "ok"}]
    connection = gateway.connection()

    def leave_one(number):
        body = json.dumps({"messages": [*trunk, user(f"branch {number}")]})
        connection.request("POST", "/v1/chat/completions", body,
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.read() and answer.status == 200
        return answer.getheader("x-ccapi-conversation-id")

    ask_trunk = send(gateway, trunk[:1])
    assert ask_trunk.text == "ok"
    names = {leave_one(number) for number in range(few)}
    before = resident_kib(gateway.pid)
    names |= {leave_one(number) for number in range(few, many)}
    grown = resident_kib(gateway.pid) - before
    connection.close()
    assert len(names) == many
    each = grown * 1024 / (many - few)
    figures = {"dialogues": many, "bytes each": round(each)}
    print(figures)
    record_property("figures", figures)
    assert each <= 4096, figures
