"""The stand-in is as strict as the API: each rule refuses what it is meant to and nothing else, and
no request that a real CLI makes by itself is refused."""

import json
import urllib.error
import urllib.request

import pytest

from api_rules import Refusal, RuleBook, example, expected_text
from cli_driver import CliDriver, deltas, is_result
from messages_api import MessagesApi
from programs import installed_cli

BOOK = RuleBook()
RULES = pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule["id"])
VERSIONS = ["2.1.197", "2.1.330", "2.1.332"]
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


# -- the real CLIs

@pytest.fixture
def talk(api, tmp_path):
    """talk(version, model) -> CliDriver against a strict stand-in."""
    running = []

    def start(version, model):
        running.append(CliDriver(installed_cli(version), tmp_path, {
            "ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url}, model=model))
        return running[-1]

    yield start
    for driver in running:
        driver.close()


@pytest.mark.real_cli
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("model", MODELS)
def test_requests_of_a_real_cli_pass(talk, api, version, model):
    driver = talk(version, model)
    driver.control("initialize", systemPrompt=["Be brief."])
    driver.seed([("user", "u1"), ("assistant", "a1"), ("user", " "), ("assistant", "a2 ")])
    for text in ("[[think]] first", "second", "[[tool:Bash]] third"):
        result = driver.turn(text)[-1]
        assert not result["is_error"], result["result"]
    driver.control("get_context_usage")
    assert not api.refusals
    assert len(api.posts()) >= 3


@pytest.mark.real_cli
@pytest.mark.parametrize("version", VERSIONS)
def test_refusal_reaches_a_real_cli_word_for_word(talk, api, version):
    driver = talk(version, "claude-haiku-4-5")
    body = json.dumps({"temperature": 0.2})
    driver.control("apply_flag_settings", settings={"env": {"CLAUDE_CODE_EXTRA_BODY": body}})
    result = driver.turn("x")[-1]
    assert result["is_error"] and result["api_error_status"] == 400
    assert BOOK.by_id["temperature_with_thinking"]["text"] in result["result"]
    assert {r.rule for r in api.refusals} == {"temperature_with_thinking"}
