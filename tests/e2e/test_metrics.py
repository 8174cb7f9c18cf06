"""What is counted: figures for Prometheus, what answers cost, the account's limits, budgets of API
keys, and the line that each request leaves in the log."""

import json
import re
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proc_tree import wait_until
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, key_list, record

ROOT = Path(__file__).resolve().parents[2]
CALL_COST = 0.001  # US dollars, of fake_claude for each call of the API
CALL_MICRO_USD = 1000
LONG = "[[text:10000]][[delay:20]]"


def families(gateway, key=...):
    """{name: family}; the parser is strict about the format, and this about its promises."""
    status, headers, body = gateway.request("GET", "/metrics", key=key)
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    text = body.decode()
    names = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(names) == len(set(names)) and names == re.findall(r"^# HELP (\S+)", text, re.M)
    found = {each.name: each for each in text_string_to_metric_families(text)}
    assert len(found) == len(names)
    return found


def samples(gateway):
    """{(name, labels): value}"""
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families(gateway).values() for sample in family.samples}


def value(found, name, **labels):
    return found[name, tuple(sorted(labels.items()))]


def growth(before, after, name, **labels):
    at = name, tuple(sorted(labels.items()))
    return after[at] - before.get(at, 0)


def test_counters_go_up_by_what_was_done(fake_gateway):
    before = samples(fake_gateway)
    for text in ("one", "two", "three"):
        fake_gateway.answer(text, model="opus")
    assert fake_gateway.chat("[[err:400]]")[0] == 400
    assert fake_gateway.request("GET", "/no/such/path")[0] == 404
    after = samples(fake_gateway)

    def grown(name, **labels):
        return growth(before, after, name, **labels)
    assert grown("ccapi_turns_submitted_total") == 4
    assert grown("ccapi_turns_finished_total") == 3
    assert grown("ccapi_turns_failed_total") == 1
    assert grown("ccapi_errors_total", code="invalid_request") == 1
    assert grown("ccapi_answers_total", status="2xx") == 3 + 1, "the first scrape counts, too"
    assert grown("ccapi_answers_total", status="4xx") == 2
    assert grown("ccapi_http_answers_total", route="/chat/completions", status="2xx") == 3
    assert grown("ccapi_http_answers_total", route="/chat/completions", status="4xx") == 1
    assert grown("ccapi_http_answers_total", route="(none)", status="4xx") == 1
    assert grown("ccapi_model_turns_total", model="opus") == 3
    assert grown("ccapi_turn_total_seconds_count") == 3
    assert after["ccapi_health", (("state", "ok"),)] == 1
    for key in before:  # what is no gauge never goes down
        if key[0].endswith(("_total", "_bucket", "_count", "_sum")):
            assert after[key] >= before[key], key


def test_histograms_are_cumulative(fake_gateway):
    for text in ("one", "[[first:30]]two"):
        fake_gateway.answer(text)
    found = families(fake_gateway)
    for name in ("wait", "boot", "setup", "first", "total"):
        family = found[f"ccapi_turn_{name}_seconds"]
        assert family.type == "histogram"
        buckets = [(float(s.labels["le"]), s.value) for s in family.samples
                   if s.name.endswith("_bucket")]
        count = next(s.value for s in family.samples if s.name.endswith("_count"))
        total = next(s.value for s in family.samples if s.name.endswith("_sum"))
        assert buckets == sorted(buckets) and [c for _, c in buckets] == sorted(
            c for _, c in buckets)
        assert buckets[-1] == (float("inf"), count) and count == 2, name
        longest = fake_gateway.stats()["times"][name]["max_ms"] / 1000
        assert longest - 0.001 <= total <= 2 * longest + 0.001
    first = found["ccapi_turn_first_seconds"].samples
    slow = [s.value for s in first if s.name.endswith("_bucket") and float(s.labels["le"]) < 0.029]
    assert slow[-1] <= 1, "one of them took 30 ms"


def test_names_and_labels_keep_the_rules(fake_gateway):
    fake_gateway.answer("hello")
    labels = set()
    for name, family in families(fake_gateway).items():
        assert name.startswith("ccapi_") and family.documentation, name
        for sample in family.samples:
            if family.type == "counter":
                assert sample.name.endswith("_total"), sample.name
            labels |= set(sample.labels)
    assert labels <= {"match", "status", "code", "route", "model", "type", "state", "le", "version",
                      "cli_version", "outcome"}


def test_nothing_is_told_without_the_admins_key(start_fake):
    gateway = start_fake(key=ADMIN, auth__keys=key_list(record("alice", ALICE)))
    gateway.answer("hello", key=ALICE)
    assert gateway.request("GET", "/metrics", key=None)[0] == 401
    assert gateway.request("GET", "/metrics", key=ALICE)[0] == 403
    assert b"alice" not in gateway.request("GET", "/metrics")[2]
    assert gateway.stats()["keys"]["alice"]["turns"] == 1


# -- what answers cost

