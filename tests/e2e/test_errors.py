"""What goes wrong upstream arrives in the client's own terms, in time, and harms no later turn."""

import time

import pytest

import proc_tree
from conftest import ANSWERS
from sse import ChatStream

TOO_LONG = "[[err:400]][[err_text:prompt is too long: 210000 tokens > 200000 maximum]]"


UPSTREAM = [
    ("[[err:401]]", 401, "authentication_error", "upstream_auth"),
    ("[[err:403]]", 401, "authentication_error", "upstream_auth"),
    ("[[err:429]]", 429, "rate_limit_error", "rate_limit_exceeded"),
    ("[[err:429]][[retry_after:600]]", 429, "rate_limit_error", "rate_limit_exceeded"),
    ("[[err:529]]", 503, "service_unavailable", "overloaded"),
    ("[[err:400]]", 400, "invalid_request_error", None),
    ("[[err:404]]", 404, "invalid_request_error", "model_not_found"),
    ("[[err:500]]", 502, "claude_process_error", "upstream_error"),
    (TOO_LONG, 400, "invalid_request_error", "context_length_exceeded"),
]


@pytest.mark.real_cli
def test_upstream_errors_have_the_openai_shape_and_come_in_time(gateway):
    for text, status, kind, code in UPSTREAM:
        began = time.monotonic()
        got, headers, body = gateway.chat(text)
        error = body["error"]
        assert (text, got, error["type"], error["code"]) == (text, status, kind, code)
        assert error["message"] and set(error) == {"message", "type", "param", "code"}
        assert time.monotonic() - began < 5, text
        assert headers["x-request-id"]
        if text == "[[err:429]]":
            assert float(headers["retry-after"]) > 0


@pytest.mark.real_cli
def test_upstream_error_before_the_first_token_is_a_real_status_for_streams_too(gateway):
    for text, status in (("[[err:400]]", 400), ("[[err:404]]", 404)):
        stream = ChatStream(gateway, text).open()
        assert stream.status == status
        assert stream.headers["content-type"].startswith("application/json")


# What the API asks for, and what the client hears in place of it. The CLI waits for a second by
# itself, once; beyond a minute it gives up at once and does not say what it was asked for.
BUSY = [
    ("[[err:429]][[retry_after:7]]", 429, "rate_limit_exceeded", (7, 9), 1),
    ("[[err:429]][[retry_after:30]]", 429, "rate_limit_exceeded", (30, 40), 1),
    ("[[err:529]][[retry_after:7]]", 503, "overloaded", (7, 9), 1),
    ("[[err:429]][[retry_after:1]]", 429, "rate_limit_exceeded", (1, 2), 2),
    ("[[err:429]][[retry_after:3600]]", 429, "rate_limit_exceeded", (60, 60), 1),
    ("[[err:429]]", 429, "rate_limit_exceeded", (1, 2), 3),
    ("[[err:529]]", 503, "overloaded", (2, 2), 3),
]


@pytest.mark.real_cli
@pytest.mark.parametrize("stream", [False, True])
def test_busy_api_is_told_with_its_wait_and_in_time(gateway, api, stream):
    gateway.answer("[[say:one]]", conversation_id="c")
    pids = gateway.cli_pids()
    for text, status, code, (least, most), posts in BUSY:
        before = len(api.posts())
        began = time.monotonic()
        got, headers, body = gateway.chat(text, conversation_id="c", stream=stream)
        took = time.monotonic() - began
        assert (text, got, body["error"]["code"]) == (text, status, code)
        assert least <= int(headers["retry-after"]) <= most, (text, headers)
        assert headers["x-should-retry"] == ("false" if most == 60 else "true"), text
        assert took < 3, (text, took)
        assert len(api.posts()) - before <= posts, text
    count = len(api.posts())
    assert gateway.answer("[[say:two]]", conversation_id="c") == "two"
    assert gateway.cli_pids() == pids, "the process took them all back"
    assert len(api.posts()) == count + 1, "no call came of a wait that was broken off"
    assert api.last().messages() == [("user", "[[say:one]]"), ("assistant", "one"),
                                     ("user", "[[say:two]]")]


@pytest.mark.real_cli
def test_api_that_is_busy_for_a_moment_is_not_noticed(gateway, api):
    stream = ChatStream(gateway, "[[err:429:1]][[retry_after:1]][[text:3]]").open().read_all()
    assert stream.text() == "w0 w1 w2 " and stream.done()
    assert len(api.posts()) == 2


