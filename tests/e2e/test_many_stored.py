"""A store of many conversations: the gateway starts, lists and goes on as with few, and those that
rest take none of its memory."""

import json
import os
import statistics
import time

from resend import TELLS
from test_store import command

MANY = int(os.environ.get("CCAPI_STORED", "5000"))  # 100000 take a minute
FEW = 1000
PAGE = "/v1/conversations?limit=20"


def filled(start_fake, binary, path, count):
    """A store of this many: copies of one that a gateway has kept."""
    gateway = start_fake(TELLS, store__path=path)
    gateway.answer("hello " * 100, conversation_id="c0")
    assert gateway.stop() == 0
    first, conversation, turn, _ = command(binary, path, "--export").stdout.splitlines()
    conversation = json.loads(conversation)
    about, begun = conversation["conversation"], conversation["conversation"]["updated_at_ns"]
    lines = [first]
    for number in range(1, count):
        about |= {"id": f"c{number}", "updated_at_ns": begun - number * 10**6}
        lines += [json.dumps(conversation), turn]
    lines.append(json.dumps({"end": {"conversations": count - 1, "turns": count - 1}}))
    done = command(binary, path, "--import", "\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    return path


def timed_start(start_fake, path):
    begin = time.monotonic()
    gateway = start_fake(TELLS, store__path=path, process_pool__size=0)
    return gateway, time.monotonic() - begin


def resident_kib(gateway):
    with open(f"/proc/{gateway.pid}/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))


def page_ms(gateway, query=PAGE):
    begin = time.perf_counter()
    status, _, body = gateway.request("GET", query)
    assert status == 200 and len(json.loads(body)["conversations"]) == 20
    return (time.perf_counter() - begin) * 1000


def test_many_stored_conversations_cost_no_more_than_few(start_fake, binary, tmp_path,
                                                         record_property):
    sides, started = {}, {}
    for name, count in (("none", 1), ("few", FEW), ("many", MANY)):
        path = filled(start_fake, binary, tmp_path / f"{name}.sqlite", count)
        sides[name], started[name] = timed_start(start_fake, path)
    assert sides["many"].stats()["store"]["conversations"] == MANY
    memory = {name: resident_kib(gateway) for name, gateway in sides.items()}
    deep = f"{PAGE}&after=c{FEW // 2}"
    spent = {name: [] for name in ("few", "many")}
    for number in range(60):
        for name in sorted(spent, reverse=number % 2 == 0):
            spent[name].append(page_ms(sides[name]) + page_ms(sides[name], deep))
    pages = {name: statistics.median(values) for name, values in spent.items()}
    begin = time.monotonic()
    sides["many"].answer("go on", conversation_id=f"c{MANY - 1}")
    went_on = time.monotonic() - begin
    told = sides["many"].request("GET", f"/v1/conversations/c{MANY - 1}")
    assert json.loads(told[2])["message_count"] == 4
    figures = {"stored": MANY, "start_seconds": round(started["many"], 3),
               "start_seconds_empty": round(started["none"], 3),
               "page_ms": round(pages["many"], 3), "page_ms_of_1000": round(pages["few"], 3),
               "private_kib_above_empty": memory["many"] - memory["none"],
               "goes_on_seconds": round(went_on, 3)}
    print(figures)
    record_property("figures", figures)
    # Wide, for machines that are at other work, too: the figures tell how it is, and cost_test.cpp
    # what statements do.
    assert pages["many"] < 2 * pages["few"]
    assert memory["many"] - memory["none"] < 4 * 1024