def test_costs_add_up(start_fake):
    gateway = start_fake()
    shown = 0.0
    conversation = None
    for text in ("one", "two", "three"):
        fields = {"conversation_id": "c", "model": "opus"}
        status, headers, body = gateway.chat(text, **fields)
        assert status == 200 and re.fullmatch(r"\d+\.\d{6}", headers["x-ccapi-cost-usd"])
        assert "cost" not in body["usage"]
        shown += float(headers["x-ccapi-cost-usd"])
        assert conversation in (None, body["conversation_id"])
        conversation = body["conversation_id"]
    gateway.answer("another", model="haiku")
    assert shown == pytest.approx(3 * CALL_COST)
    stats = gateway.stats()
    assert stats["cost"]["micro_usd"] == 4 * CALL_MICRO_USD
    assert {name: each["cost_micro_usd"] for name, each in stats["models"].items()} == {
        "opus": 3 * CALL_MICRO_USD, "haiku": CALL_MICRO_USD}
    assert stats["models"]["opus"]["turns"] == 3
    assert sum(each["prompt_tokens"] for each in stats["models"].values()) == \
        stats["tokens"]["prompt"]
    found = samples(gateway)
    assert value(found, "ccapi_cost_usd_total") == pytest.approx(4 * CALL_COST)
    assert value(found, "ccapi_model_cost_usd_total", model="opus") == pytest.approx(3 * CALL_COST)