def test_wait_for_the_api_that_the_owner_leaves_to_the_cli(start_fake, ledger):
    gateway = start_fake(limits__stream_header_delay_seconds=5)
    began = time.monotonic()
    status, headers, _ = gateway.chat("[[err:429]][[retry_after:1]]")
    assert status == 429 and headers["retry-after"] == "1"
    assert time.monotonic() - began > 2 and not ledger.lines("interrupt")
    status, headers, _ = gateway.chat("[[err:529]][[retry_after:7]]")
    assert status == 503 and headers["retry-after"] == "7"
    assert len(ledger.lines("interrupt")) == 1


@pytest.mark.real_cli
def test_upstream_error_after_long_retries_still_reaches_a_stream(gateway):
    # The CLI retries it for longer than the head of a stream is held back.
    stream = ChatStream(gateway, "[[err:401]]").open()
    if stream.status == 200:
        stream.read_all()
        assert [error["code"] for error in stream.errors()] == ["upstream_auth"]
        assert stream.failed() and not stream.text()
    else:
        assert stream.status == 401


@pytest.mark.real_cli
def test_upstream_message_of_a_bad_request_is_passed_on(gateway):
    _, _, body = gateway.chat("[[err:400]][[err_text:temperature and top_p exclude each other]]")
    assert "temperature and top_p exclude each other" in body["error"]["message"]


DOCS = ("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our "
        "documentation at https://docs.claude.com/en/docs/x#y (12:34)")


@pytest.mark.real_cli
def test_what_the_api_says_reaches_the_client_and_the_log_without_secrets(gateway):
    assert gateway.chat(f"[[err:400]][[err_text:{DOCS}]]")[2]["error"]["message"] == DOCS
    gateway.wait_log(lambda line: line["msg"] == "turn failed" and DOCS in line["detail"], 5)
    _, _, body = gateway.chat("[[err:400]][[err_text:key sk-ant-api03-Zz-9 of /home/al/x at "
                              "http://10.1.2.3:99/v1 is bad]]")
    assert body["error"]["message"] == "key [key] of [path] at [address] is bad"
    gateway.wait_log(lambda line: line["msg"] == "turn failed"
                     and "key [key] of /home/al/x" in line["detail"], 5)
    assert b"sk-ant-api03-Zz-9" not in gateway.log_raw


@pytest.mark.real_cli
def test_log_names_the_code_that_the_client_got(gateway):
    code = gateway.chat("[[err:429]]")[2]["error"]["code"]
    assert code == "rate_limit_exceeded"
    gateway.wait_log(lambda line: line["msg"] == "turn failed" and line["code"] == code, 5)


USED_UP = "You have reached your specified API usage limits. You will regain access on 2999-12-01"
ACCOUNT = [
    ("400", "Your credit balance is too low to access the Anthropic API. Please go to Plans.",
     429, "insufficient_quota", "redit balance is too low"),
    ("400", USED_UP + " at 00:00 UTC.", 429, "insufficient_quota", USED_UP),
    ("400", "Third-party apps now draw from your extra usage, not your plan limits. Add more.",
     429, "insufficient_quota", "Third-party apps now draw from your extra usage"),
    ("429", "You have reached your organization's spend limit.",
     429, "insufficient_quota", "You have reached your organization's spend limit."),
    ("429", "This request would exceed your account's rate limit. Please try again later.",
     429, "rate_limit_exceeded", "This request would exceed your account's rate limit."),
]


@pytest.mark.real_cli
def test_what_is_wrong_with_the_account_arrives_under_its_own_code(gateway):
    for upstream, text, status, code, words in ACCOUNT:
        got, headers, body = gateway.chat(f"[[err:{upstream}]][[err_text:{text}]]")
        assert (got, body["error"]["code"]) == (status, code), body
        assert words in body["error"]["message"], body
        if text.startswith(USED_UP):
            assert int(headers["retry-after"]) > 60 and headers["x-should-retry"] == "false"
    assert gateway.health()[1]["status"] == "ok"


@pytest.mark.real_cli
def test_disabled_organization_is_a_matter_of_the_login(gateway):
    status, _, body = gateway.chat("[[err:400]][[err_text:This organization has been disabled.]]")
    assert (status, body["error"]["code"]) == (401, "upstream_auth")
    assert "disabled" in body["error"]["message"]
    proc_tree.wait_until(lambda: gateway.health()[1]["status"] == "degraded", 5, "degraded health")
    gateway.answer("[[say:again]]")
    proc_tree.wait_until(lambda: gateway.health()[1]["status"] == "ok", 5, "health")


@pytest.mark.real_cli
def test_process_of_a_refused_first_turn_begins_another_dialogue(start, cli, api, request):
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url}, server__io_threads=1)
    assert gateway.chat("[[err:400]] poison")[0] == 400
    if "2.1.197" in request.node.name:
        return gateway.wait_cli_count(0)  # this version can't take back its first message
    pids = gateway.cli_pids()
    assert gateway.answer("[[say:fine]]") == "fine"
    assert gateway.cli_pids() == pids
    assert api.last().messages() == [("user", "[[say:fine]]")]


