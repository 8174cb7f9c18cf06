"""Whatever parameters a client sends, the API refuses nothing: what a model does not take is left
out and named. On each CLI one process per model serves all cases.
"""

import pytest

from programs import CLI_VERSIONS, NEWEST_CLI, installed_cli

pytestmark = pytest.mark.real_cli

MODELS = ["sonnet", "opus", "haiku", "claude-sonnet-4-6", "claude-opus-4-8", "claude-haiku-4-5"]
CASES = {
    "temperature 0": {"temperature": 0},
    "temperature 0.7": {"temperature": 0.7},
    "temperature 1.4": {"temperature": 1.4},
    "top_p": {"top_p": 0.5},
    "temperature and top_p": {"temperature": 0.3, "top_p": 0.9},
    "blank stop": {"stop": "\n"},
    "max_tokens": {"max_tokens": 40},
    "no reasoning": {"reasoning_effort": "none"},
    "minimal reasoning": {"reasoning_effort": "minimal"},
    "high reasoning": {"reasoning_effort": "high"},
    "reasoning in few tokens": {"reasoning_effort": "high", "max_tokens": 40, "temperature": 0.2},
    "nothing": {},
}
# What of a case each model does not take; `*`: any other model.
DROPPED = {
    "temperature 0": {"*": {"temperature"}, "claude-sonnet-4-6": set(), "claude-haiku-4-5": set()},
    "temperature 1.4": {"*": {"temperature"}, "claude-sonnet-4-6": {"temperature(clamped)"},
                        "claude-haiku-4-5": {"temperature(clamped)"}},
    "temperature and top_p": {"*": {"temperature", "top_p"}, "claude-sonnet-4-6": {"top_p"},
                              "claude-haiku-4-5": {"top_p"}},
    "blank stop": {"*": {"stop"}},
    "high reasoning": {"*": set()},
    "nothing": {"*": set()},
}
# On all CLIs but the newest one row per kind; scripts/test.sh --long has them all.
ROWS = [(version, model) for version in CLI_VERSIONS for model in MODELS
        if version == NEWEST_CLI or model in ("haiku", "claude-sonnet-4-6")
        or len(CLI_VERSIONS) > 2]


@pytest.fixture(params=ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def row(request, start, api):
    version, model = request.param
    gateway = start(installed_cli(version),
                    {"ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url})
    return gateway, model, version


def names(headers):
    return {name for name in headers.get("x-ccapi-ignored-params", "").split(", ") if name}


def test_no_parameter_ends_in_a_refusal_of_the_api(row, api):
    gateway, model, version = row
    for case, fields in CASES.items():
        status, headers, body = gateway.chat(f"[[say:{case}]]", model=model, conversation_id="c",
                                             **fields)
        assert status == 200, (case, body)
        assert body["choices"][0]["message"]["content"] == case
        expected = DROPPED.get(case)
        # What a name of the CLI's own stands for is another model on each version.
        if expected and not (version != NEWEST_CLI and not model.startswith("claude-")):
            assert names(headers) == expected.get(model, expected["*"]), (case, headers)
    status, _, body = gateway.chat([{"role": "system", "content": " \n"},
                                    {"role": "user", "content": "[[say:blank]]"}], model=model)
    assert status == 200, body
    assert not api.refusals
    assert len(api.posts()) == len(CASES) + 1  # nothing was asked twice
    assert len(gateway.cli_pids()) <= 2


def test_thinking_is_off_when_nobody_wants_it(row, api):
    gateway, model, _ = row
    gateway.answer("x", model=model, reasoning_effort="none")
    body = api.last().body
    if body["thinking"]["type"] in ("disabled", "between_tools"):
        assert not body.get("context_management", {}).get("edits")
    else:  # it always thinks
        assert body["output_config"]["effort"] == "low"
    assert not api.refusals


def test_strict_requests_are_refused_instead(row, api):
    gateway, model, _ = row
    status, _, body = gateway.request(
        "POST", "/v1/chat/completions", headers={"x-ccapi-strict": "true"},
        body={"model": model, "messages": [{"role": "user", "content": "x"}], "stop": "\n"})
    assert status == 400 and b'"param":"stop"' in body, body
    assert not api.posts()


def test_a_refusal_teaches_and_the_client_does_not_notice(gateway, api):
    body = {"model": "claude-haiku-4-5", "temperature": 0.2, "conversation_id": "c"}
    gateway.answer("[[say:before]]", **body)
    status, headers, answer = gateway.chat("[[refuse:temperature]][[say:well]]", **body)
    assert (status, names(headers)) == (200, {"temperature"}), answer
    assert answer["choices"][0]["message"]["content"] == "well"
    assert gateway.stats()["turns"]["without_parameter"] == 1
    refused = len(api.posts())
    assert gateway.answer("[[say:again]]", **body) == "again"
    assert len(api.posts()) == refused + 1 and "temperature" not in api.last().body
    assert [text for role, text in api.last().messages() if role == "assistant"] \
        == ["before", "well"]


def test_no_prompt_can_teach(gateway, api):
    sentence = "messages.0: `temperature` is deprecated for this model."
    status, _, _ = gateway.chat(f"[[err:400]][[err_text:{sentence}]]", model="claude-haiku-4-5",
                                temperature=0.2)
    assert status == 400
    gateway.answer("x", model="claude-haiku-4-5", temperature=0.2)
    assert api.last().body["temperature"] == 0.2