def test_the_usage_has_a_cost_where_that_is_wanted(start_fake):
    gateway = start_fake(openai__usage_cost="true")
    client = gateway.client()
    ask = {"model": "sonnet", "messages": [{"role": "user", "content": "hello"}]}
    whole = client.chat.completions.create(**ask)
    assert whole.usage.cost == pytest.approx(CALL_COST)
    chunks = list(client.chat.completions.create(
        **ask, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.cost == pytest.approx(CALL_COST)
    several = client.chat.completions.create(**ask, n=2)
    assert several.usage.cost == pytest.approx(2 * CALL_COST)


def test_a_turn_that_nobody_waits_for_costs_as_well(fake_gateway):
    stream = ChatStream(fake_gateway, "[[text:200]][[delay:20]]").open()
    stream.read_contents(2)
    stream.hang_up()
    wait_until(lambda: fake_gateway.stats()["turns"]["active"] == 0, 5, "the turn to be over")
    fake_gateway.answer("next")
    assert fake_gateway.stats()["cost"]["micro_usd"] >= CALL_MICRO_USD


# -- limits of the account

def limit_line(status, kind, seconds, percent=100):
    return f"[[rate_limit:{status}:{kind}:{seconds}:{percent}]]"


def test_while_a_limit_is_used_up_turns_fail_at_once(start_fake, ledger):
    gateway = start_fake()
    status, headers, body = gateway.chat(
        "[[err:429]]" + limit_line("rejected", "seven_day_opus", 300), model="opus")
    assert status == 429
    prompts = len(ledger.lines("prompt"))
    begin = time.monotonic()
    status, headers, body = gateway.chat("again", model="opus")
    assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert time.monotonic() - begin < 5
    assert 200 < int(headers["retry-after"]) <= 300
    assert headers["x-should-retry"] == "false"
    assert len(ledger.lines("prompt")) == prompts, "the CLI was not asked"
    gateway.answer("hello", model="haiku")  # which that limit does not concern
    stats = gateway.stats()
    assert stats["turns"]["limited"] == 1
    limit = stats["rate_limits"]["seven_day_opus"]
    assert (limit["status"], limit["utilization"], limit["overage"]) == ("rejected", 1, False)
    assert abs(limit["resets_at"] - time.time() - 300) < 30
    found = samples(gateway)
    assert value(found, "ccapi_rate_limit_rejected", type="seven_day_opus") == 1
    assert value(found, "ccapi_rate_limit_utilization_ratio", type="seven_day_opus") == 1
    assert value(found, "ccapi_rate_limit_reset_timestamp_seconds",
                 type="seven_day_opus") == limit["resets_at"]
    assert value(found, "ccapi_turns_limited_total") == 1


def test_a_limit_that_has_reset_is_over(start_fake):
    gateway = start_fake()
    assert gateway.chat("[[err:429]]" + limit_line("rejected", "five_hour", 2))[0] == 429
    assert gateway.chat("again")[0] == 429

    def answers():
        return gateway.chat("again")[0] == 200
    wait_until(answers, 10, "the limit to reset")


def test_a_warning_stops_nothing(start_fake):
    gateway = start_fake()
    gateway.answer(limit_line("allowed_warning", "five_hour", 300, 91) + "one")
    gateway.answer("two")
    assert gateway.stats()["rate_limits"]["five_hour"]["utilization"] == 0.91
    gateway.answer(limit_line("allowed", "five_hour", 300, 12) + "three")
    assert gateway.stats()["rate_limits"]["five_hour"]["status"] == "allowed"


# -- budgets

def test_a_key_that_has_spent_its_budget_waits_for_midnight(start_fake):
    gateway = start_fake(key=ADMIN, auth__keys=key_list(
        record("alice", ALICE, budget_usd_per_day=2.5 * CALL_COST), record("bob", BOB)))
    for text in ("one", "two", "three"):  # the third begins within the budget
        assert gateway.chat(text, key=ALICE)[0] == 200
    midnight = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0).timestamp() + 86400
    status, headers, body = gateway.chat("four", key=ALICE)
    assert (status, body["error"]["code"]) == (429, "insufficient_quota")
    assert abs(int(headers["retry-after"]) - (midnight - time.time())) < 60 or \
        int(headers["retry-after"]) > 86300  # it was midnight a moment ago
    assert gateway.request("GET", "/v1/models", key=ALICE)[0] == 200
    assert gateway.chat("hello", key=BOB)[0] == 200
    assert gateway.stats()["turns"]["over_budget"] == 1
    assert gateway.stats()["keys"]["alice"]["cost_micro_usd"] == 3 * CALL_MICRO_USD


# -- the log

def ended(gateway, request):
    return gateway.wait_log(lambda line: line.get("msg") == "request ended"
                            and line.get("request") == request, 10)


def test_each_request_leaves_one_line_that_tells_all(start_fake):
    gateway = start_fake(key=ADMIN, auth__keys=key_list(record("alice", ALICE)))

    def ask(name, text, **fields):
        status, _, body = gateway.request(
            "POST", "/v1/chat/completions",
            {"messages": [{"role": "user", "content": text}], "model": "opus", **fields},
            headers={"x-request-id": name}, key=ALICE)
        return status, body
    assert ask("whole", "hello", conversation_id="mine")[0] == 200
    line = ended(gateway, "whole")
    assert {name: line[name] for name in ("key", "conversation", "profile", "outcome", "status",
                                          "cost_micro_usd")} == {
        "key": "alice", "conversation": "mine", "profile": "chat", "outcome": "finished",
        "status": 200, "cost_micro_usd": CALL_MICRO_USD}
    assert "opus" in line["model"]
    tokens = gateway.stats()["tokens"]
    assert (line["prompt_tokens"], line["completion_tokens"]) == (tokens["prompt"],
                                                                  tokens["completion"])
    assert ask("streamed", "hello", stream=True)[0] == 200
    assert ended(gateway, "streamed")["cost_micro_usd"] == CALL_MICRO_USD
    assert ask("failed", "[[err:413]]")[0] == 413
    assert ended(gateway, "failed")["outcome"] == "request_too_large"
    assert gateway.request("GET", "/v1/models", headers={"x-request-id": "models"})[0] == 200
    assert "outcome" not in ended(gateway, "models"), "it is no turn"
    for name in ("whole", "streamed", "failed", "models"):
        lines = [each for each in gateway.log_lines if each.get("msg") == "request ended"
                 and each.get("request") == name]
        assert len(lines) == 1


def test_a_client_that_leaves_is_on_record(fake_gateway):
    stream = ChatStream(fake_gateway, LONG).open()
    stream.read_contents(2)
    stream.hang_up()
    line = fake_gateway.wait_log(lambda line: line.get("msg") == "request ended"
                                 and line.get("outcome") == "cancelled", 10)
    assert (line["status"], line["path"]) == (499, "/v1/chat/completions")


# -- /stats

def test_processes_are_shown_one_by_one(fake_gateway):
    fake_gateway.answer("one", conversation_id="a")
    fake_gateway.answer("two", conversation_id="a")
    stream = ChatStream(fake_gateway, LONG).open()
    stream.read_contents(2)
    listed = fake_gateway.stats()["process_list"]
    stream.hang_up()
    assert len(listed) == 2 and {each["pid"] for each in listed} == set(fake_gateway.shims())
    assert sorted((each["state"], each["turns"]) for each in listed) == [("idle", 2), ("turn", 0)]
    assert all(each["resident_bytes"] > 1 << 20 and each["age_seconds"] < 60 for each in listed)


def test_times_of_the_last_minutes_are_those_of_the_whole_time_at_first(fake_gateway):
    for text in ("one", "two"):
        fake_gateway.answer(text)
    stats = fake_gateway.stats()
    assert list(stats["recent"]) == ["1m", "5m", "60m"]
    for window in stats["recent"].values():
        assert window == stats["times"]


# -- the dashboard

def test_the_dashboard_asks_for_figures_that_there_are(fake_gateway):
    gateway = fake_gateway
    gateway.answer(limit_line("allowed", "five_hour", 300, 12) + "hello")
    text = gateway.request("GET", "/metrics")[2].decode()
    known = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[:1] != "#"}
    dashboard = json.loads((ROOT / "packaging/grafana/claude-code-api.json").read_text())
    asked = set()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            asked |= set(re.findall(r"\bccapi_\w+", target["expr"]))
    assert len(asked) > 20 and asked <= known | {"ccapi_errors_total"}, asked - known
    page = (ROOT / "docs/operations.md").read_text()
    named = set(re.findall(r"\bccapi_\w+", page)) - {"ccapi_"}
    kinds = {name.removesuffix("_bucket") for name in known} | known
    assert named and named <= kinds, named - kinds