@pytest.mark.real_cli
def test_passing_overload_is_waited_out(gateway, api):
    assert gateway.answer("[[err:529:1]][[say:at last]]") == "at last"
    assert [record.status for record in api.posts()] == [529, 200]


@pytest.mark.real_cli
def test_failed_turn_is_no_part_of_the_next(gateway, api):
    assert gateway.chat("[[err:400]] poison", conversation_id="first")[0] == 400
    assert gateway.answer("[[say:ok]]", conversation_id="first") == "ok"
    assert not any("poison" in text for text in api.last().raw_texts())
    gateway.answer("[[say:one]]", conversation_id="later")
    pids = gateway.cli_pids()
    assert gateway.chat("[[err:400]] poison", conversation_id="later")[0] == 400
    assert gateway.answer("[[say:two]]", conversation_id="later") == "two"
    assert gateway.cli_pids() == pids, "the process took the failed turn back"
    assert api.last().messages() == [("user", "[[say:one]]"), ("assistant", "one"),
                                     ("user", "[[say:two]]")]


@pytest.mark.real_cli
@pytest.mark.parametrize("fault", ["[[cut:3]]", "[[sse_error:3]]"])
def test_answer_that_breaks_off_ends_with_an_error_and_is_said_once(gateway, fault):
    stream = ChatStream(gateway, f"[[text:9]][[delay:100]]{fault}").open().read_all()
    assert stream.text() == "w0 w1 w2 "
    assert stream.failed()
    status, headers, body = gateway.chat(f"[[text:9]][[delay:100]]{fault}")
    assert status in (502, 503) and body["error"]["code"] in ("upstream_error", "overloaded")


@pytest.mark.real_cli
def test_refusal_is_a_content_filter_finish(gateway):
    status, _, body = gateway.chat("[[stop:refusal]][[say:No.]]")
    assert status == 200, body
    assert body["choices"][0]["finish_reason"] == "content_filter"
    assert "API Error" not in body["choices"][0]["message"]["content"]


@pytest.mark.real_cli
def test_unknown_model_is_refused_before_any_process_is_started(gateway, api):
    status, _, body = gateway.chat("x", model="no-such-model")
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    assert "'no-such-model'" in body["error"]["message"]
    status, _, body = gateway.chat("x", model="openai/Sonet")
    assert status == 404 and "'openai/Sonet'" in body["error"]["message"]
    assert "Did you mean 'sonnet'?" in body["error"]["message"]
    assert not api.posts() and not gateway.cli_pids()


def test_usual_stand_ins_for_a_model_are_the_default(fake_gateway):
    for name in ("dummy", "tgi", "codex-mini-latest", "Sonnet", "openai/sonnet", "GPT-4o",
                 "anthropic/claude-sonnet-4-5-20250929"):
        status, headers, body = fake_gateway.chat("x", model=name)
        assert status == 200, (name, body)


@pytest.mark.real_cli
def test_cli_without_a_login_is_named_as_such(start, cli, api):
    gateway = start(cli, {"ANTHROPIC_BASE_URL": api.url})
    began = time.monotonic()
    status, _, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (401, "upstream_auth")
    assert "log in" in body["error"]["message"]
    assert time.monotonic() - began < 5 and not api.posts()


@pytest.mark.real_cli
def test_unreachable_upstream_is_an_error_in_time(start, cli):
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
    began = time.monotonic()
    status, _, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (502, "upstream_error")
    assert time.monotonic() - began < 10


def test_missing_cli_leaves_the_server_up_and_says_what_to_do(start):
    gateway = start("/nonexistent/claude", dict(ANSWERS))
    status, health = gateway.health()
    assert (status, health["status"]) == (200, "degraded") and health["reason"]
    assert gateway.request("GET", "/health")[2].strip() == b"degraded"
    status, headers, body = gateway.chat("x")
    assert (status, body["error"]["type"]) == (503, "service_unavailable")
    assert body["error"]["code"] == "cli_unavailable"
    assert "claude.command" in body["error"]["message"]
    assert headers["x-should-retry"] == "false"
    assert gateway.request("GET", "/v1/models")[0] == 200


def test_too_old_cli_is_refused_with_a_clear_text(start_fake):
    gateway = start_fake("[[version:2.0.14]]")
    assert gateway.health()[1]["status"] == "degraded"
    status, _, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")
    assert "2.0.14" in body["error"]["message"] and "2.1.197" in body["error"]["message"]
