"""Bad requests are refused with the field's name, and nothing of them reaches the CLI."""

import json

import pytest

USER = [{"role": "user", "content": "x"}]

MALFORMED = [b"", b"{", b"[]", b"null", b'"x"', b'{"messages":[{"role":"user","content":"x"}]}}',
             b'{"messages":[{"role":"user","content":"\xff\xfe"}]}',
             b'{"messages":[{"role":"user","content":"\xc3"}]}',
             b'{"messages":[{"role":"user","content":"x"}],"messages":[]}',
             b'{"a":' * 200 + b"1" + b"}" * 200, b"{'messages':1}", b'{"messages":[}',
             b'{"messages":[{"role":"user","content":"x"}],"max_tokens":1' + b"0" * 30 + b"}"]

FIELDS = [
    ({}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "x"}, "messages"),
    ({"messages": [7]}, "messages[0]"),
    ({"messages": [{"content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]},
     "messages[0].content[0].text"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
     "messages[0].content[0].image_url.url"),
    ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
     "messages[0].content[0].file.file_data"),
    ({"messages": [{"role": "user", "content": [{"type": "video_url"}]}]},
     "messages[0].content[0].type"),
    ({"messages": [*USER, {"role": "assistant",
                           "tool_calls": [{"id": "t", "function": {"name": "f"}}]}]},
     "messages[1].tool_calls"),
    ({"messages": [*USER, {"role": "assistant",
                           "tool_calls": [{"id": "t", "function": {"name": "f"}}]},
                   {"role": "tool", "content": "x", "tool_call_id": "u"}]},
     "messages[2].tool_call_id"),
    ({"messages": [{"role": "assistant", "content": "only"}]}, "messages"),
    ({"messages": [{"role": "system", "content": " \n"}]}, "messages"),
    ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
    ({"messages": [*USER, {"role": "user", "content": " \u00a0\n"}]}, "messages[1].content"),
    ({"messages": [*USER, {"role": "user", "content": [{"type": "text", "text": "\t"}]}]},
     "messages[1].content"),
    ({"model": 7}, "model"),
    ({"stream": "yes"}, "stream"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": -0.1}, "temperature"),
    ({"temperature": 2.1}, "temperature"),
    ({"top_p": 1.5}, "top_p"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": -5}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"max_tokens": 1e18}, "max_tokens"),
    ({"max_tokens": 99999999999999999999999}, "max_tokens"),
    ({"max_completion_tokens": -10 ** 40}, "max_completion_tokens"),
    ({"temperature": 10 ** 400}, "temperature"),
    ({"n": 10 ** 30}, "n"),
    ({"seed": 2 ** 63}, "seed"),
    ({"max_completion_tokens": "many"}, "max_completion_tokens"),
    ({"stop": 7}, "stop"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ({"stop": [""]}, "stop"),
    ({"n": 5}, "n"),
    ({"n": 2, "conversation_id": "c"}, "n"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    ({"conversation_id": ""}, "conversation_id"),
    ({"conversation_id": "../etc"}, "conversation_id"),
    ({"conversation_id": "a b"}, "conversation_id"),
    ({"conversation_id": "x" * 129}, "conversation_id"),
    ({"conversation_id": 7}, "conversation_id"),
]

MODELS = ["--version", "-p", "--dangerously-skip-permissions", " ", "a b", "x\nsonnet",
          "sonnet --mcp-config=x", "$(id)", "claude-\u0000", "claude-x" * 40, "../claude"]


@pytest.fixture
def refuses(fake_gateway, ledger):
    """Checks a refusal now, and at the end that nothing ran and the server still lives."""
    def check(body, statuses=(400,)):
        status, headers, answer = fake_gateway.request("POST", "/v1/chat/completions", body)
        assert status in statuses, (body, answer)
        error = json.loads(answer)["error"]
        assert error["message"] and headers["x-request-id"], error
        return error

    yield check
    assert not ledger.lines("prompt") and not ledger.lines("seed")
    assert not fake_gateway.cli_pids()
    assert fake_gateway.answer("still there?") == "You said: still there?"


def test_malformed_bodies_are_refused(refuses):
    for body in MALFORMED:
        assert refuses(body)["type"] == "invalid_request_error"


def test_wrong_fields_are_refused_by_name(refuses):
    for fields, name in FIELDS:
        body = fields if "messages" in fields or not fields else {"messages": USER, **fields}
        error = refuses(body)
        assert error["type"] == "invalid_request_error"
        at_fault = error["param"] or ""
        assert at_fault == name or at_fault.startswith(name + "["), (fields, error)


def test_model_names_that_are_none_are_refused(refuses):
    for name in MODELS:
        error = refuses({"model": name, "messages": USER}, (400, 404))
        assert error["param"] in ("model", None) and "model" in error["message"].lower(), error


def test_wrong_transport_is_refused(fake_gateway, ledger):
    body = json.dumps({"messages": USER}).encode()
    for headers, status in [
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
            ({"Origin": "https://evil.example"}, 403),
            ({"Host": "evil.example"}, 421),
            ({"Sec-Fetch-Site": "cross-site"}, 403)]:
        got, _, answer = fake_gateway.request("POST", "/v1/chat/completions", body, headers)
        assert got == status, (headers, answer)
        assert json.loads(answer)["error"]["message"]
    assert fake_gateway.request("GET", "/v1/chat/completions")[0] == 405
    assert fake_gateway.request("GET", "/nowhere")[0] == 404
    assert not ledger.lines("prompt")


def test_body_above_the_limit_is_refused(start_fake, ledger):
    gateway = start_fake(limits__body_bytes_max=65536)
    status, _, answer = gateway.request("POST", "/v1/chat/completions", b"x" * 70000)
    assert status == 413 and json.loads(answer)["error"]["message"]
    assert gateway.answer("x" * 1000) == "You said: " + "x" * 1000


def test_unusual_but_right_requests_are_taken(fake_gateway):
    for body in (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"},
                                                       {"type": "text", "text": "b"}]}]},
            {"messages": [{"role": "user", "content": "ab", "name": "Bob"}], "stop": None,
             "temperature": None, "user": "u", "metadata": {"k": "v"}, "unknown_key": [1]}):
        status, _, answer = fake_gateway.request("POST", "/v1/chat/completions", body)
        assert status == 200
        assert json.loads(answer)["choices"][0]["message"]["content"] == "You said: ab"
    for path in ("/chat/completions", "/v1/v1/chat/completions", "/v1/chat/completions/"):
        assert fake_gateway.request("POST", path, {"messages": USER})[0] == 200
