"""The stand-in is as strict as the API: each rule refuses what it is meant to and nothing else, and
no request that a real CLI makes by itself is refused."""

import json
import random
import subprocess
import urllib.error
import urllib.request

import pytest

from api_rules import CHECKS_OF_BOTH, Refusal, Request, RuleBook, example, expected_text
from cli_driver import CliDriver, deltas
from ledger import Ledger
from messages_api import MessagesApi
from programs import CLI_VERSIONS, fake_cli, installed_cli

BOOK = RuleBook()
RULES = pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule["id"])
VERSIONS = sorted({*CLI_VERSIONS, "2.1.332"})
MODELS = ["sonnet", "opus", "haiku", "claude-sonnet-4-6", "claude-opus-4-8", "claude-haiku-4-5"]


def is_unsure(rule):
    return rule["certainty"] == "U"


def post(api, request, path="/v1/messages"):
    """(status, body) of what the stand-in answers to a Request."""
    headers = {"content-type": "application/json", "anthropic-version": request.version}
    if request.betas:
        headers["anthropic-beta"] = ",".join(request.betas)
    try:
        with urllib.request.urlopen(urllib.request.Request(
                api.url + path, data=request.raw, headers=headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="module")
def server():
    api = MessagesApi().start()
    yield api
    api.stop()
    assert not api.defects, api.defects[0]


# -- the rules

@RULES
def test_rule_refuses_its_bad_example_and_only_that(rule):
    unsure = is_unsure(rule)
    assert BOOK.check(example(BOOK, rule, "good"), unsure) is None
    assert BOOK.check(example(BOOK, rule, "bad"), unsure) == Refusal(
        rule["id"], rule.get("status", 400), rule.get("type", "invalid_request_error"),
        expected_text(rule))


@pytest.mark.parametrize("rule", list(filter(is_unsure, BOOK.rules)),
                         ids=lambda rule: rule["id"])
def test_rule_that_is_unsure_is_off(rule):
    assert BOOK.check(example(BOOK, rule, "bad")) is None


def test_every_rule_says_where_it_is_from_and_how_sure_it_is():
    for rule in BOOK.rules:
        assert rule["certainty"] in "SLU" and rule["source"], rule["id"]
        assert ("when" in rule) != ("check" in rule), rule["id"]


@pytest.mark.parametrize("model, like", [
    ("claude-haiku-4-5-20251001", "claude-haiku-4-5"), ("claude-opus-9-1", "claude-opus-5-5"),
    ("claude-opus-4-8", "claude-opus-4-8"), ("claude-opus-4-20250514", None),
    ("claude-3-5-sonnet-20241022", None), ("gpt-4o", None), ("sonnet", None), (7, None)])
def test_models_are_known_by_name_and_unknown_ones_are_the_newest(model, like):
    traits = BOOK.traits(model)
    assert traits is None if like is None else like in traits["ids"]


# -- the stand-in

@RULES
def test_stand_in_refuses_over_http_as_the_rule_says(server, rule):
    server.clear()
    status, body = post(server, example(BOOK, rule, "good"))
    assert status == 200 and not server.refusals, body
    status, body = post(server, example(BOOK, rule, "bad"))
    if is_unsure(rule):
        assert status == 200
        return
    assert (status, body["error"]) == (rule.get("status", 400), {
        "type": rule.get("type", "invalid_request_error"), "message": expected_text(rule)})
    assert [(r.rule, r.path) for r in server.refusals] == [(rule["id"], "/v1/messages")]


def test_counting_tokens_is_refused_alike_but_needs_no_max_tokens(server):
    server.clear()
    rule = BOOK.by_id["max_tokens_missing"]
    assert post(server, example(BOOK, rule, "bad"), "/v1/messages/count_tokens")[0] == 200
    rule = BOOK.by_id["tool_choice_forced"]
    assert post(server, example(BOOK, rule, "bad"), "/v1/messages/count_tokens")[0] == 400
    assert [r.rule for r in server.refusals] == ["tool_choice_forced"]


def test_stand_in_notes_model_and_text_of_a_refusal(server):
    server.clear()
    post(server, example(BOOK, BOOK.by_id["temperature_deprecated"], "bad"))
    assert server.refusals == [("temperature_deprecated", "/v1/messages", "claude-opus-5-5",
                                "`temperature` is deprecated for this model.")]


def test_lenient_stand_in_answers_everything():
    api = MessagesApi(strict=False).start()
    try:
        assert post(api, example(BOOK, BOOK.by_id["temperature_deprecated"], "bad"))[0] == 200
        assert not api.refusals
    finally:
        api.stop()


# -- both evaluators

def random_requests(count, seed=2026):
    """Requests put together from what rules look at, most of them wrong in some way."""
    chance = random.Random(seed)
    texts = ["a", "", " ", "\u2003", "b ", "Grüße", "\U0001f98a"]
    blocks = [{"type": "text", "text": text} for text in texts] + [
        {"type": "text", "text": "a", "id": 1}, {"type": "image_url"}, {"text": "a"}, {},
        {"type": "thinking", "thinking": "t"}, {"type": "tool_use", "id": "a.b", "name": "f"},
        {"type": "tool_use", "id": "ab", "name": "f" * 201, "input": []},
        {"type": "tool_result", "tool_use_id": "ab", "is_error": True, "content": []},
        {"type": "tool_result", "content": [{"type": "text", "text": ""}, {"type": "audio"}]},
        {"type": "image", "source": {"type": "url", "url": "http://a"}}]
    pairs = [[{"type": "tool_use", "id": i, "name": "f", "input": {}} for i in ids]
             for ids in ("a", "ab", "aa", "b")] + [
        [{"type": "tool_result", "tool_use_id": i, "content": "r"} for i in ids]
        for ids in ("a", "ba", "aa", "c")]
    tools = [{"name": "f", "input_schema": {"type": "object"}}, {"name": "a.b"}, {"type": "function"},
             {"name": "g", "input_schema": {"type": "object", "properties": {"ä": {}, "b c": {}}}}]
    fields = {
        "model": [m["ids"][0] for m in BOOK.document["models"]] + [
            "claude-haiku-4-5-20251001", "claude-opus-4-1", "claude-new", "gpt-4", 1, None],
        "max_tokens": [0, -1, 1, 1024, 1024.0, 1.5, 32000, 10**6, "1", True, None],
        "temperature": [0, 0.2, 1, 1.0, -1, 1.1, None, True, "1"],
        "top_p": [0, 0.5, 0.95, 0.99, 1, 2, None], "top_k": [1, None],
        "thinking": [{"type": t} for t in ("adaptive", "between_tools", "disabled", "enabled", "x")]
        + [{"type": "enabled", "budget_tokens": b} for b in (1, 1024, 31999)]
        + [{"type": "adaptive", "display": "updates"}, {}, [], None],
        "output_config": [{"effort": e} for e in ("low", "xhigh", "max", "none")] + [
            {"format": {"type": "json_schema", "schema": {}, "name": "n"}}, {"x": 1}, None],
        "stop_sequences": [["a"], ["a", ""], ["\n"], [], "x", [1], None],
        "system": ["s", "", [{"type": "text", "text": " "}], [{"text": ""}], None],
        "metadata": [{"user_id": "u"}, {"x": "y"}], "stop": [1], "context_management": [
            {"edits": [{"type": "clear_thinking_20251015"}]}, {}, None],
        "tool_choice": [{"type": t, "name": "f"} for t in ("auto", "any", "tool", "none", "x")]
        + ["auto", None]}
    for number in range(count):
        wrong = 0.12 if number % 2 else 0.02
        body = {name: chance.choice(values) for name, values in fields.items()
                if chance.random() < (0.9 if name in ("model", "max_tokens") else wrong)}
        body["messages"] = [
            {"role": chance.choice(["user", "user", "assistant", "assistant", "system", "tool"]),
             "content": chance.choice([chance.choice(texts), chance.sample(blocks, 2), [],
                                       chance.choice(pairs)])}
            for _ in range(chance.randrange(4))] if number % 3 else [{"role": "user", "content": "a"}]
        if chance.random() < wrong:
            body["tools"] = chance.choices(tools, k=2)
        yield Request(body, chance.choice([[], ["context-management-2025-06-27"], ["effort-x", "y"]]))


def tool_dialogues(count, seed=2027):
    """Sound requests but for their calls and results, which pair or don't."""
    chance = random.Random(seed)
    for _ in range(count):
        messages = [{"role": "user", "content": "q"}]
        for _ in range(chance.randrange(1, 4)):
            calls = chance.choices("abcdefgh", k=chance.randrange(1, 3))
            results = chance.choice([calls, calls[::-1], calls[:1], [*calls, chance.choice("xa")]])
            blocks = [{"type": "tool_result", "tool_use_id": i, "content": "r"} for i in results]
            blocks.insert(chance.choice([len(blocks), 0]) if chance.random() < 0.3 else len(blocks),
                          {"type": "text", "text": "t"})
            messages += [{"role": "assistant", "content": [
                {"type": "tool_use", "id": i, "name": "f", "input": {}} for i in calls]},
                {"role": "user", "content": blocks[:chance.choice([-1, len(blocks)])]}]
        schema = chance.choice([{"type": "object"}, {"type": "object", "properties": {
            "a": {"type": chance.choice(["string", "any", ["null"]])}}}])
        yield Request({"model": "claude-sonnet-4-5", "max_tokens": 4096, "messages": messages,
                       "tools": [{"name": "f", "input_schema": schema,
                                  "strict": chance.random() < 0.1}],
                       **({"thinking": {"type": "enabled", "budget_tokens": 1024}}
                          if chance.random() < 0.3 else {})}, [])


def test_both_evaluators_agree():
    requests = [*random_requests(4000), *tool_dialogues(1000)]
    lines = "".join(json.dumps({"body": r.body, "betas": r.betas}) + "\n" for r in requests)
    said = subprocess.run([fake_cli(), "--check-requests"], input=lines, text=True, check=True,
                          capture_output=True, timeout=60).stdout.splitlines()
    refused = [BOOK.check(r, unsure=True, checks=CHECKS_OF_BOTH) for r in requests]
    assert len(said) == len(requests)
    for request, line, refusal in zip(requests, said, refused):
        assert json.loads(line) == (refusal and vars(refusal)), request
    assert len({r.rule for r in refused if r}) > 50 and refused.count(None) > 20


# -- the CLIs

@pytest.fixture
def talk(api, tmp_path):
    """talk(program, model, script) -> CliDriver against a strict stand-in."""
    running = []

    def start(program, model, script="", **environment):
        running.append(CliDriver(program, tmp_path, {
            "ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_FAKE_SCRIPT": script, **environment}, model=model))
        return running[-1]

    yield start
    for driver in running:
        driver.close()


def extra_body(driver, body):
    text = json.dumps(body) if body else ""
    driver.control("apply_flag_settings", settings={"env": {"CLAUDE_CODE_EXTRA_BODY": text}})


@pytest.mark.real_cli
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("model", MODELS)
def test_requests_of_a_real_cli_pass(talk, api, version, model):
    driver = talk(installed_cli(version), model)
    driver.control("initialize", systemPrompt=["Be brief."])
    driver.seed([("user", "u1"), ("assistant", "a1"), ("user", " "), ("assistant", "a2 ")])
    for text in ("[[think]] first", "second", "[[call:Bash]] third"):
        result = driver.turn(text)[-1]
        assert not result["is_error"], result["result"]
    driver.control("get_context_usage")
    assert not api.refusals
    assert len(api.posts()) >= 3


@pytest.mark.real_cli
@pytest.mark.parametrize("version", VERSIONS)
def test_refusal_reaches_a_real_cli_word_for_word(talk, api, version):
    driver = talk(installed_cli(version), "claude-haiku-4-5")
    extra_body(driver, {"temperature": 0.2})
    result = driver.turn("x")[-1]
    assert result["is_error"] and result["api_error_status"] == 400
    assert BOOK.by_id["temperature_with_thinking"]["text"] in result["result"]
    assert {r.rule for r in api.refusals} == {"temperature_with_thinking"}


SENT_ALIKE = ["model", "max_tokens", "thinking", "output_config", "context_management", "tools",
              "temperature"]


@pytest.mark.real_cli
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("model", [*MODELS, "claude-opus-4-5", "claude-opus-4-7", "claude-opus-4-6",
                                   "claude-opus-5", "claude-fable-5-2", "claude-sonnet-9-9"])
def test_fake_sends_what_the_real_cli_sends(talk, api, version, model):
    def turn_of(driver):
        driver.seed([("user", "u1"), ("user", "u2"), ("assistant", " "), ("assistant", "a1 "),
                     ("user", "\n"), ("user", "u3")])
        extra_body(driver, {"temperature": 1, "max_tokens": 50000,
                            "output_config": {"format": None}})
        return "".join(deltas(driver.turn("[[request]]")))

    turn_of(talk(installed_cli(version), model))
    real = api.last().body
    fake = json.loads(turn_of(talk(fake_cli(), model, f"[[version:{version}]]")))["body"]
    assert {k: real.get(k) for k in SENT_ALIKE} == {k: fake.get(k) for k in SENT_ALIKE}
    assert texts_by_role(real) == texts_by_role(fake)


def texts_by_role(body):
    return [(m["role"], [b["text"] for b in m["content"] if "<system-reminder>" not in b["text"]])
            for m in body["messages"]]


def test_fake_ends_a_turn_that_the_api_refuses_as_the_real_cli_does(talk, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    driver = talk(fake_cli(), "opus", ANTHROPIC_FAKE_LEDGER=str(ledger))
    extra_body(driver, {"temperature": 0.2})
    result = driver.turn("x")[-1]
    assert result["is_error"] and result["api_error_status"] == 400
    assert result["result"] == "API Error: 400 `temperature` is deprecated for this model."
    assert [(e["rule"], e["model"]) for e in Ledger(ledger).lines("api_refusal")] == [
        ("temperature_deprecated", "claude-opus-5-5")]
    extra_body(driver, {})
    assert not driver.turn("y")[-1]["is_error"]


def test_fake_can_be_told_to_let_everything_pass(talk):
    driver = talk(fake_cli(), "opus", ANTHROPIC_FAKE_STRICT="0")
    extra_body(driver, {"temperature": 0.2})
    assert not driver.turn("x")[-1]["is_error"]
